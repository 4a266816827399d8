// Unit tests of policies, reported as OPA reports them.
#include <algorithm>

#include "engines/policy/conditions.h"
#include "engines/policy/coverage.h"
#include "engines/policy/interpreter/show.h"
#include "engines/policy/loader.h"
#include "engines/policy/report.h"
#include "engines/policy/types.h"
#include "engines/policy/unit.h"
#include "foundation/base/format.h"
#include "operations/policy_tool.h"

namespace chiron {

using namespace policy;

namespace {

std::string duration(std::int64_t ns) {
  if (ns < 1000) return format("{}ns", ns);
  if (ns < 1000 * 1000) return format("{:g}µs", static_cast<double>(ns) / 1e3);
  if (ns < 1000 * 1000 * 1000) return format("{:g}ms", static_cast<double>(ns) / 1e6);
  return format("{:g}s", static_cast<double>(ns) / 1e9);
}

std::string_view status_text(TestStatus status) {
  switch (status) {
    case TestStatus::pass:
      return "PASS";
    case TestStatus::fail:
      return "FAIL";
    case TestStatus::error:
      return "ERROR";
    case TestStatus::skip:
      return "SKIPPED";
  }
  return "";
}

void sub_lines(std::string& out, const std::vector<SubTest>& children, int depth, bool verbose) {
  for (const SubTest& child : children) {
    if (!child.fail && !verbose) continue;
    out += std::string(static_cast<std::size_t>(depth) * 2, ' ') + child.name + ": " + (child.fail ? "FAIL" : "PASS") +
           "\n";
    sub_lines(out, child.children, depth + 1, verbose);
  }
}

// The leaves of the tree of cases, which are what is counted.
void count(const std::vector<SubTest>& children, int& passed, int& failed) {
  for (const SubTest& child : children) {
    if (!child.children.empty())
      count(child.children, passed, failed);
    else
      ++(child.fail ? failed : passed);
  }
}

// Failed tests with their traces, in front of the summary.
std::string failures(const std::vector<TestResult>& results, const std::function<std::string(const TestResult&)>& trace,
                     std::string_view rule) {
  std::string out;
  for (const TestResult& result : results) {
    if (result.status != TestStatus::fail && result.status != TestStatus::error) continue;
    out += result.package + "." + result.name + ": " + std::string(status_text(result.status)) + " (" +
           duration(result.duration_ns) + ")\n\n" + trace(result) + "\n";
    std::string cases;
    sub_lines(cases, result.children, 1, false);
    if (!cases.empty()) out += cases + "\n";
  }
  return out.empty() ? out : "FAILURES\n" + std::string(rule) + out + "SUMMARY\n" + std::string(rule);
}

std::string pretty(const std::vector<TestResult>& results, bool verbose,
                   const std::function<std::string(const TestResult&)>& trace) {
  if (results.empty()) return "";
  constexpr std::string_view kRule =
      "--------------------------------------------------------------------------------\n";
  std::string out, file;
  int passed = 0, failed = 0, errors = 0, skipped = 0;
  bool any = false;
  if (verbose) out = failures(results, trace, kRule);
  for (const TestResult& result : results) {
    if (!result.children.empty())
      count(result.children, passed, failed);
    else if (result.status == TestStatus::pass)
      ++passed;
    else if (result.status == TestStatus::fail)
      ++failed;
    if (result.status == TestStatus::error) ++errors;
    if (result.status == TestStatus::skip) ++skipped;
    if (!verbose && result.status == TestStatus::pass) continue;
    if (file != result.file) {
      out += (any ? "\n" : "") + result.file + ":\n";
      file = result.file;
    }
    any = true;
    out += result.package + "." + result.name + ": " + std::string(status_text(result.status));
    if (result.status != TestStatus::skip) out += " (" + duration(result.duration_ns) + ")";
    out += "\n";
    sub_lines(out, result.children, 1, verbose);
    if (!result.printed.empty()) {
      out += "\n";
      for (const std::string& line : result.printed) out += "  " + line + "\n";
      out += "\n";
    }
    if (result.error) out += "  " + to_string(*result.error) + "\n";
  }
  if (any) out += kRule;
  const int total = passed + failed + errors + skipped;
  auto line = [&](std::string_view name, int n) { out += format("{}: {}/{}\n", name, n, total); };
  if (passed > 0) line("PASS", passed);
  if (failed > 0) line("FAIL", failed);
  if (skipped > 0) line("SKIPPED", skipped);
  if (errors > 0) line("ERROR", errors);
  return out;
}

doc::Value sub_document(const std::vector<SubTest>& children) {
  doc::Value out = doc::Value::object();
  for (const SubTest& child : children) {
    doc::Value each = doc::Value::object();
    each.set("name", doc::Value(child.name));
    if (child.fail) each.set("fail", doc::Value(true));
    if (!child.children.empty()) each.set("sub_results", sub_document(child.children));
    out.set(child.name, std::move(each));
  }
  return out;
}

std::string json(const std::vector<TestResult>& results) {
  doc::Value list = doc::Value::array();
  for (const TestResult& result : results) {
    doc::Value each = doc::Value::object();
    doc::Value location = doc::Value::object();
    location.set("file", doc::Value(result.file));
    location.set("row", doc::Value(result.row));
    location.set("col", doc::Value(result.column));
    each.set("location", std::move(location));
    each.set("package", doc::Value(result.package));
    each.set("name", doc::Value(result.name));
    if (result.status == TestStatus::fail) each.set("fail", doc::Value(true));
    if (result.status == TestStatus::skip) each.set("skip", doc::Value(true));
    if (result.error) each.set("error", error_document(*result.error));
    each.set("duration", doc::Value(result.duration_ns));
    if (!result.children.empty()) each.set("sub_results", sub_document(result.children));
    list.push(std::move(each));
  }
  return pretty_json(list);
}

}  // namespace

PolicyToolResult policy_unit(const PolicyUnitRequest& request, PolicyToolContext& context) {
  if (request.paths.empty()) return {"", "Error: specify at least one file\n", 1};
  // The pattern is Rego's own kind: its matcher is the built-in regex.match.
  Store store;
  BuiltinContext match_context(store);
  const Builtin* match = find_builtin("regex.match");
  auto matches = [&](std::string_view name) {
    const Value both[2] = {store.intern(request.run), store.string(name)};
    return match->call(match_context, std::span<const Value>(both, 2)).is_true();
  };
  if (!request.run.empty()) {
    (void)matches("");
    if (const auto error = match_context.take_error()) return {"", error->message + "\n", 1};
  }
  PolicyOptions options;
  options.version = request.v0_compatible ? RegoVersion::v0 : RegoVersion::v1;
  options.compile.test_cases = true;
  SchemaSet schemas;
  if (!request.schema.empty()) {
    auto loaded = load_schemas(request.schema);
    if (!loaded) return {"", "Error: " + to_string(loaded.error()) + "\n", 1};
    schemas = std::move(*loaded);
    options.compile.schemas = &schemas;
  }
  Policy policy(options);
  LoadOptions load;
  load.ignore = request.ignore;
  load.bundle = request.bundle;
  const LoadProblem problem = load_paths(policy, request.paths, load);
  if (!problem.errors.empty()) {
    std::string text = to_string(problem.errors);
    const std::size_t at = text.find(" occurred:");
    if (at != std::string::npos) text.replace(at, 10, " occurred during loading:");
    return {"", text + "\n", 1};
  }
  if (!problem.message.empty()) return {"", "1 error occurred during loading: " + problem.message + "\n", 1};
  if (const PolicyErrors errors = policy.compile(); !errors.empty()) return {"", to_string(errors) + "\n", 1};
  const std::string explain = request.explain.empty() ? "fails" : request.explain;
  const auto detail = interpreter::detail_of(explain);
  if (!detail) {
    return {"",
            "Error: invalid argument \"" + explain +
                "\" for \"--explain\" flag: must be one of {off,full,notes,fails,debug}\n",
            1};
  }
  std::unique_ptr<interpreter::Tree> tree;  // made when a test fails
  auto trace = [&](const TestResult& test) {
    if (tree == nullptr) tree = std::make_unique<interpreter::Tree>(policy);
    interpreter::DocumentTrace wanted;
    for (const Leaf* leaf : policy.program().leaves) {
      if (path_text(leaf->node->path) == test.package + "." + test.name) wanted.path = leaf->node->path;
    }
    wanted.detail = *detail;
    wanted.values = request.var_values;
    wanted.evaluation.timeout = std::chrono::milliseconds(request.timeout_ms);
    wanted.evaluation.cancel = context.cancel;
    return interpreter::document_trace(*tree, wanted);
  };
  PolicyToolResult result;
  Counters counters;
  TestOptions tests;
  tests.timeout = std::chrono::milliseconds(request.timeout_ms);
  tests.cancel = context.cancel;
  if (request.coverage || request.conditions) tests.counters = &counters;
  if (!request.run.empty()) tests.selected = matches;
  for (std::int64_t round = 0; round < std::max<std::int64_t>(1, request.count); ++round) {
    const std::vector<TestResult> results = run_tests(policy, context.pool, tests);
    for (const TestResult& each : results) {
      if (each.status == TestStatus::fail || each.status == TestStatus::error) result.exit_code = 2;
      if (each.status == TestStatus::skip && !request.exit_zero_on_skipped) result.exit_code = 2;
    }
    if (!request.coverage)
      result.out += request.format == "json" ? json(results) : pretty(results, request.verbose, trace);
  }
  if (request.coverage) {
    const CoverageReport coverage = measure_coverage(policy.program(), counters);
    if (request.threshold > 0 && coverage.percent < request.threshold) {
      result.exit_code = 2;
      result.err = format("Code coverage threshold not met: got {:.2f} instead of {:.2f}\n", coverage.percent,
                          request.threshold);
    }
    doc::Value document = coverage_document(coverage);
    if (request.conditions)
      document.set("conditions", conditions_document(measure_conditions(policy.program(), counters)));
    if (result.err.empty()) result.out = pretty_json(document);
  } else if (request.conditions) {
    const auto conditions = measure_conditions(policy.program(), counters);
    result.out = request.format == "json" ? pretty_json(conditions_document(conditions))
                                          : result.out + conditions_text(conditions);
  }
  return result;
}

}  // namespace chiron
