// Policies and evaluators: what holds modules, data, program and machine together.
#include "engines/policy/engine.h"

#include <algorithm>

#include "foundation/base/large_pages.h"
#include "foundation/base/text.h"

namespace chiron::policy {

namespace {

// A syntax tree and the program take some fifty times the text.
void expect_memory_for(std::size_t text_bytes) {
  constexpr std::size_t kLargeText = std::size_t{128} << 10;
  constexpr std::size_t kMemoryPerByte = 48;
  if (text_bytes >= kLargeText) expect_heap(text_bytes * kMemoryPerByte);
}

}  // namespace

Policy::Policy(PolicyOptions options) : options_(std::move(options)), store_(std::make_unique<Store>()) {
  data_ = store_->object({});
}
Policy::~Policy() = default;
Policy::Policy(Policy&&) noexcept = default;
Policy& Policy::operator=(Policy&&) noexcept = default;

Store& Policy::store() { return *store_; }

PolicyErrors Policy::add_module(std::string file, std::string text, std::optional<RegoVersion> version) {
  expect_memory_for(text.size());
  ParseOptions parse;
  parse.version = version.value_or(options_.version);
  parse.all_future_keywords = options_.all_future_keywords;
  auto module = parse_module(std::move(file), std::move(text), parse);
  if (!module) return std::move(module).error();
  modules_.push_back(std::move(*module));
  return {};
}

void Policy::add_parsed(std::unique_ptr<ast::Module> module) { modules_.push_back(std::move(module)); }

namespace {

// Joins two documents; `path` names where they meet in something that is no object.
Result<Value> merge(Store& store, Value a, Value b, std::string path, int depth) {
  if (!a.defined()) return b;
  if (depth > 500)
    return fail(ErrorKind::limit, "limit.depth", "data documents nest too deeply where they are merged: " + path);
  if (!a.is_object() || !b.is_object()) {
    if (a == b) return a;
    return fail(ErrorKind::input, "policy.merge",
                "merge error: data documents conflict at " + (path.empty() ? std::string("the root") : path));
  }
  std::vector<Member> members;
  const std::uint32_t count_a = a.size(), count_b = b.size();
  std::uint32_t i = 0, k = 0;
  while (i < count_a || k < count_b) {
    const int order = i == count_a ? 1 : k == count_b ? -1 : compare(a.key_at(i), b.key_at(k));
    if (order < 0) {
      members.push_back({a.key_at(i), a.value_at(i)});
      ++i;
    } else if (order > 0) {
      members.push_back({b.key_at(k), b.value_at(k)});
      ++k;
    } else {
      const Value key = a.key_at(i);
      const std::string below =
          path + (path.empty() ? "" : "/") + (key.is_string() ? std::string(key.string()) : to_rego(key));
      members.push_back({key, TRY(merge(store, a.value_at(i), b.value_at(k), below, depth + 1))});
      ++i;
      ++k;
    }
  }
  return store.object_of_sorted(members);
}

}  // namespace

Result<void> Policy::add_data(Value data) {
  if (!data.is_object()) {
    return fail(ErrorKind::input, "policy.data",
                "data document is " + std::string(to_string(data.kind())) + ", must be an object");
  }
  if (data_.size() == 0)
    data_ = data;
  else
    data_ = TRY(merge(*store_, data_, data, "", 0));
  return {};
}

Result<void> Policy::add_data_at(std::span<const std::string> path, Value data) {
  for (std::size_t i = path.size(); i-- > 0;) data = store_->object({Member{store_->intern(path[i]), data}});
  return add_data(data);
}

PolicyErrors Policy::compile() {
  Compiler compiler;
  std::vector<const ast::Module*> modules;
  std::size_t text_bytes = 0;
  for (const auto& module : modules_) {
    modules.push_back(module.get());
    text_bytes += module->text.size();
  }
  expect_memory_for(text_bytes);
  CompileOptions options = options_.compile;
  if (!options.data_at) {
    options.data_at = [this](std::span<const Value> path) {
      Value at = data_;
      for (const Value step : path) {
        at = at.get(step);
        if (!at.defined()) return false;
      }
      return true;
    };
  }
  auto program = compiler.compile(std::move(modules), options);
  if (!program) return std::move(program).error();
  program_ = std::move(*program);
  return {};
}

std::expected<std::unique_ptr<Policy::Prepared>, PolicyErrors> Policy::prepare(std::string query,
                                                                               const std::vector<std::string>& imports,
                                                                               std::string_view package) {
  auto prepared = std::make_unique<Prepared>();
  prepared->text = query;
  ParseOptions parse;
  parse.version = options_.version;
  parse.all_future_keywords = true;
  std::vector<std::unique_ptr<ast::Module>> import_modules;
  std::vector<ast::Import*> all;
  for (const std::string& line : imports) {
    auto parsed = parse_query("import " + line + "\ntrue", parse);
    if (!parsed) return std::unexpected(std::move(parsed).error());
    for (ast::Import* import : parsed->module->imports) all.push_back(import);
    import_modules.push_back(std::move(parsed->module));
  }
  auto parsed = parse_query(std::move(query), parse);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  prepared->parsed = std::move(*parsed);
  if (!all.empty()) {
    all.insert(all.begin(), prepared->parsed.module->imports.begin(), prepared->parsed.module->imports.end());
    prepared->parsed.module->imports = prepared->parsed.module->make_list<ast::Import*>(all);
    for (auto& module : import_modules) modules_.push_back(std::move(module));  // their terms are referred to
  }
  std::vector<Value> path;
  if (!package.empty()) {
    for (const std::string_view part : text::split(package, '.')) path.push_back(store_->intern(part));
    if (!path.empty() && path[0].string() == "data") path.erase(path.begin());
  }
  auto compiled = Compiler::query(*program_, prepared->parsed, path, options_.compile);
  if (!compiled) return std::unexpected(std::move(compiled).error());
  prepared->query = std::move(*compiled);
  return prepared;
}

struct Evaluator::State {
  explicit State(const Policy& policy) : machine(policy.program(), store) {}
  Store store;
  Store inputs;
  Machine machine;
  std::unordered_map<std::string, std::unique_ptr<CacheEntry>> policy_cache;
};

Evaluator::Evaluator(const Policy& policy) : policy_(policy), state_(std::make_unique<State>(policy)) {}
Evaluator::~Evaluator() = default;
Store& Evaluator::inputs() { return state_->inputs; }
Machine& Evaluator::machine() { return state_->machine; }

std::expected<std::vector<ResultRow>, PolicyError> Evaluator::evaluate(const Policy::Prepared& prepared,
                                                                       EvaluationOptions options) {
  state_->store.reset();
  if (!options.data.defined()) options.data = policy_.data();
  if (options.policy_cache == nullptr) options.policy_cache = &state_->policy_cache;
  auto rows = state_->machine.query(prepared.query.code, *prepared.parsed.module, options);
  if (!rows) return std::unexpected(std::move(rows).error());
  std::vector<ResultRow> results;
  results.reserve(rows->size());
  const Compiler::Query& query = prepared.query;
  for (const std::vector<Value>& row : *rows) {
    ResultRow result;
    for (std::size_t i = 0; i < query.variables.size(); ++i) result.bindings.emplace_back(query.variables[i], row[i]);
    std::sort(result.bindings.begin(), result.bindings.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::size_t next = query.variables.size();
    for (const CodeGenerator::Capture& capture : query.captures) {
      ResultRow::Expression expression;
      expression.value = capture.captured ? row[next++] : Value::boolean(true);
      const ast::Module& module = *prepared.parsed.module;
      expression.text = std::string(module.source(capture.source->location));
      expression.row = module.row(capture.source->location.begin);
      expression.column = module.column(capture.source->location.begin);
      result.expressions.push_back(std::move(expression));
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::expected<Value, PolicyError> Evaluator::document(std::span<const Value> path, EvaluationOptions options) {
  state_->store.reset();
  if (!options.data.defined()) options.data = policy_.data();
  if (options.policy_cache == nullptr) options.policy_cache = &state_->policy_cache;
  return state_->machine.document(path, options);
}

}  // namespace chiron::policy
