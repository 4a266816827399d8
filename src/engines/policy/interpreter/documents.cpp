// References into data: base documents, rules, and documents of several of them.
#include <algorithm>

#include "engines/policy/interpreter/interpreter.h"

namespace chiron::policy::interpreter {

// How far a reference has been followed.
struct Interpreter::DataReference {
  Side reference, other;
  std::size_t position = 1;
  std::vector<Value> path;  // the steps so far
  const TreeNode* node = nullptr;
};

Value Interpreter::base_at(std::span<const Value> path) const {
  Value at = world_->data;
  for (const Value step : path) {
    if (!at.defined()) return at;
    at = at.is_composite() ? at.get(step) : Value();
  }
  return at;
}

bool Interpreter::replaced(std::span<const Value> path) const {
  return std::any_of(world_->targets.begin(), world_->targets.end(), [&](const std::vector<Value>& target) {
    return target.size() <= path.size() && std::equal(target.begin(), target.end(), path.begin());
  });
}

bool Interpreter::unify_reference(Frame& frame, Side reference, Side other, Next next) {
  const Term& head = *reference.term->items[0];
  if (head.kind == Kind::var && head.name == "data") {
    DataReference at{reference, other, 1, {}, &program_.root};
    return documents(frame, at, next);
  }
  if (head.kind == Kind::var && head.name == "input") {
    if (is_partial()) {
      // A part of the input may be unknown: the whole then is.
      const Term* plugged = plug(reference.term, reference.of);
      for (const Unknown& each : unknowns_) {
        for (const Side& side : each.terms) {
          if (side.term->kind != Kind::ref || side.term->items[0]->name != "input") continue;
          bool prefix = side.term->items.size() > plugged->items.size() || !is_ground(*plugged);
          const std::size_t common = std::min(side.term->items.size(), plugged->items.size());
          for (std::size_t i = 1; prefix && i < common; ++i) {
            prefix = plugged->items[i]->kind != Kind::constant || same(*plugged->items[i], *side.term->items[i]);
          }
          if (prefix) return save_unify({plugged, root_}, other, next);
        }
      }
    }
    if (!world_->input.defined()) return true;
    return below(frame, reference, 1, {tree_.constant(world_->input), reference.of}, other, next);
  }
  const Side value = apply({&head, reference.of});
  if (value.term->kind == Kind::var) return true;
  return below(frame, reference, 1, value, other, next);
}

// What is left of the reference, below a value.
bool Interpreter::rest(Frame& frame, DataReference& at, Side value, Next next) {
  return below(frame, at.reference, at.position, value, at.other, next);
}

bool Interpreter::documents(Frame& frame, DataReference& at, Next next) {
  if (!checkpoint(frame)) return false;
  const auto& steps = at.reference.term->items;
  if (at.position == steps.size()) {
    if (is_partial()) {
      Term* plugged = tree_.term(Kind::ref);
      plugged->items.push_back(tree_.var("data"));
      for (const Value step : at.path) plugged->items.push_back(tree_.constant(step));
      if (unknown(*plugged, root_)) return save_unify({plugged, root_}, at.other, next);
    }
    Value whole;
    const Value base = base_at(at.path);
    if (at.node != nullptr) {
      if (!extent(frame, *at.node, base, whole)) return false;
    } else {
      whole = base;
    }
    if (!whole.defined()) return true;
    return unify(frame, {tree_.constant(whole), at.reference.of}, at.other, next);
  }
  const Side step = apply({steps[at.position], at.reference.of});
  Value key;
  if (value_of(*step.term, step.of, key)) return document_step(frame, at, key, next);
  // Every key of base documents, then of rules.
  const Value base = base_at(at.path);
  std::vector<Value> keys;
  if (base.defined() && base.is_composite()) {
    for (std::uint32_t i = 0; i < base.size(); ++i)
      keys.push_back(base.is_object() ? base.key_at(i) : base.is_array() ? Value::small(i) : base.items()[i]);
  }
  if (at.node != nullptr) {
    for (const TreeNode* child : at.node->ordered) {
      if (std::find(keys.begin(), keys.end(), child->key) == keys.end()) keys.push_back(child->key);
    }
  }
  for (const Value each : keys) {
    const bool more = unify(frame, step, {tree_.constant(each), at.reference.of},
                            [&] { return document_step(frame, at, each, next); });
    if (!more) return false;
  }
  return true;
}

bool Interpreter::document_step(Frame& frame, DataReference& at, Value key, Next next) {
  DataReference inner = at;
  inner.path.push_back(key);
  ++inner.position;
  inner.node = at.node == nullptr ? nullptr : at.node->child(key);
  if (replaced(inner.path)) inner.node = nullptr;
  if (is_partial()) {
    // An unknown base document: the reference as it is from here on.
    for (const Unknown& each : unknowns_) {
      for (const Side& side : each.terms) {
        if (side.term->kind != Kind::ref || side.term->items.size() != inner.path.size() + 1) continue;
        bool equal = side.term->items[0]->name == "data";
        for (std::size_t i = 0; equal && i < inner.path.size(); ++i)
          equal = side.term->items[i + 1]->kind == Kind::constant && side.term->items[i + 1]->constant == inner.path[i];
        if (equal) return save_unify({plug(at.reference.term, at.reference.of), root_}, at.other, next);
      }
    }
  }
  if (inner.node != nullptr && inner.node->leaf) {
    if (inner.node->leaf->kind == LeafKind::function) {
      inner.node = nullptr;
    } else {
      return virtual_document(frame, inner, *inner.node->leaf, next);
    }
  }
  if (inner.node == nullptr) {
    const Value base = base_at(inner.path);
    if (!base.defined()) return true;
    return rest(frame, inner, {tree_.constant(base), at.reference.of}, next);
  }
  return documents(frame, inner, next);
}

bool Interpreter::virtual_document(Frame& frame, DataReference& at, const Leaf& leaf, Next next) {
  if (is_partial() && unknown_leaf(leaf)) {
    const std::vector<Rule*>& all = tree_.rules(leaf);
    const bool ordered =
        std::any_of(all.begin(), all.end(), [](const Rule* rule) { return rule->otherwise != nullptr; });
    if (ordered) return save_unify({plug(at.reference.term, at.reference.of), root_}, at.other, next);
  }
  if (leaf.kind == LeafKind::complete) return complete_rule(frame, at, leaf, next);
  return partial_rule(frame, at, leaf, next);
}

// ---- which rules --------------------------------------------------------------------------------------------------

bool Interpreter::may_match(Frame&, const Rule& rule, const std::vector<const Term*>* arguments) {
  for (const Expr* expr : rule.body) {
    if (expr->negated || !expr->with.empty() || !expr->is_equality()) continue;
    for (int turn = 0; turn < 2; ++turn) {
      const Term& side = *expr->terms[turn == 0 ? 1U : 2U];
      const Term& other = *expr->terms[turn == 0 ? 2U : 1U];
      if (other.kind != Kind::constant || other.constant.is_composite()) continue;
      if (side.kind == Kind::ref && side.items[0]->name == "input" && is_ground(side)) {
        if (is_partial()) continue;
        Value at = world_->input;
        for (std::size_t i = 1; at.defined() && i < side.items.size(); ++i)
          at = at.is_composite() ? at.get(side.items[i]->constant) : Value();
        if (!at.defined() || !(at == other.constant)) return false;
      } else if (side.kind == Kind::var && arguments != nullptr) {
        for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
          if (rule.arguments[i]->kind != Kind::var || rule.arguments[i]->name != side.name) continue;
          const Term& given = *(*arguments)[i];
          if (given.kind == Kind::constant && !(given.constant == other.constant)) return false;
        }
      }
    }
  }
  if (arguments != nullptr) {
    for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
      const Term &wanted = *rule.arguments[i], &given = *(*arguments)[i];
      if (wanted.kind == Kind::constant && given.kind == Kind::constant && !(wanted.constant == given.constant))
        return false;
    }
  }
  return true;
}

