// coverage.py's data file, as a file in memory; its statements are looked for in a source of a few lines.
#include <sys/mman.h>
#include <unistd.h>

#include "engines/coverage/readers.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const int descriptor = ::memfd_create("coverage", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, bytes, size, 0) != static_cast<ssize_t>(size)) return 0;
  ReaderOptions options;
  options.read_source = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return "import os\n\ndef f(x):\n    return [\n        x,\n    ]\n";
  };
  auto input = Input::open(path);
  if (!input) return 0;
  auto report = read_coveragepy_sqlite(*input, options);
  if (report)
    for (auto& file : report->files) normalize(file, Instances::add);
  return 0;
}
