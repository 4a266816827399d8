// Every input reader on any bytes: the first byte chooses the format.
#include "engines/policy/inputs/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0) return 0;
  using namespace chiron;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const auto names = policy::input_format_names();
  const auto format = policy::parse_input_format(names[bytes[0] % names.size()]);
  if (!format) return 0;
  const auto value = policy::parse_input(*format, text);
  if (!value) return 0;
  doc::TreeBuilder copy;
  if (!policy::feed(*value, copy)) __builtin_trap();
  return 0;
}
