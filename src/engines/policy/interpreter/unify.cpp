// Unification and plugging of terms.
#include <algorithm>

#include "engines/policy/interpreter/interpreter.h"

namespace chiron::policy::interpreter {

Interpreter::Side Interpreter::apply(Side side) const {
  while (side.term->kind == Kind::var) {
    const Bindings::Entry* found = nullptr;
    for (const Bindings::Entry& entry : side.of->entries) {
      if (*entry.name == side.term->name) found = &entry;
    }
    if (found == nullptr) break;
    side = {found->term, found->of};
  }
  return side;
}

const Term* Interpreter::expose(const Term* term) {
  if (term->kind != Kind::constant || !term->constant.is_composite()) return term;
  const Value value = term->constant;
  Term* made = tree_.term(value.is_array() ? Kind::array : value.is_set() ? Kind::set : Kind::object);
  for (std::uint32_t i = 0; i < value.size(); ++i) {
    if (value.is_object()) {
      made->items.push_back(tree_.constant(value.key_at(i)));
      made->items.push_back(tree_.constant(value.value_at(i)));
    } else {
      made->items.push_back(tree_.constant(value.items()[i]));
    }
  }
  return made;
}

// Variables replaced by what they are bound to; those that are not carry the number of their rule's evaluation, so
// that variables of different evaluations stay apart.
const Term* Interpreter::plug(const Term* term, Bindings* of) {
  switch (term->kind) {
    case Kind::constant:
      return term;
    case Kind::var: {
      const Side to = apply({term, of});
      if (to.term->kind != Kind::var) return plug(to.term, to.of);
      if (to.of == nullptr || to.of->id == 0 || to.of == root_) return to.term;
      return tree_.var(to.term->name + std::to_string(to.of->id));
    }
    default:
      break;
  }
  Term* made = tree_.term(term->kind);
  bool constants = !is_comprehension(*term) && term->kind != Kind::ref && term->kind != Kind::call;
  for (std::size_t i = 0; i < term->items.size(); ++i) {
    const Term* item = term->items[i];
    const bool fixed = i == 0 && (term->kind == Kind::call ||
                                  (term->kind == Kind::ref && (item->name == "data" || item->name == "input")));
    made->items.push_back(fixed ? item : plug(item, of));
    constants = constants && made->items.back()->kind == Kind::constant;
  }
  if (term->kind == Kind::ref && made->items[0]->kind == Kind::ref) {
    // A reference below a reference.
    std::vector<const Term*> items = made->items[0]->items;
    items.insert(items.end(), made->items.begin() + 1, made->items.end());
    made->items = std::move(items);
  }
  if (term->body) {
    Body body;
    for (const Expr* each : *term->body) body.push_back(plug(*each, of));
    made->body = std::make_shared<Body>(std::move(body));
  }
  Value value;
  if (constants && ground_value(*made, value)) return tree_.constant(value);
  return made;
}

const Expr* Interpreter::plug(const Expr& expr, Bindings* of) {
  Expr* made = tree_.expr();
  *made = expr;
  for (std::size_t i = expr.is_call() ? 1 : 0; i < made->terms.size(); ++i) made->terms[i] = plug(made->terms[i], of);
  for (With& with : made->with) with.value = plug(with.value, of);
  if (expr.domain != nullptr) made->domain = plug(expr.domain, of);
  if (expr.key != nullptr) made->key = plug(expr.key, of);
  if (expr.value != nullptr) made->value = plug(expr.value, of);
  if (expr.body) {
    Body body;
    for (const Expr* each : *expr.body) body.push_back(plug(*each, of));
    made->body = std::make_shared<Body>(std::move(body));
  }
  return made;
}

bool Interpreter::ground_value(const Term& term, Value& out) {
  switch (term.kind) {
    case Kind::constant:
      out = term.constant;
      return true;
    case Kind::array:
    case Kind::set: {
      std::vector<Value> values(term.items.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!ground_value(*term.items[i], values[i])) return false;
      }
      out = term.kind == Kind::array ? tree_.store().array(values) : tree_.store().set(values);
      return true;
    }
    case Kind::object: {
      std::vector<Member> members(term.items.size() / 2);
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (!ground_value(*term.items[2 * i], members[i].key) ||
            !ground_value(*term.items[2 * i + 1], members[i].value))
          return false;
      }
      out = tree_.store().object(members);
      return true;
    }
    default:
      return false;
  }
}

