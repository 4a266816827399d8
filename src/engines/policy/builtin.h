// How a built-in function is declared and called, and the table the compiler looks it up in.
//
// The types of arguments and result are written in the notation that OPA's type errors use ("any", "string",
// "array[any]", "set[string]", "any<number, string>", "object[string: any]", "array<string, number>",
// "object<a: string>[string: any]"), so that the declaration is data: the type checker and `capabilities` read it.
// Arguments and result may be named, as OPA's messages show them: "(x: number, y: number) => z: number".
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engines/policy/value.h"
#include "foundation/task/cancel.h"

namespace chiron::policy {

// What a built-in may leave behind for its next call: a compiled pattern, a parsed key.
class CacheEntry {
 public:
  virtual ~CacheEntry() = default;
};

enum class BuiltinErrorCode : std::uint8_t {
  builtin,   // eval_builtin_error: undefined, unless errors are strict
  type,      // eval_type_error: an operand of the wrong kind; undefined, unless errors are strict
  conflict,  // eval_conflict_error: always ends the evaluation
  halt       // eval_builtin_error that always ends the evaluation (cancelled, a bound exceeded)
};

struct BuiltinError {
  BuiltinErrorCode code = BuiltinErrorCode::builtin;
  std::string message;  // without the name of the built-in, which the evaluator puts in front
};

// What a call may use. One per evaluation, not shared between threads.
class BuiltinContext {
 public:
  explicit BuiltinContext(Store& results) : store(results) {}

  Store& store;              // where results are made
  std::int64_t time_ns = 0;  // the query's one point in time, since the epoch
  std::uint64_t seed = 0;    // of this query; rand and uuid derive from it
  const task::CancelToken* cancel = nullptr;
  std::span<const std::string> allow_net;  // hosts that http.send and the like may talk to; none by default
  Value runtime;                           // opa.runtime(), an object or undefined

  // Lives as long as the evaluation; the key carries the built-in's name: "time.zone:Europe/Berlin".
  std::unordered_map<std::string, std::unique_ptr<CacheEntry>> query_cache;
  // Lives as long as the prepared policy on this thread (compiled patterns, schemas); null in a bare call.
  std::unordered_map<std::string, std::unique_ptr<CacheEntry>>* policy_cache = nullptr;
  // Belongs to this one call in the policy's text: the quickest cache, for a pattern that is a constant there.
  std::unique_ptr<CacheEntry>* call_cache = nullptr;

  std::vector<std::string>* printed = nullptr;  // what print() and trace() say, where anyone listens
  std::string_view call_file;                   // the policy that calls

  // Reports an error; the caller returns the undefined value this gives: return context.fail("…").
  Value fail(std::string message, BuiltinErrorCode code = BuiltinErrorCode::builtin) {
    error_ = std::make_unique<BuiltinError>(BuiltinError{code, std::move(message)});
    return {};
  }
  // "operand 2 must be string but got number" (position 1-based).
  Value fail_operand(int position, std::string_view expected, Value got);
  [[nodiscard]] std::unique_ptr<BuiltinError> take_error() { return std::move(error_); }
  [[nodiscard]] bool failed() const { return error_ != nullptr; }
  [[nodiscard]] bool cancelled() const { return cancel != nullptr && cancel->cancelled(); }

 private:
  std::unique_ptr<BuiltinError> error_;
};

// Gives the result; undefined where the call is undefined or after context.fail.
// The evaluator checks the number of arguments; kinds are the function's to check (fail_operand).
using BuiltinFunction = Value (*)(BuiltinContext& context, std::span<const Value> arguments);

struct Builtin {
  std::string_view name;        // "array.concat"
  std::string_view signature;   // "(array[any], array[any]) => array[any]"
  BuiltinFunction call;         // null for what the evaluator does itself (eq, assign, walk, print, rego.metadata.…)
  std::string_view infix = {};  // "+" for plus
  bool deprecated = false;      // refused in v1 and strict mode
  bool nondeterministic = false;
  bool relation = false;  // walk: yields many results
  bool local = false;     // Conftest's: reads configuration files; only where CompileOptions allow it
};

// All of OPA's, sorted by name (byte order).
[[nodiscard]] std::span<const Builtin> builtins();
// Local ones too.
[[nodiscard]] const Builtin* find_builtin(std::string_view name);
// The number of arguments that its signature declares.
[[nodiscard]] std::size_t builtin_arity(const Builtin& builtin);
[[nodiscard]] const Builtin* find_infix(std::string_view symbol);

}  // namespace chiron::policy
