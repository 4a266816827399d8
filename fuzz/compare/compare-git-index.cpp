// The git index.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_git_index, compare::compare_git_index, "index");
  return 0;
}
