// The yaml reader on arbitrary bytes: an error or a value whose spans lie in the text, never a crash.
#include "foundation/doc/yaml.h"

#include "spans.h"

using namespace chiron;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto value = doc::parse_yaml(text)) check_spans(*value, size);
  return 0;
}
