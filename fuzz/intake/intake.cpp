// Every form of other programs' reports on arbitrary bytes; the first byte chooses the form.
#include "engines/intake/intake.h"

using namespace chiron;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto form = static_cast<intake::Form>(data[0] % 5);
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  (void)intake::read(form, text, {"gate", "/w", "/w", "input", Level::warning});
  (void)intake::detect_form(text);
  return 0;
}
