// Code generation for terms: references, calls, collections, comprehensions.
#include <algorithm>

#include "engines/policy/codegen.h"

namespace chiron::policy {

using hir::Block;
using hir::Node;
using hir::NodeKind;
using hir::Root;

bool CodeGenerator::term(Node& node, Operand& out) {
  switch (node.kind) {
    case NodeKind::constant:
      out = constant(node.constant);
      return true;
    case NodeKind::var:
      out = static_cast<Operand>(node.slot);
      return bound_[node.slot] != 0;
    case NodeKind::ref:
      return reference(node, out);
    case NodeKind::array:
    case NodeKind::set:
    case NodeKind::object: {
      std::vector<Operand> operands;
      for (Node* item : node.items) {
        Operand operand = 0;
        if (!term(*item, operand)) return false;
        operands.push_back(operand);
      }
      const std::uint32_t start = list(operands);
      out = fresh();
      Op& op = emit(node.kind == NodeKind::array ? Opcode::make_array
                    : node.kind == NodeKind::set ? Opcode::make_set
                                                 : Opcode::make_object,
                    &node);
      op.a = out;
      op.list = start;
      op.extra = static_cast<std::uint32_t>(operands.size());
      return true;
    }
    case NodeKind::array_comprehension:
    case NodeKind::set_comprehension:
    case NodeKind::object_comprehension:
      return comprehension(node, out);
    case NodeKind::call:
      return call(node, out);
    case NodeKind::template_string:
      return parts(node, Opcode::template_string, out);
  }
  return false;
}

// Terms in order, but one that needs a variable which another binds (x == data.a[x]) after it.
bool CodeGenerator::terms(std::span<Node* const> nodes, std::vector<Operand>& out) {
  out.assign(nodes.size(), 0);
  std::vector<std::size_t> pending;
  const auto attempt = [&](std::size_t i) {
    const Mark start = mark();
    if (term(*nodes[i], out[i])) return true;
    if (failed_) return false;
    rollback(start);
    pending.push_back(i);
    return true;
  };
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (!attempt(i)) return false;
  std::size_t before = nodes.size();
  while (!pending.empty()) {
    if (pending.size() == before) return false;
    before = pending.size();
    for (const std::size_t i : std::exchange(pending, {}))
      if (!attempt(i)) return false;
  }
  return true;
}

bool CodeGenerator::comprehension(Node& node, Operand& out) {
  if (!closure_ready(*node.block)) return false;
  out = fresh();
  const std::size_t at = code_.ops.size();
  const Opcode code = node.kind == NodeKind::array_comprehension ? Opcode::collect_array
                      : node.kind == NodeKind::set_comprehension ? Opcode::collect_set
                                                                 : Opcode::collect_object;
  emit(code, &node).a = out;
  if (!block(*node.block)) return false;
  Operand first = 0, second = 0;
  const bool pair = node.kind == NodeKind::object_comprehension;
  auto need = [&](Node& head, Operand& operand) {
    if (!has_unbound(head) && term(head, operand)) return true;
    if (!failed_) {
      std::vector<std::uint32_t> slots;
      unsafe_vars(head, slots);
      for (const std::uint32_t slot : slots) {
        error("rego_unsafe_var_error", head.source->location,
              "var " + std::string(body_.variables[slot].name) + " is unsafe");
      }
    }
    failed_ = true;
    return false;
  };
  if (!need(*node.items[0], first) || (pair && !need(*node.items[1], second))) return false;
  Op& yield = emit(pair ? Opcode::yield_pair : Opcode::yield_element, &node);
  yield.a = first;
  yield.b = second;
  code_.ops[at].end = static_cast<std::uint32_t>(code_.ops.size());
  return true;
}

// Template strings and print: each part is a set of no or one value, so that undefined shows as "<undefined>".
bool CodeGenerator::parts(Node& node, Opcode code, Operand& out) {
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (node.parts[i] == nullptr) {
      operands.push_back(constant(node.items[i]->constant));
      continue;
    }
    if (!closure_ready(*node.parts[i])) return false;
    const Operand collected = fresh();
    const std::size_t at = code_.ops.size();
    emit(Opcode::collect_set, node.items[i]).a = collected;
    if (!block(*node.parts[i])) return false;
    emit(Opcode::yield_element, node.items[i]).a = static_cast<Operand>(node.items[i]->slot);
    code_.ops[at].end = static_cast<std::uint32_t>(code_.ops.size());
    operands.push_back(collected);
  }
  const std::uint32_t start = list(operands);
  Op& op = emit(code, &node);
  op.list = start;
  op.extra = static_cast<std::uint32_t>(operands.size());
  if (code == Opcode::template_string) {
    out = fresh();
    op.a = out;
  }
  return true;
}

