// Zip, with and without a central directory: members, headers and what lies between.
#include "archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chiron::fuzz::compare_archive(data, size, "x.zip");
  return 0;
}
