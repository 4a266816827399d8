// Splits one input into the two sides of a comparison: the first two bytes say where, so that the fuzzer can make both
// sides differ; a split of zero compares the input with itself but for one byte.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engines/compare/comparer.h"
#include "engines/compare/content/formats.h"
#include "foundation/task/pool.h"

namespace chiron::fuzz {

class LoneContext final : public compare::Context {
 public:
  LoneContext() : budget_(limits(), nullptr) {}
  compare::Budget& budget() override { return budget_; }
  task::Pool& pool() override { return pool_; }
  void compare_part(compare::ByteView, compare::ByteView, std::string_view, std::string_view, compare::Range,
                    compare::Range, compare::Difference&) override {}

 private:
  static compare::Budget::Limits limits() {
    compare::Budget::Limits limits;
    limits.memory_bytes = 256 << 20;
    limits.decoded_bytes = 256 << 20;
    return limits;
  }
  compare::Budget budget_;
  task::Pool pool_{1};
};

using Compare = Result<void> (*)(compare::ByteView, compare::ByteView, compare::Context&, compare::Difference&);
using Matches = bool (*)(compare::ByteView, compare::ByteView, std::string_view);

inline void compare_both(const std::string& a, const std::string& b, Matches matches, Compare compare,
                         std::string_view name) {
  if (a == b || !matches(a, b, name)) return;
  LoneContext context;
  compare::Difference out;
  out.size_a = a.size();
  out.size_b = b.size();
  (void)compare(a, b, context, out);
}

inline void split_and_compare(const std::uint8_t* data, std::size_t size, Matches matches, Compare compare,
                              std::string_view name) {
  if (size < 4) return;
  const std::size_t split = static_cast<std::size_t>(data[0]) << 8 | data[1];
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (split > 0 && split < rest.size()) {
    compare_both(std::string(rest.substr(0, split)), std::string(rest.substr(split)), matches, compare, name);
    return;
  }
  std::string other(rest);
  const std::size_t at = rest.size() / 2;
  other[at] = static_cast<char>(other[at] ^ 1);
  compare_both(std::string(rest), other, matches, compare, name);
}

}  // namespace chiron::fuzz