bool CodeGenerator::reference(Node& node, Operand& out) {
  std::span<Node* const> operands(node.items);
  bool extent = false;
  if (node.root == Root::input) {
    out = fresh();
    emit(Opcode::load_input, &node).a = out;
  } else if (node.root == Root::data) {
    const TreeNode* at = &program_.root;
    std::size_t used = 0;
    while (used < operands.size() && operands[used]->kind == NodeKind::constant && !at->leaf) {
      const TreeNode* child = at->child(operands[used]->constant);
      if (child == nullptr) break;
      at = child;
      ++used;
    }
    const bool off_tree = used < operands.size() && operands[used]->kind == NodeKind::constant && !at->leaf;
    out = fresh();
    if (at->leaf && at->leaf->kind != LeafKind::function) {
      Op& op = emit(Opcode::call_rule, &node);
      op.a = out;
      op.target = at->leaf.get();
      operands = operands.subspan(used);
    } else if (off_tree || at->leaf || (at == &program_.root && at->children.empty())) {
      used = 0;
      std::vector<Operand> path;
      while (used < operands.size() && operands[used]->kind == NodeKind::constant) {
        path.push_back(constant(operands[used++]->constant));
      }
      const std::uint32_t start = list(path);
      Op& op = emit(Opcode::load_base, &node);
      op.a = out;
      op.list = start;
      op.count = static_cast<std::uint16_t>(path.size());
      operands = operands.subspan(used);
    } else {
      Op& op = emit(Opcode::load_extent, &node);
      op.a = out;
      op.target = at;
      operands = operands.subspan(used);
      extent = true;
    }
  } else if (!term(*node.head, out)) {
    return false;
  }
  const std::uint32_t outer_place = node.source->location.begin;
  place_ = outer_place;
  if (!steps(operands, out)) return false;
  if (extent) {
    Op& op = emit(Opcode::materialise, &node);
    op.a = out;
  }
  return true;
}

bool CodeGenerator::steps(std::span<Node* const> operands, Operand& at) {
  for (Node* operand : operands) {
    const Operand next = fresh();
    if (operand->kind == NodeKind::constant) {
      const Operand key = constant(operand->constant);
      const bool name = operand->constant.is_string();
      Op& op = emit(name ? Opcode::dot_name : Opcode::dot);
      op.a = next;
      op.b = at;
      op.c = key;
      if (name) op.cache = program_.inline_caches++;
    } else if (has_unbound(*operand)) {
      const bool direct = operand->kind == NodeKind::var;
      const Operand key = direct ? static_cast<Operand>(operand->slot) : fresh();
      Op& op = emit(Opcode::scan);
      op.a = key;
      op.b = next;
      op.c = at;
      if (direct)
        bind(operand->slot);
      else if (!match(*operand, key))
        return false;
    } else {
      Operand key = 0;
      if (!term(*operand, key)) return false;
      Op& op = emit(Opcode::dot);
      op.a = next;
      op.b = at;
      op.c = key;
    }
    at = next;
  }
  return true;
}

