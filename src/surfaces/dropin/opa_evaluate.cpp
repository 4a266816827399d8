// opa eval, exec, test, check, deps, parse: flags to requests.
#include <charconv>

#include "foundation/base/text.h"
#include "operations/policy_tool.h"
#include "surfaces/dropin/opa.h"

namespace chiron {
namespace {

int finish(const PolicyToolResult& result, DropInContext& context) {
  if (!result.out.empty()) context.out.write(result.out);
  if (!result.err.empty()) context.err.write(result.err);
  return result.exit_code;
}

int refuse(std::string_view message, DropInContext& context) {
  context.err.write("Error: " + std::string(message) + "\n");
  return 1;
}

std::int64_t number(const std::string& text, std::int64_t fallback) {
  std::int64_t n = fallback;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  (void)end;
  return error == std::errc() ? n : fallback;
}

// "5s", "100ms", "1m30s" in milliseconds.
std::int64_t duration_ms(const std::string& text, std::int64_t fallback) {
  if (text.empty()) return fallback;
  double total = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t used = at;
    while (used < text.size() && ((text[used] >= '0' && text[used] <= '9') || text[used] == '.')) ++used;
    double amount = 0;
    std::from_chars(text.data() + at, text.data() + used, amount);
    std::size_t unit = used;
    while (unit < text.size() && (text[unit] < '0' || text[unit] > '9')) ++unit;
    const std::string_view name = std::string_view(text).substr(used, unit - used);
    total += amount * (name == "h"    ? 3.6e6
                       : name == "m"  ? 6e4
                       : name == "ms" ? 1
                       : name == "us" ? 1e-3
                       : name == "ns" ? 1e-6
                                      : 1e3);
    if (unit == at) return fallback;
    at = unit;
  }
  return static_cast<std::int64_t>(total);
}

// Flags that take a list: --unknowns a,b --unknowns c.
std::vector<std::string> comma_separated(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const std::string& each : given) {
    for (const std::string_view part : text::split(each, ',')) {
      if (!part.empty()) out.emplace_back(part);
    }
  }
  return out;
}

PolicyToolContext tool_context(DropInContext& context) { return {context.pool, &context.cancel, context.read_input}; }

}  // namespace

int opa_eval(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"data", 'd', true},
                                       {"bundle", 'b', true},
                                       {"input", 'i', true},
                                       {"import", 0, true},
                                       {"package", 0, true},
                                       {"format", 'f', true},
                                       {"fail"},
                                       {"fail-defined"},
                                       {"strict-builtin-errors"},
                                       {"strict", 'S'},
                                       {"v0-compatible"},
                                       {"v1-compatible"},
                                       {"partial", 'p'},
                                       {"coverage"},
                                       {"profile"},
                                       {"metrics"},
                                       {"instrument"},
                                       {"stdin"},
                                       {"stdin-input", 'I'},
                                       {"ignore", 0, true},
                                       {"explain", 0, true},
                                       {"pretty-limit", 0, true},
                                       {"timeout", 0, true},
                                       {"schema", 's', true},
                                       {"unknowns", 'u', true},
                                       {"disable-inlining", 0, true},
                                       {"shallow-inlining"},
                                       {"capabilities", 0, true},
                                       {"count", 0, true},
                                       {"optimize", 'O', true},
                                       {"target", 't', true},
                                       {"entrypoint", 'e', true},
                                       {"show-builtin-errors"},
                                       {"profile-limit", 0, true},
                                       {"profile-sort", 0, true},
                                       {"disable-early-exit"},
                                       {"nondeterminstic-builtins"},
                                       {"sort"},
                                       {"var-values"},
                                       {"log-level", 'l', true},
                                       {"log-format", 0, true}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  for (const char* unsupported : {"optimize", "target", "profile", "metrics", "instrument"}) {
    if (given.has(unsupported))
      return refuse("eval --" + std::string(unsupported) + " is not supported by Chiron", context);
  }
  PolicyEvalRequest request;
  request.query = given.positional();
  request.data = given.values("data");
  request.bundles = given.values("bundle");
  request.imports = given.values("import");
  request.ignore = given.values("ignore");
  request.input = given.value("input");
  request.package = given.value("package");
  request.format = given.value("format", "json");
  request.schema = given.value("schema");
  request.explain = given.value("explain");
  request.capabilities = given.value("capabilities");
  request.stdin_query = given.has("stdin");
  request.stdin_input = given.has("stdin-input");
  request.fail = given.has("fail");
  request.fail_defined = given.has("fail-defined");
  request.strict_builtin_errors = given.has("strict-builtin-errors");
  request.strict = given.has("strict");
  request.v0_compatible = given.has("v0-compatible");
  request.coverage = given.has("coverage");
  request.partial = given.has("partial");
  request.unknowns = given.values("unknowns");
  request.disable_inlining = comma_separated(given.values("disable-inlining"));
  request.unknowns = comma_separated(request.unknowns);
  request.shallow_inlining = given.has("shallow-inlining");
  request.var_values = given.has("var-values");
  request.pretty_limit = number(given.value("pretty-limit"), 80);
  request.timeout_ms = duration_ms(given.value("timeout"), 0);
  PolicyToolContext tool = tool_context(context);
  return finish(policy_eval(request, tool), context);
}

