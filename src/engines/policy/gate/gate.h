// Files against policies, with Conftest's meaning: every rule named deny, violation or warn (deny_name …) of a
// namespace is asked about every file; what it holds are the findings. Each finding knows the place in the file that it
// names.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/finding.h"
#include "engines/policy/engine.h"
#include "engines/policy/inputs/reader.h"
#include "foundation/base/place.h"
#include "foundation/task/pool.h"

namespace chiron::policy::gate {

namespace gate_limits {
inline constexpr std::uint64_t kPolicyBytes = std::uint64_t{64} << 20;  // of one policy file
inline constexpr std::uint64_t kSteps = 0;                              // of one evaluation; the time-out bounds it
inline constexpr std::uint64_t kExplainSteps = 2'000'000;               // of one rule and document; beyond: no reasons
inline constexpr std::size_t kExplained = 1'000;                        // outcomes that are explained
}  // namespace gate_limits

struct SourceFile {
  std::string path;  // as it is shown
  std::string text;
};

struct DataFile {
  std::vector<std::string> path;  // where below data
  Value value;
};

// A condition that held where a rule said something, and what it read of the input.
struct Because {
  struct Reading {
    std::string path, value;  // "input.a[0]", "7"
    Place place;              // no file where it is not known
  };
  std::string text;  // as written, on one line
  Place place;       // in the policy
  std::vector<Reading> readings;
};

// One thing that a rule said.
struct Outcome {
  std::string message;
  std::string rule;      // "deny_privileged"
  doc::Value metadata;   // members of the object besides msg and _loc, an object or null
  std::string loc_file;  // the policy's own _loc
  std::int64_t loc_line = 0;
  std::int64_t loc_column = 0;
  Place place;                   // in the file, by what the message names; the file's start where it names nothing
  std::string value;             // as Rego, where explanations are asked for
  std::vector<Because> because;  // see Gate::explain
};

struct Query {
  std::string text;
  bool passed = true;
  std::vector<std::string> traces;
  std::vector<std::string> printed;
};

struct FileResult {
  std::string file, name_space;
  std::size_t successes = 0;
  std::vector<Outcome> warnings, failures, exceptions, skipped;
  std::vector<Query> queries;
};

struct Totals {
  std::size_t successes = 0, warnings = 0, failures = 0, exceptions = 0, skipped = 0;
  [[nodiscard]] std::size_t tests() const { return successes + warnings + failures + exceptions + skipped; }
};
[[nodiscard]] Totals totals(const std::vector<FileResult>& results);

struct Options {
  RegoVersion version = RegoVersion::v1;
  bool strict = false;
  bool strict_builtin_errors = false;
  bool trace = false;
  bool explain = false;  // outcomes are to be explained
  std::vector<std::string> allowed_builtins;
  std::vector<std::string> allow_net;
  std::chrono::milliseconds timeout{0};
  std::int64_t time_ns = 0;
  Value runtime;
};

// Where the places of an input's values come from: its text, or members {"place": {"file", "line", "column"}} of its
// objects, as in a document that was made of many files.
enum class InputPlaces : std::uint8_t { of_text, stated };

// A set of policies, compiled.
class Gate {
 public:
  // Errors: a policy that does not parse or compile, data that clashes; the message is what the user sees.
  [[nodiscard]] static Result<std::unique_ptr<Gate>> create(std::vector<SourceFile> policies,
                                                            std::vector<SourceFile> data, Options options);

  [[nodiscard]] std::vector<std::string> namespaces() const;  // sorted
  // What every rule (functions apart) is for an input, "data.PACKAGE.NAME = value", in the order of the files.
  [[nodiscard]] std::vector<std::string> rule_values(Value input, const task::CancelToken* cancel) const;
  [[nodiscard]] const Policy& policy() const { return policy_; }

