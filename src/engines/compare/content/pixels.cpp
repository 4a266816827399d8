#include "engines/compare/content/pixels.h"

#include <algorithm>
#include <cstring>

#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare {

bool compare_pixels(const Picture& a, const Picture& b, std::string_view name, Difference& out) {
  if (a.width != b.width || a.height != b.height || a.pixel_bytes != b.pixel_bytes) {
    auto& child = out.add_child(Kind::content, name, name);
    child.format = "picture";
    child.field = name;
    child.old_value = format("{} × {}, {} bytes a pixel", a.width, a.height, a.pixel_bytes);
    child.new_value = format("{} × {}, {} bytes a pixel", b.width, b.height, b.pixel_bytes);
    return false;
  }
  if (a.bytes == b.bytes) return true;
  const std::size_t row = std::size_t{a.width} * a.pixel_bytes;
  std::uint64_t differing = 0;
  std::uint32_t left = a.width, right = 0, top = a.height, bottom = 0, first_x = 0, first_y = 0;
  for (std::uint32_t y = 0; y < a.height; ++y) {
    const char* row_a = a.bytes.data() + y * row;
    const char* row_b = b.bytes.data() + y * row;
    if (std::memcmp(row_a, row_b, row) == 0) continue;
    for (std::uint32_t x = 0; x < a.width; ++x) {
      if (std::memcmp(row_a + std::size_t{x} * a.pixel_bytes, row_b + std::size_t{x} * a.pixel_bytes, a.pixel_bytes) ==
          0)
        continue;
      if (differing++ == 0) {
        first_x = x;
        first_y = y;
      }
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = y;
    }
  }
  const std::size_t at = first_y * row + std::size_t{first_x} * a.pixel_bytes;
  auto& child = out.add_child(Kind::content, name, name);
  child.format = "picture";
  child.field = name;
  child.old_value =
      format("({}, {}) {}", first_x, first_y, hex_bytes(std::string_view(a.bytes).substr(at, a.pixel_bytes)));
  child.new_value =
      format("({}, {}) {}", first_x, first_y, hex_bytes(std::string_view(b.bytes).substr(at, a.pixel_bytes)));
  child.comments.push_back(format("{} of {} pixels differ, within ({}, {}) to ({}, {})", differing,
                                  std::uint64_t{a.width} * a.height, left, top, right, bottom));
  return false;
}

}  // namespace chiron::compare
