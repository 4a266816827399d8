// Two archives out of one input: the second is the first with one byte changed, so that readers, matching and reports
// run on bytes that differ. Bounds are tight; whatever comes, nothing may crash, hang or read outside.
#pragma once
#include <cstdint>
#include <string>

#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"

namespace chiron::fuzz {

inline void compare_archive(const std::uint8_t* data, std::size_t size, std::string_view name) {
  using namespace chiron::compare;
  if (size < 4) return;
  const std::string a(reinterpret_cast<const char*>(data) + 2, size - 2);
  auto b = a;
  b[(data[0] | data[1] << 8) % b.size()] ^= 0x11;
  Options options;
  options.workers = 1;
  options.limits.memory_bytes = 16 << 20;
  options.limits.decoded_bytes = 32 << 20;
  options.limits.depth = 6;
  options.limits.members = 10'000;
  const auto result = compare_bytes(a, b, name, name, options);
  if (!result) return;
  if (!result->differs) __builtin_trap();
  (void)print_text(*result, {});
  (void)print_json(*result, {});
}

}  // namespace chiron::fuzz
