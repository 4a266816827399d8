// .vale.ini: what it says, read whole. Nothing is downloaded: packages are local folders and archives.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engines/prose/glob.h"
#include "foundation/base/result.h"

namespace chiron::prose {

enum class Severity : std::uint8_t { suggestion, warning, error };
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view text);

// One "[glob]" section.
struct Section {
  std::string name;
  Glob glob;
  std::optional<std::vector<std::string>> base_styles;
  std::map<std::string, bool> checks;  // "Style.Rule" or "Style" to on or off
};

struct Ignores {
  std::string section;
  Glob glob;
  std::vector<std::string> patterns;
};

struct Labelled {
  std::string section;
  Glob glob;
  std::vector<std::string> values;
  Place place;
};

// A Transform: files below its glob would have to go through another program first.
struct Transform {
  std::string section;
  Glob glob;
  Place place;
};

struct Config {
  std::vector<std::string> files;         // the configuration files read, the last one the project's
  std::vector<std::string> styles_paths;  // searched in order
  Severity min_level = Severity::suggestion;
  std::vector<std::string> vocabularies;
  std::vector<std::string> packages;
  std::vector<std::string> accepted;  // terms of the vocabularies
  std::vector<std::string> rejected;
  std::vector<std::string> ignored_scopes;
  std::vector<std::string> skipped_scopes;
  std::vector<std::string> ignored_classes;
  std::string word_template;
  std::vector<std::string> base_styles;    // of [*]
  std::map<std::string, bool> checks;      // of [*]
  std::vector<Section> sections;           // in the file's order
  std::map<std::string, Severity> levels;  // of a rule or a style
  std::map<std::string, std::string> formats;
  std::map<std::string, std::string> asciidoctor;
  std::vector<Ignores> block_ignores;
  std::vector<Ignores> token_ignores;
  std::vector<Labelled> comment_delimiters;
  std::vector<Labelled> languages;
  std::vector<Labelled> views;
  std::vector<Transform> transforms;
  std::vector<std::string> styles;       // every style named anywhere, in order
  std::vector<std::string> named_rules;  // every "Style.Rule" named anywhere
  // Where styles and rules that are not merely switched off are named first.
  std::map<std::string, Place, std::less<>> named_at;

  // The refusal of a Transform that is for `path`, or of the first one where `path` is empty.
  [[nodiscard]] Result<void> refuse_transform(std::string_view path) const;
  [[nodiscard]] const std::string& root() const { return files.back(); }
  // An asset below a folder of a styles path ("config/filters", "min.expr"), or "".
  [[nodiscard]] std::string find_asset(std::string_view folder, std::string_view name) const;
  // As Vale looks for one: below a styles path itself, in any folder of its configuration, beside the .vale.ini.
  [[nodiscard]] std::string find_anywhere(std::string_view name) const;
};

struct ConfigRequest {
  std::string path;                                              // --config; "" to search
  std::string start;                                             // where the search begins, upwards
  bool ignore_global = false;                                    // not the user's own configuration
  std::string min_level;                                         // --minAlertLevel; "" for the file's
  std::vector<std::pair<std::string, std::string>> environment;  // VALE_CONFIG_PATH, VALE_STYLES_PATH, HOME …
};

// Errors: "prose.config-missing", "prose.ini", "prose.styles-path", "prose.vocabulary", "prose.unsupported" with
// their place.
[[nodiscard]] Result<Config> read_config(const ConfigRequest& request);

// An .ini file's sections and keys in order, each with its values (a key may be repeated) and line.
struct IniKey {
  std::string name;
  std::vector<std::string> values;
  std::uint32_t line = 0;
};
struct IniSection {
  std::string name;  // "" before the first header
  std::vector<IniKey> keys;
  std::uint32_t line = 0;
};
[[nodiscard]] Result<std::vector<IniSection>> parse_ini(std::string_view text, const std::string& file);

}  // namespace chiron::prose
