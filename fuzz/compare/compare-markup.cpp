// XML and HTML: the first byte chooses.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  if (size < 5) return 0;
  if (data[0] % 2 == 0)
    fuzz::split_and_compare(data + 1, size - 1, compare::matches_xml, compare::compare_xml, "a.xml");
  else
    fuzz::split_and_compare(data + 1, size - 1, compare::matches_html, compare::compare_html, "a.html");
  return 0;
}