std::vector<const Rule*> Interpreter::candidates(Frame& frame, const Leaf& leaf,
                                                 const std::vector<const Term*>* arguments, bool& early) {
  std::vector<const Rule*> out;
  for (const Rule* rule : tree_.rules(leaf)) {
    bool matches = false;
    for (const Rule* at = rule; at != nullptr; at = at->otherwise)
      matches = matches || options_.watcher != nullptr || may_match(frame, *at, arguments);
    if (matches) out.push_back(rule);
  }
  if (is_partial()) {
    // Rules that test no unknown value by an equation come before those that do.
    std::stable_partition(out.begin(), out.end(), [](const Rule* rule) {
      return std::none_of(rule->body.begin(), rule->body.end(), [](const Expr* expr) {
        if (!expr->is_equality() || expr->negated) return false;
        const auto indexed = [](const Term& a, const Term& b) {
          return a.kind == Kind::ref && is_ground(a) && b.kind == Kind::constant;
        };
        return indexed(*expr->terms[1], *expr->terms[2]) || indexed(*expr->terms[2], *expr->terms[1]);
      });
    });
  }
  early = leaf.kind != LeafKind::partial_object && leaf.kind != LeafKind::partial_set && !out.empty();
  const Term* value = nullptr;
  for (const Rule* rule : out) {
    for (const Rule* at = rule; at != nullptr; at = at->otherwise) {
      if (at->value == nullptr || at->value->kind != Kind::constant ||
          (value != nullptr && !(value->constant == at->value->constant)))
        early = false;
      value = at->value;
    }
  }
  if (options_.trace != nullptr && options_.trace->size() < interpreter_limits::kEvents &&
      frame.index < frame.body->size()) {
    event(Operation::index, frame, *(*frame.body)[frame.index]);
    Event& made = options_.trace->back();
    made.reference = path_text(leaf.node->path);
    made.message = "(matched " + std::to_string(out.size()) + (out.size() == 1 ? " rule" : " rules") +
                   (early ? ", early exit" : "") + ")";
  }
  return out;
}

