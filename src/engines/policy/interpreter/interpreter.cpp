// Bodies, literals and calls; documents and rules are in documents.cpp, unification in unify.cpp.
#include "engines/policy/interpreter/interpreter.h"

#include <algorithm>

#include "engines/policy/interpreter/explain.h"

namespace chiron::policy::interpreter {

Interpreter::Interpreter(Tree& tree, const Options& options)
    : tree_(tree), program_(tree.policy().program()), options_(options) {
  builtins_ = std::make_unique<BuiltinContext>(tree.store());
  const EvaluationOptions& evaluation = options_.evaluation;
  builtins_->time_ns = evaluation.time_ns;
  builtins_->seed = evaluation.seed;
  builtins_->cancel = evaluation.cancel;
  builtins_->allow_net = evaluation.allow_net;
  builtins_->runtime = evaluation.runtime;
  builtins_->policy_cache = evaluation.policy_cache;
  builtins_->printed = evaluation.printed;
}
Interpreter::~Interpreter() = default;

bool Interpreter::fail(const Frame& frame, const char* code, std::string message) {
  if (error_) return false;
  PolicyError error;
  error.code = code;
  error.message = std::move(message);
  const std::size_t index = std::min(frame.index, frame.body->empty() ? 0 : frame.body->size() - 1);
  if (!frame.body->empty()) {
    const Expr& at = *(*frame.body)[index];
    if (at.module != nullptr && at.location.end > 0) {
      error.file = at.module->file;
      error.row = at.module->row(at.location.begin);
      error.column = at.module->column(at.location.begin);
    }
  }
  error_ = std::move(error);
  return false;
}

bool Interpreter::checkpoint(const Frame& frame) {
  if (error_) return false;
  if (reinterpret_cast<const char*>(__builtin_frame_address(0)) < stack_limit_)
    return fail(frame, "eval_limit_error", "rules and terms nest too deeply to be evaluated step by step");
  ++steps_;
  const EvaluationOptions& evaluation = options_.evaluation;
  if (evaluation.max_steps != 0 && steps_ > evaluation.max_steps)
    return fail(frame, "eval_limit_error", "more than " + std::to_string(evaluation.max_steps) + " steps");
  if ((steps_ & 0xfff) != 0) return true;
  if (evaluation.cancel != nullptr && evaluation.cancel->cancelled())
    return fail(frame, "eval_cancel_error", "caller cancelled query execution");
  if (evaluation.timeout.count() > 0 && std::chrono::steady_clock::now() > deadline_)
    return fail(frame, "eval_cancel_error", "timeout: evaluation took too long");
  if (tree_.store().arena().bytes() > evaluation.max_memory_bytes)
    return fail(frame, "eval_limit_error", "evaluation made too many values");
  return true;
}

// ---- events -------------------------------------------------------------------------------------------------------

void Interpreter::watch_held(const Rule& rule, Bindings& of) {
  if (options_.watcher == nullptr) return;
  Value value;
  if (!value_of(rule.key != nullptr ? *rule.key : *rule.value, &of, value)) return;
  options_.watcher->held(rule, value, [&](const Term* term) { return plug(term, &of); });
}

void Interpreter::event(Operation operation, const Frame& frame, const Expr& expr) {
  if (options_.watcher != nullptr && operation == Operation::fail)
    options_.watcher->failed(frame.body, frame.index, [&](const Term* term) { return plug(term, frame.bindings); });
  if (options_.trace == nullptr || options_.trace->size() >= interpreter_limits::kEvents) return;
  Event made;
  made.operation = operation;
  made.query = frame.id;
  made.parent = frame.parent != nullptr ? frame.parent->id : 0;
  made.expr = &expr;
  if (expr.module != nullptr) {
    made.file = expr.module->file;
    made.row = expr.module->row(expr.location.begin);
  }
  if (options_.values && (operation == Operation::eval || operation == Operation::fail)) {
    std::set<std::string> seen;
    visit_vars(expr, false, [&](const std::string& name) {
      if (name.starts_with("$") || !seen.insert(name).second) return;
      const Term var{Kind::var, {}, name, {}, nullptr};
      Value value;
      if (!value_of(var, frame.bindings, value)) return;
      const std::string_view known = tree_.original(name);
      made.values.emplace_back(known.empty() ? name : std::string(known), to_rego(value));
    });
  }
  options_.trace->push_back(std::move(made));
}

void Interpreter::event(Operation operation, const Frame& frame, const Body& body) {
  if (options_.trace == nullptr || options_.trace->size() >= interpreter_limits::kEvents) return;
  Event made;
  made.operation = operation;
  made.query = frame.id;
  made.parent = frame.parent != nullptr ? frame.parent->id : 0;
  made.body = &body;
  if (!body.empty() && body[0]->module != nullptr) {
    made.file = body[0]->module->file;
    made.row = body[0]->module->row(body[0]->location.begin);
  }
  options_.trace->push_back(std::move(made));
}

void Interpreter::event(Operation operation, const Frame& frame, const Rule& rule, bool early) {
  if (options_.trace == nullptr || options_.trace->size() >= interpreter_limits::kEvents) return;
  Event made;
  made.operation = operation;
  made.query = frame.id;
  made.parent = frame.parent != nullptr ? frame.parent->id : 0;
  made.rule = &rule;
  made.file = rule.module->file;
  made.row = rule.module->row(rule.source->location.begin);
  made.early = early;
  options_.trace->push_back(std::move(made));
}

// ---- bodies -------------------------------------------------------------------------------------------------------

bool Interpreter::run(Frame& frame, Next next) {
  if (!checkpoint(frame)) return false;
  if (frame.index >= frame.body->size()) {
    if (!next()) return false;
    if (frame.find_one && !is_partial()) {
      stop_at_ = &frame;
      return false;
    }
    return true;
  }
  const Expr& expr = *(*frame.body)[frame.index];
  event(Operation::eval, frame, expr);
  const std::size_t index = frame.index;
  auto go_on = [&] {
    frame.index = index + 1;
    const bool more = run(frame, next);
    frame.index = index;
    return more;
  };
  return expr.with.empty() ? step(frame, expr, go_on) : step_with(frame, expr, go_on);
}

// Whether a body has a result; the search ends with the first.
bool Interpreter::run_closure(Frame& frame, Next next, bool& found) {
  frame.find_one = true;
  const bool more = run(frame, [&] {
    found = true;
    return next();
  });
  if (!more && stop_at_ == &frame && !error_) {
    stop_at_ = nullptr;
    return true;
  }
  return more;
}

bool Interpreter::step(Frame& frame, const Expr& expr, Next next) {
  if (expr.negated) return step_not(frame, expr, next);
  bool defined = false;
  auto held = [&] {
    defined = true;
    const bool more = next();
    event(Operation::redo, frame, expr);
    return more;
  };
  bool more = true;
  if (expr.is_every()) {
    more = step_every(frame, expr, held);
  } else if (expr.is_equality()) {
    more = unify(frame, {expr.terms[1], frame.bindings}, {expr.terms[2], frame.bindings}, held);
  } else if (expr.is_call()) {
    more = step_call(frame, expr, held);
  } else if (expr.terms[0]->kind == Kind::ref && arity_of(program_, *expr.terms[0]) == 0) {
    more = step_call(frame, expr, held);
  } else {
    const Term* result = tree_.var("__result" + std::to_string(++next_result_) + "__");
    const Side side{result, frame.bindings};
    more = unify(frame, {expr.terms[0], frame.bindings}, side, [&] {
      if (is_partial() && contains(result, frame.bindings)) {
        defined = true;
        Expr* made = tree_.expr();
        made->module = expr.module;
        made->location = expr.location;
        made->terms = {result};
        return save({made, {side}, nullptr}, {}, next);
      }
      Value value;
      if (value_of(*result, frame.bindings, value) && value.is_false()) return true;
      return held();
    });
  }
  if (more && !defined) event(Operation::fail, frame, expr);
  return more;
}

bool Interpreter::step_not(Frame& frame, const Expr& expr, Next next) {
  if (is_partial() && unknown(expr, frame.bindings)) return not_partial(frame, expr, next);
  Body negated;
  if (expr.terms.empty()) {
    negated = *expr.body;
  } else {
    Expr* made = tree_.expr();
    *made = expr;
    made->negated = false;
    made->with.clear();
    negated.push_back(made);
  }
  // Events point to the body, which must outlive this call.
  auto kept = std::make_shared<Body>(std::move(negated));
  Expr* holder = tree_.expr();
  holder->body = kept;
  Frame child{kept.get(), frame.bindings, &frame, ++next_query_};
  bool defined = false;
  event(Operation::enter, child, *child.body);
  const bool more = run_closure(
      child,
      [&] {
        event(Operation::exit, child, *child.body);
        event(Operation::redo, child, *child.body);
        return true;
      },
      defined);
  if (!more) return false;
  if (!defined) return next();
  event(Operation::fail, frame, expr);
  return true;
}

bool Interpreter::step_every(Frame& frame, const Expr& expr, Next next) {
  if (is_partial() && unknown(expr, frame.bindings)) return save_expression(frame, expr, next);
  Value domain;
  if (!value_of(*expr.domain, frame.bindings, domain)) return true;
  if (!domain.is_composite()) return true;
  for (std::uint32_t i = 0; i < domain.size(); ++i) {
    const Value key = domain.is_object() ? domain.key_at(i) : domain.is_array() ? Value::small(i) : domain.items()[i];
    const Value value = domain.is_object() ? domain.value_at(i) : domain.items()[i];
    Frame child{expr.body.get(), frame.bindings, &frame, ++next_query_};
    bool found = false;
    event(Operation::enter, child, *child.body);
    bool more = true;
    auto body = [&] {
      return run_closure(
          child,
          [&] {
            event(Operation::exit, child, *child.body);
            event(Operation::redo, child, *child.body);
            return true;
          },
          found);
    };
    more = bind(*expr.key, frame.bindings, {tree_.constant(key), frame.bindings},
                [&] { return bind(*expr.value, frame.bindings, {tree_.constant(value), frame.bindings}, body); });
    if (!more) return false;
    if (!found) {
      event(Operation::fail, frame, expr);
      return true;
    }
  }
  return next();
}

bool Interpreter::step_with(Frame& frame, const Expr& expr, Next next) {
  if (is_partial() && unknown(expr, frame.bindings)) return save_expression(frame, expr, next);
  World inner;
  inner.input = world_->input;
  inner.data = world_->data;
  inner.targets = world_->targets;
  inner.mocks = world_->mocks;
  auto put = [&](auto& self, Value root, std::span<const Value> path, Value value) -> Value {
    if (path.empty()) return value;
    const Value below = root.is_object() ? root.get(path[0]) : Value();
    const Value made = self(self, below, path.subspan(1), value);
    return root.is_object() ? tree_.store().with_member(root, path[0], made)
                            : tree_.store().object({Member{path[0], made}});
  };
  for (const With& with : expr.with) {
    const Term& target = *with.target;
    const Leaf* leaf = leaf_at(program_, target);
    const bool function = leaf != nullptr && leaf->kind == LeafKind::function;
    if (target.kind == Kind::var || function) {
      const bool by_name = with.value->kind == Kind::var ? find_builtin(with.value->name) != nullptr
                                                         : arity_of(program_, *with.value) != Keys::npos;
      inner.mocks.push_back(
          {to_string(target), with.value, by_name && with.value->kind != Kind::constant, frame.bindings});
      continue;
    }
    Value value;
    if (!value_of(*with.value, frame.bindings, value)) return true;
    std::vector<Value> path;
    for (std::size_t i = 1; i < target.items.size(); ++i) path.push_back(target.items[i]->constant);
    if (target.items[0]->name == "input") {
      inner.input = put(put, inner.input, path, value);
    } else {
      inner.data = put(put, inner.data, path, value);
      inner.targets.push_back(std::move(path));
    }
  }
  World* const outer = world_;
  world_ = &inner;
  const bool more = step(frame, expr, [&] {
    world_ = outer;
    const bool go = next();
    world_ = &inner;
    return go;
  });
  world_ = outer;
  return more;
}

// ---- calls --------------------------------------------------------------------------------------------------------

bool Interpreter::print(Frame& frame, const Expr& expr) {
  if (builtins_->printed == nullptr) return true;
  Value list;
  std::string text;
  const Term* argument = expr.terms[1];
  const Term* items = expose(apply({argument, frame.bindings}).term);
  for (std::size_t i = 0; i < items->items.size(); ++i) {
    Value set;
    if (!value_of(*items->items[i], frame.bindings, set)) continue;
    text += i > 0 ? " " : "";
    if (set.size() == 0) text += "<undefined>";
    for (std::uint32_t k = 0; k < set.size(); ++k) {
      const Value each = set.items()[k];
      text += (k > 0 ? " " : "") + (each.is_string() ? std::string(each.string()) : to_rego(each));
    }
  }
  builtins_->printed->push_back(std::move(text));
  return true;
}

bool Interpreter::step_call(Frame& frame, const Expr& expr, Next next) {
  const Term& operation = *expr.terms[0];
  const std::string name = to_string(operation);
  for (auto mock = world_->mocks.rbegin(); mock != world_->mocks.rend(); ++mock) {
    if (mock->name != name) continue;
    const std::size_t arity = arity_of(program_, operation);
    if (!mock->is_function) {
      if (expr.terms.size() - 1 > arity)
        return unify(frame, {expr.terms.back(), frame.bindings}, {mock->value, mock->of}, next);
      Value value;
      return !value_of(*mock->value, mock->of, value) || value.is_false() || next();
    }
    // The stand-in sees the originals.
    World inner;
    inner.input = world_->input;
    inner.data = world_->data;
    inner.targets = world_->targets;
    World* const outer = world_;
    Expr* made = tree_.expr();
    *made = expr;
    made->with.clear();
    made->terms[0] = mock->value;
    world_ = &inner;
    const bool more = step_call(frame, *made, [&] {
      world_ = outer;
      const bool go = next();
      world_ = &inner;
      return go;
    });
    world_ = outer;
    return more;
  }
  if (const Leaf* leaf = leaf_at(program_, operation); leaf != nullptr && leaf->kind == LeafKind::function)
    return call_function(frame, expr, *leaf, next);
  const Builtin* builtin = find_builtin(operator_name(operation));
  if (builtin == nullptr) return fail(frame, "eval_internal_error", "undefined function " + name);
  const std::size_t arity = builtin_arity(*builtin);
  if (is_partial() && unknown(expr, frame.bindings)) return save_call(frame, expr, arity, next);
  const Term* result = expr.terms.size() - 1 > arity ? expr.terms.back() : nullptr;
  return call_builtin(frame, expr, *builtin, result, std::min(arity, expr.terms.size() - 1), next);
}

bool Interpreter::builtin_result(Frame& frame, const Expr& expr, Value output, std::size_t count, Next next) {
  if (expr.terms.size() - 1 > count)
    return unify(frame, {tree_.constant(output), frame.bindings}, {expr.terms.back(), frame.bindings}, next);
  return output.is_false() ? true : next();
}

bool Interpreter::each_item(Frame& frame, const Term& from, Term& into, Next done) {
  const std::size_t at = into.items.size();
  if (at == from.items.size()) return done();
  const Term* var = tree_.var("__operand" + std::to_string(++next_result_) + "__");
  return unify(frame, {from.items[at], frame.bindings}, {var, frame.bindings}, [&] {
    into.items.push_back(plug(var, frame.bindings));
    const bool more = each_item(frame, from, into, done);
    into.items.pop_back();
    return more;
  });
}

bool Interpreter::call_builtin(Frame& frame, const Expr& expr, const Builtin& builtin, const Term*, std::size_t count,
                               Next next) {
  if (builtin.name == "internal.print") {
    // What is printed is evaluated where the bindings are at hand.
    Term* plugged = tree_.term(Kind::array);
    const Term* list = expose(apply({expr.terms[1], frame.bindings}).term);
    return each_item(frame, *list, *plugged, [&] {
      Expr shown;
      shown.terms = {expr.terms[0], plugged};
      return print(frame, shown) && next();
    });
  }
  std::vector<Value> arguments(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!value_of(*expr.terms[i + 1], frame.bindings, arguments[i])) {
      // An operand that is itself evaluated: a comprehension, or a call's array of such.
      const Term* var = tree_.var("__operand" + std::to_string(++next_result_) + "__");
      Expr* made = tree_.expr();
      *made = expr;
      made->terms[i + 1] = var;
      const Term* operand = expr.terms[i + 1];
      if (operand->kind == Kind::array || operand->kind == Kind::set || operand->kind == Kind::object) {
        Term* copy = tree_.term(operand->kind);
        return each_item(frame, *operand, *copy, [&] {
          Value whole;
          if (!ground_value(*copy, whole)) return true;
          made->terms[i + 1] = tree_.constant(whole);
          return call_builtin(frame, *made, builtin, nullptr, count, next);
        });
      }
      return unify(frame, {operand, frame.bindings}, {var, frame.bindings}, [&] {
        Value value;
        if (!value_of(*var, frame.bindings, value)) return fail(frame, "eval_internal_error", "unbound operand");
        return call_builtin(frame, *made, builtin, nullptr, count, next);
      });
    }
  }
  if (builtin.name == "walk") {
    bool more = true;
    std::vector<Value> path;
    auto visit = [&](auto& self, Value at) -> bool {
      const Value pair[2] = {tree_.store().array(path), at};
      if (!builtin_result(frame, expr, tree_.store().array(std::span<const Value>(pair, 2)), count, next)) return false;
      if (!at.is_composite()) return true;
      for (std::uint32_t i = 0; i < at.size(); ++i) {
        path.push_back(at.is_object() ? at.key_at(i) : at.is_array() ? Value::small(i) : at.items()[i]);
        const bool go = checkpoint(frame) && self(self, at.is_object() ? at.value_at(i) : at.items()[i]);
        path.pop_back();
        if (!go) return false;
      }
      return true;
    };
    more = visit(visit, arguments[0]);
    return more;
  }
  if (builtin.name == "internal.test_case") return next();
  if (builtin.name == "trace" && options_.trace != nullptr && arguments[0].is_string()) {
    event(Operation::note, frame, expr);
    if (!options_.trace->empty()) options_.trace->back().message = std::string(arguments[0].string());
    return builtin_result(frame, expr, Value::boolean(true), count, next);
  }
  if (builtin.call == nullptr)
    return fail(frame, "eval_builtin_error", std::string(builtin.name) + ": not available here");
  builtins_->call_cache = &call_caches_[&expr];
  const Value output = builtin.call(*builtins_, arguments);
  if (builtins_->failed()) {
    const auto problem = builtins_->take_error();
    const bool ends = problem->code == BuiltinErrorCode::conflict || problem->code == BuiltinErrorCode::halt;
    const char* code = problem->code == BuiltinErrorCode::type       ? "eval_type_error"
                       : problem->code == BuiltinErrorCode::conflict ? "eval_conflict_error"
                                                                     : "eval_builtin_error";
    if (ends || options_.evaluation.strict_builtin_errors)
      return fail(frame, code, std::string(builtin.name) + ": " + problem->message);
    return true;
  }
  if (!output.defined()) return true;
  return builtin_result(frame, expr, output, count, next);
}