int opa_exec(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {
      {"bundle", 'b', true},      {"decision", 0, true},    {"format", 'f', true},    {"fail"},
      {"fail-defined"},           {"stdin-input", 'I'},     {"set", 0, true},         {"set-file", 0, true},
      {"config-file", 'c', true}, {"log-level", 'l', true}, {"log-format", 0, true},  {"timeout", 0, true},
      {"v0-compatible"},          {"v1-compatible"},        {"strict-builtin-errors"}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  if (given.has("config-file") || given.has("set-file"))
    return refuse("exec takes no configuration file in Chiron", context);
  PolicyExecRequest request;
  request.paths = given.positional();
  request.bundles = given.values("bundle");
  request.set = given.values("set");
  request.decision = given.value("decision");
  request.fail = given.has("fail");
  request.fail_defined = given.has("fail-defined");
  request.stdin_input = given.has("stdin-input");
  request.v0_compatible = given.has("v0-compatible");
  request.strict_builtin_errors = given.has("strict-builtin-errors");
  PolicyToolContext tool = tool_context(context);
  return finish(policy_exec(request, tool), context);
}

int opa_test(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"verbose", 'v'},
                                       {"format", 'f', true},
                                       {"run", 'r', true},
                                       {"coverage", 'c'},
                                       {"threshold", 0, true},
                                       {"bundle", 'b'},
                                       {"timeout", 0, true},
                                       {"ignore", 0, true},
                                       {"count", 0, true},
                                       {"exit-zero-on-skipped", 'z'},
                                       {"v0-compatible"},
                                       {"v1-compatible"},
                                       {"explain", 0, true},
                                       {"var-values"},
                                       {"max-errors", 'm', true},
                                       {"parallel", 'p', true},
                                       {"bench"},
                                       {"watch", 'w'},
                                       {"schema", 's', true},
                                       {"capabilities", 0, true},
                                       {"target", 't', true}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  for (const char* unsupported : {"bench", "watch", "capabilities", "target"}) {
    if (given.has(unsupported))
      return refuse("test --" + std::string(unsupported) + " is not supported by Chiron", context);
  }
  PolicyUnitRequest request;
  request.paths = given.positional();
  request.ignore = given.values("ignore");
  request.format = given.value("format", "pretty");
  request.run = given.value("run");
  request.explain = given.value("explain");
  request.var_values = given.has("var-values");
  request.schema = given.value("schema");
  request.verbose = given.has("verbose");
  request.bundle = given.has("bundle");
  request.v0_compatible = given.has("v0-compatible");
  request.coverage = given.has("coverage") || given.has("threshold");
  request.exit_zero_on_skipped = given.has("exit-zero-on-skipped");
  request.timeout_ms = duration_ms(given.value("timeout"), 5000);
  request.count = number(given.value("count"), 1);
  const std::string threshold = given.value("threshold");
  std::from_chars(threshold.data(), threshold.data() + threshold.size(), request.threshold);
  PolicyToolContext tool = tool_context(context);
  return finish(policy_unit(request, tool), context);
}

