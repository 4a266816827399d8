// Which rules of a document can match: found by looking at the values that their conditions compare with constants.
#pragma once
#include <memory>

#include "engines/policy/hir.h"
#include "engines/policy/program.h"

namespace chiron::policy {

// Candidate rules in the order of their definition; small lists stay off the heap.
class CandidateList {
 public:
  void push(const RuleCode* rule) {
    if (size_ < kInline)
      inline_[size_] = rule;
    else {
      if (size_ == kInline) heap_.assign(inline_, inline_ + kInline);
      heap_.push_back(rule);
    }
    ++size_;
  }
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
  [[nodiscard]] std::size_t size() const { return whole_ != nullptr ? whole_->size() : size_; }
  [[nodiscard]] const RuleCode* operator[](std::size_t i) const {
    if (whole_ != nullptr) return (*whole_)[i].get();
    return size_ > kInline ? heap_[i] : inline_[i];
  }
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  static constexpr std::size_t kInline = 16;
  const RuleCode* inline_[kInline] = {};
  std::vector<const RuleCode*> heap_;
  std::size_t size_ = 0;
  const std::vector<std::unique_ptr<RuleCode>>* whole_ = nullptr;
};

// One condition of a rule that an index can use: the value at a path of the input, or of an argument, is one of these.
struct IndexCondition {
  std::int32_t argument = -1;  // -1: the input
  std::vector<Value> path;
  std::vector<Value> values;  // equal to one of these
};

// Built from each rule's conditions; rules without any are candidates always.
struct RuleIndex {
  struct Reference {
    std::int32_t argument;
    std::vector<Value> path;
  };
  struct Level;
  std::vector<Reference> references;  // in the order they are asked
  std::unique_ptr<Level> root;
  RuleIndex();
  ~RuleIndex();
};

[[nodiscard]] std::vector<IndexCondition> index_conditions(const hir::RuleBody& body);
void build_index(Leaf& leaf, const std::vector<std::vector<IndexCondition>>& conditions);
void find_candidates(const Leaf& leaf, Value input, std::span<const Value> arguments, CandidateList& out);

}  // namespace chiron::policy