bool Interpreter::call_function(Frame& frame, const Expr& expr, const Leaf& leaf, Next next) {
  const std::size_t arity = leaf.arity;
  const std::vector<Rule*>& all = tree_.rules(leaf);
  const Rule* fallback = tree_.fallback(leaf);
  const Term* result = expr.terms.size() - 1 > arity ? expr.terms.back() : nullptr;
  const bool ordered = std::any_of(all.begin(), all.end(), [](const Rule* rule) { return rule->otherwise != nullptr; });
  if (is_partial()) {
    bool open = unknown(expr, frame.bindings);
    if (open &&
        (ordered || fallback != nullptr || all.empty() || options_.shallow_inlining || disabled(leaf.node->path)))
      return save_call(frame, expr, arity, next);
  }
  std::vector<const Term*> arguments;
  for (std::size_t i = 0; i < arity; ++i) arguments.push_back(plug(expr.terms[i + 1], frame.bindings));
  bool early = false;
  const std::vector<const Rule*> chosen = candidates(frame, leaf, &arguments, early);
  std::optional<Value> known;
  for (const Rule* rule : chosen) {
    for (const Rule* at = rule; at != nullptr; at = at->otherwise) {
      const bool before = known.has_value();
      std::optional<Value> mine = known;
      if (!call_rule(frame, expr, *at, arity, result, mine, early, next)) return false;
      const bool gave = mine.has_value() && (!before || mine != known || at->otherwise == nullptr);
      if (mine.has_value()) known = mine;
      if (gave && ordered) break;
    }
    if (early && known.has_value()) break;
  }
  if (fallback != nullptr && !known.has_value())
    return call_rule(frame, expr, *fallback, arity, result, known, early, next);
  return true;
}

