// JSON, YAML and TOML by path: the first byte chooses.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  if (size < 5) return 0;
  switch (data[0] % 3) {
    case 0:
      fuzz::split_and_compare(data + 1, size - 1, compare::matches_json, compare::compare_json, "a.json");
      break;
    case 1:
      fuzz::split_and_compare(data + 1, size - 1, compare::matches_yaml, compare::compare_yaml, "a.yaml");
      break;
    default:
      fuzz::split_and_compare(data + 1, size - 1, compare::matches_toml, compare::compare_toml, "a.toml");
      break;
  }
  return 0;
}
