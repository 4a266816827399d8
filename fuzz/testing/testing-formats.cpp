// Everything the test runner reads that it did not write: lists, output streams, filters, records, timings.
#include "engines/testing/adapter.h"
#include "engines/testing/session.h"

using namespace chiron::testing;

namespace {

class Sink final : public TestSink {
 public:
  void started(std::string_view) override { ++running; }
  void finished(Status, Nanoseconds) override { --running; }
  void failure(std::string_view, std::string_view, std::uint32_t) override {}
  void output(std::string_view) override {}
  bool expects(std::string_view name) override { return !name.empty(); }
  unsigned allowed_failures() override { return 1; }
  int running = 0;
};

void read_output(OutputReader& reader, std::string_view text) {
  Sink sink;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    reader.line(text.substr(0, length), sink);
    text.remove_prefix(length);
  }
  // A test ends at most once for each start, and at most one runs.
  if (sink.running < 0) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Adapter* adapters[] = {&googletest_adapter(), &catch2_adapter(), &doctest_adapter(), &boost_test_adapter()};
  switch (data[0] % 8) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const Adapter& adapter = *adapters[data[0] % 4];
      (void)adapter.parse_list(text);
      read_output(*adapter.make_reader(), text);
      break;
    }
    case 4:
      (void)parse_ctest_list(text);
      break;
    case 5:
      (void)Filter::parse(text);
      break;
    case 6:
      (void)read_record(text);
      break;
    case 7:
      (void)parse_override(text);
      (void)parse_setup(text);
      (void)parse_group(text);
      break;
  }
  return 0;
}
