// Code generation for bodies and literals; terms are in codegen_terms.cpp.
#include "engines/policy/codegen.h"

#include <algorithm>

#include "engines/policy/join.h"

namespace chiron::policy {

using hir::Block;
using hir::Literal;
using hir::LiteralKind;
using hir::Node;
using hir::NodeKind;

CodeGenerator::CodeGenerator(Program& program, Code& code, hir::RuleBody& body, const ast::Module& module,
                             PolicyErrors& errors)
    : program_(program),
      code_(code),
      body_(body),
      module_(module),
      errors_(errors),
      bound_(body.variables.size(), 0),
      next_register_(static_cast<std::uint32_t>(body.variables.size())) {}

void CodeGenerator::error(const char* code, ast::Location location, std::string message) {
  PolicyError result;
  result.code = code;
  result.message = std::move(message);
  result.file = module_.file;
  result.row = module_.row(location.begin);
  result.column = module_.column(location.begin);
  errors_.push_back(std::move(result));
}

CodeGenerator::Mark CodeGenerator::mark() const {
  return {code_.ops.size(), code_.lists.size(),     code_.constants.size(), trail_.size(),
          next_register_,   program_.inline_caches, program_.call_caches};
}

void CodeGenerator::rollback(const Mark& mark) {
  code_.ops.resize(mark.ops);
  code_.lists.resize(mark.lists);
  code_.constants.resize(mark.constants);
  while (trail_.size() > mark.trail) {
    bound_[trail_.back()] = 0;
    trail_.pop_back();
  }
  next_register_ = mark.next_register;
  program_.inline_caches = mark.caches;
  program_.call_caches = mark.calls;
}

Op& CodeGenerator::emit(Opcode code, const Node* at) {
  if (at != nullptr && at->source != nullptr) place_ = at->source->location.begin;
  Op& op = code_.ops.emplace_back();
  op.code = code;
  op.place = place_;
  return op;
}

Operand CodeGenerator::constant(Value value) {
  // Bodies are short; sharing recent constants is enough.
  const std::size_t size = code_.constants.size();
  for (std::size_t i = size > 8 ? size - 8 : 0; i < size; ++i) {
    if (code_.constants[i].bits() == value.bits()) return ~static_cast<Operand>(i);
  }
  code_.constants.push_back(value);
  return ~static_cast<Operand>(size);
}

std::uint32_t CodeGenerator::list(std::span<const Operand> operands) {
  const auto start = static_cast<std::uint32_t>(code_.lists.size());
  code_.lists.insert(code_.lists.end(), operands.begin(), operands.end());
  return start;
}

namespace {
bool produces(Opcode code) {
  switch (code) {
    case Opcode::move:
    case Opcode::load_input:
    case Opcode::load_base:
    case Opcode::call_rule:
    case Opcode::call_function:
    case Opcode::builtin:
    case Opcode::dot:
    case Opcode::dot_name:
    case Opcode::compare:
    case Opcode::make_array:
    case Opcode::make_set:
    case Opcode::make_object:
    case Opcode::member:
    case Opcode::member_key:
      return true;
    default:
      return false;
  }
}
}  // namespace

// The value in `from` becomes the variable's; where the last operation just made it, that writes there directly.
void CodeGenerator::store_into(std::uint32_t slot, Operand from) {
  if (from >= static_cast<Operand>(body_.variables.size()) && !code_.ops.empty() && code_.ops.back().a == from &&
      produces(code_.ops.back().code)) {
    code_.ops.back().a = static_cast<Operand>(slot);
  } else {
    Op& op = emit(Opcode::move);
    op.a = static_cast<Operand>(slot);
    op.b = from;
  }
  bind(slot);
}

bool CodeGenerator::closure_ready(const Block& block) const {
  return std::all_of(block.outer.begin(), block.outer.end(), [&](std::uint32_t slot) { return bound_[slot] != 0; });
}

// ---- bodies -------------------------------------------------------------------------------------------------------

bool CodeGenerator::block(Block& block) {
  std::vector<Literal*> remaining = block.literals;
  return literals(remaining);
}

bool CodeGenerator::literals(std::vector<Literal*>& remaining) {
  while (!remaining.empty()) {
    const std::size_t before = remaining.size();
    std::vector<Literal*> later;
    for (Literal* each : remaining) {
      const Mark start = mark();
      if (literal(*each)) {
        if (case_pending_) try_case();
        continue;
      }
      if (failed_) return false;
      rollback(start);
      later.push_back(each);
    }
    remaining = std::move(later);
    if (remaining.size() == before) {
      report_unsafe(remaining);
      failed_ = true;
      return false;
    }
  }
  return true;
}

// As soon as a test's case is named it counts as tried: an entry without a value, which a later result replaces.
void CodeGenerator::try_case() {
  for (const Node* step : body_.suffix) {
    if (step->kind == NodeKind::var ? !bound_[step->slot] : step->kind != NodeKind::constant) return;
  }
  std::vector<Operand> path;
  for (const Node* step : body_.suffix) {
    path.push_back(step->kind == NodeKind::var ? static_cast<Operand>(step->slot) : constant(step->constant));
  }
  const std::uint32_t start = list(path);
  Op& op = emit(Opcode::metadata);
  op.list = start;
  op.count = static_cast<std::uint16_t>(path.size());
  case_pending_ = false;
}

void CodeGenerator::unsafe_vars(const Node& node, std::vector<std::uint32_t>& out) const {
  auto add = [&](std::uint32_t slot) {
    if (!bound_[slot] && std::find(out.begin(), out.end(), slot) == out.end()) out.push_back(slot);
  };
  if (node.kind == NodeKind::var) add(node.slot);
  if (node.block != nullptr) {
    for (const std::uint32_t slot : node.block->outer) add(slot);
    return;
  }
  if (!node.parts.empty()) {
    for (const Block* part : node.parts) {
      if (part == nullptr) continue;
      for (const std::uint32_t slot : part->outer) add(slot);
    }
    return;
  }
  if (node.head != nullptr) unsafe_vars(*node.head, out);
  const bool outputs = node.kind == NodeKind::ref && (node.head == nullptr || !has_unbound(*node.head));
  for (const Node* item : node.items) {
    if (outputs && item->kind == NodeKind::var) continue;  // the reference itself gives these
    unsafe_vars(*item, out);
  }
}

void CodeGenerator::report_unsafe(const std::vector<Literal*>& unsafe) {
  std::vector<std::string> seen;
  const std::size_t before = errors_.size();
  // What an unsafe assignment would have bound is not itself at fault.
  std::vector<std::uint32_t> assigned;
  for (const Literal* each : unsafe) {
    if (each->kind == LiteralKind::unify && each->a->kind == NodeKind::var && each->assign)
      assigned.push_back(each->a->slot);
  }
  for (const Literal* each : unsafe) {
    std::vector<std::uint32_t> slots;
    if (each->block != nullptr) {
      for (const std::uint32_t slot : each->block->outer) {
        if (!bound_[slot]) slots.push_back(slot);
      }
    }
    if (each->kind == LiteralKind::unify && each->assign) {
      unsafe_vars(*each->b, slots);
    } else {
      if (each->a != nullptr) unsafe_vars(*each->a, slots);
      if (each->b != nullptr) unsafe_vars(*each->b, slots);
    }
    for (const hir::With& with : each->with) unsafe_vars(*with.value, slots);
    std::sort(slots.begin(), slots.end(),
              [&](std::uint32_t x, std::uint32_t y) { return body_.variables[x].name < body_.variables[y].name; });
    for (const std::uint32_t slot : slots) {
      if (std::find(assigned.begin(), assigned.end(), slot) != assigned.end()) continue;
      const hir::Variable& variable = body_.variables[slot];
      const std::string name = variable.generated ? "_" : std::string(variable.name);
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      std::string message = "var " + name + " is unsafe";
      if (name == "in" || name == "if" || name == "contains" || name == "every") {
        message += " (hint: `import future.keywords." + name + "` to import a future keyword)";
      }
      error("rego_unsafe_var_error", each->source != nullptr ? each->source->location : ast::Location(), message);
    }
  }
  if (errors_.size() == before) {
    for (const Literal* each : unsafe) {
      error("rego_unsafe_var_error", each->source != nullptr ? each->source->location : ast::Location(),
            "expression is unsafe");
    }
  }
}

bool CodeGenerator::literal(Literal& each) {
  if (each.source != nullptr) place_ = each.source->location.begin;
  if (each.with.empty()) return plain(each);
  std::vector<Operand> entries;
  for (hir::With& with : each.with) {
    auto target = std::make_unique<WithTarget>();
    target->path = with.path;
    const TreeNode* at = &program_.root;
    if (with.root == hir::Root::input) {
      target->kind = WithTarget::Kind::input;
    } else {
      target->kind = WithTarget::Kind::data;
      for (const Value step : with.path) at = at == nullptr ? nullptr : at->child(step);
      if (at != nullptr && at->leaf && at->leaf->kind == LeafKind::function) {
        target->kind = WithTarget::Kind::function;
        target->function = at->leaf.get();
      }
    }
    if (with.builtin != nullptr) {
      target->kind = WithTarget::Kind::builtin;
      target->builtin = with.builtin;
    }
    Operand value = constant(Value::null());
    bool by_name = false;
    if (target->kind == WithTarget::Kind::builtin || target->kind == WithTarget::Kind::function) {
      const TreeNode* by = with.by_path.empty() ? nullptr : &program_.root;
      for (const Value step : with.by_path) by = by == nullptr ? nullptr : by->child(step);
      if (by != nullptr && by->leaf && by->leaf->kind == LeafKind::function) {
        target->by_function = by->leaf.get();
        by_name = true;
      } else if (with.by_builtin != nullptr) {
        target->by_builtin = with.by_builtin;
        by_name = true;
      }
    }
    if (!by_name && !term(*with.value, value)) return false;
    entries.push_back(static_cast<Operand>(program_.with_targets.size()));
    entries.push_back(value);
    program_.with_targets.push_back(std::move(target));
  }
  const std::uint32_t start = list(entries);
  Op& enter = emit(Opcode::with_enter);
  enter.list = start;
  enter.count = static_cast<std::uint16_t>(entries.size());
  if (!plain(each)) return false;
  emit(Opcode::with_exit);
  return true;
}

bool CodeGenerator::plain(Literal& each) {
  switch (each.kind) {
    case LiteralKind::nothing:
      return true;
    case LiteralKind::truth:
      return truth(*each.a);
    case LiteralKind::unify:
      return unify(*each.a, *each.b);
    case LiteralKind::some_in:
      return some_in(each);
    case LiteralKind::every:
      return every(each);
    case LiteralKind::negation:
      return negation(each);
  }
  return false;
}

bool CodeGenerator::negation(Literal& each) {
  if (!closure_ready(*each.block)) return false;
  const std::size_t at = code_.ops.size();
  emit(Opcode::negation);
  if (!block(*each.block)) return false;
  emit(Opcode::succeed);
  code_.ops[at].end = static_cast<std::uint32_t>(code_.ops.size());
  return true;
}

bool CodeGenerator::every(Literal& each) {
  if (!closure_ready(*each.block)) return false;
  Operand domain = 0;
  if (!term(*each.a, domain)) return false;
  const std::size_t at = code_.ops.size();
  Op& op = emit(Opcode::every, each.a);
  op.c = domain;
  op.a = each.key != nullptr ? static_cast<Operand>(each.key->slot) : fresh();
  op.b = static_cast<Operand>(each.value->slot);
  const std::size_t outside = trail_.size();
  if (each.key != nullptr) bind(each.key->slot);
  bind(each.value->slot);
  if (!block(*each.block)) return false;
  closed_.insert(closed_.end(), trail_.begin() + static_cast<std::ptrdiff_t>(outside), trail_.end());
  emit(Opcode::succeed);
  code_.ops[at].end = static_cast<std::uint32_t>(code_.ops.size());
  return true;
}

bool CodeGenerator::some_in(Literal& each) {
  Operand collection = 0;
  if (!term(*each.b, collection)) return false;
  const auto free_var = [&](const Node* node) {
    return node != nullptr && node->kind == NodeKind::var && !bound_[node->slot];
  };
  const bool same = free_var(each.key) && free_var(each.a) && each.key->slot == each.a->slot;
  const bool key_direct = free_var(each.key) && !same, value_direct = free_var(each.a) && !same;
  const Operand key = key_direct ? static_cast<Operand>(each.key->slot) : fresh();
  const Operand value = value_direct ? static_cast<Operand>(each.a->slot) : fresh();
  if (key_direct) bind(each.key->slot);
  if (value_direct) bind(each.a->slot);
  Op& op = emit(Opcode::scan, each.b);
  op.a = key;
  op.b = value;
  op.c = collection;
  std::vector<std::pair<Node*, Operand>> pending;
  if (each.key != nullptr && !key_direct) pending.emplace_back(each.key, key);
  if (!value_direct) pending.emplace_back(each.a, value);
  return match_all(pending, false);
}

bool CodeGenerator::truth(Node& node) {
  if (node.kind == NodeKind::constant) {
    if (node.constant.is_false()) {
      Op& op = emit(Opcode::truth, &node);
      op.a = constant(node.constant);
    }
    return true;
  }
  if (node.kind == NodeKind::call && node.builtin != nullptr && node.items.size() == 2 && node.function.empty()) {
    const std::string_view name = node.builtin->name;
    Opcode test = Opcode::truth;
    if (name == "equal")
      test = Opcode::equal;
    else if (name == "neq")
      test = Opcode::not_equal;
    else if (name == "lt")
      test = Opcode::less;
    else if (name == "lte")
      test = Opcode::less_equal;
    else if (name == "gt")
      test = Opcode::greater;
    else if (name == "gte")
      test = Opcode::greater_equal;
    else if (name == "internal.member_2")
      test = Opcode::member_test;
    if (test != Opcode::truth) {
      std::vector<Operand> operands;
      if (!terms(node.items, operands)) return false;
      const Operand a = operands[0], b = operands[1];
      Op& op = emit(test, &node);
      if (test == Opcode::member_test) {
        op.b = a;
        op.c = b;
      } else {
        op.a = a;
        op.b = b;
      }
      op.target = node.builtin;
      return true;
    }
  }
  if (node.kind == NodeKind::call && node.name == "print") {
    Operand ignored = 0;
    return parts(node, Opcode::print, ignored);
  }
  if (node.kind == NodeKind::call && node.name == "walk") return walk(node, nullptr);
  Operand value = 0;
  if (!term(node, value)) return false;
  Op& op = emit(Opcode::truth, &node);
  op.a = value;
  return true;
}

// ---- unification --------------------------------------------------------------------------------------------------

// Whether some variable of the pattern's own structure is not bound yet.
bool CodeGenerator::has_unbound(const Node& pattern) const {
  if (pattern.kind == NodeKind::var) return bound_[pattern.slot] == 0;
  if (pattern.kind == NodeKind::array) {
    return std::any_of(pattern.items.begin(), pattern.items.end(),
                       [&](const Node* item) { return has_unbound(*item); });
  }
  if (pattern.kind == NodeKind::object) {
    for (std::size_t i = 0; i < pattern.items.size(); ++i) {
      if (has_unbound(*pattern.items[i])) return true;
    }
  }
  return false;
}

bool CodeGenerator::unify(Node& a, Node& b) {
  auto call_of = [](const Node& node) { return node.kind == NodeKind::call && node.name == "walk"; };
  if (call_of(b)) return walk(b, &a);
  if (call_of(a)) return walk(a, &b);
  if (a.kind == NodeKind::var && !bound_[a.slot]) {
    if (b.kind == NodeKind::var && !bound_[b.slot]) return false;
    Operand value = 0;
    if (!has_unbound(b) && term(b, value)) {
      if (bound_[a.slot]) return match(a, value);  // the term itself bound it: data.x[a] = a
      store_into(a.slot, value);
      return true;
    }
    return false;
  }
  if (b.kind == NodeKind::var && !bound_[b.slot]) return unify(b, a);
  Mark start = mark();
  if (!has_unbound(a)) {
    Operand value = 0;
    if (term(a, value)) return match(b, value);
    if (failed_) return false;
    rollback(start);
  }
  if (!has_unbound(b)) {
    Operand value = 0;
    if (term(b, value)) return match(a, value);
    return false;
  }
  if (a.kind == NodeKind::array && b.kind == NodeKind::array) {
    if (a.items.size() != b.items.size()) {
      Op& op = emit(Opcode::truth, &a);
      op.a = constant(Value::boolean(false));
      // What would be bound counts as bound: nothing behind this runs.
      for (Node* item : a.items)
        if (item->kind == NodeKind::var) bind(item->slot);
      for (Node* item : b.items)
        if (item->kind == NodeKind::var) bind(item->slot);
      return true;
    }
    std::vector<std::pair<Node*, Node*>> pending;
    for (std::size_t i = 0; i < a.items.size(); ++i) pending.emplace_back(a.items[i], b.items[i]);
    while (!pending.empty()) {
      std::vector<std::pair<Node*, Node*>> later;
      for (const auto& [x, y] : pending) {
        start = mark();
        if (unify(*x, *y)) continue;
        if (failed_) return false;
        rollback(start);
        later.emplace_back(x, y);
      }
      if (later.size() == pending.size()) return false;
      pending = std::move(later);
    }
    return true;
  }
  if (a.kind == NodeKind::object && b.kind == NodeKind::object && a.items.size() == b.items.size()) {
    for (std::size_t i = 0; i + 1 < a.items.size(); i += 2) {
      if (a.items[i]->kind != NodeKind::constant) return false;
      Node* other = nullptr;
      for (std::size_t k = 0; k + 1 < b.items.size(); k += 2) {
        if (b.items[k]->kind == NodeKind::constant && b.items[k]->constant == a.items[i]->constant)
          other = b.items[k + 1];
      }
      if (other == nullptr || !unify(*a.items[i + 1], *other)) return false;
    }
    return true;
  }
  return false;
}

bool CodeGenerator::match_all(std::vector<std::pair<Node*, Operand>>& pending, bool) {
  while (!pending.empty()) {
    std::vector<std::pair<Node*, Operand>> later;
    for (const auto& [node, operand] : pending) {
      const Mark start = mark();
      if (match(*node, operand)) continue;
      if (failed_) return false;
      rollback(start);
      later.emplace_back(node, operand);
    }
    if (later.size() == pending.size()) return false;
    pending = std::move(later);
  }
  return true;
}

bool CodeGenerator::match(Node& pattern, Operand value) {
  if (pattern.kind == NodeKind::var && !bound_[pattern.slot]) {
    store_into(pattern.slot, value);
    return true;
  }
  if (!has_unbound(pattern)) {
    Operand other = 0;
    if (!term(pattern, other)) return false;
    Op& op = emit(Opcode::equal, &pattern);
    op.a = other;
    op.b = value;
    return true;
  }
  std::vector<std::pair<Node*, Operand>> pending;
  if (pattern.kind == NodeKind::array) {
    Op& check = emit(Opcode::check_array, &pattern);
    check.a = value;
    check.extra = static_cast<std::uint32_t>(pattern.items.size());
    for (std::size_t i = 0; i < pattern.items.size(); ++i) {
      const Operand item = fresh();
      const Operand index = constant(Value::small(static_cast<std::int64_t>(i)));
      Op& op = emit(Opcode::dot, &pattern);
      op.a = item;
      op.b = value;
      op.c = index;
      // A variable takes its element at once, the rest waits: an element may need a variable bound by a later one.
      if (pattern.items[i]->kind == NodeKind::var && !bound_[pattern.items[i]->slot])
        store_into(pattern.items[i]->slot, item);
      else
        pending.emplace_back(pattern.items[i], item);
    }
    return match_all(pending, true);
  }
  if (pattern.kind == NodeKind::object) {
    Op& check = emit(Opcode::check_object, &pattern);
    check.a = value;
    check.extra = static_cast<std::uint32_t>(pattern.items.size() / 2);
    for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
      Operand key = 0;
      if (!term(*pattern.items[i], key)) return false;
      const Operand item = fresh();
      Op& op = emit(Opcode::dot, &pattern);
      op.a = item;
      op.b = value;
      op.c = key;
      pending.emplace_back(pattern.items[i + 1], item);
    }
    return match_all(pending, true);
  }
  return false;
}

