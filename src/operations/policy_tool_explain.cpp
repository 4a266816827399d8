// explain and bench: why a rule holds or does not, and how long a query takes.
#include <algorithm>
#include <chrono>

#include "engines/policy/gate/gate.h"
#include "engines/policy/interpreter/explain.h"
#include "engines/policy/loader.h"
#include "engines/policy/report.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"

namespace chiron {

using namespace policy;

namespace {

PolicyToolResult refuse(std::string message) { return {"", "Error: " + std::move(message) + "\n", 2}; }

// The input as a document with places.
struct PlacedInput {
  std::string name, text;
  doc::Value root;
  bool placed = false;

  void read() {
    auto parsed = name.ends_with(".json") ? doc::parse_json(text) : doc::parse_yaml(text);
    if (!parsed) return;
    root = std::move(*parsed);
    placed = true;
  }
  // "file:line:column" of the value at a path, or of the nearest above it.
  [[nodiscard]] std::string place(std::span<const Value> path) const {
    if (!placed) return {};
    const std::uint32_t begin = gate::span_at(root, path).begin;
    const utf8::LineIndex lines(text);
    const std::uint32_t line = lines.line_of(begin);
    return name + ":" + std::to_string(line) + ":" + std::to_string(begin - lines.line_start(line) + 1);
  }
};

void show_condition(std::string& out, const interpreter::Condition& condition, const PlacedInput& input,
                    const std::string& indent) {
  out += format("{}{}:{}:{}  {}\n", indent, condition.file, condition.row, condition.column,
                interpreter::condition_text(condition));
  for (const interpreter::Reading& reading : condition.readings) {
    const std::string place = input.place(reading.path);
    out += format("{}    {} = {}{}\n", indent, interpreter::input_path_text(reading.path),
                  interpreter::reading_text(reading.value), place.empty() ? "" : "  (" + place + ")");
  }
}

void failure_text(std::string& out, const interpreter::Failure& failure, const PlacedInput& input,
                  const std::string& indent) {
  out += format("{}{} at {}:{} does not hold; the first condition that fails:\n", indent, failure.rule, failure.file,
                failure.row);
  show_condition(out, failure.condition, input, indent + "  ");
  for (const interpreter::Failure& inner : failure.inner) failure_text(out, inner, input, indent + "    ");
}

doc::Value condition_document(const interpreter::Condition& condition, const PlacedInput& input) {
  doc::Value out = doc::Value::object();
  out.set("text", doc::Value(condition.text));
  out.set("file", doc::Value(condition.file));
  out.set("row", doc::Value(condition.row));
  out.set("col", doc::Value(condition.column));
  doc::Value reads = doc::Value::array();
  for (const interpreter::Reading& reading : condition.readings) {
    doc::Value each = doc::Value::object();
    each.set("path", doc::Value(interpreter::input_path_text(reading.path)));
    if (reading.value.defined()) each.set("value", to_document(reading.value));
    if (const std::string place = input.place(reading.path); !place.empty()) each.set("place", doc::Value(place));
    reads.push(std::move(each));
  }
  out.set("reads", std::move(reads));
  return out;
}

doc::Value failure_document(const interpreter::Failure& failure, const PlacedInput& input) {
  doc::Value out = doc::Value::object();
  out.set("rule", doc::Value(failure.rule));
  out.set("file", doc::Value(failure.file));
  out.set("row", doc::Value(failure.row));
  out.set("condition", condition_document(failure.condition, input));
  if (!failure.inner.empty()) {
    doc::Value inner = doc::Value::array();
    for (const interpreter::Failure& each : failure.inner) inner.push(failure_document(each, input));
    out.set("because", std::move(inner));
  }
  return out;
}

// Policies and input as eval has them.
struct Loaded {
  Policy policy;
  Store inputs;
  Value input;
  PlacedInput placed;
};
std::expected<std::unique_ptr<Loaded>, PolicyToolResult> load(const std::vector<std::string>& data,
                                                              const std::vector<std::string>& bundles,
                                                              const std::vector<std::string>& ignore,
                                                              const std::string& input, bool v0) {
  PolicyOptions options;
  options.version = v0 ? RegoVersion::v0 : RegoVersion::v1;
  auto loaded = std::unique_ptr<Loaded>(new Loaded{Policy(options), {}, {}, {}});
  LoadOptions load_options;
  load_options.ignore = ignore;
  LoadProblem problem = load_paths(loaded->policy, data, load_options);
  if (!problem.failed()) {
    load_options.bundle = true;
    problem = load_paths(loaded->policy, bundles, load_options);
  }
  if (!problem.errors.empty()) return std::unexpected(PolicyToolResult{"", to_string(problem.errors) + "\n", 2});
  if (!problem.message.empty()) return std::unexpected(refuse(problem.message));
  if (!input.empty()) {
    auto text = io::read_file(input);
    if (!text) return std::unexpected(refuse(to_string(text.error())));
    auto value = load_document(loaded->inputs, input, *text);
    if (!value) return std::unexpected(refuse(to_string(value.error())));
    loaded->input = *value;
    loaded->placed.name = input;
    loaded->placed.text = std::move(*text);
    loaded->placed.read();
  }
  if (const PolicyErrors errors = loaded->policy.compile(); !errors.empty())
    return std::unexpected(PolicyToolResult{"", to_string(errors) + "\n", 2});
  return loaded;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

PolicyToolResult policy_explain(const PolicyExplainRequest& request, PolicyToolContext& context) {
  if (request.rule.size() != 1) return refuse("name one rule, as in data.main.deny");
  auto loaded = load(request.data, request.bundles, request.ignore, request.input, request.v0_compatible);
  if (!loaded) return loaded.error();
  interpreter::Tree tree((*loaded)->policy);
  std::vector<Value> path;
  std::string_view name = request.rule[0];
  if (name.starts_with("data.")) name.remove_prefix(5);
  for (const std::string_view part : text::split(name, '.')) path.push_back(tree.store().string(part));
  EvaluationOptions evaluation;
  evaluation.input = (*loaded)->input;
  evaluation.time_ns = now_ns();
  evaluation.cancel = context.cancel;
  evaluation.timeout = std::chrono::milliseconds(request.timeout_ms);
  auto explained = interpreter::explain(tree, path, evaluation);
  if (!explained) return {"", to_string(explained.error()) + "\n", 2};
  const PlacedInput& input = (*loaded)->placed;
  if (request.format == "json") {
    doc::Value reasons = doc::Value::array(), failures = doc::Value::array();
    for (const interpreter::Reason& reason : explained->reasons) {
      doc::Value each = doc::Value::object();
      each.set("rule", doc::Value(reason.rule));
      each.set("value", doc::Value(reason.value));
      each.set("file", doc::Value(reason.file));
      each.set("row", doc::Value(reason.row));
      doc::Value conditions = doc::Value::array();
      for (const interpreter::Condition& condition : reason.conditions)
        conditions.push(condition_document(condition, input));
      each.set("conditions", std::move(conditions));
      reasons.push(std::move(each));
    }
    for (const interpreter::Failure& failure : explained->failures) failures.push(failure_document(failure, input));
    doc::Value out = doc::Value::object();
    out.set("holds", std::move(reasons));
    out.set("fails", std::move(failures));
    return {pretty_json(out), "", 0};
  }
  std::string out;
  for (const interpreter::Reason& reason : explained->reasons) {
    out += format("{} = {}  ({}:{})\n", reason.rule, reason.value, reason.file, reason.row);
    for (const interpreter::Condition& condition : reason.conditions) show_condition(out, condition, input, "  ");
  }
  for (const interpreter::Failure& failure : explained->failures) failure_text(out, failure, input, "");
  if (out.empty()) out = path_text(path) + " has no body that could hold or fail\n";
  return {std::move(out), "", 0};
}

// ---- bench --------------------------------------------------------------------------------------------------------

namespace {

struct Samples {
  std::vector<std::int64_t> nanoseconds;
  std::int64_t total_ns = 0;
  std::uint64_t store_bytes = 0;
  [[nodiscard]] std::int64_t at(double share) const {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(nanoseconds.size() - 1));
    return nanoseconds[index];
  }
};

std::string table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t left = 0, right = 0;
  for (const auto& [name, value] : rows) {
    left = std::max(left, name.size());
    right = std::max(right, value.size());
  }
  const std::string rule = "+" + std::string(left + 2, '-') + "+" + std::string(right + 2, '-') + "+\n";
  std::string out = rule;
  for (const auto& [name, value] : rows)
    out += "| " + name + std::string(left - name.size(), ' ') + " | " + std::string(right - value.size(), ' ') + value +
           " |\n";
  return out + rule;
}

}  // namespace

PolicyToolResult policy_bench(const PolicyBenchRequest& request, PolicyToolContext& context) {
  using Clock = std::chrono::steady_clock;
  if (request.query.size() != 1) return refuse("specify exactly one query argument");
  auto loaded = load(request.data, request.bundles, request.ignore, request.input, request.v0_compatible);
  if (!loaded) return loaded.error();
  Policy& policy = (*loaded)->policy;
  auto prepared = policy.prepare(request.query[0], request.imports, request.package);
  if (!prepared) return {"", to_string(prepared.error()) + "\n", 2};
  Evaluator evaluator(policy);
  EvaluationOptions evaluation;
  evaluation.input = (*loaded)->input;
  evaluation.time_ns = now_ns();
  evaluation.cancel = context.cancel;
  PolicyToolResult result;
  doc::Value runs = doc::Value::array();
  for (std::int64_t round = 0; round < request.count; ++round) {
    Samples samples;
    const auto deadline = Clock::now() + std::chrono::milliseconds(request.duration_ms);
    do {
      const auto start = Clock::now();
      auto rows = evaluator.evaluate(**prepared, evaluation);
      const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
      if (!rows) return {"", to_string(rows.error()) + "\n", 2};
      if (request.fail && rows->empty()) return {"", "undefined result\n", 1};
      samples.nanoseconds.push_back(took);
      samples.total_ns += took;
    } while (Clock::now() < deadline && samples.nanoseconds.size() < kBenchSamples &&
             (context.cancel == nullptr || !context.cancel->cancelled()));
    std::sort(samples.nanoseconds.begin(), samples.nanoseconds.end());
    const auto count = static_cast<std::int64_t>(samples.nanoseconds.size());
    const std::int64_t each = samples.total_ns / count;
    static constexpr std::pair<const char*, double> kShares[] = {{"median", 0.5}, {"75%", 0.75}, {"90%", 0.9},
                                                                 {"95%", 0.95},   {"99%", 0.99}, {"99.9%", 0.999}};
    const std::string prefix = "histogram_timer_rego_query_eval_ns_";
    if (request.format == "gobench") {
      result.out += format("BenchmarkOPAEval\t{:8}\t{:10} ns/op\n", count, each);
      continue;
    }
    if (request.format == "json") {
      doc::Value extra = doc::Value::object();
      extra.set(prefix + "count", doc::Value(count));
      extra.set(prefix + "min", doc::Value(samples.nanoseconds.front()));
      extra.set(prefix + "max", doc::Value(samples.nanoseconds.back()));
      extra.set(prefix + "mean", doc::Value(each));
      for (const auto& [share, at] : kShares) extra.set(prefix + share, doc::Value(samples.at(at)));
      doc::Value run = doc::Value::object();
      run.set("N", doc::Value(count));
      run.set("T", doc::Value(samples.total_ns));
      run.set("Extra", std::move(extra));
      runs.push(std::move(run));
      continue;
    }
    std::vector<std::pair<std::string, std::string>> rows{{"samples", std::to_string(count)},
                                                          {"ns/op", std::to_string(each)}};
    for (const auto& [share, at] : kShares) rows.emplace_back(prefix + share, std::to_string(samples.at(at)));
    rows.emplace_back(prefix + "max", std::to_string(samples.nanoseconds.back()));
    rows.emplace_back(prefix + "min", std::to_string(samples.nanoseconds.front()));
    rows.emplace_back(prefix + "mean", std::to_string(each));
    std::sort(rows.begin() + 2, rows.end());
    result.out += table(rows);
  }
  if (request.format == "json") {
    for (const doc::Value& run : runs.items()) result.out += pretty_json(run);
  }
  return result;
}

}  // namespace chiron
