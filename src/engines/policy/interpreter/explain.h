// Why a rule holds, or why it does not: the conditions as the policy's author wrote them, with what they read of the
// input.
#pragma once
#include "engines/policy/interpreter/interpreter.h"

namespace chiron::policy::interpreter {

namespace explain_limits {
inline constexpr std::size_t kResults = 1'000;
inline constexpr std::size_t kInputValues = 2'000'000;  // looked through for the places of values
inline constexpr std::size_t kShownValue = 80;          // bytes of a value that are shown
}  // namespace explain_limits

struct Reading {
  std::vector<Value> path;  // below the input
  Value value;              // undefined where the input has none
};
struct Condition {
  std::string text;  // as written
  std::string file;
  std::uint32_t row = 0, column = 0;
  std::vector<Reading> readings;
};
// One result of a rule: the conditions of its body, all of which held.
struct Reason {
  std::string rule;   // "data.main.deny"
  std::string value;  // as Rego text
  std::string file;
  std::uint32_t row = 0;
  std::vector<Condition> conditions;
};
// A body that gave nothing: the condition that got furthest, and why a rule that it names does not hold.
struct Failure {
  std::string rule, file;
  std::uint32_t row = 0;
  Condition condition;
  std::vector<Failure> inner;
};
struct Explanation {
  std::vector<Reason> reasons;
  std::vector<Failure> failures;  // only where there is no reason
};
// Explains the document of a rule at a path below data. Nothing is undefined about a path that is no rule: an error.
[[nodiscard]] std::expected<Explanation, PolicyError> explain(Tree& tree, std::span<const Value> path,
                                                              const EvaluationOptions& evaluation);
[[nodiscard]] std::string input_path_text(std::span<const Value> path);  // input.a[0]["b c"]
[[nodiscard]] std::string reading_text(Value value);                     // as Rego, shortened; "undefined"
[[nodiscard]] std::string condition_text(const Condition& condition);    // as written, on one line

// What the interpreter tells while it runs.
class Watcher {
 public:
  Watcher(Tree& tree, const Leaf& leaf, Value input);
  ~Watcher();
  using Plug = Reference<const Term*(const Term*)>;
  void held(const Rule& rule, Value result, Plug plug);
  void failed(const Body* body, std::size_t index, Plug plug);
  void apply(Explanation& out) const;

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace chiron::policy::interpreter
