// The differences of two sequences of symbols (interned lines, words, chunks).
//
// Equal ends are cut off; symbols that occur once on both sides and whose order agrees anchor the rest; between
// anchors Myers' algorithm finds a shortest edit script up to a bounded number of edits, and past the bound the
// stretch is given as replaced. Time is near linear in the input, memory linear; the stack is our own.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace chiron::compare {

// Symbols [a, a + count_a) are replaced by [b, b + count_b); one count may be 0, never both.
struct Edit {
  std::uint32_t a = 0;
  std::uint32_t count_a = 0;
  std::uint32_t b = 0;
  std::uint32_t count_b = 0;
};

// Equal symbols have equal numbers, all below `symbol_count`. The edits come in order and do not touch each other.
[[nodiscard]] std::vector<Edit> diff_sequences(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b,
                                               std::uint32_t symbol_count);

}  // namespace chiron::compare
