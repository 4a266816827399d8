// The RPM reader: the lead and the magic number of the first header are there.
#include "image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_view_literals;
  chiron::fuzz::compare_image(data, size, "x.rpm", 160, {{0, "\xed\xab\xee\xdb"sv}, {96, "\x8e\xad\xe8\1"sv}});
  return 0;
}
