// Message catalogues of gettext.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_message_catalog, compare::compare_message_catalog, "a.mo");
  return 0;
}
