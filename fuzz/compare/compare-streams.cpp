// Compressed streams against each other: the input's halves, each named by every suffix.
#include <cstdint>

#include "engines/compare/compare.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::compare;
  const std::string all(reinterpret_cast<const char*>(data), size);
  auto b = all;
  if (!b.empty()) b[b.size() / 2] ^= 1;
  Options options;
  options.workers = 1;
  options.limits.memory_bytes = 16 << 20;
  options.limits.decoded_bytes = 32 << 20;
  options.limits.depth = 4;
  for (const auto* name : {"x.gz", "x.lzma"}) (void)compare_bytes(all, b, name, name, options);
  return 0;
}
