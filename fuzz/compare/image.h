// An image out of an input: the input's bytes with what the sniff asks for put in its place, and the same with one byte
// changed. Bounds are tight; whatever comes, nothing may crash, hang or read outside.
#pragma once
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "archive.h"

namespace chiron::fuzz {

inline void compare_image(const std::uint8_t* data, std::size_t size, std::string_view name, std::size_t least,
                          std::initializer_list<std::pair<std::size_t, std::string_view>> marks) {
  if (size < 4 || size > (1 << 20)) return;
  std::string image(reinterpret_cast<const char*>(data), size);
  image.resize(std::max(size, least));
  for (const auto& [at, bytes] : marks) image.replace(at + 2, bytes.size(), bytes);
  compare_archive(reinterpret_cast<const std::uint8_t*>(image.data()), image.size(), name);
}

}  // namespace chiron::fuzz
