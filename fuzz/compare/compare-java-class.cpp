// Java class files.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_java_class, compare::compare_java_class, "A.class");
  return 0;
}
