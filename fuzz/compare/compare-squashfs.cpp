// The squashfs reader: the input as the image's bytes, behind a superblock that passes the sniff.
#include <cstdint>

#include "engines/compare/compare.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::compare;
  if (size < 96) return 0;
  std::string a(reinterpret_cast<const char*>(data), size);
  a.replace(0, 4, "hsqs");
  a[28] = 4, a[29] = a[30] = a[31] = 0;
  auto b = a;
  b.back() ^= 1;
  Options options;
  options.workers = 1;
  options.limits.memory_bytes = 16 << 20;
  options.limits.decoded_bytes = 32 << 20;
  options.limits.members = 10'000;
  (void)compare_bytes(a, b, "x.squashfs", "x.squashfs", options);
  return 0;
}
