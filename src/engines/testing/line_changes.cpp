#include "engines/testing/line_changes.h"

#include <algorithm>

#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

// Edits looked for; beyond, the middle is one change. The search keeps the square of it in numbers.
constexpr std::ptrdiff_t kMostEdits = 1000;

using Hashes = std::span<const std::uint32_t>;

// Myers' greedy search: furthest[d][k] is how far into `before` d edits come on diagonal k. Returns, by position of
// `before`, the position of `after` that it is matched with (or -1); false where more edits are needed.
bool match(Hashes before, Hashes after, std::vector<std::ptrdiff_t>& partner) {
  const auto rows = static_cast<std::ptrdiff_t>(before.size()), columns = static_cast<std::ptrdiff_t>(after.size());
  std::vector<std::vector<std::ptrdiff_t>> trace;
  std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * kMostEdits + 3), 0);
  const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
    return furthest[static_cast<std::size_t>(k + kMostEdits + 1)];
  };
  std::ptrdiff_t edits = 0;
  bool found = false;
  for (; edits <= kMostEdits && !found; ++edits) {
    for (std::ptrdiff_t k = -edits; k <= edits; k += 2) {
      std::ptrdiff_t x = k == -edits || (k != edits && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < rows && x - k < columns && x - k >= 0 &&
             before[static_cast<std::size_t>(x)] == after[static_cast<std::size_t>(x - k)])
        ++x;
      at(k) = x;
      if (x >= rows && x - k >= columns) found = true;
    }
    trace.emplace_back(furthest.begin() + (kMostEdits + 1 - edits), furthest.begin() + (kMostEdits + 2 + edits));
  }
  if (!found) return false;
  std::ptrdiff_t x = rows, y = columns;
  for (std::ptrdiff_t d = edits - 1; d >= 0; --d) {
    const std::ptrdiff_t k = x - y;
    std::ptrdiff_t start = 0;  // where this diagonal's run of equal lines began
    if (d > 0) {
      const auto& row = trace[static_cast<std::size_t>(d - 1)];
      const auto value = [&](std::ptrdiff_t diagonal) {
        const std::ptrdiff_t index = diagonal + d - 1;
        return index < 0 || index >= static_cast<std::ptrdiff_t>(row.size()) ? -1
                                                                             : row[static_cast<std::size_t>(index)];
      };
      const bool down = k == -d || (k != d && value(k - 1) < value(k + 1));
      const std::ptrdiff_t previous = down ? k + 1 : k - 1;
      start = down ? value(previous) : value(previous) + 1;
      while (x > start) partner[static_cast<std::size_t>(--x)] = --y;
      x = value(previous);
      y = x - previous;
    } else {
      while (x > start) partner[static_cast<std::size_t>(--x)] = --y;
    }
  }
  return true;
}

}  // namespace

std::vector<std::uint32_t> hash_lines(std::string_view text) {
  std::vector<std::uint32_t> hashes;
  for (const auto line : text::split_lines(text)) {
    std::uint64_t hash = 0xCBF29CE484222325u;
    for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    hashes.push_back(static_cast<std::uint32_t>(hash ^ (hash >> 32)));
  }
  return hashes;
}

std::vector<ChangedLines> changed_lines(Hashes before, Hashes after) {
  std::size_t head = 0;
  while (head < before.size() && head < after.size() && before[head] == after[head]) ++head;
  std::size_t tail = 0;
  while (tail < before.size() - head && tail < after.size() - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  const Hashes old_middle = before.subspan(head, before.size() - head - tail);
  const Hashes new_middle = after.subspan(head, after.size() - head - tail);
  if (old_middle.empty() && new_middle.empty()) return {};
  const auto number = [&](std::size_t position) { return static_cast<std::uint32_t>(head + position + 1); };
  std::vector<std::ptrdiff_t> partner(old_middle.size(), -1);
  if (!match(old_middle, new_middle, partner)) {
    return {{number(0), static_cast<std::uint32_t>(head + old_middle.size()), number(0),
             static_cast<std::uint32_t>(head + new_middle.size())}};
  }
  std::vector<ChangedLines> changes;
  std::size_t old_at = 0, new_at = 0;
  const auto close = [&](std::size_t old_end, std::size_t new_end) {
    if (old_end > old_at || new_end > new_at) {
      changes.push_back({number(old_at), static_cast<std::uint32_t>(head + old_end), number(new_at),
                         static_cast<std::uint32_t>(head + new_end)});
    }
  };
  for (std::size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] < 0) continue;
    const auto j = static_cast<std::size_t>(partner[i]);
    close(i, j);
    old_at = i + 1;
    new_at = j + 1;
  }
  close(old_middle.size(), new_middle.size());
  return changes;
}

}  // namespace chiron::testing
