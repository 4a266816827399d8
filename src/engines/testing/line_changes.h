// Which lines of a text a later text changed, told from hashes of lines: enough to know what a recorded place became,
// without keeping anybody's sources.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chiron::testing {

[[nodiscard]] std::vector<std::uint32_t> hash_lines(std::string_view text);

// Lines [first, last] of the earlier text (1-based) that became [new_first, new_last]. Where last is first - 1, lines
// were added between these two; where new_last is new_first - 1, lines were taken away.
struct ChangedLines {
  std::uint32_t first = 0, last = 0;
  std::uint32_t new_first = 0, new_last = 0;
  bool operator==(const ChangedLines&) const = default;
};
// Ascending. Two texts that differ in very many places come back as one change from the first to the last of them.
[[nodiscard]] std::vector<ChangedLines> changed_lines(std::span<const std::uint32_t> before,
                                                      std::span<const std::uint32_t> after);

}  // namespace chiron::testing
