// What the container readers ask for while an artifact is normalised: a budget, one thread, no nested comparison.
#pragma once
#include "engines/compare/comparer.h"
#include "foundation/task/pool.h"

namespace chiron::compare {

class NormalizeContext final : public Context {
 public:
  explicit NormalizeContext(Budget& budget) : budget_(budget), pool_(1) {}
  [[nodiscard]] Budget& budget() override { return budget_; }
  [[nodiscard]] task::Pool& pool() override { return pool_; }
  void compare_part(ByteView, ByteView, std::string_view, std::string_view, Range, Range, Difference&) override {}

 private:
  Budget& budget_;
  task::Pool pool_;
};

}  // namespace chiron::compare
