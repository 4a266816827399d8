// The ISO 9660 reader, with Rock Ridge and Joliet: a primary descriptor is there.
#include "image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_view_literals;
  chiron::fuzz::compare_image(data, size, "x.iso", 40 * 1024,
                              {{0x8000, "\1CD001\1"sv},
                               {0x8080, "\0\x08"sv},
                               {0x9000,
                                "\xff"
                                "CD001\1"sv}});
  return 0;
}
