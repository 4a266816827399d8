// Scripts of styles: the part of the Tengo language that rules and actions are written in, interpreted.
//
// A script sees the text it is given and the modules text, fmt and math; it can neither read files nor start anything.
// Steps, nesting, calls and memory are bounded.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::prose {

namespace limits {
inline constexpr std::size_t kScriptBytes = 1u << 20;
inline constexpr std::size_t kScriptSteps = 20'000'000;
inline constexpr std::size_t kScriptDepth = 200;        // nesting of expressions and blocks, and calls
inline constexpr std::size_t kScriptText = 256u << 20;  // bytes of text made in one run
}  // namespace limits

struct ScriptMatch {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string message;  // "" for the rule's
};

class Script {
 public:
  // Errors: "prose.script" with file, line and what is wrong.
  [[nodiscard]] static Result<Script> compile(std::string_view source, const std::string& file);
  Script();
  Script(Script&&) noexcept;
  Script& operator=(Script&&) noexcept;
  ~Script();

  // Runs with `scope` set to the text; reads the array `matches` of {begin, end, message}.
  [[nodiscard]] Result<std::vector<ScriptMatch>> run_matches(std::string_view scope) const;
  // Runs with `match` set; reads the array `suggestions`.
  [[nodiscard]] Result<std::vector<std::string>> run_suggestions(std::string_view match) const;
  // The value of one expression over numbers: a formula, or a condition (true is 1).
  [[nodiscard]] Result<double> evaluate(const std::map<std::string, double>& variables) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An expression alone, refused where it is anything else. `math` may be used in it.
[[nodiscard]] Result<Script> compile_expression(std::string_view expression, const std::string& file);

}  // namespace chiron::prose
