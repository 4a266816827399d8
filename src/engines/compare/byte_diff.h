// Differences of two runs of bytes, at the speed of memory.
#pragma once
#include "engines/compare/budget.h"
#include "engines/compare/difference.h"

namespace chiron::task {
class Pool;
}

namespace chiron::compare {

class SameBlocks;

// Offset of the first byte that differs, npos where the views are equal (lengths included).
[[nodiscard]] std::size_t first_difference(ByteView a, ByteView b);
// Length of the common suffix, never reaching into the first `prefix` bytes.
[[nodiscard]] std::size_t common_suffix(ByteView a, ByteView b, std::size_t prefix);

// Fills size_a, size_b, extents, extent_count and differing_bytes. Views of equal length are compared place by place
// (in parallel), but for what is known to be the same; of unequal length the stretch between the common prefix and the
// common suffix is aligned by content.
void find_extents(ByteView a, ByteView b, task::Pool* pool, const Budget& budget, Difference& out,
                  const SameBlocks* same = nullptr);

// Adds hex windows around the extents that find_extents() left in `out`.
void add_windows(ByteView a, ByteView b, Difference& out);

// "00000010: 7f45 4c46 …  .ELF…" lines of 16 bytes.
[[nodiscard]] std::string hex_dump(ByteView bytes, std::uint64_t first_offset);

}  // namespace chiron::compare
