// The Rego parser on anything: it ends, and what it accepts can be printed.
#include <cstdint>

#include "engines/policy/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron::policy;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const RegoVersion version : {RegoVersion::v0, RegoVersion::v1}) {
    ParseOptions options;
    options.version = version;
    if (auto module = parse_module("f.rego", text, options))
      (void)module_outline(**module);
    else
      (void)to_string(module.error());
  }
  return 0;
}
