// Hash joins: a scan whose results are soon compared with a value that does not depend on them
// (`some x in xs; some y in ys; y.k == x.k`, or the same within a comprehension) looks only at the elements that are
// equal there, once its collection is scanned a second time.
//
// The rules' meaning stays: the operations behind the scan run unchanged for the elements that are left, in their
// order. Only operations without effects and errors of their own lie between the scan and the comparison.
#pragma once
#include <unordered_map>
#include <vector>

#include "engines/policy/program.h"

namespace chiron::policy {

namespace join_limits {
inline constexpr std::uint32_t kElements = 16;                  // smaller collections are scanned
inline constexpr std::size_t kCollections = 1U << 16U;          // that are remembered
inline constexpr std::size_t kIndexed = std::size_t{8} << 20U;  // elements in all indexes of a machine: 160 MiB
}  // namespace join_limits

// Finds the scans of `code` that can be joins; notes them in Code::joins and the scan's `extra`.
void find_joins(Code& code);

// Positions of a collection's elements by the value at a path within them.
class JoinIndex {
 public:
  void build(Value collection, std::span<const Value> path);
  // Calls `each` with the positions, ascending, of the elements that have `value` there; stops where it returns false.
  template <class Each>
  void find(Value value, Each&& each) const {
    for (std::uint32_t at = heads_[value.hash() & mask_]; at != kNone; at = entries_[at].next)
      if (entries_[at].value == value && !each(at)) return;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffU;
  struct Entry {
    Value value;  // undefined where the path leads nowhere
    std::uint32_t next;
  };
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> heads_;
  std::uint32_t mask_ = 0;
};

// The indexes of one evaluation.
class JoinIndexes {
 public:
  void clear() {
    indexes_.clear();
    indexed_ = 0;
  }
  // The index of a collection for a join; null where the collection is seen for the first time or the bounds are
  // reached.
  [[nodiscard]] const JoinIndex* of(Value collection, const Join& join);

 private:
  struct Key {
    std::uint64_t collection;
    const Join* join;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  std::unordered_map<Key, std::unique_ptr<JoinIndex>, KeyHash> indexes_;
  std::size_t indexed_ = 0;
};

}  // namespace chiron::policy