bool Interpreter::call_rule(Frame& frame, const Expr& expr, const Rule& rule, std::size_t arity, const Term* result,
                            std::optional<Value>& known, bool find_one, Next next) {
  Bindings own;
  own.id = ++next_bindings_;
  Frame child{&rule.body, &own, &frame, ++next_query_};
  child.find_one = find_one;
  auto body = [&] {
    event(Operation::enter, child, rule);
    const bool more = run(child, [&] {
      event(Operation::exit, child, rule, find_one);
      if (is_partial()) {
        // Its value may hang on what is not known.
        const Side value = {rule.value, &own};
        bool go = true;
        if (result != nullptr)
          go = unify(frame, {result, frame.bindings}, value, next);
        else if (contains_recursive(rule.value, &own)) {
          Expr* made = tree_.expr();
          made->module = rule.module;
          made->terms = {rule.value};
          go = save({made, {value}, nullptr}, {}, next);
        } else {
          Value found;
          go = (value_of(*rule.value, &own, found) && found.is_false()) || next();
        }
        known = Value::boolean(true);
        event(Operation::redo, child, rule);
        return go;
      }
      Value value;
      if (!value_of(*rule.value, &own, value)) return fail(child, "eval_internal_error", "unbound value");
      if (known.has_value()) {
        if (!(*known == value))
          return fail(child, "eval_conflict_error", "functions must not produce multiple outputs for same inputs");
        event(Operation::redo, child, rule);
        return true;
      }
      known = value;
      bool go = true;
      if (result != nullptr)
        go = unify(frame, {result, frame.bindings}, {tree_.constant(value), frame.bindings}, next);
      else if (!value.is_false())
        go = next();
      event(Operation::redo, child, rule);
      return go;
    });
    if (!more && stop_at_ == &child && !error_) {
      stop_at_ = nullptr;
      return true;
    }
    return more;
  };
  auto each = [&](auto& self, std::size_t i) -> bool {
    if (i == arity) return body();
    return unify(frame, {expr.terms[i + 1], frame.bindings}, {rule.arguments[i], &own},
                 [&] { return self(self, i + 1); });
  };
  return each(each, 0);
}