  struct Input {
    std::string file;
    std::string text;
    InputFormat format = InputFormat::yaml;
    InputPlaces places = InputPlaces::of_text;
    std::shared_ptr<const proto::Schema> messages;  // textproto: what its message is read by
    [[nodiscard]] InputOptions options() const;
  };
  // Every input against every namespace, in parallel; the results in the order of namespaces, then inputs by name.
  [[nodiscard]] Result<std::vector<FileResult>> check(const std::vector<Input>& inputs,
                                                      const std::vector<std::string>& namespaces, task::Pool& pool,
                                                      const task::CancelToken* cancel) const;
  // All inputs as one: [{path, contents}].
  [[nodiscard]] Result<std::vector<FileResult>> check_combined(const std::vector<Input>& inputs,
                                                               const std::vector<std::string>& namespaces,
                                                               const task::CancelToken* cancel) const;

  // Fills in why each rule said what it said: of the ways that lead to it the one with the fewest conditions. For
  // results of `check` with Options::explain.
  void explain(std::vector<FileResult>& results, const std::vector<Input>& inputs,
               const task::CancelToken* cancel) const;

  struct UnitTest {
    enum class Status : std::uint8_t { passed, failed, skipped, errored };
    std::string file, package, name;
    Status status = Status::passed;
    std::string error;
    std::vector<std::string> printed;
    std::string trace;  // of a test that did not pass, where asked for
  };
  // Every rule named test_… of the namespaces that `wanted` takes, in the order of files. `traced` is the
  // detail of traces: notes, fails, full or debug.
  [[nodiscard]] std::vector<UnitTest> unit_tests(const std::function<bool(std::string_view name_space)>& wanted,
                                                 const task::CancelToken* cancel, std::string_view traced = {}) const;

 private:
  explicit Gate(Options options);
  struct RuleCount {
    std::string name;
    std::size_t count = 0;
  };
  [[nodiscard]] std::vector<RuleCount> rules_of(const std::string& name_space) const;
  [[nodiscard]] Value data_about(const std::string& file, Store& store) const;
  [[nodiscard]] EvaluationOptions evaluation(Value input, const task::CancelToken* cancel) const;
  [[nodiscard]] Result<void> check_value(Evaluator& evaluator, Value input, FileResult& result,
                                         const task::CancelToken* cancel) const;
  [[nodiscard]] Result<void> check_rule(Evaluator& evaluator, const std::string& rule, Value input, FileResult& result,
                                        const task::CancelToken* cancel) const;

  Options options_;
  Policy policy_;
  std::map<std::string, std::vector<RuleCount>> rules_;                  // by namespace
  std::map<std::string, std::unique_ptr<Policy::Prepared>> exceptions_;  // by namespace and rule
};

[[nodiscard]] bool is_failure_rule(std::string_view name);
[[nodiscard]] bool is_warning_rule(std::string_view name);

// The place of the input value that a message names: of the longest key or string of the document that stands in the
// message as a word; the document's start where there is none.
[[nodiscard]] doc::Span place_of_message(const doc::Value& document, std::string_view message);
// The same where objects state their places: of the innermost object around the value; no file where there is none.
[[nodiscard]] Place stated_place(const doc::Value& document, std::string_view message);
// Where the value at a path stands, or the nearest above it that there is.
[[nodiscard]] doc::Span span_at(const doc::Value& document, std::span<const Value> path);
[[nodiscard]] Place stated_place_at(const doc::Value& document, std::span<const Value> path);
// The member "related" of what a rule said: [{"file", "line", "column", "message"}].
[[nodiscard]] std::vector<RelatedPlace> related_places(const doc::Value& metadata);

// --- output in Conftest's forms ---

struct OutputOptions {
  std::string form = "stdout";  // stdout, json, tap, table, junit, github, azuredevops, sarif
  bool colour = false;
  bool suppress_exceptions = false;
  bool show_skipped = false;
  bool trace = false;
};
[[nodiscard]] std::vector<std::string> output_forms();
[[nodiscard]] std::string print_results(const std::vector<FileResult>& results, const OutputOptions& options);
// What `--output json` printed, read back.
[[nodiscard]] Result<std::vector<FileResult>> read_results(std::string_view json);

}  // namespace chiron::policy::gate
