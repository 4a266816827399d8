// UTF-8: validation, decoding, and the map between byte offsets and lines and columns.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/place.h"

namespace chiron::utf8 {

// Offset of the first byte that is not part of well-formed UTF-8, or npos.
[[nodiscard]] std::size_t find_invalid(std::string_view text);
// Each ill-formed byte sequence replaced by U+FFFD.
[[nodiscard]] std::string sanitize(std::string_view text);
// The code point at `offset` and the bytes it takes; ill-formed bytes decode as U+FFFD of length 1.
struct Decoded {
  char32_t point;
  std::uint8_t length;
};
[[nodiscard]] Decoded decode(std::string_view text, std::size_t offset);
void append(std::string& out, char32_t point);
[[nodiscard]] std::size_t count(std::string_view text);  // code points
// Columns the text takes on a terminal (wide East Asian characters 2, combining marks 0).
[[nodiscard]] std::size_t display_width(std::string_view text);

// Line starts of one text; built once, then any offset is placed in O(log lines + line length).
// The text must outlive the index.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);
  [[nodiscard]] std::size_t line_count() const { return starts_.size(); }
  // 1-based line of a byte offset (an offset past the end belongs to the last line).
  [[nodiscard]] std::uint32_t line_of(std::size_t offset) const;
  [[nodiscard]] std::size_t line_start(std::uint32_t line) const;
  // The line's text without its terminator.
  [[nodiscard]] std::string_view line_text(std::uint32_t line) const;
  // Byte offset of a 1-based line and 1-based code point column.
  [[nodiscard]] std::size_t offset_of(std::uint32_t line, std::uint32_t column) const;
  // The place of [begin, end) in `file`.
  [[nodiscard]] Place place(std::string_view file, std::size_t begin, std::size_t end) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

}  // namespace chiron::utf8
