// SQLite databases, read by the library under the limits that are set for it.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_sqlite, compare::compare_sqlite, "a.db");
  return 0;
}