// ---- whole rules --------------------------------------------------------------------------------------------------

void CodeGenerator::rule(const Leaf& leaf, bool is_set_entry, bool& constant_value, Value& constant_out) {
  const ast::Location place = body_.rule->location;
  place_ = place.begin;
  for (std::size_t i = 0; i < body_.arguments.size(); ++i) {
    Node& argument = *body_.arguments[i];
    bound_[i] = 1;
    if (argument.kind == NodeKind::var && argument.slot == i) continue;
  }
  // A pattern that needs a variable of the body is matched behind it.
  std::vector<std::size_t> later;
  for (std::size_t i = 0; i < body_.arguments.size(); ++i) {
    Node& argument = *body_.arguments[i];
    if (argument.kind == NodeKind::var && argument.slot == i) continue;
    const Mark start = mark();
    if (match(argument, static_cast<Operand>(i))) continue;
    if (failed_) return;
    rollback(start);
    later.push_back(i);
  }
  if (test_cases_ && leaf.kind == LeafKind::partial_object && leaf.node->path.back().is_string() &&
      leaf.node->path.back().string().starts_with("test_")) {
    case_pending_ = true;
  }
  if (!block(*body_.block)) return;
  case_pending_ = false;
  for (const std::size_t i : later) {
    if (match(*body_.arguments[i], static_cast<Operand>(i))) continue;
    if (!failed_) error("rego_unsafe_var_error", place, "function arguments are unsafe");
    return;
  }
  place_ = body_.rule->head.location.begin;
  auto need = [&](Node* node, Operand& out) {
    if (has_unbound(*node) || !term(*node, out)) {
      if (failed_) return false;
      std::vector<std::uint32_t> slots;
      unsafe_vars(*node, slots);
      for (const std::uint32_t slot : slots) {
        const hir::Variable& variable = body_.variables[slot];
        error("rego_unsafe_var_error", body_.rule->location,
              "var " + (variable.generated ? "_" : std::string(variable.name)) + " is unsafe");
      }
      if (slots.empty()) error("rego_unsafe_var_error", body_.rule->location, "rule head is unsafe");
      failed_ = true;
      return false;
    }
    return true;
  };
  std::vector<Operand> path;
  for (Node* step : body_.suffix) {
    Operand operand = 0;
    if (!need(step, operand)) return;
    path.push_back(operand);
  }
  Operand value = 0;
  if (body_.key != nullptr && !need(body_.key, value)) return;
  if (body_.key == nullptr) {
    if (body_.value == nullptr)
      value = constant(Value::boolean(true));
    else if (!need(body_.value, value))
      return;
  }
  place_ = body_.rule->head.location.begin;
  switch (leaf.kind) {
    case LeafKind::complete:
    case LeafKind::function: {
      constant_value = value < 0;
      if (constant_value) constant_out = code_.constants[static_cast<std::size_t>(~value)];
      Op& op = emit(Opcode::yield_value);
      op.a = value;
      op.extra = constant_value ? 1 : 0;
      break;
    }
    case LeafKind::partial_set:
      emit(Opcode::yield_member).a = value;
      break;
    case LeafKind::partial_object: {
      const std::uint32_t start = list(path);
      Op& op = emit(Opcode::yield_entry);
      op.list = start;
      op.count = static_cast<std::uint16_t>(path.size());
      op.a = value;
      op.extra = is_set_entry ? 1 : 0;
      break;
    }
  }
  code_.registers = next_register_;
  find_joins(code_);
}

