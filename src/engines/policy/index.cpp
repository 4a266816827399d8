// Rule indexing: a trie over the values of the references that the rules compare with constants, most telling first.
#include "engines/policy/index.h"

#include <algorithm>
#include <unordered_set>

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
constexpr std::size_t kCandidates = 64;       // references that are considered
constexpr std::size_t kCountedValues = 4096;  // of one reference

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

// The elements of a constant collection.
bool constant_choices(const Node& node, std::span<const Value>& values) {
  if (node.kind != NodeKind::constant) return false;
  const Value v = node.constant;
  if (v.is_array() || v.is_set()) {
    values = v.items();
    return true;
  }
  if (v.is_object()) {
    values = {v.member_values(), v.size()};
    return true;
  }
  return false;
}

class ConditionFinder {
 public:
  ConditionFinder(const hir::RuleBody& body, Arena& arena, std::vector<IndexCondition>& out)
      : body_(body), arena_(arena), out_(out) {}

  void equality(const Node& a, const Node& b) {
    if (b.kind == NodeKind::constant) add(a, {&b.constant, 1}, true);
  }
  void member(const Node& item, const Node& collection) {
    std::span<const Value> values;
    if (constant_choices(collection, values)) add(item, values, false);
  }
  void argument(std::size_t position, const Value& value) {
    out_.push_back({static_cast<std::int32_t>(position), {}, keep({&value, 1})});
  }

 private:
  std::span<const Value> keep(std::span<const Value> values) {
    auto* to = static_cast<Value*>(arena_.allocate(values.size_bytes()));
    std::uninitialized_copy(values.begin(), values.end(), to);
    return {to, values.size()};
  }
  void add(const Node& reference, std::span<const Value> values, bool copy) {
    IndexCondition condition;
    path_.clear();
    if (!asked(reference, body_, condition.argument, path_)) return;
    // Rules of one document mostly ask the same things: neighbours share the path.
    for (std::size_t i = out_.size(); condition.path.empty() && i > 0 && i + 8 > out_.size(); --i)
      if (std::ranges::equal(out_[i - 1].path, path_)) condition.path = out_[i - 1].path;
    if (condition.path.size() != path_.size()) condition.path = keep(path_);
    condition.values = copy ? keep(values) : values;
    out_.push_back(condition);
  }

  const hir::RuleBody& body_;
  Arena& arena_;
  std::vector<IndexCondition>& out_;
  std::vector<Value> path_;
};

}  // namespace

void index_conditions(const hir::RuleBody& body, Arena& arena, std::vector<IndexCondition>& out) {
  ConditionFinder finder(body, arena, out);
  for (std::size_t i = 0; i < body.arguments.size(); ++i)
    if (body.arguments[i]->kind == NodeKind::constant) finder.argument(i, body.arguments[i]->constant);
  for (const Literal* literal : body.block->literals) {
    if (!literal->with.empty()) continue;
    if (literal->kind == LiteralKind::unify) {
      finder.equality(*literal->a, *literal->b);
      finder.equality(*literal->b, *literal->a);
    } else if (literal->kind == LiteralKind::truth && literal->a->kind == NodeKind::call &&
               literal->a->builtin != nullptr && literal->a->items.size() == 2) {
      const Node& a = *literal->a->items[0];
      const Node& b = *literal->a->items[1];
      if (literal->a->builtin->name == "equal") {
        finder.equality(a, b);
        finder.equality(b, a);
      } else if (literal->a->builtin->name == "internal.member_2") {
        finder.member(a, b);
      }
    }
  }
}

namespace {

void insert(RuleIndex::Level& level, const RuleIndex& index, std::size_t depth,
            std::span<const IndexCondition> conditions, std::uint32_t rule) {
  if (depth == index.references.size()) {
    if (level.rules.empty() || level.rules.back() != rule) level.rules.push_back(rule);
    return;
  }
  const IndexCondition* found = nullptr;
  for (const IndexCondition& condition : conditions) {
    if (condition.argument == index.references[depth].argument &&
        std::ranges::equal(condition.path, index.references[depth].path)) {
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
  SmallList<std::uint32_t, 16>& out;
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
      for (const std::uint32_t rule : level.rules) out.push_back(rule);
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

void build_index(Leaf& leaf, std::span<const IndexCondition> conditions, std::span<const std::uint32_t> ends) {
  if (leaf.rules.size() < 2) return;
  struct Candidate {
    RuleIndex::Reference reference;
    std::size_t rules = 0;
    std::unordered_set<Value, Hash> values;
  };
  std::vector<Candidate> candidates;
  for (const IndexCondition& condition : conditions) {
    auto found = std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
      return candidate.reference.argument == condition.argument &&
             std::ranges::equal(candidate.reference.path, condition.path);
    });
    if (found == candidates.end()) {
      if (candidates.size() == kCandidates) continue;
      candidates.push_back({{condition.argument, {condition.path.begin(), condition.path.end()}}, 0, {}});
      found = candidates.end() - 1;
    }
    ++found->rules;
    // How telling it is: enough values to know are enough.
    if (found->values.size() < kCountedValues) found->values.insert(condition.values.begin(), condition.values.end());
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
  if (candidates[0].rules == ends.size() && candidates[0].values.size() * 2 >= std::min(ends.size(), kCountedValues)) {
    index->references.resize(1);
  }
  index->root = std::make_unique<RuleIndex::Level>();
  for (std::uint32_t i = 0; i < ends.size(); ++i) {
    const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    // A rule with an else chain must be tried: what follows may hold where its own conditions do not.
    const bool chain = !leaf.rules[i]->otherwise.empty();
    insert(*index->root, *index, 0,
           chain ? std::span<const IndexCondition>() : conditions.subspan(begin, ends[i] - begin), i);
  }
  leaf.index = std::move(index);
}

void find_candidates(const Leaf& leaf, Value input, std::span<const Value> arguments, CandidateList& out) {
  if (!leaf.index) {
    out.all(leaf.rules);
    return;
  }
  SmallList<std::uint32_t, 16> positions;
  Asked asked{*leaf.index, input, arguments, positions, {}, {}};
  asked.descend(*leaf.index->root, 0);
  std::sort(positions.begin(), positions.end());
  const auto* const end = std::unique(positions.begin(), positions.end());
  for (const auto* at = positions.begin(); at != end; ++at) out.push(leaf.rules[*at].get());
}

}  // namespace chiron::policy
