// The first two bytes say where the notes end and the data begins.
#include "engines/coverage/readers.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const auto cut = std::min<std::size_t>(bytes[0] | bytes[1] << 8, text.size());
  (void)read_gcov_bytes(text.substr(0, cut), text.substr(cut), "f", {});
  return 0;
}
