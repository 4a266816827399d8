// Normalising anything: what comes out must be normal, whatever went in.
#include "engines/compare/normalize/normalize.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::compare;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Budget::Limits limits;
  limits.memory_bytes = 16 << 20;
  limits.decoded_bytes = 32 << 20;
  limits.members = 10'000;
  for (const auto* name : {"x.tar", "x.pyc", "x.po"}) {
    Budget first(limits), second(limits);
    const auto once = normalize(bytes, name, {}, first);
    if (!once) continue;
    const auto twice = normalize(once->bytes, name, {}, second);
    if (!twice || twice->bytes != once->bytes) __builtin_trap();
  }
  return 0;
}
