// --filter: which rules run. `.Level in ["error"] and .Name != "demo.Cap"`, `"heading" in .Scope`.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "engines/prose/rule.h"

namespace chiron::prose {

class RuleFilter {
 public:
  // Errors: "prose.filter" with what was expected.
  [[nodiscard]] static Result<RuleFilter> compile(std::string_view expression);
  RuleFilter();
  RuleFilter(RuleFilter&&) noexcept;
  RuleFilter& operator=(RuleFilter&&) noexcept;
  ~RuleFilter();
  [[nodiscard]] bool keeps(const RuleHead& head) const;
  [[nodiscard]] bool names_level() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  bool names_level_ = false;
  friend class FilterParser;
};

}  // namespace chiron::prose
