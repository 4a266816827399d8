#include "engines/policy/join.h"

#include <bit>
#include <map>

#include "engines/policy/hash.h"

namespace chiron::policy {

namespace {

// What a register holds behind a scan, as far as a join asks.
struct Held {
  enum class What : std::uint8_t { element, same, other } what = What::other;
  std::vector<Value> path;  // of an element: where in it
};

class JoinFinder {
 public:
  JoinFinder(const Code& code, std::size_t scan) : code_(code), scan_(scan) {
    const Op& op = code.ops[scan];
    held_[op.a] = {Held::What::other, {}};
    held_[op.b] = {Held::What::element, {}};
  }

  bool find(Join& join) {
    for (std::size_t i = scan_ + 1; i < code_.ops.size(); ++i) {
      const Op& op = code_.ops[i];
      switch (op.code) {
        case Opcode::move:
          held_[op.a] = of(op.b);
          if (of(op.b).what == Held::What::same) join.before.push_back(static_cast<std::uint32_t>(i));
          break;
        case Opcode::load_input:
        case Opcode::load_base:
          held_[op.a] = {Held::What::same, {}};
          join.before.push_back(static_cast<std::uint32_t>(i));
          break;
        case Opcode::dot:
        case Opcode::dot_name:
          step(op, i, join);
          break;
        case Opcode::equal:
          if (compared(op.a, op.b, join) || compared(op.b, op.a, join)) return true;
          break;
        case Opcode::not_equal:
        case Opcode::less:
        case Opcode::less_equal:
        case Opcode::greater:
        case Opcode::greater_equal:
        case Opcode::truth:
        case Opcode::check_array:
        case Opcode::check_object:
        case Opcode::member_test:
          break;
        case Opcode::compare:
        case Opcode::member:
        case Opcode::member_key:
          held_[op.a] = {};
          break;
        default:
          return false;
      }
    }
    return false;
  }

 private:
  // Registers that nothing behind the scan has written, and constants, are the same for every element.
  [[nodiscard]] Held of(Operand operand) const {
    const auto found = operand < 0 ? held_.end() : held_.find(operand);
    return found == held_.end() ? Held{Held::What::same, {}} : found->second;
  }
  void step(const Op& op, std::size_t i, Join& join) {
    Held from = of(op.b);
    const Held key = of(op.c);
    if (from.what == Held::What::element && op.c < 0) {
      from.path.push_back(code_.constants[static_cast<std::size_t>(~op.c)]);
    } else if (from.what == Held::What::same && key.what == Held::What::same) {
      join.before.push_back(static_cast<std::uint32_t>(i));
    } else {
      from = {};
    }
    held_[op.a] = std::move(from);
  }
  bool compared(Operand element, Operand other, Join& join) const {
    Held held = of(element);
    if (held.what != Held::What::element || of(other).what != Held::What::same) return false;
    join.path = std::move(held.path);
    join.other = other;
    return true;
  }

  const Code& code_;
  std::size_t scan_;
  std::map<Operand, Held> held_;
};

Value value_within(Value element, std::span<const Value> path) {
  for (const Value step : path) {
    if (!element.defined()) break;
    element = element.get(step);
  }
  return element;
}

}  // namespace

void find_joins(Code& code) {
  for (std::size_t i = 0; i < code.ops.size(); ++i) {
    if (code.ops[i].code != Opcode::scan) continue;
    Join join;
    if (!JoinFinder(code, i).find(join)) continue;
    code.joins.push_back(std::move(join));
    code.ops[i].extra = static_cast<std::uint32_t>(code.joins.size());
  }
}

void JoinIndex::build(Value collection, std::span<const Value> path) {
  const std::uint32_t count = collection.size();
  const Value* const elements = collection.is_object() ? collection.member_values() : collection.items().data();
  entries_.resize(count);
  heads_.assign(std::bit_ceil(count + count / 2 + 1), kNone);
  mask_ = static_cast<std::uint32_t>(heads_.size() - 1);
  for (std::uint32_t i = count; i-- > 0;) {  // from the end: each chain ascends
    const Value value = value_within(elements[i], path);
    entries_[i] = {value, kNone};
    if (!value.defined()) continue;
    std::uint32_t& head = heads_[value.hash() & mask_];
    entries_[i].next = head;
    head = i;
  }
}

std::size_t JoinIndexes::KeyHash::operator()(const Key& key) const {
  return detail::mix(key.collection, reinterpret_cast<std::uintptr_t>(key.join));
}

const JoinIndex* JoinIndexes::of(Value collection, const Join& join) {
  const Key key{collection.bits(), &join};
  const auto found = indexes_.find(key);
  if (found == indexes_.end()) {
    if (indexes_.size() < join_limits::kCollections) indexes_.emplace(key, nullptr);
    return nullptr;
  }
  if (!found->second) {
    if (indexed_ + collection.size() > join_limits::kIndexed) return nullptr;
    indexed_ += collection.size();
    found->second = std::make_unique<JoinIndex>();
    found->second->build(collection, join.path);
  }
  return found->second.get();
}

}  // namespace chiron::policy
