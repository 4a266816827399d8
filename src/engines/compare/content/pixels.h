// Decoded pictures compared pixel by pixel.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "engines/compare/difference.h"

namespace chiron::compare {

inline constexpr std::uint64_t kMaxPixelBytes = 1ull << 30;  // of one decoded picture

struct Picture {
  std::uint32_t width = 0, height = 0;
  std::uint32_t pixel_bytes = 0;  // bytes a pixel
  std::string bytes;              // rows from the top, without padding
};

// Adds a child "pixels" to `out` where the pictures differ: how many, where the first one is, and the rectangle around
// all. Returns whether they are equal.
bool compare_pixels(const Picture& a, const Picture& b, std::string_view name, Difference& out);

}  // namespace chiron::compare
