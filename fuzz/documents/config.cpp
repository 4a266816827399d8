// chiron.toml on arbitrary bytes, against the real operations.
#include "core/config.h"

#include "operations/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto registry = chiron::make_registry();
  (void)chiron::parse_config({reinterpret_cast<const char*>(data), size}, "chiron.toml", registry);
  return 0;
}