int opa_check(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {
      {"format", 'f', true},     {"max-errors", 'm', true}, {"bundle", 'b'}, {"strict", 'S'},
      {"v0-compatible"},         {"v1-compatible"},         {"v0-v1"},       {"ignore", 0, true},
      {"capabilities", 0, true}, {"schema", 's', true}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  PolicyCheckRequest request;
  request.paths = given.positional();
  request.ignore = given.values("ignore");
  request.format = given.value("format", "pretty");
  request.capabilities = given.value("capabilities");
  request.schema = given.value("schema");
  request.max_errors = number(given.value("max-errors"), 10);
  request.bundle = given.has("bundle");
  request.strict = given.has("strict");
  request.v0_compatible = given.has("v0-compatible");
  request.v0_v1 = given.has("v0-v1");
  return finish(policy_check(request), context);
}

int opa_deps(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"data", 'd', true}, {"bundle", 'b', true}, {"format", 'f', true},
                                       {"ignore", 0, true}, {"v0-compatible"},     {"v1-compatible"}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  PolicyDepsRequest request;
  request.query = given.positional();
  request.data = given.values("data");
  request.bundles = given.values("bundle");
  request.ignore = given.values("ignore");
  request.format = given.value("format", "pretty");
  request.v0_compatible = given.has("v0-compatible");
  return finish(policy_deps(request), context);
}

int opa_fmt(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {
      {"write", 'w'},     {"list", 'l'}, {"diff", 'd'},     {"fail"},          {"check-result"},
      {"rego-v1"},        {"v0-v1"},     {"v0-compatible"}, {"v1-compatible"}, {"capabilities", 0, true},
      {"drop-v0-imports"}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  PolicyFormatRequest request;
  request.paths = given.positional();
  request.write = given.has("write");
  request.list = given.has("list");
  request.diff = given.has("diff");
  request.fail = given.has("fail");
  request.no_check_result = given.value("check-result") == "false";
  request.v0_v1 = given.has("v0-v1") || given.has("rego-v1");
  request.v0_compatible = given.has("v0-compatible");
  request.v1_compatible = given.has("v1-compatible");
  request.drop_v0_imports = given.has("drop-v0-imports");
  PolicyToolContext tool{context.pool, &context.cancel, context.read_input};
  return finish(policy_format(request, tool), context);
}

int opa_bench(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {{"data", 'd', true},    {"bundle", 'b', true},  {"input", 'i', true},
                                       {"import", 0, true},    {"package", 0, true},   {"format", 'f', true},
                                       {"count", 0, true},     {"ignore", 0, true},    {"fail"},
                                       {"benchmem"},           {"metrics"},            {"v0-compatible"},
                                       {"v1-compatible"},      {"e2e"},                {"config-file", 'c', true},
                                       {"partial", 'p'},       {"target", 't', true},  {"schema", 's', true},
                                       {"stdin"},              {"stdin-input", 'I'},   {"unknowns", 'u', true},
                                       {"optimize", 'O', true}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  for (const char* unsupported : {"e2e", "config-file", "partial", "target", "schema", "stdin", "stdin-input", "unknowns",
                                  "optimize"}) {
    if (given.has(unsupported))
      return refuse("bench --" + std::string(unsupported) + " is not supported by Chiron", context);
  }
  PolicyBenchRequest request;
  request.query = given.positional();
  request.data = given.values("data");
  request.bundles = given.values("bundle");
  request.imports = given.values("import");
  request.ignore = given.values("ignore");
  request.input = given.value("input");
  request.package = given.value("package");
  request.format = given.value("format", "pretty");
  request.count = number(given.value("count"), 1);
  request.fail = given.has("fail");
  request.v0_compatible = given.has("v0-compatible");
  PolicyToolContext tool = tool_context(context);
  return finish(policy_bench(request, tool), context);
}

int opa_parse(std::span<const std::string> arguments, DropInContext& context) {
  static constexpr OpaFlag kFlags[] = {
      {"format", 'f', true}, {"json-include", 0, true}, {"v0-compatible"}, {"v1-compatible"}};
  const OpaArguments given(arguments, kFlags);
  if (!given.problem().empty()) return refuse(given.problem(), context);
  PolicyParseRequest request;
  request.paths = given.positional();
  request.format = given.value("format", "pretty");
  request.json_include = given.value("json-include");
  request.v0_compatible = given.has("v0-compatible");
  return finish(policy_parse(request), context);
}

}  // namespace chiron
