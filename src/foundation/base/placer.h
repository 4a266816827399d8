// Places of many ranges in one text. A LineIndex counts the columns of each place from the start of its line, which on
// one line of megabytes takes time that grows with the square; here the columns of long lines are counted once.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "foundation/base/utf8.h"

namespace chiron::utf8 {

// Built once and never changed. The text must outlive it.
class Placer {
 public:
  explicit Placer(std::string_view text);
  [[nodiscard]] const LineIndex& lines() const { return lines_; }
  // 1-based code point column of a byte offset.
  [[nodiscard]] std::uint32_t column_of(std::size_t offset) const;
  // As LineIndex::place.
  [[nodiscard]] Place place(std::string_view file, std::size_t begin, std::size_t end) const;

 private:
  struct Step {
    std::size_t offset;
    std::uint32_t column;
  };
  std::string_view text_;
  LineIndex lines_;
  std::vector<Step> steps_;  // at intervals in long lines, in order
};

}  // namespace chiron::utf8
