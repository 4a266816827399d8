// Which rules of a document can match: found by looking at the values that their conditions compare with constants.
#pragma once
#include <memory>

#include "engines/policy/hir.h"
#include "engines/policy/program.h"
#include "foundation/base/small_list.h"

namespace chiron::policy {

// Candidate rules in the order of their definition; small lists stay off the heap.
class CandidateList {
 public:
  void push(const RuleCode* rule) { some_.push_back(rule); }
  void all(const std::vector<std::unique_ptr<RuleCode>>& rules) { whole_ = &rules; }
  class Iterator {
   public:
    Iterator(const CandidateList& list, std::size_t at) : list_(list), at_(at) {}
    const RuleCode* operator*() const { return list_[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const CandidateList& list_;
    std::size_t at_;
  };
  [[nodiscard]] std::size_t size() const { return whole_ != nullptr ? whole_->size() : some_.size(); }
  [[nodiscard]] const RuleCode* operator[](std::size_t i) const {
    return whole_ != nullptr ? (*whole_)[i].get() : some_[i];
  }
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  SmallList<const RuleCode*, 16> some_;
  const std::vector<std::unique_ptr<RuleCode>>* whole_ = nullptr;
};

// One condition of a rule that an index can use: the value at a path of the input, or of an argument, is one of these;
// or (a glob's) it is a string whose n-th segment is this text. The lists live in the arena given to
// `index_conditions`.
struct IndexCondition {
  std::int32_t argument = -1;  // -1: the input
  std::int32_t segment = -1;   // n; -1: the whole value
  char delimiter = 0;          // between segments
  std::span<const Value> path;
  std::span<const Value> values;  // equal to one of these
  std::string_view text;          // the segment's
};

// Built from each rule's conditions; rules without any are candidates always.
struct RuleIndex {
  struct Reference {
    std::int32_t argument;
    std::int32_t segment;
    char delimiter;
    std::vector<Value> path;
    [[nodiscard]] bool asks(const IndexCondition& condition) const;
  };
  struct Level;
  std::vector<Reference> references;  // in the order they are asked
  std::unique_ptr<Level> root;
  RuleIndex();
  ~RuleIndex();
};

// Appends the conditions of one rule.
void index_conditions(const hir::RuleBody& body, Arena& arena, std::vector<IndexCondition>& out);
// `conditions`: those of all rules; `ends`: for each rule the position behind its last.
void build_index(Leaf& leaf, std::span<const IndexCondition> conditions, std::span<const std::uint32_t> ends);
void find_candidates(const Leaf& leaf, Value input, std::span<const Value> arguments, CandidateList& out);

}  // namespace chiron::policy
