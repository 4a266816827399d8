// Partial evaluation: what hangs on unknown documents is saved as expressions instead of being evaluated, rules that
// do are inlined where that keeps their meaning, and kept as support rules below data.partial where it does not.
#include <algorithm>

#include "engines/policy/interpreter/interpreter.h"
#include "foundation/base/text.h"

namespace chiron::policy::interpreter {

// ---- what is unknown ----------------------------------------------------------------------------------------------

bool Interpreter::contains(const Term* term, Bindings* of) {
  if (!is_partial()) return false;
  if (term->kind == Kind::var) {
    for (const Unknown& each : unknowns_) {
      for (const Side& side : each.terms) {
        if (side.term->kind == Kind::var && side.of == of && side.term->name == term->name) return true;
      }
    }
    return false;
  }
  if (term->kind != Kind::ref) return false;
  const Term& head = *term->items[0];
  if (head.name != "input" && head.name != "data") {
    const Side to = apply({&head, of});
    if (to.term->kind == Kind::var) return contains(to.term, to.of);
    if (to.term->kind != Kind::ref) return false;
    // A reference below one that is bound.
    return contains(plug(term, of), of);
  }
  for (const Unknown& each : unknowns_) {
    for (const Side& side : each.terms) {
      if (side.term->kind != Kind::ref || side.term->items.size() > term->items.size() ||
          side.term->items[0]->name != head.name)
        continue;
      bool prefix = true;
      for (std::size_t i = 1; prefix && i < side.term->items.size(); ++i)
        prefix = same(*plug(term->items[i], of), *side.term->items[i]);
      if (prefix) return true;
    }
  }
  return false;
}

bool Interpreter::contains_recursive(const Term* term, Bindings* of) {
  if (!is_partial()) return false;
  const Side side = apply({term, of});
  if (contains(side.term, side.of)) return true;
  return std::any_of(side.term->items.begin(), side.term->items.end(),
                     [&](const Term* item) { return contains_recursive(item, side.of); });
}

namespace {

bool overlaps(const Term& reference, const Term& unknown) {
  if (reference.items[0]->name != unknown.items[0]->name) return false;
  const std::size_t common = std::min(reference.items.size(), unknown.items.size());
  for (std::size_t i = 1; i < common; ++i) {
    if (reference.items[i]->kind == Kind::constant && !same(*reference.items[i], *unknown.items[i])) return false;
  }
  return true;
}

template <class F>
bool any_expression_term(const Expr& expr, const F& test) {
  for (std::size_t i = 0; i < expr.terms.size(); ++i) {
    if (test(*expr.terms[i])) return true;
  }
  if (expr.domain != nullptr && test(*expr.domain)) return true;
  for (const With& with : expr.with) {
    if (test(*with.value)) return true;
  }
  if (expr.body) {
    for (const Expr* inner : *expr.body) {
      if (any_expression_term(*inner, test)) return true;
    }
  }
  return false;
}

// Built-ins whose outcome belongs to the moment of evaluation.
bool depends_on_moment(const Expr& expr) {
  if (!expr.is_call() && (expr.terms.size() != 1 || expr.terms[0]->kind != Kind::var)) return false;
  const Builtin* builtin = find_builtin(operator_name(*expr.terms[0]));
  return builtin != nullptr && builtin->nondeterministic;
}

}  // namespace

// References to rules and documents that hang on what is unknown, without regard to variables.
bool Interpreter::unknown_reference(const Term& term) {
  if (term.kind == Kind::ref && term.items[0]->kind == Kind::var &&
      (term.items[0]->name == "input" || term.items[0]->name == "data")) {
    for (const Unknown& each : unknowns_) {
      for (const Side& side : each.terms) {
        if (side.term->kind == Kind::ref && overlaps(term, *side.term)) return true;
      }
    }
    if (term.items[0]->name == "data") {
      // Every rule that it may reach.
      std::vector<const TreeNode*> pending{&program_.root};
      for (std::size_t i = 1; i < term.items.size() && !pending.empty(); ++i) {
        std::vector<const TreeNode*> inner;
        for (const TreeNode* node : pending) {
          if (node->leaf) {
            inner.push_back(node);
          } else if (term.items[i]->kind == Kind::constant) {
            if (const TreeNode* child = node->child(term.items[i]->constant)) inner.push_back(child);
          } else {
            inner.insert(inner.end(), node->ordered.begin(), node->ordered.end());
          }
        }
        pending = std::move(inner);
      }
      for (std::size_t i = 0; i < pending.size(); ++i) {
        if (pending[i]->leaf && unknown_leaf(*pending[i]->leaf)) return true;
        const std::vector<TreeNode*> below = pending[i]->ordered;
        pending.insert(pending.end(), below.begin(), below.end());
      }
    }
  }
  if (term.body) {
    for (const Expr* expr : *term.body) {
      if (depends_on_moment(*expr) || any_expression_term(*expr, [&](const Term& t) { return unknown_reference(t); }))
        return true;
    }
  }
  return std::any_of(term.items.begin(), term.items.end(), [&](const Term* item) { return unknown_reference(*item); });
}

bool Interpreter::unknown_leaf(const Leaf& leaf) {
  if (const auto known = unknown_leaves_.find(&leaf); known != unknown_leaves_.end()) return known->second;
  unknown_leaves_[&leaf] = false;  // rules are not recursive
  bool found = disabled(leaf.node->path);
  auto rule_unknown = [&](const Rule& rule) {
    auto test = [&](const Term& term) { return unknown_reference(term); };
    for (const Expr* expr : rule.body) {
      if (!expr->with.empty() || depends_on_moment(*expr) || any_expression_term(*expr, test)) return true;
    }
    return (rule.key != nullptr && test(*rule.key)) || (rule.value != nullptr && test(*rule.value)) ||
           std::any_of(rule.suffix.begin(), rule.suffix.end(), [&](const Term* term) { return test(*term); });
  };
  for (const Rule* rule : tree_.rules(leaf)) {
    for (const Rule* at = rule; at != nullptr && !found; at = at->otherwise) found = rule_unknown(*at);
  }
  if (const Rule* fallback = tree_.fallback(leaf); fallback != nullptr && !found) found = rule_unknown(*fallback);
  unknown_leaves_[&leaf] = found;
  return found;
}

bool Interpreter::unknown(const Term& term, Bindings* of) {
  if (!is_partial()) return false;
  if (unknown_reference(term)) return true;
  bool found = false;
  visit_vars(term, true, [&](const std::string& name) {
    if (found) return;
    const Term var{Kind::var, {}, name, {}, nullptr};
    const Side to = apply({&var, of});
    found = contains_recursive(to.term, to.of) || (to.term->kind != Kind::var && unknown_reference(*to.term));
  });
  return found;
}

bool Interpreter::unknown(const Expr& expr, Bindings* of) {
  if (!is_partial()) return false;
  if (depends_on_moment(expr)) return true;
  for (const With& with : expr.with) {
    if (unknown(*with.value, of)) return true;
  }
  if (expr.body) {
    for (const Expr* inner : *expr.body) {
      if (depends_on_moment(*inner)) return true;
    }
  }
  return any_expression_term(expr, [&](const Term& term) { return unknown(term, of); });
}

bool Interpreter::disabled(std::span<const Value> path) const {
  return std::any_of(disabled_.begin(), disabled_.end(), [&](const std::vector<Value>& each) {
    return each.size() <= path.size() && std::equal(each.begin(), each.end(), path.begin());
  });
}

// ---- saving -------------------------------------------------------------------------------------------------------

void Interpreter::vars_of(const Term* term, Bindings* of, std::vector<Side>& out) {
  const Side side = apply({term, of});
  if (side.term->kind == Kind::var) {
    if (!contains(side.term, side.of)) out.push_back(side);
    return;
  }
  if (is_comprehension(*side.term)) return;
  for (std::size_t i = 0; i < side.term->items.size(); ++i) {
    const Term* item = side.term->items[i];
    if (i == 0 && side.term->kind == Kind::ref && (item->name == "data" || item->name == "input")) continue;
    if (i == 0 && side.term->kind == Kind::call) continue;
    vars_of(item, side.of, out);
  }
}

bool Interpreter::with_pushed(const std::vector<Side>& terms, Next next) {
  for (const Side& each : terms) unknowns_.push_back({{each}});
  const bool more = next();
  unknowns_.resize(unknowns_.size() - terms.size());
  return more;
}

bool Interpreter::save(Saved saved, const std::vector<Side>& mark, Next next) {
  saved_.back().push_back(std::move(saved));
  const bool more = with_pushed(mark, next);
  saved_.back().pop_back();
  return more;
}

bool Interpreter::save_unify(Side a, Side b, Next next) {
  Expr* made = tree_.expr();
  made->terms = {tree_.var("eq"), a.term, b.term};
  std::vector<Side> vars;
  vars_of(a.term, a.of, vars);
  vars_of(b.term, b.of, vars);
  return save({made, {{made->terms[0], root_}, a, b}, nullptr}, vars, next);
}

bool Interpreter::save_call(Frame& frame, const Expr& expr, std::size_t arity, Next next) {
  std::vector<Side> terms, vars;
  for (const Term* term : expr.terms) terms.push_back({term, frame.bindings});
  if (expr.terms.size() - 1 > arity) vars_of(expr.terms.back(), frame.bindings, vars);
  return save({&expr, std::move(terms), nullptr}, vars, next);
}

// The expression as it stands; what it would bind is unknown from here on.
bool Interpreter::save_expression(Frame& frame, const Expr& expr, Next next) {
  std::vector<Side> vars;
  if (!expr.negated) {
    for (std::size_t i = expr.is_call() ? 1 : 0; i < expr.terms.size(); ++i)
      vars_of(expr.terms[i], frame.bindings, vars);
  }
  return save({&expr, {}, frame.bindings}, vars, next);
}

Body Interpreter::saved_body() {
  Body out;
  for (const Saved& each : saved_.back()) {
    if (each.of != nullptr) {
      out.push_back(plug(*each.expr, each.of));
      continue;
    }
    Expr* made = tree_.expr();
    *made = *each.expr;
    made->terms.clear();
    for (std::size_t i = 0; i < each.terms.size(); ++i) {
      const bool operation = i == 0 && each.terms.size() > 1;
      made->terms.push_back(operation ? each.terms[i].term : plug(each.terms[i].term, each.terms[i].of));
    }
    out.push_back(made);
  }
  return out;
}

// ---- negation -----------------------------------------------------------------------------------------------------

namespace {

bool nested(const Term& term) {
  if (is_comprehension(term)) return true;
  for (std::size_t i = 0; i < term.items.size(); ++i) {
    const Term& item = *term.items[i];
    if (item.kind == Kind::ref || item.kind == Kind::call || nested(item)) return true;
  }
  return false;
}

// Whether the negation of each expression says what the negation of the whole does.
bool can_be_negated(const std::vector<Body>& queries, const std::set<std::string>& safe, std::size_t limit) {
  std::size_t size = 1;
  for (const Body& query : queries) {
    size *= query.size();
    if (size > limit) return false;
    for (const Expr* expr : query) {
      if (expr->is_every() || expr->body) return false;
      for (std::size_t i = expr->is_call() ? 1 : 0; i < expr->terms.size(); ++i) {
        if (nested(*expr->terms[i])) return false;
        // Outside of equations a reference that is undefined would make the negation true.
        if (expr->is_call() && !expr->is_equality() && expr->terms[i]->kind == Kind::ref) return false;
      }
      bool bound = true;
      if (!expr->negated)
        visit_vars(*expr, false, [&](const std::string& name) { bound = bound && safe.contains(name); });
      if (!bound) return false;
    }
  }
  return true;
}

}  // namespace

bool Interpreter::not_partial(Frame& frame, const Expr& expr, Next next) {
  if (!expr.with.empty() || expr.terms.empty()) return save_expression(frame, expr, next);
  Expr* made = tree_.expr();
  *made = expr;
  made->negated = false;
  made->with.clear();
  auto body = std::make_shared<Body>(Body{made});
  Expr* holder = tree_.expr();
  holder->body = body;
  Frame child{body.get(), frame.bindings, &frame, ++next_query_};
  std::set<std::string> safe;
  for (const Unknown& each : unknowns_) {
    for (const Side& side : each.terms) {
      if (side.term->kind == Kind::var)
        visit_vars(*plug(side.term, side.of), false, [&](const auto& n) { safe.insert(n); });
    }
  }
  std::vector<Body> queries;
  saved_.emplace_back();
  const bool more = run(child, [&] {
    Body query = saved_body();
    if (!options_.shallow_inlining) query = propagate(query, safe, true);
    queries.push_back(std::move(query));
    return queries.size() < interpreter_limits::kPartialResults ||
           fail(frame, "eval_limit_error", "partial evaluation gives too many results");
  });
  saved_.pop_back();
  if (!more) return false;
  if (queries.empty()) return next();
  for (const Body& query : queries) {
    // It always holds: the negation never does.
    const bool always = std::all_of(query.begin(), query.end(), [](const Expr* each) {
      return !each->negated && each->terms.size() == 1 && each->terms[0]->kind == Kind::constant &&
             !each->terms[0]->constant.is_false();
    });
    if (always) return true;
  }
  if (can_be_negated(queries, safe, interpreter_limits::kInlinedNegations)) {
    Body chosen;
    return inlined(queries, 0, chosen, next);
  }
  // A support rule that holds where one of the queries does; its arguments are what they know from outside.
  const std::string name = "__not" + std::to_string(frame.id - 1) + "_" + std::to_string(frame.index) + "_" +
                           std::to_string(child.id - 1) + "__";
  Term* path = tree_.term(Kind::ref);
  path->items = {tree_.var("data"), tree_.string("partial"), tree_.string(name)};
  std::set<std::string> used;
  for (const Body& query : queries) {
    for (const Expr* each : query) {
      visit_vars(*each, true, [&](const std::string& var) {
        if (safe.contains(var)) used.insert(var);
      });
    }
  }
  std::vector<const Term*> arguments;
  for (const std::string& var : used) arguments.push_back(tree_.var(var));
  for (const Body& query : queries) {
    PartialResult::Module::SupportRule rule;
    rule.name = name;
    rule.arguments = arguments;
    rule.value = tree_.constant(Value::boolean(true));
    rule.body = query;
    insert_support(*path, std::move(rule));
  }
  Expr* negated = tree_.expr();
  negated->negated = true;
  negated->terms = {path};
  negated->terms.insert(negated->terms.end(), arguments.begin(), arguments.end());
  std::vector<Side> terms;
  for (const Term* term : negated->terms) terms.push_back({term, root_});
  return save({negated, std::move(terms), nullptr}, {}, next);
}

// not (a and b or c and d): every choice of one expression of each query, negated.
bool Interpreter::inlined(const std::vector<Body>& queries, std::size_t index, Body& chosen, Next next) {
  if (index == queries.size()) {
    std::vector<Saved>& saved = saved_.back();
    const std::size_t before = saved.size();
    for (const Expr* each : chosen) {
      std::vector<Side> terms;
      for (const Term* term : each->terms) terms.push_back({term, root_});
      saved.push_back({each, std::move(terms), nullptr});
    }
    const bool more = next();
    saved_.back().resize(before);
    return more;
  }
  for (const Expr* each : queries[index]) {
    Expr* made = tree_.expr();
    *made = *each;
    made->negated = !each->negated;
    chosen.push_back(made);
    const bool more = inlined(queries, index + 1, chosen, next);
    chosen.pop_back();
    if (!more) return false;
  }
  return true;
}

// ---- support rules ------------------------------------------------------------------------------------------------

const Term* Interpreter::support_path(const Leaf& leaf) {
  Term* path = tree_.term(Kind::ref);
  path->items = {tree_.var("data"), tree_.string("partial")};
  for (const Value step : leaf.node->path) path->items.push_back(tree_.constant(step));
  return path;
}

void Interpreter::insert_support(const Term& path, PartialResult::Module::SupportRule rule) {
  std::vector<std::string> package;
  for (std::size_t i = 1; i + 1 < path.items.size(); ++i) {
    const Value step = path.items[i]->constant;
    package.push_back(step.is_string() ? std::string(step.string()) : to_rego(step));
  }
  for (PartialResult::Module& module : result_.modules) {
    if (module.package != package) continue;
    module.rules.push_back(std::move(rule));
    return;
  }
  result_.modules.push_back({std::move(package), {}});
  result_.modules.back().rules.push_back(std::move(rule));
}

bool Interpreter::support_rules(Frame& frame, const Leaf& leaf, const Term*& path, bool& defined) {
  path = support_path(leaf);
  const std::string key = to_string(*path);
  if (supported_.contains(key)) {
    defined = true;
    return true;
  }
  bool early = false;
  for (const Rule* rule : candidates(frame, leaf, nullptr, early)) {
    if (!support_rule(frame, *rule, leaf, *path, defined)) return false;
  }
  if (const Rule* fallback = tree_.fallback(leaf)) {
    if (!support_rule(frame, *fallback, leaf, *path, defined)) return false;
  }
  if (defined) supported_.insert(key);
  return true;
}

bool Interpreter::support_rule(Frame& frame, const Rule& rule, const Leaf&, const Term& path, bool& defined) {
  Bindings own;
  own.id = ++next_bindings_;
  Frame child{&rule.body, &own, &frame, ++next_query_};
  event(Operation::enter, child, rule);
  saved_.emplace_back();
  const bool more = run(child, [&] {
    event(Operation::exit, child, rule);
    defined = true;
    PartialResult::Module::SupportRule made;
    const Value name = path.items.back()->constant;
    made.name = name.is_string() ? std::string(name.string()) : to_rego(name);
    made.is_default = rule.source->is_default;
    std::set<std::string> live;
    auto head = [&](const Term* term) {
      const Term* plugged = plug(term, &own);
      visit_vars(*plugged, true, [&](const std::string& var) { live.insert(var); });
      return plugged;
    };
    for (const Term* step : rule.suffix) made.suffix.push_back(head(step));
    if (rule.key != nullptr) made.key = head(rule.key);
    if (rule.value != nullptr) made.value = head(rule.value);
    made.body = saved_body();
    if (!options_.shallow_inlining) made.body = propagate(made.body, live, true);
    if (made.body.empty()) {
      Expr* holds = tree_.expr();
      holds->terms = {tree_.constant(Value::boolean(true))};
      made.body.push_back(holds);
    }
    // The continuation may make support rules of its own: it must not see this rule's saved expressions.
    insert_support(path, std::move(made));
    event(Operation::redo, child, rule);
    return true;
  });
  saved_.pop_back();
  return more;
}

// ---- the whole ----------------------------------------------------------------------------------------------------

std::expected<PartialResult, PolicyError> Interpreter::partial(const Tree::Query& query) {
  World world;
  Bindings root;
  begin(world, root);
  auto path_of = [&](const std::string& text) {
    Term* made = tree_.term(Kind::ref);
    for (const std::string_view part : text::split(text, '.')) {
      if (made->items.empty())
        made->items.push_back(tree_.var(std::string(part)));
      else
        made->items.push_back(tree_.string(part));
    }
    return made;
  };
  for (const std::string& each : options_.unknowns) unknowns_.push_back({{{path_of(each), &root}}});
  for (const std::string& each : options_.disable_inlining) {
    const Term* path = path_of(each);
    std::vector<Value> steps;
    for (std::size_t i = 1; i < path->items.size(); ++i) steps.push_back(path->items[i]->constant);
    disabled_.push_back(std::move(steps));
  }
  Frame frame{&query.body, &root, nullptr, ++next_query_};
  saved_.emplace_back();
  const std::set<std::string> live(query.variables.begin(), query.variables.end());
  const bool more = run(frame, [&] {
    Body body = saved_body();
    for (const std::string& name : query.variables) {
      const Term* var = tree_.var(name);
      const Term* value = plug(var, &root);
      if (value->kind == Kind::var && value->name == name) continue;
      Expr* made = tree_.expr();
      made->terms = {tree_.var("eq"), var, value};
      body.push_back(made);
    }
    if (!options_.shallow_inlining) body = propagate(body, live, false);
    result_.queries.push_back(std::move(body));
    return result_.queries.size() < interpreter_limits::kPartialResults ||
           fail(frame, "eval_limit_error", "partial evaluation gives too many results");
  });
  saved_.pop_back();
  world_ = nullptr;
  root_ = nullptr;
  if (!more && error_) return std::unexpected(*error_);
  return std::move(result_);
}

}  // namespace chiron::policy::interpreter
