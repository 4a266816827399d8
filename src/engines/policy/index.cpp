// Rule indexing: a trie over the values of the references that the rules compare with constants, most telling first.
#include "engines/policy/index.h"

#include <algorithm>

namespace chiron::policy {

using hir::Literal;
using hir::LiteralKind;
using hir::Node;
using hir::NodeKind;

struct RuleIndex::Level {
  std::unordered_map<Value, std::unique_ptr<Level>, Hash> branches;
  std::unique_ptr<Level> other;      // rules that do not ask this reference
  std::vector<std::uint32_t> rules;  // at the last level: positions, ascending
};

RuleIndex::RuleIndex() = default;
RuleIndex::~RuleIndex() = default;
Leaf::Leaf() = default;
Leaf::~Leaf() = default;

namespace {

constexpr std::size_t kLevels = 6;

// input.a.b, or argument i with a constant path below it.
bool asked(const Node& node, const hir::RuleBody& body, std::int32_t& argument, std::vector<Value>& path) {
  if (node.kind == NodeKind::var) {
    if (node.slot >= body.arguments.size()) return false;
    argument = static_cast<std::int32_t>(node.slot);
    return body.arguments[node.slot]->kind == NodeKind::var && body.arguments[node.slot]->slot == node.slot;
  }
  if (node.kind != NodeKind::ref) return false;
  if (node.root == hir::Root::term) {
    if (!asked(*node.head, body, argument, path)) return false;
  } else if (node.root == hir::Root::input) {
    argument = -1;
  } else {
    return false;
  }
  for (const Node* item : node.items) {
    if (item->kind != NodeKind::constant) return false;
    path.push_back(item->constant);
  }
  return true;
}

bool constant_choices(const Node& node, std::vector<Value>& values) {
  if (node.kind != NodeKind::constant) return false;
  const Value v = node.constant;
  if (v.is_array() || v.is_set()) {
    values.assign(v.items().begin(), v.items().end());
    return true;
  }
  if (v.is_object()) {
    for (std::uint32_t i = 0; i < v.size(); ++i) values.push_back(v.value_at(i));
    return true;
  }
  return false;
}

}  // namespace

std::vector<IndexCondition> index_conditions(const hir::RuleBody& body) {
  std::vector<IndexCondition> result;
  auto equality = [&](const Node& a, const Node& b) {
    IndexCondition condition;
    if (b.kind == NodeKind::constant && asked(a, body, condition.argument, condition.path)) {
      condition.values.push_back(b.constant);
      result.push_back(std::move(condition));
    }
  };
  for (std::size_t i = 0; i < body.arguments.size(); ++i) {
    if (body.arguments[i]->kind != NodeKind::constant) continue;
    IndexCondition condition;
    condition.argument = static_cast<std::int32_t>(i);
    condition.values.push_back(body.arguments[i]->constant);
    result.push_back(std::move(condition));
  }
  for (const Literal* literal : body.block->literals) {
    if (!literal->with.empty()) continue;
    if (literal->kind == LiteralKind::unify) {
      equality(*literal->a, *literal->b);
      equality(*literal->b, *literal->a);
    } else if (literal->kind == LiteralKind::truth && literal->a->kind == NodeKind::call &&
               literal->a->builtin != nullptr && literal->a->items.size() == 2) {
      const Node& a = *literal->a->items[0];
      const Node& b = *literal->a->items[1];
      if (literal->a->builtin->name == "equal") {
        equality(a, b);
        equality(b, a);
      } else if (literal->a->builtin->name == "internal.member_2") {
        IndexCondition condition;
        if (constant_choices(b, condition.values) && asked(a, body, condition.argument, condition.path)) {
          result.push_back(std::move(condition));
        }
      }
    }
  }
  return result;
}

namespace {

void insert(RuleIndex::Level& level, const RuleIndex& index, std::size_t depth,
            const std::vector<IndexCondition>& conditions, std::uint32_t rule) {
  if (depth == index.references.size()) {
    if (level.rules.empty() || level.rules.back() != rule) level.rules.push_back(rule);
    return;
  }
  const IndexCondition* found = nullptr;
  for (const IndexCondition& condition : conditions) {
    if (condition.argument == index.references[depth].argument && condition.path == index.references[depth].path) {
      found = &condition;
      break;
    }
  }
  if (found == nullptr) {
    if (!level.other) level.other = std::make_unique<RuleIndex::Level>();
    insert(*level.other, index, depth + 1, conditions, rule);
    return;
  }
  for (const Value value : found->values) {
    auto& branch = level.branches[value];
    if (!branch) branch = std::make_unique<RuleIndex::Level>();
    insert(*branch, index, depth + 1, conditions, rule);
  }
}

struct Asked {
  const RuleIndex& index;
  Value input;
  std::span<const Value> arguments;
  std::vector<std::uint32_t>& out;
  Value values[kLevels];
  bool known[kLevels] = {};

