// eval: load, compile, prepare, evaluate, show.
#include <algorithm>
#include <chrono>

#include "engines/policy/coverage.h"
#include "engines/policy/interpreter/show.h"
#include "engines/policy/loader.h"
#include "engines/policy/report.h"
#include "engines/policy/types.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"

namespace chiron {

using namespace policy;

namespace {

PolicyToolResult refuse(std::string message) { return {"", "Error: " + std::move(message) + "\n", 1}; }

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

using ShowErrors = std::function<PolicyToolResult(const PolicyErrors&)>;

interpreter::Tree::Query query_of(interpreter::Tree& tree, const ParsedQuery& parsed, const std::string& package) {
  std::vector<Value> path;
  for (const std::string_view part : text::split(package, '.')) {
    if (!part.empty() && part != "data") path.push_back(tree.store().string(part));
  }
  return tree.query(parsed, path);
}

PolicyToolResult partial_evaluation(Policy& policy, const std::string& query, const PolicyEvalRequest& request,
                                    const EvaluationOptions& evaluation, const ShowErrors& show_errors) {
  auto prepared = policy.prepare(query, request.imports, request.package);
  if (!prepared) return show_errors(prepared.error());
  interpreter::Tree tree(policy);
  interpreter::Options options;
  options.evaluation = evaluation;
  options.partial = true;
  options.unknowns = request.unknowns;
  options.disable_inlining = request.disable_inlining;
  if (options.unknowns.empty()) options.unknowns = {"input"};
  options.shallow_inlining = request.shallow_inlining;
  interpreter::Interpreter run(tree, options);
  auto result = run.partial(query_of(tree, (*prepared)->parsed, request.package));
  if (!result) return show_errors({result.error()});
  PolicyToolResult out;
  if (request.format == "source")
    out.out = interpreter::partial_source(*result);
  else if (request.format == "pretty")
    out.out = interpreter::partial_table(*result);
  else
    out.out = pretty_json(interpreter::partial_document(*result));
  if (request.fail && result->queries.empty()) out.exit_code = 1;
  if (request.fail_defined && !result->queries.empty()) out.exit_code = 1;
  return out;
}

std::expected<std::string, PolicyError> trace_of(Policy& policy, const Policy::Prepared& prepared,
                                                 const PolicyEvalRequest& request, EvaluationOptions evaluation,
                                                 interpreter::Detail detail) {
  evaluation.printed = nullptr;  // the machine has printed it
  interpreter::Tree tree(policy);
  std::vector<interpreter::Event> events;
  interpreter::Options options;
  options.evaluation = evaluation;
  options.trace = &events;
  options.values = request.var_values;
  interpreter::Interpreter run(tree, options);
  interpreter::Tree::Query query = query_of(tree, prepared.parsed, request.package);
  tree.capture(query);
  auto rows = run.query(query);
  if (!rows) return std::unexpected(rows.error());
  return interpreter::trace_text(tree, interpreter::selected(events, detail), false);
}

}  // namespace

PolicyToolResult policy_eval(const PolicyEvalRequest& request, PolicyToolContext& context) {
  const std::optional<interpreter::Detail> detail = interpreter::detail_of(request.explain);
  if (!detail) {
    return refuse("invalid argument \"" + request.explain +
                  "\" for \"--explain\" flag: must be one of {off,full,notes,fails,debug}");
  }
  if (!request.capabilities.empty()) return refuse("eval takes no --capabilities in Chiron; use check --capabilities");
  if (request.stdin_query && request.stdin_input) return refuse("specify --stdin or --stdin-input but not both");
  if (request.query.size() > 1) return refuse("specify at most one query argument");
  if (request.query.empty() && !request.stdin_query) return refuse("specify query argument or --stdin");
  static constexpr std::string_view kFormats[] = {"json", "values", "bindings", "pretty", "raw", "discard", "source"};
  if (std::find(std::begin(kFormats), std::end(kFormats), request.format) == std::end(kFormats)) {
    return refuse("invalid output format for evaluation");
  }
  if (request.format == "source" && !request.partial)
    return refuse("invalid output format for evaluation\nsource is a form of --partial results");
  std::string query = request.query.empty() ? "" : request.query[0];
  if (request.stdin_query) {
    auto text = context.read_input();
    if (!text) return {"", to_string(text.error()) + "\n", 2};
    query = std::move(*text);
  }
  const bool pretty = request.format == "pretty";
  auto show_errors = [&](const PolicyErrors& errors) {
    return PolicyToolResult{pretty ? to_string(errors) + "\n" : pretty_json(errors_document(errors)), "", 2};
  };
  auto show_message = [&](std::string message) {
    if (pretty) return PolicyToolResult{"1 error occurred: " + message + "\n", "", 2};
    PolicyError error;
    error.message = std::move(message);
    return PolicyToolResult{pretty_json(errors_document({error})), "", 2};
  };

  PolicyOptions options;
  options.version = request.v0_compatible ? RegoVersion::v0 : RegoVersion::v1;
  options.compile.strict = request.strict;
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
  LoadProblem problem = load_paths(policy, request.data, load);
  if (!problem.failed()) {
    load.bundle = true;
    problem = load_paths(policy, request.bundles, load);
  }
  if (!problem.errors.empty()) return show_errors(problem.errors);
  if (problem.message.starts_with("bundle ")) problem.message.insert(0, "loading error: ");
  if (!problem.message.empty()) return show_message(problem.message);

  Store inputs;
  EvaluationOptions evaluation;
  evaluation.strict_builtin_errors = request.strict_builtin_errors;
  evaluation.time_ns = now_ns();
  evaluation.seed = static_cast<std::uint64_t>(evaluation.time_ns);
  evaluation.cancel = context.cancel;
  evaluation.timeout = std::chrono::milliseconds(request.timeout_ms);
  evaluation.max_steps = static_cast<std::uint64_t>(request.max_steps);
  evaluation.allow_net = request.allow_net;
  if (!request.input.empty()) {
    auto value = load_file(inputs, request.input);
    if (!value && value.error().kind == ErrorKind::io)
      return {"", "open " + request.input + ": no such file or directory\n", 2};
    if (!value) return show_message(to_string(value.error()));
    evaluation.input = *value;
  } else if (request.stdin_input) {
    auto text = context.read_input();
    if (!text) return {"", to_string(text.error()) + "\n", 2};
    auto value = load_document(inputs, "stdin.yaml", *text);
    if (!value) return show_message(to_string(value.error()));
    evaluation.input = *value;
  }

  if (const PolicyErrors errors = policy.compile(); !errors.empty()) return show_errors(errors);
  if (request.partial) return partial_evaluation(policy, query, request, evaluation, show_errors);
  auto prepared = policy.prepare(query, request.imports, request.package);
  if (!prepared) return show_errors(prepared.error());
  Evaluator evaluator(policy);
  std::vector<std::string> printed;
  evaluation.printed = &printed;
  Counters counters;
  if (request.coverage) evaluator.machine().set_counters(&counters);
  auto rows = evaluator.evaluate(**prepared, evaluation);
  PolicyToolResult result;
  for (const std::string& line : printed) result.err += line + "\n";
  if (!rows) {
    PolicyToolResult shown = show_errors({rows.error()});
    shown.err = result.err;
    return shown;
  }
  std::string trace;
  if (*detail != interpreter::Detail::off) {
    auto text = trace_of(policy, **prepared, request, evaluation, *detail);
    if (!text) return show_errors({text.error()});
    trace = std::move(*text);
  }
  CoverageReport coverage;
  if (request.coverage) coverage = measure_coverage(policy.program(), counters);
  doc::Value whole = result_document(*rows);
  if (request.coverage) whole.set("coverage", coverage_document(coverage));
  if (!trace.empty() && !pretty) {
    doc::Value lines = doc::Value::array();
    for (const std::string_view line : text::split(trace, '\n')) {
      if (!line.empty()) lines.push(doc::Value(line));
    }
    whole.set("explanation", std::move(lines));
  }
  if (request.format == "json")
    result.out = pretty_json(whole);
  else if (request.format == "values")
    result.out = result_values(*rows);
  else if (request.format == "bindings")
    result.out = result_bindings(*rows);
  else if (request.format == "raw")
    result.out = result_raw(*rows);
  else if (request.format == "discard")
    result.out = "{\n  \"result\": \"discarded\"\n}\n";
  else
    result.out = trace + result_pretty(*rows, static_cast<std::size_t>(request.pretty_limit));
  if (request.coverage && pretty) {
    const std::string percent = doc::Value(coverage.percent).as_string();
    const std::string rule = "+------------------+" + std::string(percent.size() + 2, '-') + "+\n";
    result.out += rule + "| Overall Coverage | " + percent + " |\n" + rule;
  }
  if (request.fail && rows->empty()) result.exit_code = 1;
  if (request.fail_defined && !rows->empty()) result.exit_code = 1;
  return result;
}

// ---- exec ---------------------------------------------------------------------------------------------------------

PolicyToolResult policy_exec(const PolicyExecRequest& request, PolicyToolContext& context) {
  auto fail_with = [](const std::string& message) {
    return PolicyToolResult{
        "",
        "{\"err\":" + pretty_json(doc::Value(message)).substr(0, pretty_json(doc::Value(message)).size() - 1) +
            ",\"level\":\"error\",\"msg\":\"Unexpected error.\"}\n",
        1};
  };
  if (request.paths.empty() && !request.stdin_input) {
    return {"",
            "time=\"\" level=error msg=\"Unexpected error.\" err=\"requires at least 1 path arg, or the --stdin-input "
            "flag\"\n",
            1};
  }
  if (request.fail && request.fail_defined)
    return fail_with("exec error: specify --fail or --fail-defined but not both");
  std::string decision = request.decision;
  for (const std::string& each : request.set) {
    if (decision.empty() && each.starts_with("default_decision=")) decision = each.substr(17);
  }
  const std::string shown_decision = decision.empty() ? "/system/main" : decision;
  PolicyOptions options;
  options.version = request.v0_compatible ? RegoVersion::v0 : RegoVersion::v1;
  Policy policy(options);
  LoadOptions load;
  load.bundle = true;
  load.short_names = true;
  const LoadProblem problem = load_paths(policy, request.bundles, load);
  if (!problem.errors.empty()) return fail_with("exec error: " + to_string(problem.errors));
  if (!problem.message.empty()) return fail_with("exec error: " + problem.message);
  if (const PolicyErrors errors = policy.compile(); !errors.empty())
    return fail_with("exec error: " + to_string(errors));
  std::vector<Value> path;
  for (const std::string_view part : text::split(shown_decision, '/')) {
    if (!part.empty()) path.push_back(policy.store().intern(part));
  }

  std::vector<std::string> files;
  for (const std::string& given : request.paths) {
    if (!io::exists(given)) return fail_with("exec error: lstat " + given + ": no such file or directory");
    if (!io::is_folder(given)) {
      files.push_back(given);
      continue;
    }
    const auto entries = io::walk(given);
    if (!entries) return fail_with("exec error: " + entries.error().message);
    for (const io::Entry& entry : *entries) {
      const std::string_view extension = io::extension(entry.path);
      if (entry.type == io::EntryType::file && (extension == ".json" || extension == ".yaml" || extension == ".yml")) {
        files.push_back(io::join_path(given, entry.path));
      }
    }
  }
  struct Outcome {
    doc::Value line;
    bool defined = false, failed = false;
  };
  const std::size_t count = files.size() + (request.stdin_input ? 1 : 0);
  std::string from_stdin;
  if (request.stdin_input) {
    auto text = context.read_input();
    if (!text) return fail_with("exec error: " + to_string(text.error()));
    from_stdin = std::move(*text);
  }
  auto judge = [&](std::size_t i) {
    Outcome outcome;
    const std::string name = i < files.size() ? files[i] : "--stdin-input";
    outcome.line = doc::Value::object();
    outcome.line.set("path", doc::Value(name));
    Evaluator evaluator(policy);
    auto input = i < files.size() ? load_file(evaluator.inputs(), name)
                                  : load_document(evaluator.inputs(), "stdin.yaml", from_stdin);
    if (!input) {
      outcome.line.set("error", doc::Value::object());
      return outcome;
    }
    EvaluationOptions evaluation;
    evaluation.input = *input;
    evaluation.time_ns = now_ns();
    evaluation.cancel = context.cancel;
    evaluation.strict_builtin_errors = request.strict_builtin_errors;
    auto value = evaluator.document(path, evaluation);
    if (!value) {
      outcome.line.set("error", error_document(value.error()));
    } else if (!value->defined()) {
      outcome.failed = true;
      PolicyError undefined;
      undefined.code = "opa_undefined_error";
      undefined.message = shown_decision + " decision was undefined";
      outcome.line.set("error", error_document(undefined));
    } else {
      outcome.defined = true;
      outcome.line.set("result", to_document(*value));
    }
    return outcome;
  };
  std::vector<Outcome> outcomes(count);
  context.pool.for_each(count, [&](std::size_t i) { outcomes[i] = judge(i); }, context.cancel);
  doc::Value list = doc::Value::array();
  std::size_t undefined = 0, defined = 0;
  for (Outcome& outcome : outcomes) {
    undefined += outcome.failed ? 1 : 0;
    defined += outcome.defined ? 1 : 0;
    list.push(std::move(outcome.line));
  }
  PolicyToolResult result;
  result.out = pretty_json(doc::Value::object().set("result", std::move(list)));
  if (request.fail && undefined > 0) {
    const PolicyToolResult failure = fail_with("exec error: there were 0 failures and " + std::to_string(undefined) +
                                               " errors counted in the results list, and --fail is set");
    result.err = failure.err;
    result.exit_code = 1;
  } else if (request.fail_defined && defined > 0) {
    const PolicyToolResult failure =
        fail_with("exec error: there were " + std::to_string(defined) +
                  " failures and 0 errors counted in the results list, and --fail-defined is set");
    result.err = failure.err;
    result.exit_code = 1;
  }
  return result;
}

}  // namespace chiron