// ---- rules with one value -----------------------------------------------------------------------------------------

bool Interpreter::complete_rule(Frame& frame, DataReference& at, const Leaf& leaf, Next next) {
  if (is_partial() && unknown_leaf(leaf)) {
    bool support = false;
    if (const Rule* fallback = tree_.fallback(leaf)) {
      const Term* wanted = plug(at.other.term, at.other.of);
      support = wanted->kind != Kind::constant || at.position != at.reference.term->items.size() ||
                (fallback->value->kind == Kind::constant && fallback->value->constant == wanted->constant);
    }
    if (support || disabled(leaf.node->path) || options_.shallow_inlining) {
      const Term* path = nullptr;
      bool defined = false;
      if (!support_rules(frame, leaf, path, defined)) return false;
      if (!defined) return true;
      Term* whole = tree_.term(Kind::ref);
      whole->items = path->items;
      for (std::size_t i = at.position; i < at.reference.term->items.size(); ++i)
        whole->items.push_back(plug(at.reference.term->items[i], at.reference.of));
      return save_unify({whole, root_}, at.other, next);
    }
    bool early = false;
    for (const Rule* rule : candidates(frame, leaf, nullptr, early)) {
      Bindings own;
      own.id = ++next_bindings_;
      Frame child{&rule->body, &own, &frame, ++next_query_};
      event(Operation::enter, child, *rule);
      const bool more = run(child, [&] {
        event(Operation::exit, child, *rule);
        const bool go = rest(frame, at, {rule->value, &own}, next);
        event(Operation::redo, child, *rule);
        return go;
      });
      if (!more) return false;
    }
    return true;
  }
  if (const auto known = world_->complete.find(&leaf); known != world_->complete.end()) {
    if (!known->second.defined()) return true;
    return rest(frame, at, {tree_.constant(known->second), at.reference.of}, next);
  }
  bool early = false;
  const std::vector<const Rule*> rules = candidates(frame, leaf, nullptr, early);
  return complete_value(frame, leaf, rules, early, [&](Side value) { return rest(frame, at, value, next); });
}