bool Interpreter::value_of(const Term& term, Bindings* of, Value& out) { return ground_value(*plug(&term, of), out); }

bool Interpreter::bind(const Term& var, Bindings* in, Side to, Next next) {
  in->entries.push_back({&var.name, to.term, to.of});
  const bool more = next();
  in->entries.pop_back();
  return more;
}

bool Interpreter::unify(Frame& frame, Side a, Side b, Next next) {
  if (!checkpoint(frame)) return false;
  a = apply(a);
  b = apply(b);
  auto evaluated = [](const Term& term) {
    return term.kind == Kind::var || term.kind == Kind::ref || is_comprehension(term);
  };
  if (evaluated(*a.term) || evaluated(*b.term)) return unify_values(frame, a, b, next);
  if (a.term->kind == Kind::constant && b.term->kind == Kind::constant)
    return a.term->constant == b.term->constant ? next() : true;
  a.term = expose(a.term);
  b.term = expose(b.term);
  if (a.term->kind != b.term->kind) return true;
  switch (a.term->kind) {
    case Kind::array:
      return a.term->items.size() != b.term->items.size() || unify_items(frame, a, b, 0, next);
    case Kind::object:
      return unify_objects(frame, a, b, next);
    default:
      return unify_values(frame, a, b, next);
  }
}

bool Interpreter::unify_items(Frame& frame, Side a, Side b, std::size_t index, Next next) {
  if (index == a.term->items.size()) return next();
  return unify(frame, {a.term->items[index], a.of}, {b.term->items[index], b.of},
               [&] { return unify_items(frame, a, b, index + 1, next); });
}

bool Interpreter::unify_objects(Frame& frame, Side a, Side b, Next next) {
  if (a.term->items.size() != b.term->items.size()) return true;
  // Keys are ground by now; pairs by equal keys.
  std::vector<std::pair<const Term*, const Term*>> pairs;
  for (std::size_t i = 0; i + 1 < a.term->items.size(); i += 2) {
    Value key;
    if (!value_of(*a.term->items[i], a.of, key)) return true;
    const Term* found = nullptr;
    for (std::size_t k = 0; k + 1 < b.term->items.size(); k += 2) {
      Value other;
      if (value_of(*b.term->items[k], b.of, other) && other == key) found = b.term->items[k + 1];
    }
    if (found == nullptr) return true;
    pairs.emplace_back(a.term->items[i + 1], found);
  }
  auto each = [&](auto& self, std::size_t i) -> bool {
    if (i == pairs.size()) return next();
    return unify(frame, {pairs[i].first, a.of}, {pairs[i].second, b.of}, [&] { return self(self, i + 1); });
  };
  return each(each, 0);
}

bool Interpreter::unify_values(Frame& frame, Side a, Side b, Next next) {
  bool save_a = false, save_b = false;
  if (is_partial()) {
    save_a = a.term->kind == Kind::set ? contains_recursive(a.term, a.of) : contains(a.term, a.of);
  }
  if (!save_a && a.term->kind == Kind::ref) return unify_reference(frame, a, b, next);
  if (is_partial()) {
    save_b = b.term->kind == Kind::set ? contains_recursive(b.term, b.of) : contains(b.term, b.of);
  }
  if (!save_b && b.term->kind == Kind::ref) return unify_reference(frame, b, a, next);
  if (save_a || save_b) return save_unify(a, b, next);
  if (is_comprehension(*a.term)) return unify_comprehension(frame, a, b, next);
  if (is_comprehension(*b.term)) return unify_comprehension(frame, b, a, next);
  const bool var_a = a.term->kind == Kind::var, var_b = b.term->kind == Kind::var;
  if (var_a && var_b && a.of == b.of && a.term->name == b.term->name) return next();
  if (var_a) return bind(*a.term, a.of, b, next);
  if (var_b) return bind(*b.term, b.of, a, next);
  Value x, y;
  if (!value_of(*a.term, a.of, x) || !value_of(*b.term, b.of, y)) return true;
  return x == y ? next() : true;
}

