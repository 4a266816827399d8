// gcov, llvm-cov and coverage.py JSON by content, compressed or not; and the Python statements of the same bytes.
#include "engines/coverage/python_lines.h"
#include "engines/coverage/readers.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const auto reader : {read_gcov_json, read_llvm_json, read_coveragepy_json}) {
    auto input = Input::memory("f", text);
    auto report = reader(input, {});
    if (report)
      for (auto& file : report->files) normalize(file, Instances::add);
  }
  (void)find_python_lines(text);
  return 0;
}
