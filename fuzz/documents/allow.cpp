// Allow comments and the baseline on arbitrary bytes.
#include "core/baseline.h"
#include "core/suppression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)chiron::find_allows(text, "a.c");
  (void)chiron::find_allows(text, "a.md");
  (void)chiron::parse_baseline(text, "b.json");
  return 0;
}
