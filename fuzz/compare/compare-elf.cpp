// ELF files, their DWARF and their code.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_elf, compare::compare_elf, "a.o");
  return 0;
}