bool CodeGenerator::walk(Node& node, Node* pattern) {
  Operand value = 0;
  if (node.items.size() != 1 || !term(*node.items[0], value)) return false;
  const Operand path = fresh(), found = fresh();
  // [path, value] takes the two apart; a wildcard path need not be made.
  const bool pair = pattern != nullptr && pattern->kind == NodeKind::array && pattern->items.size() == 2;
  Op& op = emit(Opcode::walk, &node);
  op.a = path;
  op.b = found;
  op.c = value;
  op.extra =
      pair && pattern->items[0]->kind == NodeKind::var && body_.variables[pattern->items[0]->slot].generated ? 1 : 0;
  if (pattern == nullptr) return true;
  if (pair) {
    std::vector<std::pair<Node*, Operand>> pending{{pattern->items[0], path}, {pattern->items[1], found}};
    return match_all(pending, true);
  }
  const Operand both[] = {path, found};
  const std::uint32_t start = list(both);
  const Operand result = fresh();
  Op& make = emit(Opcode::make_array, &node);
  make.a = result;
  make.list = start;
  make.extra = 2;
  return match(*pattern, result);
}

bool CodeGenerator::call(Node& node, Operand& out) {
  if (node.function.empty() && node.name == "walk") {
    // As a term: its results one by one.
    Operand value = 0;
    if (node.items.size() != 1 || !term(*node.items[0], value)) return false;
    const Operand path = fresh(), found = fresh();
    Op& op = emit(Opcode::walk, &node);
    op.a = path;
    op.b = found;
    op.c = value;
    const Operand both[] = {path, found};
    const std::uint32_t start = list(both);
    out = fresh();
    Op& make = emit(Opcode::make_array, &node);
    make.a = out;
    make.list = start;
    make.extra = 2;
    return true;
  }
  if (node.function.empty() && node.name == "print") return parts(node, Opcode::print, out);
  std::vector<Operand> operands;
  if (!terms(node.items, operands)) return false;
  place_ = node.source->location.begin;
  out = fresh();
  if (!node.function.empty()) {
    const TreeNode* at = &program_.root;
    for (const Value step : node.function) at = at == nullptr ? nullptr : at->child(step);
    if (at == nullptr || !at->leaf || at->leaf->kind != LeafKind::function)
      return true;  // reported by the type checker
    const std::uint32_t start = list(operands);
    Op& op = emit(Opcode::call_function, &node);
    op.a = out;
    op.target = at->leaf.get();
    op.list = start;
    op.count = static_cast<std::uint16_t>(operands.size());
    return true;
  }
  if (node.builtin == nullptr) return true;  // reported by the type checker
  const std::string_view name = node.builtin->name;
  static constexpr std::pair<std::string_view, Opcode> kComparisons[] = {
      {"equal", Opcode::equal},    {"eq", Opcode::equal},   {"neq", Opcode::not_equal},    {"lt", Opcode::less},
      {"lte", Opcode::less_equal}, {"gt", Opcode::greater}, {"gte", Opcode::greater_equal}};
  for (const auto& [known, code] : kComparisons) {
    if (name != known || operands.size() != 2) continue;
    Op& op = emit(Opcode::compare, &node);
    op.a = out;
    op.b = operands[0];
    op.c = operands[1];
    op.extra = static_cast<std::uint32_t>(code);
    op.target = node.builtin;
    return true;
  }
  if (name == "internal.member_2" && operands.size() == 2) {
    Op& op = emit(Opcode::member, &node);
    op.a = out;
    op.b = operands[0];
    op.c = operands[1];
    return true;
  }
  if (name == "internal.member_3" && operands.size() == 3) {
    const std::uint32_t start = list(operands);
    Op& op = emit(Opcode::member_key, &node);
    op.a = out;
    op.list = start;
    return true;
  }
  const std::uint32_t start = list(operands);
  Op& op = emit(Opcode::builtin, &node);
  op.a = out;
  op.target = node.builtin;
  op.list = start;
  op.count = static_cast<std::uint16_t>(operands.size());
  op.cache = program_.call_caches++;
  op.extra = name == "plus" ? 1U : name == "minus" ? 2U : name == "mul" ? 3U : 0U;
  return true;
}

}  // namespace chiron::policy
