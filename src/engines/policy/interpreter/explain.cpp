// Why a rule holds or does not.
#include "engines/policy/interpreter/explain.h"

#include <algorithm>

#include "foundation/base/text.h"

namespace chiron::policy::interpreter {

std::string reading_text(Value value) {
  if (!value.defined()) return "undefined";
  std::string text = to_rego(value);
  if (text.size() > explain_limits::kShownValue) {
    std::size_t end = explain_limits::kShownValue;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  return text;
}

std::string condition_text(const Condition& condition) {
  std::string out;
  for (const std::string_view line : text::split(condition.text, '\n')) {
    const std::string_view trimmed = text::trim(line);
    out += (out.empty() || trimmed.empty() ? "" : " ") + std::string(trimmed);
  }
  return out;
}

std::string input_path_text(std::span<const Value> path) {
  std::string out = "input";
  for (const Value step : path) {
    if (step.is_string() && ast::is_plain_name(step.string()))
      out += "." + std::string(step.string());
    else
      out += "[" + to_rego(step) + "]";
  }
  return out;
}

struct Watcher::Work {
  Tree& tree;
  const Leaf& leaf;
  Value input;
  std::vector<Reason> reasons;
  struct Deepest {
    std::size_t index;
    Condition condition;
    const Expr* expr;
  };
  std::unordered_map<const Body*, Deepest> failures;
  std::unordered_map<std::uint64_t, std::vector<Value>> places;  // of the input's collections, by identity

  // Where collections of the input stand; values that the engine hands on keep their identity.
  void find_places() {
    struct Level {
      Value value;
      std::uint32_t next;
    };
    std::vector<Level> open;
    std::vector<Value> path;
    std::size_t seen = 0;
    if (!input.is_composite()) return;
    places.emplace(input.bits(), path);
    open.push_back({input, 0});
    while (!open.empty() && seen < explain_limits::kInputValues) {
      Level& level = open.back();
      if (level.next == level.value.size()) {
        open.pop_back();
        if (!path.empty()) path.pop_back();
        continue;
      }
      ++seen;
      const std::uint32_t i = level.next++;
      const Value from = level.value;
      if (from.is_set()) continue;
      const Value value = from.is_object() ? from.value_at(i) : from.items()[i];
      if (!value.is_composite()) continue;
      path.push_back(from.is_object() ? from.key_at(i) : Value::small(i));
      places.emplace(value.bits(), path);
      open.push_back({value, 0});
    }
  }

  void add(std::vector<Reading>& out, std::vector<Value> path) const {
    // A reading below another says more than it.
    for (Reading& known : out) {
      const std::size_t common = std::min(known.path.size(), path.size());
      if (!std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(common), known.path.begin())) continue;
      if (path.size() > known.path.size()) known = reading(std::move(path));
      return;
    }
    out.push_back(reading(std::move(path)));
  }
  Reading reading(std::vector<Value> path) const {
    Reading made;
    made.value = input;
    for (const Value step : path) made.value = made.value.is_composite() ? made.value.get(step) : Value();
    made.path = std::move(path);
    return made;
  }
  void readings(const Term& term, Plug plug, std::vector<Reading>& out) const {
    if (term.kind == Kind::ref) {
      std::vector<Value> path;
      const Term& head = *term.items[0];
      bool known = head.kind == Kind::var && head.name == "input";
      if (!known && head.kind == Kind::var && head.name != "data") {
        const Term* value = plug(&head);
        if (value->kind == Kind::constant && value->constant.is_composite()) {
          if (const auto place = places.find(value->constant.bits()); place != places.end()) {
            path = place->second;
            known = true;
          }
        }
      }
      if (known) {
        for (std::size_t i = 1; i < term.items.size(); ++i) {
          const Term* step = plug(term.items[i]);
          if (step->kind != Kind::constant) break;
          path.push_back(step->constant);
        }
        add(out, std::move(path));
      }
    } else if (term.kind == Kind::var) {
      const Term* value = plug(&term);
      if (value->kind == Kind::constant && value->constant.is_composite()) {
        if (const auto place = places.find(value->constant.bits()); place != places.end()) add(out, place->second);
      }
    }
    for (const Term* item : term.items) readings(*item, plug, out);
    if (term.body) {
      for (const Expr* expr : *term.body) readings(*expr, plug, out);
    }
  }
  void readings(const Expr& expr, Plug plug, std::vector<Reading>& out) const {
    for (std::size_t i = expr.is_call() ? 1 : 0; i < expr.terms.size(); ++i) readings(*expr.terms[i], plug, out);
    if (expr.domain != nullptr) readings(*expr.domain, plug, out);
    if (expr.body) {
      for (const Expr* inner : *expr.body) readings(*inner, plug, out);
    }
  }

  Condition condition(const Body& body, const ast::Expr& source, const ast::Module& module, Plug plug) const {
    Condition made;
    made.text = std::string(module.source(source.location));
    made.file = module.file;
    made.row = module.row(source.location.begin);
    made.column = module.column(source.location.begin);
    // What the passes made of one written expression.
    for (const Expr* expr : body) {
      if (expr->source == &source) readings(*expr, plug, made.readings);
    }
    return made;
  }
};

Watcher::Watcher(Tree& tree, const Leaf& leaf, Value input)
    : work_(std::make_unique<Work>(Work{tree, leaf, input, {}, {}, {}})) {
  work_->find_places();
}
Watcher::~Watcher() = default;

void Watcher::held(const Rule& rule, Value result, Plug plug) {
  if (rule.leaf != &work_->leaf || work_->reasons.size() >= explain_limits::kResults) return;
  Reason reason;
  reason.rule = path_text(rule.leaf->node->path);
  reason.value = to_rego(result);
  reason.file = rule.module->file;
  reason.row = rule.module->row(rule.source->location.begin);
  if (!rule.source->generated_body) {
    for (const ast::Expr* source : rule.source->body.expressions) {
      if (source->generated || source->kind == ast::ExprKind::some_vars) continue;
      reason.conditions.push_back(work_->condition(rule.body, *source, *rule.module, plug));
    }
  }
  work_->reasons.push_back(std::move(reason));
}

void Watcher::failed(const Body* body, std::size_t index, Plug plug) {
  auto found = work_->failures.find(body);
  if (found != work_->failures.end() && found->second.index >= index) return;
  const Expr& expr = *(*body)[index];
  if (expr.source == nullptr || expr.module == nullptr) return;
  work_->failures.insert_or_assign(
      body, Work::Deepest{index, work_->condition(*body, *expr.source, *expr.module, plug), &expr});
}

void Watcher::apply(Explanation& out) const {
  out.reasons = work_->reasons;
  if (!out.reasons.empty()) return;
  const Program& program = work_->tree.policy().program();
  auto failures_of = [&](auto& self, const Leaf& leaf, int depth) -> std::vector<Failure> {
    std::vector<Failure> list;
    for (const Rule* rule : work_->tree.rules(leaf)) {
      for (const Rule* at = rule; at != nullptr; at = at->otherwise) {
        const auto found = work_->failures.find(&at->body);
        if (found == work_->failures.end()) continue;
        Failure failure;
        failure.rule = path_text(leaf.node->path);
        failure.file = at->module->file;
        failure.row = at->module->row(at->source->location.begin);
        failure.condition = found->second.condition;
        // The rules that the condition names, where they do not hold either.
        std::vector<const Term*> pending(found->second.expr->terms.begin(), found->second.expr->terms.end());
        while (!pending.empty() && depth < 8 && !found->second.expr->negated) {
          const Term* term = pending.back();
          pending.pop_back();
          if (const Leaf* inner = leaf_at(program, *term)) {
            std::vector<Failure> below = self(self, *inner, depth + 1);
            failure.inner.insert(failure.inner.end(), below.begin(), below.end());
          }
          pending.insert(pending.end(), term->items.begin(), term->items.end());
        }
        list.push_back(std::move(failure));
      }
    }
    return list;
  };
  out.failures = failures_of(failures_of, work_->leaf, 0);
}

std::expected<Explanation, PolicyError> explain(Tree& tree, std::span<const Value> path,
                                                const EvaluationOptions& evaluation) {
  const TreeNode* at = &tree.policy().program().root;
  for (const Value step : path) at = at == nullptr ? nullptr : at->child(step);
  if (at == nullptr || !at->leaf || at->leaf->kind == LeafKind::function) {
    PolicyError error;
    error.code = "rego_explain_error";
    error.message = path_text(path) + " is no rule; name one that is, as in data.main.deny";
    return std::unexpected(std::move(error));
  }
  Watcher watcher(tree, *at->leaf, evaluation.input);
  Term* reference = tree.term(Kind::ref);
  reference->items.push_back(tree.var("data"));
  for (const Value step : path) reference->items.push_back(tree.constant(step));
  Expr* expr = tree.expr();
  expr->terms = {reference};
  Tree::Query query{{expr}, {}};
  tree.capture(query);
  Options options;
  options.evaluation = evaluation;
  options.watcher = &watcher;
  Interpreter run(tree, options);
  if (auto rows = run.query(query); !rows) return std::unexpected(rows.error());
  Explanation out;
  watcher.apply(out);
  return out;
}

}  // namespace chiron::policy::interpreter
