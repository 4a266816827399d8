#include "engines/coverage/readers.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto input = Input::memory("f", {reinterpret_cast<const char*>(bytes), size});
  auto report = read_lcov(input, {});
  if (report)
    for (auto& file : report->files) normalize(file, Instances::add);
  return 0;
}
