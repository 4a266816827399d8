// The linter: styles loaded, files read, rules run, places told. One linter serves many files at once.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engines/prose/literals.h"
#include "engines/prose/reader.h"
#include "engines/prose/rule.h"
#include "engines/prose/spelling.h"
#include "engines/prose/tagger.h"
#include "foundation/base/place.h"
#include "foundation/task/pool.h"

namespace chiron::prose {

struct LintOptions {
  std::string filter;          // an expression over rules, or the name of a file that holds one
  std::string extension;       // --ext: the format of every file, or of standard input; "" for the file's own
  bool ignore_syntax = false;  // every file as plain lines
  bool prefilter = true;       // off: every rule runs on every block, which must find the same
};

// An alert with its place in the file.
struct Hit {
  Alert alert;
  Place place;               // bytes of the file as it is on disk
  std::size_t columns = 0;   // code points of the match as it stands in the source
  bool as_it_stands = true;  // the source says what the match says, no markup or entity between
  std::string extends;       // the kind of the rule
};

struct FileReport {
  std::string path;
  std::vector<Hit> hits;  // by line, column, check
};

// How a file is read: by its extension, or the one that [formats] gives it.
struct Format {
  std::string extension;  // ".md": the format it is read as
  std::string family;     // markup, code, text, data, fragment, unknown
};
[[nodiscard]] Format format_of(std::string_view path, const std::map<std::string, std::string>& formats);

class Linter {
 public:
  // Loads every style and rule that the configuration names. Errors name the style's file and line.
  [[nodiscard]] static Result<std::unique_ptr<Linter>> create(Config config, LintOptions options = {});

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Rule>>& rules() const { return rules_; }
  [[nodiscard]] const Rule* rule(std::string_view name) const;
  // Adds a rule from a file under a name; `vale fix` asks for one that the configuration does not.
  [[nodiscard]] Result<const Rule*> add_rule(const std::string& name, const std::string& file);
  // Rules that the configuration switches on and that their styles do not have.
  [[nodiscard]] const std::set<std::string>& missing_rules() const { return missing_rules_; }
  // Where the configuration names a style or a rule.
  [[nodiscard]] Place named_at(std::string_view name) const;
  // Whether anything in the configuration is for this path.
  [[nodiscard]] bool concerns(const std::string& path) const;
  // Whether the configuration has this check on for the path, be it a loaded rule or not.
  [[nodiscard]] bool switched_on(const std::string& path, const std::string& check) const;
  // Safe to call from several threads.
  [[nodiscard]] Result<FileReport> lint(const std::string& path, std::string_view content) const;
  // What the readers make of the file, for explanations and measures.
  [[nodiscard]] Result<Document> read(const std::string& path, std::string_view content) const;

 private:
  Linter() = default;
  struct Task;
  struct Active;
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> load_style(const std::string& style, const std::string& folder);
  [[nodiscard]] Result<void> load_built_in();
  [[nodiscard]] Result<void> add(std::unique_ptr<Rule> rule);
  [[nodiscard]] Result<void> apply_filter();
  [[nodiscard]] std::vector<std::uint8_t> active_rules(const std::string& path) const;
  [[nodiscard]] Result<ReadOptions> read_options(const std::string& path, std::string_view source) const;
  [[nodiscard]] Result<Document> read_source(const std::string& path, std::string_view source) const;
  [[nodiscard]] Result<Document> read_view(const Labelled& view, const std::string& path, std::string_view source,
                                           const ReadOptions& options) const;
  // The sections that are for the file, in the order in which they count.
  [[nodiscard]] std::vector<const Section*> sections_for(const std::string& path) const;
  void apply_control(std::map<std::string, bool>& comments, const std::string& control, const std::string& path) const;
  [[nodiscard]] Result<void> run_block(Task& task, const Block& block) const;
  [[nodiscard]] Result<void> run_view(Task& task, const Block& block, const View& view, std::size_t offset) const;

  Config config_;
  LintOptions options_;
  Spellers spellers_;
  Tagger tagger_;
  std::vector<std::unique_ptr<Rule>> rules_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::set<std::string> missing_rules_;
  std::unique_ptr<LiteralScanner> scanner_;
  Pattern beyond_literals_;
  std::vector<std::pair<Glob, std::vector<Pattern>>> block_ignores_;
  std::vector<std::pair<Glob, std::vector<Pattern>>> token_ignores_;
  bool needs_sentences_ = false;
  bool needs_paragraphs_ = false;
  bool needs_inline_ = false;
};

// The files to look at: folders are walked (node_modules and .git left out), `glob` and the configuration choose.
// Symbolic links are followed once; a loop of them is left out.
[[nodiscard]] Result<std::vector<std::string>> collect_files(const std::vector<std::string>& inputs,
                                                             const Linter& linter, const std::string& glob);

}  // namespace chiron::prose