bool Interpreter::complete_value(Frame& frame, const Leaf& leaf, const std::vector<const Rule*>& rules, bool early,
                                 Reference<bool(Side)> each) {
  World* const world = world_;
  std::optional<Value> known;
  auto one = [&](const Rule& rule, bool& gave) {
    Bindings own;
    own.id = ++next_bindings_;
    Frame child{&rule.body, &own, &frame, ++next_query_};
    child.find_one = early;
    event(Operation::enter, child, rule);
    const bool more = run(child, [&] {
      event(Operation::exit, child, rule, early);
      watch_held(rule, own);
      gave = true;
      Value value;
      if (!value_of(*rule.value, &own, value)) return fail(child, "eval_internal_error", "unbound value");
      if (known.has_value()) {
        if (!(*known == value))
          return fail(child, "eval_conflict_error", "complete rules must not produce multiple outputs");
        event(Operation::redo, child, rule);
        return true;
      }
      known = value;
      world->complete[&leaf] = value;
      const bool go = each({tree_.constant(value), &own});
      event(Operation::redo, child, rule);
      return go;
    });
    if (!more && stop_at_ == &child && !error_) {
      stop_at_ = nullptr;
      return true;
    }
    return more;
  };
  for (const Rule* rule : rules) {
    for (const Rule* at = rule; at != nullptr; at = at->otherwise) {
      bool gave = false;
      if (!one(*at, gave)) return false;
      if (gave) break;
    }
    if (early && known.has_value()) break;
  }
  if (!known.has_value()) {
    if (const Rule* fallback = tree_.fallback(leaf)) {
      bool gave = false;
      return one(*fallback, gave);
    }
    world->complete[&leaf] = Value();
  }
  return true;
}

// ---- rules with many values ---------------------------------------------------------------------------------------

bool Interpreter::partial_rule(Frame& frame, DataReference& at, const Leaf& leaf, Next next) {
  const auto& steps = at.reference.term->items;
  const bool open = is_partial() && unknown_leaf(leaf);
  const bool whole = at.position == steps.size();
  if (open) {
    bool support = whole || disabled(leaf.node->path) || options_.shallow_inlining || tree_.fallback(leaf) != nullptr;
    support = support || contains(apply({steps[at.position], at.reference.of}).term,
                                  apply({steps[at.position], at.reference.of}).of);
    // A rule with a longer reference in its head is kept as it is.
    for (const Rule* rule : tree_.rules(leaf)) support = support || rule->suffix.size() + (rule->key != nullptr) > 1;
    if (support) {
      const Term* path = nullptr;
      bool defined = false;
      if (!support_rules(frame, leaf, path, defined)) return false;
      if (!defined) {
        if (!whole) return true;
        const Value empty = leaf.kind == LeafKind::partial_set ? tree_.store().set({}) : tree_.store().object({});
        return unify(frame, {tree_.constant(empty), root_}, at.other, next);
      }
      Term* reference = tree_.term(Kind::ref);
      reference->items = path->items;
      for (std::size_t i = at.position; i < steps.size(); ++i)
        reference->items.push_back(plug(steps[i], at.reference.of));
      return save_unify({reference, root_}, at.other, next);
    }
    bool early = false;
    for (const Rule* rule : candidates(frame, leaf, nullptr, early)) {
      Bindings own;
      own.id = ++next_bindings_;
      Frame child{&rule->body, &own, &frame, ++next_query_};
      const Term* key = rule->key != nullptr ? rule->key : rule->suffix[0];
      event(Operation::enter, child, *rule);
      const bool more = unify(frame, {steps[at.position], at.reference.of}, {key, &own}, [&] {
        return run(child, [&] {
          event(Operation::exit, child, *rule);
          DataReference inner = at;
          ++inner.position;
          const bool go = rest(frame, inner, {rule->value != nullptr ? rule->value : key, &own}, next);
          event(Operation::redo, child, *rule);
          return go;
        });
      });
      if (!more) return false;
    }
    return true;
  }
  Value value;
  if (const auto known = world_->complete.find(&leaf); known != world_->complete.end()) {
    value = known->second;
  } else {
    World* const world = world_;
    if (!partial_extent(frame, leaf, value)) return false;
    world->complete[&leaf] = value;
  }
  return rest(frame, at, {tree_.constant(value), at.reference.of}, next);
}

