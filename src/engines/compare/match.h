// Pairing the members of two containers: by name first, then what is left by equal and by similar content.
#pragma once
#include <vector>

#include "engines/compare/container/container.h"
#include "engines/compare/filter.h"

namespace chiron::compare {

struct Pair {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  int similarity = 100;  // per cent, of renamed pairs
  bool renamed = false;
  bool repacked = false;  // the same name but for the suffix of the compression: control.tar.gz, control.tar.xz
};

struct Matching {
  std::vector<Pair> pairs;  // in the order of a
  std::vector<std::uint32_t> only_a;
  std::vector<std::uint32_t> only_b;
  std::vector<std::uint32_t> moved;  // pairs (indices) that break the common order
};

[[nodiscard]] Matching match_by_name(const Container& a, const Container& b, const std::vector<bool>& skip_a,
                                     const std::vector<bool>& skip_b);
// Moves members from only_a and only_b to pairs where only the compression's suffix differs, then where their content
// is equal or similar.
void match_renamed(const Container& a, const Container& b, Context& context, Matching& matching);

}  // namespace chiron::compare
