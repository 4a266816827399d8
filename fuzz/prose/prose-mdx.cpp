// MDX of any bytes: blocks whose places lie inside of the source.
#include "blocks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return chiron::fuzz::read_blocks(data, size, chiron::prose::read_mdx);
}