bool Interpreter::partial_extent(Frame& frame, const Leaf& leaf, Value& out) {
  Store& store = tree_.store();
  std::vector<Value> members;
  struct Entry {
    std::vector<Value> path;
    Value value;
    bool in_set;
  };
  std::vector<Entry> entries;
  bool early = false;
  for (const Rule* first : candidates(frame, leaf, nullptr, early)) {
    bool gave = false;
    for (const Rule* rule = first; rule != nullptr && !gave; rule = rule->otherwise) {
      Bindings own;
      own.id = ++next_bindings_;
      Frame child{&rule->body, &own, &frame, ++next_query_};
      event(Operation::enter, child, *rule);
      const bool more = run(child, [&] {
        event(Operation::exit, child, *rule);
        watch_held(*rule, own);
        gave = true;
        Entry entry;
        for (const Term* step : rule->suffix) {
          if (!value_of(*step, &own, entry.path.emplace_back()))
            return fail(child, "eval_internal_error", "unbound key");
        }
        entry.in_set = rule->key != nullptr;
        if (!value_of(rule->key != nullptr ? *rule->key : *rule->value, &own, entry.value))
          return fail(child, "eval_internal_error", "unbound value");
        if (leaf.kind == LeafKind::partial_set)
          members.push_back(entry.value);
        else
          entries.push_back(std::move(entry));
        event(Operation::redo, child, *rule);
        return true;
      });
      if (!more) return false;
    }
  }
  if (leaf.kind == LeafKind::partial_set) {
    out = store.set(members);
    return true;
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::lexicographical_compare(a.path.begin(), a.path.end(), b.path.begin(), b.path.end(),
                                        [](Value x, Value y) { return compare(x, y) < 0; });
  });
  auto build = [&](auto& self, std::size_t begin, std::size_t end, std::size_t depth, bool& good) -> Value {
    if (entries[begin].path.size() == depth) {
      std::vector<Value> items;
      for (std::size_t i = begin; i < end; ++i) {
        good = good && entries[i].path.size() == depth && entries[i].in_set == entries[begin].in_set &&
               (entries[i].in_set || entries[i].value == entries[begin].value);
        items.push_back(entries[i].value);
      }
      return entries[begin].in_set ? store.set(items) : entries[begin].value;
    }
    std::vector<Member> made;
    for (std::size_t start = begin; start < end;) {
      std::size_t stop = start + 1;
      while (stop < end && entries[stop].path.size() > depth && entries[stop].path[depth] == entries[start].path[depth])
        ++stop;
      made.push_back({entries[start].path[depth], self(self, start, stop, depth + 1, good)});
      start = stop;
    }
    return store.object_of_sorted(made);
  };
  bool good = true;
  out = entries.empty() ? store.object({}) : build(build, 0, entries.size(), 0, good);
  return good || fail(frame, "eval_conflict_error", "object keys must be unique");
}

// A document of base data and rules together.
bool Interpreter::extent(Frame& frame, const TreeNode& node, Value base, Value& out) {
  if (base.defined() && !base.is_object()) {
    out = base;
    return true;
  }
  std::vector<Member> members;
  if (base.defined()) {
    for (std::uint32_t i = 0; i < base.size(); ++i) {
      const TreeNode* child = node.child(base.key_at(i));
      if (child == nullptr || child->leaf) members.push_back({base.key_at(i), base.value_at(i)});
    }
  }
  for (const TreeNode* child : node.ordered) {
    const Value below = base.defined() ? base.get(child->key) : Value();
    if (child->leaf && below.defined()) continue;
    Value value;
    if (replaced(child->path)) {
      value = below;
    } else if (child->leaf) {
      const Leaf& leaf = *child->leaf;
      if (leaf.kind == LeafKind::function) continue;
      if (const auto known = world_->complete.find(&leaf); known != world_->complete.end()) {
        value = known->second;
      } else if (leaf.kind == LeafKind::complete) {
        bool early = false;
        const std::vector<const Rule*> rules = candidates(frame, leaf, nullptr, early);
        const bool more = complete_value(frame, leaf, rules, early, [&](Side side) {
          value = side.term->constant;
          return true;
        });
        if (!more) return false;
      } else {
        World* const world = world_;
        if (!partial_extent(frame, leaf, value)) return false;
        world->complete[&leaf] = value;
      }
    } else if (!extent(frame, *child, below, value)) {
      return false;
    }
    if (value.defined()) members.push_back({child->key, value});
  }
  out = tree_.store().object(members);
  return true;
}

}  // namespace chiron::policy::interpreter
