// A place in a file: what a finding, an error or a value points at.
#pragma once
#include <cstdint>
#include <string>

namespace chiron {

// Lines and columns are 1-based; 0 means "not known". A column counts Unicode code points.
// `offset` and `length` are bytes from the start of the file; they are meaningful when `has_range`.
// The end is exclusive: `end_column` is the column after the last character.
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t end_line = 0;
  std::uint32_t end_column = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool has_range = false;

  bool operator==(const Place&) const = default;
};

// `file:line:column`, leaving out what is not known; "" for an empty place.
[[nodiscard]] std::string to_string(const Place& place);

}  // namespace chiron
