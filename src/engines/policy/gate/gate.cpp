// Compiling the policies of a gate and asking their rules.
#include "engines/policy/gate/gate.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "engines/policy/interpreter/show.h"
#include "foundation/base/format.h"
#include "foundation/base/placer.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::policy::gate {

namespace {

// What all inputs as one are called.
constexpr std::string_view kCombinedName = "Combined";

// deny, deny_a, deny_a_b
bool is_rule(std::string_view name, std::string_view word) {
  if (!name.starts_with(word)) return false;
  name.remove_prefix(word.size());
  while (!name.empty()) {
    if (name.front() != '_') return false;
    name.remove_prefix(1);
    std::size_t length = 0;
    while (length < name.size() && name[length] != '_' && std::isalnum(static_cast<unsigned char>(name[length])) != 0)
      ++length;
    if (length == 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

std::string_view without_prefix(std::string_view rule) {
  for (std::string_view prefix : {"violation_", "deny_", "warn_"})
    if (rule.starts_with(prefix)) return rule.substr(prefix.size());
  return rule;
}

std::string package_of(const ast::Module& module) {
  std::string out;
  for (std::size_t i = 1; i < module.package->items.size(); ++i) {
    if (i > 1) out += '.';
    out += module.package->items[i]->text;
  }
  return out;
}

std::string_view name_of(const ast::Rule& rule) {
  const ast::Term* reference = rule.head.reference;
  return reference->kind == ast::TermKind::ref ? reference->items.front()->text : reference->text;
}

std::string data_reference(std::string_view name_space) {
  std::string out = "data";
  for (auto part : text::split(name_space, '.')) {
    if (ast::is_plain_name(part))
      out += "." + std::string(part);
    else
      out += "[\"" + std::string(part) + "\"]";
  }
  return out;
}

Error policy_error(std::string message) { return {ErrorKind::input, "policy.compile", std::move(message), {}, {}, {}}; }

// The members of an object besides some.
doc::Value metadata_of(Value object) {
  doc::Value out = doc::Value::object();
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Value key = object.key_at(i);
    if (!key.is_string() || key.string() == "msg" || key.string() == "_loc") continue;
    out.members().push_back({std::string(key.string()), {}, to_document(object.value_at(i))});
  }
  return out;
}

Result<Outcome> outcome_of(Value value, const std::string& rule) {
  Outcome outcome;
  outcome.rule = rule;
  if (value.is_string()) {
    outcome.message = value.string();
    return outcome;
  }
  const Value message = value.get("msg");
  if (!message) return fail(ErrorKind::input, "policy.result", format("rule missing msg field: {}", to_json(value)));
  if (!message.is_string())
    return fail(ErrorKind::input, "policy.result", format("msg field must be string: {}", to_json(value)));
  outcome.message = message.string();
  outcome.metadata = metadata_of(value);
  if (const Value loc = value.get("_loc"); loc && loc.is_object()) {
    if (const Value file = loc.get("file"); file && file.is_string()) outcome.loc_file = file.string();
    if (const Value line = loc.get("line"); line && line.is_number()) (void)line.number_integer(outcome.loc_line);
    if (const Value column = loc.get("column"); column && column.is_number())
      (void)column.number_integer(outcome.loc_column);
  }
  return outcome;
}

}  // namespace

bool is_failure_rule(std::string_view name) { return is_rule(name, "deny") || is_rule(name, "violation"); }
bool is_warning_rule(std::string_view name) { return is_rule(name, "warn"); }

Totals totals(const std::vector<FileResult>& results) {
  Totals sum;
  for (const auto& result : results) {
    sum.successes += result.successes;
    sum.warnings += result.warnings.size();
    sum.failures += result.failures.size();
    sum.exceptions += result.exceptions.size();
    sum.skipped += result.skipped.size();
  }
  return sum;
}

namespace {

PolicyOptions policy_options(const Options& options) {
  PolicyOptions made;
  made.version = options.version;
  made.compile.strict = options.strict;
  made.compile.local_files = true;
  made.compile.allowed_builtins = options.allowed_builtins;
  return made;
}

}  // namespace

InputOptions Gate::Input::options() const {
  InputOptions read;
  read.file = file;
  read.messages = messages;
  return read;
}

Gate::Gate(Options options) : options_(std::move(options)), policy_(policy_options(options_)) {}

Result<std::unique_ptr<Gate>> Gate::create(std::vector<SourceFile> policies, std::vector<SourceFile> data,
                                           Options options) {
  std::unique_ptr<Gate> gate(new Gate(std::move(options)));
  PolicyErrors errors;
  for (auto& source : policies) {
    auto found = gate->policy_.add_module(source.path, std::move(source.text));
    errors.insert(errors.end(), found.begin(), found.end());
  }
  if (!errors.empty()) return std::unexpected(policy_error(to_string(errors)));
  // A gate's rule gives a set: with `if` and no `contains`, deny[msg] is an object whose keys nobody reports.
  for (const auto& module : gate->policy_.modules())
    for (const ast::Rule* rule : module->rules) {
      const auto name = name_of(*rule);
      const bool indexed = rule->head.reference->kind == ast::TermKind::ref && rule->head.reference->items.size() > 1;
      if ((is_failure_rule(name) || is_warning_rule(name)) && rule->has_if && !rule->head.contains && indexed &&
          rule->head.key == nullptr)
        return std::unexpected(policy_error(format(
            "load: {}:{}: rule {} has an 'if' keyword without 'contains' keyword; write `{} contains msg if {{ … }}`",
            module->file, module->row(rule->location.begin), name, name)));
    }
  for (const auto& file : data) {
    doc::ReadOptions read;
    read.file = file.path;
    auto format_of_file = TRY(input_format_of(file.path));
    auto value = TRY(parse_input(format_of_file, file.text, read));
    TRY(gate->policy_.add_data(gate->policy_.store().from_document(value)));
  }
  if (auto compiled = gate->policy_.compile(); !compiled.empty())
    return std::unexpected(policy_error(to_string(compiled)));

  for (const auto& module : gate->policy_.modules()) {
    const std::string name_space = package_of(*module);
    auto& rules = gate->rules_[name_space];
    for (const ast::Rule* rule : module->rules) {
      const std::string name(name_of(*rule));
      if (!is_failure_rule(name) && !is_warning_rule(name)) continue;
      auto found = std::ranges::find(rules, name, &RuleCount::name);
      if (found == rules.end()) {
        rules.push_back({name, 1});
      } else {
        ++found->count;
      }
    }
  }
  // Exceptions are asked for only where a namespace has any.
  for (const auto& module : gate->policy_.modules()) {
    const bool has =
        std::ranges::any_of(module->rules, [](const ast::Rule* rule) { return name_of(*rule) == "exception"; });
    if (!has) continue;
    const std::string name_space = package_of(*module);
    for (const auto& rule : gate->rules_[name_space]) {
      const std::string query =
          format("{}.exception[_][_] == \"{}\"", data_reference(name_space), without_prefix(rule.name));
      auto prepared = gate->policy_.prepare(query);
      if (!prepared) return std::unexpected(policy_error(to_string(prepared.error())));
      gate->exceptions_[name_space + "/" + rule.name] = std::move(*prepared);
    }
  }
  return gate;
}

std::vector<std::string> Gate::namespaces() const {
  std::vector<std::string> names;
  for (const auto& [name, rules] : rules_) names.push_back(name);
  return names;
}

std::vector<std::string> Gate::rule_values(Value input, const task::CancelToken* cancel) const {
  std::vector<std::string> lines;
  std::set<std::string> seen;
  Evaluator evaluator(policy_);
  for (const auto& module : policy_.modules())
    for (const ast::Rule* rule : module->rules) {
      if (rule->head.has_arguments) continue;
      const std::string package = package_of(*module), name(name_of(*rule));
      const std::string reference = data_reference(package) + "." + name;
      if (!seen.insert(reference).second) continue;
      std::vector<Value> path;
      for (auto part : text::split(package, '.')) path.push_back(evaluator.inputs().intern(part));
      path.push_back(evaluator.inputs().intern(name));
      const auto value = evaluator.document(path, evaluation(input, cancel));
      lines.push_back(format("{} = {}", reference,
                             !value   ? value.error().message
                             : *value ? to_rego(*value)
                                      : std::string("undefined")));
    }
  return lines;
}

EvaluationOptions Gate::evaluation(Value input, const task::CancelToken* cancel) const {
  EvaluationOptions options;
  options.input = input;
  options.data = policy_.data();
  options.strict_builtin_errors = options_.strict_builtin_errors;
  options.timeout = options_.timeout;
  options.time_ns = options_.time_ns;
  options.cancel = cancel;
  options.allow_net = options_.allow_net;
  options.runtime = options_.runtime;
  return options;
}

// The data with the name and the absolute folder of the file under test, data.conftest.file, as Conftest gives them.
Value Gate::data_about(const std::string& file, Store& store) const {
  const std::string full = file.starts_with('/') ? file : io::normalize_path(io::join_path(io::current_folder(), file));
  const Value about = store.object({{store.intern("dir"), store.string(io::parent_path(full))},
                                    {store.intern("name"), store.string(io::file_name(full))}});
  const Value data = policy_.data();
  Value conftest = data.get("conftest");
  if (!conftest || !conftest.is_object()) conftest = store.object({});
  return store.with_member(data, store.intern("conftest"), store.with_member(conftest, store.intern("file"), about));
}

Result<void> Gate::check_rule(Evaluator& evaluator, const std::string& rule, Value input, FileResult& result,
                              const task::CancelToken* cancel) const {
  std::vector<std::string> printed;
  auto options = evaluation(input, cancel);
  if (result.file != kCombinedName) options.data = data_about(result.file, evaluator.inputs());
  options.printed = &printed;
  options.print_places = true;
  auto failed = [&](const PolicyError& error) {
    const bool builtin = error.code == "eval_builtin_error";
    return fail(ErrorKind::input, "policy.evaluation",
                format("query rule: query input: {}{}",
                       builtin ? "built-in error: " : "evaluating policy: ", to_string(error)));
  };
  std::size_t exceptions = 0;
  if (const auto found = exceptions_.find(result.name_space + "/" + rule); found != exceptions_.end()) {
    auto rows = evaluator.evaluate(*found->second, options);
    if (!rows) return failed(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      Outcome outcome;
      outcome.rule = rule;
      outcome.message = found->second->text;
      result.exceptions.push_back(std::move(outcome));
      ++exceptions;
    }
  }
  auto& store = evaluator.inputs();
  std::vector<Value> path;
  for (auto part : text::split(result.name_space, '.')) path.push_back(store.intern(part));
  path.push_back(store.intern(rule));
  auto document = evaluator.document(path, options);
  if (!document) return failed(document.error());
  Query query;
  query.text = format("data.{}.{}", result.name_space, rule);
  query.printed = std::move(printed);
  const Value value = *document;
  const bool has_results = value && (value.is_set() || value.is_array()) && value.size() > 0;
  if (has_results) {
    for (const Value item : value.items()) {
      if (!item.is_string() && !item.is_object()) continue;
      query.passed = false;
      if (exceptions > 0) continue;  // counted already
      auto outcome = TRY(outcome_of(item, rule));
      if (options_.explain) outcome.value = to_rego(item);
      (is_failure_rule(rule) ? result.failures : result.warnings).push_back(std::move(outcome));
    }
  } else if (value && exceptions == 0) {
    ++result.successes;
  }
  if (options_.trace) query.traces = rule_values(input, cancel);
  result.queries.push_back(std::move(query));
  return {};
}

Result<void> Gate::check_value(Evaluator& evaluator, Value input, FileResult& result,
                               const task::CancelToken* cancel) const {
  const auto found = rules_.find(result.name_space);
  if (found == rules_.end()) return {};
  const std::size_t before = totals({result}).tests();
  std::size_t expected = 0;
  for (const auto& rule : found->second) {
    TRY(check_rule(evaluator, rule.name, input, result, cancel));
    expected += rule.count;
  }
  // A rule that says nothing passed, once for each of its definitions.
  const std::size_t counted = totals({result}).tests() - before;
  if (counted < expected) result.successes += expected - counted;
  return {};
}

namespace {

// Fills in the places of a file's outcomes: the text is read a second time, with its spans, only where there are any.
void place_outcomes(FileResult& result, const Gate::Input& input) {
  if (result.failures.empty() && result.warnings.empty()) return;
  const auto document = parse_input(input.format, input.text, input.options());
  if (!document) return;
  const utf8::Placer placer(input.text);
  for (auto* list : {&result.failures, &result.warnings})
    for (auto& outcome : *list) {
      if (input.places == InputPlaces::stated) {
        if (!outcome.loc_file.empty()) {
          outcome.place = Place{.file = outcome.loc_file};
          outcome.place.line = static_cast<std::uint32_t>(std::clamp<std::int64_t>(outcome.loc_line, 0, UINT32_MAX));
          outcome.place.column =
              static_cast<std::uint32_t>(std::clamp<std::int64_t>(outcome.loc_column, 0, UINT32_MAX));
          continue;
        }
        outcome.place = stated_place(*document, outcome.message);
        // The forms of output know no file but the input's and the one that the policy names.
        if (!outcome.place.file.empty()) {
          outcome.loc_file = outcome.place.file;
          outcome.loc_line = outcome.place.line;
          outcome.loc_column = outcome.place.column;
        }
        continue;
      }
      const auto span = place_of_message(*document, outcome.message);
      outcome.place = placer.place(input.file, span.begin, span.end);
    }
}

}  // namespace

Result<std::vector<FileResult>> Gate::check(const std::vector<Input>& inputs, const std::vector<std::string>& wanted,
                                            task::Pool& pool, const task::CancelToken* cancel) const {
  std::vector<const Input*> sorted;
  for (const auto& input : inputs) sorted.push_back(&input);
  std::ranges::sort(sorted, {}, [](const Input* input) { return std::string_view(input->file); });
  std::vector<Result<std::vector<FileResult>>> per_file(sorted.size());
  pool.for_each(
      sorted.size(),
      [&](std::size_t i) {
        const Input& input = *sorted[i];
        per_file[i] = [&]() -> Result<std::vector<FileResult>> {
          Evaluator evaluator(policy_);
          ValueBuilder builder(evaluator.inputs());
          TRY(read_input(input.format, input.text, builder, input.options()));
          const Value root = builder.take();
          std::vector<FileResult> results;
          for (const auto& name_space : wanted) {
            FileResult result;
            result.file = input.file;
            result.name_space = name_space;
            if (root.is_array()) {
              for (const Value item : root.items()) TRY(check_value(evaluator, item, result, cancel));
            } else {
              TRY(check_value(evaluator, root, result, cancel));
            }
            place_outcomes(result, input);
            results.push_back(std::move(result));
          }
          return results;
        }();
      },
      cancel);
  std::vector<FileResult> results;
  for (auto& file : per_file)
    if (!file) return std::unexpected(std::move(file).error());
  for (std::size_t n = 0; n < wanted.size(); ++n)
    for (auto& file : per_file)
      if (n < file->size()) results.push_back(std::move((*file)[n]));
  return results;
}

Result<std::vector<FileResult>> Gate::check_combined(const std::vector<Input>& inputs,
                                                     const std::vector<std::string>& wanted,
                                                     const task::CancelToken* cancel) const {
  Evaluator evaluator(policy_);
  auto& store = evaluator.inputs();
  std::vector<const Input*> sorted;
  for (const auto& input : inputs) sorted.push_back(&input);
  std::ranges::stable_sort(sorted, {}, [](const Input* input) { return std::string_view(input->file); });
  std::vector<Value> items;
  for (const Input* input : sorted) {
    ValueBuilder builder(store);
    TRY(read_input(input->format, input->text, builder, input->options()));
    const Value root = builder.take();
    auto add = [&](Value contents) {
      items.push_back(
          store.object({{store.intern("path"), store.string(input->file)}, {store.intern("contents"), contents}}));
    };
    if (root.is_array())
      for (const Value item : root.items()) add(item);
    else
      add(root);
  }
  const Value combined = store.array(items);
  std::vector<FileResult> results;
  for (const auto& name_space : wanted) {
    FileResult result;
    result.file = kCombinedName;
    result.name_space = name_space;
    TRY(check_value(evaluator, combined, result, cancel));
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<Gate::UnitTest> Gate::unit_tests(const std::function<bool(std::string_view)>& wanted,
                                             const task::CancelToken* cancel, std::string_view traced) const {
  std::vector<UnitTest> tests;
  std::unique_ptr<interpreter::Tree> tree;
  const auto detail = interpreter::detail_of(traced).value_or(interpreter::Detail::off);
  std::set<std::string> seen;
  for (const auto& module : policy_.modules()) {
    const std::string package = package_of(*module);
    if (!wanted(package)) continue;
    for (const ast::Rule* rule : module->rules) {
      const std::string name(name_of(*rule));
      if (!name.starts_with("test_") && !name.starts_with("todo_test_")) continue;
      if (!seen.insert(package + "." + name).second) continue;
      UnitTest test;
      test.file = module->file;
      test.package = "data." + package;
      test.name = name;
      if (name.starts_with("todo_")) {
        test.status = UnitTest::Status::skipped;
        tests.push_back(std::move(test));
        continue;
      }
      Evaluator evaluator(policy_);
      auto options = evaluation({}, cancel);
      options.printed = &test.printed;
      std::vector<Value> path;
      for (auto part : text::split(package, '.')) path.push_back(evaluator.inputs().intern(part));
      path.push_back(evaluator.inputs().intern(name));
      const auto value = evaluator.document(path, options);
      if (!value) {
        test.status = UnitTest::Status::errored;
        test.error = to_string(value.error());
      } else if (!value->is_true()) {
        test.status = UnitTest::Status::failed;
      }
      if (test.status != UnitTest::Status::passed && detail != interpreter::Detail::off) {
        if (tree == nullptr) tree = std::make_unique<interpreter::Tree>(policy_);
        test.trace = interpreter::document_trace(*tree, {path, options, detail, false});
      }
      tests.push_back(std::move(test));
    }
  }
  return tests;
}

}  // namespace chiron::policy::gate
