// The hash functions of values: fast, 32 bits kept, equal values hash equally (1 and 1.0 do).
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

namespace chiron::policy::detail {

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd6e8feb86659fd93ULL);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline std::uint32_t fold(std::uint64_t h) { return static_cast<std::uint32_t>(h ^ (h >> 32)); }

inline std::uint32_t hash_bytes(const char* data, std::size_t size) {
  std::uint64_t h = size * 0xa0761d6478bd642fULL;
  while (size >= 16) {
    std::uint64_t a, b;
    std::memcpy(&a, data, 8);
    std::memcpy(&b, data + 8, 8);
    h = mix(a ^ h, b);
    data += 16;
    size -= 16;
  }
  std::uint64_t a = 0, b = 0;
  if (size >= 8) {
    std::memcpy(&a, data, 8);
    std::memcpy(&b, data + size - 8, 8);
  } else if (size >= 4) {
    std::uint32_t low, high;
    std::memcpy(&low, data, 4);
    std::memcpy(&high, data + size - 4, 4);
    a = low;
    b = high;
  } else if (size > 0) {
    a = static_cast<unsigned char>(data[0]) |
        static_cast<std::uint64_t>(static_cast<unsigned char>(data[size / 2])) << 8 |
        static_cast<std::uint64_t>(static_cast<unsigned char>(data[size - 1])) << 16;
  }
  return fold(mix(a ^ h, b + size));
}

inline std::uint32_t hash_double(double d) {
  if (d == 0) d = 0;  // -0 too
  return fold(mix(std::bit_cast<std::uint64_t>(d), 0x51));
}
inline std::uint64_t chain(std::uint64_t h, std::uint32_t next) { return mix(h + next, 0xe7037ed1a0b428dbULL); }

}  // namespace chiron::policy::detail