bool Interpreter::unify_comprehension(Frame& frame, Side comprehension, Side other, Next next) {
  const Term& term = *comprehension.term;
  if (is_partial() && unknown(term, comprehension.of)) {
    const Term* plugged = plug(&term, comprehension.of);
    return save_unify({plugged, root_}, other, next);
  }
  Frame child{term.body.get(), comprehension.of, &frame, ++next_query_};
  event(Operation::enter, child, *child.body);
  std::vector<Value> items;
  bool conflict = false;
  const bool more = run(child, [&] {
    event(Operation::exit, child, *child.body);
    for (const Term* item : term.items) {
      Value value;
      if (!value_of(*item, comprehension.of, value)) return fail(child, "eval_internal_error", "unbound variable");
      items.push_back(value);
    }
    event(Operation::redo, child, *child.body);
    return true;
  });
  if (!more) return false;
  Value made;
  if (term.kind == Kind::array_comprehension) {
    made = tree_.store().array(items);
  } else if (term.kind == Kind::set_comprehension) {
    made = tree_.store().set(items);
  } else {
    std::vector<Member> members(items.size() / 2);
    for (std::size_t i = 0; i < members.size(); ++i) members[i] = {items[2 * i], items[2 * i + 1]};
    made = tree_.store().object(members);
    for (const Member& member : members) conflict = conflict || !(made.get(member.key) == member.value);
    if (conflict) return fail(frame, "eval_conflict_error", "object keys must be unique");
  }
  return unify(frame, {tree_.constant(made), comprehension.of}, other, next);
}

// A value's members along the rest of a reference.
bool Interpreter::below(Frame& frame, Side reference, std::size_t position, Side at, Side other, Next next) {
  if (!checkpoint(frame)) return false;
  const auto& steps = reference.term->items;
  at = apply(at);
  if (position == steps.size()) return unify(frame, at, other, next);
  if (is_partial() && contains(at.term, at.of)) {
    // The rest hangs on what is not known.
    Term* whole = tree_.term(Kind::ref);
    const Term* head = plug(at.term, at.of);
    if (head->kind == Kind::ref)
      whole->items = head->items;
    else
      whole->items.push_back(head);
    for (std::size_t i = position; i < steps.size(); ++i) whole->items.push_back(plug(steps[i], reference.of));
    return save_unify({whole, root_}, other, next);
  }
  if (at.term->kind == Kind::ref || is_comprehension(*at.term)) {
    static const std::string kHeld = "__held__";
    Bindings held;
    held.id = ++next_bindings_;
    const Term* var = tree_.var(kHeld);
    return unify(frame, at, {var, &held}, [&] { return below(frame, reference, position, {var, &held}, other, next); });
  }
  Side key = apply({steps[position], reference.of});
  Value wanted;
  const bool ground = value_of(*key.term, key.of, wanted);
  if (at.term->kind == Kind::constant) {
    const Value from = at.term->constant;
    if (ground) {
      const Value found = from.is_composite() ? from.get(wanted) : Value();
      if (!found.defined()) return true;
      return below(frame, reference, position + 1, {tree_.constant(found), at.of}, other, next);
    }
    if (!from.is_composite()) return true;
    for (std::uint32_t i = 0; i < from.size(); ++i) {
      const Value name = from.is_object() ? from.key_at(i) : from.is_array() ? Value::small(i) : from.items()[i];
      const Value value = from.is_object() ? from.value_at(i) : from.items()[i];
      const bool more = unify(frame, key, {tree_.constant(name), at.of}, [&] {
        return below(frame, reference, position + 1, {tree_.constant(value), at.of}, other, next);
      });
      if (!more) return false;
    }
    return true;
  }
  // A collection with variables or unknown parts in it.
  const bool object = at.term->kind == Kind::object;
  if (!object && at.term->kind != Kind::array && at.term->kind != Kind::set) return true;
  const std::size_t count = object ? at.term->items.size() / 2 : at.term->items.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Side name = object ? Side{at.term->items[2 * i], at.of}
                      : at.term->kind == Kind::array
                          ? Side{tree_.constant(Value::small(static_cast<std::int64_t>(i))), at.of}
                          : Side{at.term->items[i], at.of};
    const Side value = {at.term->items[object ? 2 * i + 1 : i], at.of};
    const bool more =
        unify(frame, key, name, [&] { return below(frame, reference, position + 1, value, other, next); });
    if (!more) return false;
  }
  return true;
}

}  // namespace chiron::policy::interpreter
