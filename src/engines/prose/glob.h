// Globs as Vale reads them in section names and --glob: "*" and "**" cross folders, "?" is one character, "[a-z]",
// "[!a]", "{a,b}" nest, "\" escapes; a leading "!" negates (for --glob).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::prose {

class Glob {
 public:
  // Errors: "prose.glob" where braces or brackets are not closed or expand into too many patterns.
  [[nodiscard]] static Result<Glob> compile(std::string_view pattern, bool allow_negation = false);
  [[nodiscard]] bool matches(std::string_view path) const;

 private:
  std::vector<std::string> alternatives_;
  bool negated_ = false;
};

}  // namespace chiron::prose
