// Rules: what a style's YAML file defines, compiled, and what they find.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engines/prose/config.h"
#include "engines/prose/document.h"
#include "engines/prose/pattern.h"
#include "engines/prose/scope.h"
#include "foundation/doc/value.h"

namespace chiron::prose {

struct Action {
  std::string name;  // suggest, replace, remove, convert, edit; "" for none
  std::vector<std::string> params;
  bool operator==(const Action&) const = default;
};

// One thing found in a block.
struct Alert {
  std::size_t begin = 0;  // bytes of the text the rule looked at
  std::size_t end = 0;
  bool placeless = false;  // about the block as a whole
  std::string check;       // "Style.Rule"
  Severity severity = Severity::warning;
  std::string match;
  std::string message;
  std::string description;
  std::string link;
  Action action;
};

// The text a rule looks at: a block, or a sentence or paragraph of one.
struct View {
  std::string_view text;
  std::string_view scope;
  std::string_view parent;
  const MappedText* content = nullptr;  // what the text is a part of, from `offset` on
  std::size_t offset = 0;
};

class Spellers;
class Tagger;

// What rules may ask of the file they run on; one for each file.
struct FileState {
  std::set<std::string> sequences;  // definitions and variants met so far (conditional, consistency)
  const std::map<std::string, int>* counts = nullptr;
  bool ascii = false;  // the view's text is
};

struct RuleHead {
  std::string name;  // "Style.Rule"
  std::string extends;
  Severity level = Severity::warning;
  std::string message;
  std::string description;
  std::string link;
  std::vector<std::string> scope;
  std::size_t limit = 0;
  Action action;
  std::string file;
};

class Rule {
 public:
  explicit Rule(RuleHead rule_head) : head(std::move(rule_head)), scopes(head.scope) {}
  virtual ~Rule() = default;
  // Errors: a script that fails, a measure without a value.
  [[nodiscard]] virtual Result<void> run(const View& view, FileState& state, std::vector<Alert>& alerts) const = 0;
  // The regular expression behind the rule, for explanations; "" where there is none.
  [[nodiscard]] virtual std::string pattern_text() const { return ""; }
  // Suggestions for a match beyond those the action spells out (a spelling rule's corrections).
  [[nodiscard]] virtual std::vector<std::string> suggest(const std::string&) const { return {}; }

  RuleHead head;
  ScopeSet scopes;
  // Lower case literals of which the text must hold one for the rule to find anything; empty: nothing is known.
  std::vector<std::string> required;

 protected:
  [[nodiscard]] Alert alert(const View& view, std::size_t begin, std::size_t end) const;
};

// What rules are built with.
struct RuleContext {
  const Config& config;
  Spellers& spellers;
  const Tagger& tagger;
};

// A rule from its YAML. Unknown keys, missing keys and values of a wrong kind are errors with file and line.
[[nodiscard]] Result<std::unique_ptr<Rule>> load_rule(std::string_view yaml, const std::string& file,
                                                      const std::string& name, const RuleContext& context);
// The same from a definition made in memory (the built-in rules).
[[nodiscard]] Result<std::unique_ptr<Rule>> make_rule(const doc::Value& definition, const std::string& file,
                                                      std::string_view source, const std::string& name,
                                                      const RuleContext& context);

// Go's formatting of a message: %s, %d, %v, %[1]s; arguments left over are ignored, missing ones are empty.
[[nodiscard]] std::string format_message(std::string_view message, const std::vector<std::string>& arguments);
// "'a'", "'a' or 'b'", "'a', 'b', or 'c'".
[[nodiscard]] std::string to_sentence(const std::vector<std::string>& words, std::string_view conjunction);
// What the action makes of the match. Errors: unknown actions, wrong parameters.
[[nodiscard]] Result<std::vector<std::string>> solve(const Alert& alert, const Rule* rule, const Config& config);

}  // namespace chiron::prose