void CodeGenerator::query(std::vector<std::uint32_t>& variables, std::vector<Capture>& captures) {
  // A single expression's value is shown whatever it is; among several it must hold.
  std::vector<Literal*> all = body_.block->literals;
  struct Held {
    Literal* literal;
    Node* node;
    std::uint32_t slot;
  };
  std::vector<Held> held;
  std::deque<Node> made;
  std::size_t visible = 0;
  for (const Literal* each : all) visible += each->kind != LiteralKind::nothing ? 1 : 0;
  for (Literal* each : all) {
    Capture capture{each->source, false, true};
    const bool value_of_call = each->kind == LiteralKind::truth && each->a->name != "print" && each->a->name != "walk";
    if (value_of_call) {
      capture.captured = true;
      capture.always_true = false;
      Node& result = made.emplace_back();
      result.kind = NodeKind::var;
      result.ground = false;
      result.source = each->a->source;
      result.slot = static_cast<std::uint32_t>(body_.variables.size());
      body_.variables.push_back({{}, each->a->source, false, true, true});
      bound_.push_back(0);
      ++next_register_;
      held.push_back({each, &result, result.slot});
      each->kind = LiteralKind::unify;
      each->b = each->a;
      each->a = &result;
    }
    captures.push_back(capture);
  }
  if (!literals(all)) return;
  bool iterates = false;
  for (const Op& op : code_.ops) iterates = iterates || op.code == Opcode::scan || op.code == Opcode::walk;
  if (visible > 1 || iterates) {
    for (const Held& each : held) {
      Op& op = emit(Opcode::truth);
      op.a = static_cast<Operand>(each.slot);
    }
  }
  std::vector<Operand> row;
  for (std::uint32_t slot = 0; slot < body_.variables.size(); ++slot) {
    const hir::Variable& variable = body_.variables[slot];
    if (std::find(closed_.begin(), closed_.end(), slot) != closed_.end()) continue;
    if (!variable.generated && bound_[slot] &&
        std::find_if(trail_.begin(), trail_.end(), [&](auto s) { return s == slot; }) != trail_.end()) {
      variables.push_back(slot);
      row.push_back(static_cast<Operand>(slot));
    }
  }
  std::size_t next = 0;
  for (const Capture& capture : captures) {
    if (!capture.captured) continue;
    row.push_back(static_cast<Operand>(held[next++].slot));
  }
  const std::uint32_t start = list(row);
  Op& op = emit(Opcode::yield_row);
  op.list = start;
  op.count = static_cast<std::uint16_t>(row.size());
  code_.registers = next_register_;
  find_joins(code_);
}

}  // namespace chiron::policy
