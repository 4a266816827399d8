// WebAssembly modules.
#include "pair.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chiron;
  fuzz::split_and_compare(data, size, compare::matches_wasm, compare::compare_wasm, "a.wasm");
  return 0;
}