// ---- queries ------------------------------------------------------------------------------------------------------

void Interpreter::begin(World& world, Bindings& root) {
  world.input = options_.evaluation.input;
  world.data = options_.evaluation.data.defined() ? options_.evaluation.data : tree_.policy().data();
  world_ = &world;
  root_ = &root;
  deadline_ = std::chrono::steady_clock::now() + options_.evaluation.timeout;
  stack_limit_ = reinterpret_cast<const char*>(__builtin_frame_address(0)) - machine_limits::kStackBytes;
}

std::expected<std::vector<Interpreter::Row>, PolicyError> Interpreter::query(const Tree::Query& query) {
  World world;
  Bindings root;
  begin(world, root);
  Frame frame{&query.body, &root, nullptr, ++next_query_};
  std::vector<Row> rows;
  event(Operation::enter, frame, query.body);
  const bool more = run(frame, [&] {
    event(Operation::exit, frame, query.body);
    Row row;
    for (const std::string& name : query.variables) {
      const Term var{Kind::var, {}, name, {}, nullptr};
      Value value;
      if (!value_of(var, &root, value)) continue;
      const std::string_view known = tree_.original(name);
      row.emplace_back(known.empty() ? name : std::string(known), value);
    }
    rows.push_back(std::move(row));
    event(Operation::redo, frame, query.body);
    return true;
  });
  world_ = nullptr;
  root_ = nullptr;
  if (!more && error_) return std::unexpected(*error_);
  return rows;
}

}  // namespace chiron::policy::interpreter
