// The policy commands that work as OPA's do: requests in, text and an exit code out. Used by the operations
// `chiron policy …` and by the drop-in name `opa`.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/task/pool.h"

namespace chiron {

struct PolicyToolResult {
  std::string out, err;
  int exit_code = 0;
};

struct PolicyToolContext {
  task::Pool& pool;
  const task::CancelToken* cancel = nullptr;
  std::function<Result<std::string>()> read_input;
};

struct PolicyEvalRequest {
  std::vector<std::string> query;  // exactly one, unless it comes from standard input
  std::vector<std::string> data, bundles, imports, ignore, allow_net;
  std::string input, package, format = "json", explain, capabilities, schema;
  bool stdin_query = false, stdin_input = false;
  bool fail = false, fail_defined = false, strict_builtin_errors = false, strict = false;
  bool v0_compatible = false, coverage = false, profile = false, partial = false, metrics = false;
  bool shallow_inlining = false, var_values = false;
  std::vector<std::string> unknowns, disable_inlining;
  std::int64_t pretty_limit = 80;
  std::int64_t timeout_ms = 0, max_steps = 0;
  std::int64_t count = 1;
};
[[nodiscard]] PolicyToolResult policy_eval(const PolicyEvalRequest& request, PolicyToolContext& context);

struct PolicyCheckRequest {
  std::vector<std::string> paths, ignore;
  std::string format = "pretty", capabilities, schema;
  std::int64_t max_errors = 10;
  bool bundle = false, strict = false, v0_compatible = false, v0_v1 = false;
};
[[nodiscard]] PolicyToolResult policy_check(const PolicyCheckRequest& request);

struct PolicyFormatRequest {
  std::vector<std::string> paths;  // none: standard input
  bool diff = false, list = false, write = false, fail = false, no_check_result = false, drop_v0_imports = false;
  bool v0_compatible = false, v0_v1 = false, v1_compatible = false;
};
[[nodiscard]] PolicyToolResult policy_format(const PolicyFormatRequest& request, PolicyToolContext& context);

struct PolicyInspectRequest {
  std::string path;  // a bundle, a folder, or one policy
  std::string format = "pretty";
  bool annotations = false, v0_compatible = false;
};
[[nodiscard]] PolicyToolResult policy_inspect(const PolicyInspectRequest& request);

struct PolicyUnitRequest {
  std::vector<std::string> paths, ignore;
  std::string format = "pretty", run, schema, explain;
  bool var_values = false;
  bool verbose = false, bundle = false, v0_compatible = false, coverage = false, exit_zero_on_skipped = false;
  bool conditions = false;
  std::int64_t timeout_ms = 5000, count = 1;
  double threshold = 0;
};
[[nodiscard]] PolicyToolResult policy_unit(const PolicyUnitRequest& request, PolicyToolContext& context);

struct PolicyParseRequest {
  std::vector<std::string> paths;
  std::string format = "pretty", json_include;
  bool v0_compatible = false;
};
[[nodiscard]] PolicyToolResult policy_parse(const PolicyParseRequest& request);

struct PolicyExplainRequest {
  std::vector<std::string> rule, data, bundles, ignore;
  std::string input, format = "text";
  bool v0_compatible = false;
  std::int64_t timeout_ms = 0;
};
[[nodiscard]] PolicyToolResult policy_explain(const PolicyExplainRequest& request, PolicyToolContext& context);

inline constexpr std::size_t kBenchSamples = 10'000'000;
struct PolicyBenchRequest {
  std::vector<std::string> query, data, bundles, imports, ignore;
  std::string input, package, format = "pretty";
  std::int64_t count = 1, duration_ms = 1000;
  bool fail = false, v0_compatible = false;
};
[[nodiscard]] PolicyToolResult policy_bench(const PolicyBenchRequest& request, PolicyToolContext& context);

struct PolicyDepsRequest {
  std::vector<std::string> query, data, bundles, ignore;
  std::string format = "pretty";
  bool v0_compatible = false;
};
[[nodiscard]] PolicyToolResult policy_deps(const PolicyDepsRequest& request);

struct PolicyExecRequest {
  std::vector<std::string> paths, bundles, set;
  std::string decision, format = "json";
  bool fail = false, fail_defined = false, stdin_input = false, v0_compatible = false, strict_builtin_errors = false;
};
[[nodiscard]] PolicyToolResult policy_exec(const PolicyExecRequest& request, PolicyToolContext& context);

}  // namespace chiron