  Value value(std::size_t depth) {
    if (!known[depth]) {
      const auto& reference = index.references[depth];
      Value at = reference.argument < 0 ? input : arguments[static_cast<std::size_t>(reference.argument)];
      for (const Value step : reference.path) {
        if (!at.defined()) break;
        at = at.get(step);
      }
      values[depth] = at;
      known[depth] = true;
    }
    return values[depth];
  }

  void descend(const RuleIndex::Level& level, std::size_t depth) {
    if (depth == index.references.size()) {
      out.insert(out.end(), level.rules.begin(), level.rules.end());
      return;
    }
    if (level.other) descend(*level.other, depth + 1);
    if (level.branches.empty()) return;
    const Value at = value(depth);
    if (!at.defined()) return;
    const auto found = level.branches.find(at);
    if (found != level.branches.end()) descend(*found->second, depth + 1);
  }
};

}  // namespace

void build_index(Leaf& leaf, const std::vector<std::vector<IndexCondition>>& conditions) {
  if (leaf.rules.size() < 2) return;
  struct Candidate {
    RuleIndex::Reference reference;
    std::size_t rules = 0;
    std::unordered_map<Value, bool, Hash> values;
  };
  std::vector<Candidate> candidates;
  for (const auto& of_rule : conditions) {
    for (const IndexCondition& condition : of_rule) {
      auto found = std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
        return candidate.reference.argument == condition.argument && candidate.reference.path == condition.path;
      });
      if (found == candidates.end()) {
        if (candidates.size() == 64) continue;
        candidates.push_back({{condition.argument, condition.path}, 0, {}});
        found = candidates.end() - 1;
      }
      ++found->rules;
      if (found->values.size() < 4096) {
        for (const Value value : condition.values) found->values.emplace(value, true);
      }
    }
  }
  if (candidates.empty()) return;
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.rules * (a.values.size() + 1) > b.rules * (b.values.size() + 1);
  });
  auto index = std::make_unique<RuleIndex>();
  for (const Candidate& candidate : candidates) {
    if (index->references.size() < kLevels) index->references.push_back(candidate.reference);
  }
  // One telling reference is enough where nearly every rule has a value of its own there.
  if (candidates[0].rules == conditions.size() &&
      candidates[0].values.size() * 2 >= std::min<std::size_t>(conditions.size(), 4096)) {
    index->references.resize(1);
  }
  index->root = std::make_unique<RuleIndex::Level>();
  for (std::uint32_t i = 0; i < conditions.size(); ++i) {
    // A rule with an else chain must be tried: what follows may hold where its own conditions do not.
    static const std::vector<IndexCondition> kNone;
    const bool chain = !leaf.rules[i]->otherwise.empty();
    insert(*index->root, *index, 0, chain ? kNone : conditions[i], i);
  }
  leaf.index = std::move(index);
}

void find_candidates(const Leaf& leaf, Value input, std::span<const Value> arguments, CandidateList& out) {
  if (!leaf.index) {
    out.all(leaf.rules);
    return;
  }
  std::vector<std::uint32_t> positions;
  Asked asked{*leaf.index, input, arguments, positions, {}, {}};
  asked.descend(*leaf.index->root, 0);
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  for (const std::uint32_t position : positions) out.push(leaf.rules[position].get());
}

}  // namespace chiron::policy
