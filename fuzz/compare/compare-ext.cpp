// The ext2/3/4 reader: the superblock's magic number, revision and block size are there.
#include "image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_view_literals;
  chiron::fuzz::compare_image(data, size, "x.ext4", 8 * 1024,
                              {{1080, "\x53\xef"sv}, {1044, "\1\0\0\0\0\0\0\0"sv}, {1100, "\1\0\0\0"sv}});
  return 0;
}
