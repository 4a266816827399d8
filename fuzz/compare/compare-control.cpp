// Debian's control files.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_control, compare::compare_control, "a.dsc");
  return 0;
}
