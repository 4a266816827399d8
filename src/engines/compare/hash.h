// A fast 64-bit hash of bytes for tables and for matching content; never for security, and never trusted alone: what
// hashes alike is compared byte by byte. Multiply-and-fold on 128-bit products, 32 bytes a round.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace chiron::compare {

namespace detail {
inline std::uint64_t load64(const char* at) {
  std::uint64_t value;
  std::memcpy(&value, at, 8);
  return value;
}
inline std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
  const auto product = static_cast<unsigned __int128>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
}  // namespace detail

[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0) {
  constexpr std::uint64_t kA = 0x9E3779B97F4A7C15, kB = 0xD1B54A32D192ED03, kC = 0x8CB92BA72F3D8DD7;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t x = seed ^ kA, y = seed ^ kC;
  while (left >= 32) {
    x = detail::fold(detail::load64(at) ^ kA, detail::load64(at + 8) ^ x);
    y = detail::fold(detail::load64(at + 16) ^ kB, detail::load64(at + 24) ^ y);
    at += 32;
    left -= 32;
  }
  while (left >= 8) {
    x = detail::fold(detail::load64(at) ^ kA, x ^ kB);
    at += 8;
    left -= 8;
  }
  std::uint64_t tail = 0;
  if (left > 0) std::memcpy(&tail, at, left);
  return detail::fold(x ^ tail ^ kC, y ^ kB ^ (bytes.size() * kA));
}

}  // namespace chiron::compare
