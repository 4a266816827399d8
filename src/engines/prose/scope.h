// Selectors: which blocks a rule looks at. "heading.h2", "~blockquote & ~heading", "sentence", "text.comment.line.py".
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace chiron::prose {

// All sections of the selector (its parts between dots) are among the scope's.
[[nodiscard]] bool selects(std::string_view selector, std::string_view scope);

// A rule's scopes, read once.
class ScopeSet {
 public:
  explicit ScopeSet(const std::vector<std::string>& scopes = {"text"});
  // `parent` is what negated parts are held against.
  [[nodiscard]] bool matches(std::string_view scope, std::string_view parent) const;
  // Some alternative names this section, unnegated.
  [[nodiscard]] bool names(std::string_view section) const;

 private:
  struct Part {
    std::vector<std::string> sections;
    bool negated = false;
  };
  std::vector<std::vector<Part>> alternatives_;
};

}  // namespace chiron::prose
