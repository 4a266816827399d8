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
  std::unordered_map<std::string_view, std::unique_ptr<Level>> texts;  // of a segment; the globs' own text
  std::unique_ptr<Level> other;                                        // rules that do not ask this reference
  std::vector<std::uint32_t> rules;                                    // at the last level: positions, ascending
};

bool RuleIndex::Reference::asks(const IndexCondition& condition) const {
  return argument == condition.argument && segment == condition.segment && delimiter == condition.delimiter &&
         std::ranges::equal(path, condition.path);
}

RuleIndex::RuleIndex() = default;
RuleIndex::~RuleIndex() = default;
Leaf::Leaf() = default;
Leaf::~Leaf() = default;

namespace {

constexpr std::size_t kLevels = 6;
constexpr std::int32_t kSegments = 8;         // of a glob
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
    IndexCondition condition;
    condition.argument = static_cast<std::int32_t>(position);
    condition.values = keep({&value, 1});
    out_.push_back(condition);
  }
  // The segments that the glob spells out, up to where it may span several.
  void glob(const Node& pattern, const Node& delimiters, const Node& text) {
    if (pattern.kind != NodeKind::constant || !pattern.constant.is_string()) return;
    char delimiter = '.';
    if (delimiters.kind != NodeKind::constant || !delimiters.constant.is_array()) return;
    if (const auto given = delimiters.constant.items(); !given.empty()) {
      if (given.size() != 1 || !given[0].is_string() || given[0].string().size() != 1) return;
      delimiter = given[0].string()[0];
    }
    std::string_view rest = pattern.constant.string();
    for (std::int32_t segment = 0; segment < kSegments; ++segment) {
      const std::string_view part = rest.substr(0, rest.find(delimiter));
      if (part.find_first_of("{}[]\\") != part.npos || part.find("**") != part.npos) return;
      if (part.find_first_of("*?") == part.npos) {
        IndexCondition condition;
        path_.clear();
        if (!asked(text, body_, condition.argument, path_)) return;
        condition.segment = segment;
        condition.delimiter = delimiter;
        condition.path = keep(path_);
        condition.text = part;
        out_.push_back(condition);
      }
      if (part.size() == rest.size()) return;
      rest.remove_prefix(part.size() + 1);
    }
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
    } else if (literal->kind == LiteralKind::truth && literal->a->kind == NodeKind::call &&
               literal->a->builtin != nullptr && literal->a->builtin->name == "glob.match" &&
               literal->a->items.size() == 3) {
      finder.glob(*literal->a->items[0], *literal->a->items[1], *literal->a->items[2]);
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
    if (index.references[depth].asks(condition)) {
      found = &condition;
      break;
    }
  }
  if (found == nullptr) {
    if (!level.other) level.other = std::make_unique<RuleIndex::Level>();
    insert(*level.other, index, depth + 1, conditions, rule);
    return;
  }
  const auto into = [&](std::unique_ptr<RuleIndex::Level>& branch) {
    if (!branch) branch = std::make_unique<RuleIndex::Level>();
    insert(*branch, index, depth + 1, conditions, rule);
  };
  if (found->segment >= 0) return into(level.texts[found->text]);
  for (const Value value : found->values) into(level.branches[value]);
}

// The n-th segment of a text; false where it has fewer.
bool segment_of(std::string_view text, std::int32_t n, char delimiter, std::string_view& out) {
  for (;; --n) {
    const std::size_t end = text.find(delimiter);
    out = text.substr(0, end);
    if (n == 0) return true;
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
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
    if (level.branches.empty() && level.texts.empty()) return;
    const Value at = value(depth);
    if (!at.defined()) return;
    if (!level.texts.empty()) {
      const auto& reference = index.references[depth];
      std::string_view text;
      if (!at.is_string() || !segment_of(at.string(), reference.segment, reference.delimiter, text)) return;
      const auto found = level.texts.find(text);
      if (found != level.texts.end()) descend(*found->second, depth + 1);
      return;
    }
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
    std::unordered_set<std::size_t> values;  // their hashes
  };
  std::vector<Candidate> candidates;
  for (const IndexCondition& condition : conditions) {
    auto found = std::find_if(candidates.begin(), candidates.end(),
                              [&](const Candidate& candidate) { return candidate.reference.asks(condition); });
    if (found == candidates.end()) {
      if (candidates.size() == kCandidates) continue;
      candidates.push_back(
          {{condition.argument, condition.segment, condition.delimiter, {condition.path.begin(), condition.path.end()}},
           0,
           {}});
      found = candidates.end() - 1;
    }
    ++found->rules;
    // How telling it is: enough values to know are enough.
    if (found->values.size() >= kCountedValues) continue;
    if (condition.segment >= 0) found->values.insert(std::hash<std::string_view>()(condition.text));
    for (const Value value : condition.values) found->values.insert(value.hash());
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
