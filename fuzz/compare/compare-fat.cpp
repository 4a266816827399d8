// The FAT reader: a boot sector of 512-byte sectors is there.
#include "image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_view_literals;
  chiron::fuzz::compare_image(
      data, size, "x.img", 4 * 1024,
      {{0, "\xeb\x3c\x90"sv}, {11, "\0\2\1\1\0\1\x10\0"sv}, {21, "\xf8\1\0"sv}, {510, "\x55\xaa"sv}});
  return 0;
}
