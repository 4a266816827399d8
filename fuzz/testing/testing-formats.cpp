// Everything the test runner reads that it did not write: lists, output streams, filters, records, timings.
#include "engines/testing/adapter.h"
#include "engines/testing/line_changes.h"
#include "engines/testing/session.h"

using namespace chiron::testing;

namespace {

class Sink final : public TestSink {
 public:
  void started(std::string_view, std::uint32_t) override { ++running; }
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

// A name escaped as a pattern selects that name.
void check_escape(std::string_view name) {
  if (name.size() > 1000) return;
  const auto filter = Filter::parse("name(=" + escape_pattern(name) + ")");
  if (!filter) __builtin_trap();
  std::vector<Program> programs(1);
  FilterContext context;
  context.programs = &programs;
  TestCase test;
  test.name = name;
  if (!filter->matches(test, context)) __builtin_trap();
}

void check_tap(std::string_view text) {
  TapReader reader;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    reader.line(text.substr(at, end - at));
    at = end;
  }
  const auto judgement = reader.judge(text.empty() ? 0 : text.back() & 1, 0);
  const auto points = reader.take_points();
  const bool any_failed =
      std::any_of(points.begin(), points.end(), [](const TapPoint& point) { return point.status == Status::failed; });
  if (any_failed && judgement.status != Status::failed) __builtin_trap();
}

// The changes, applied to the first text, give the second.
void check_changes(std::string_view text) {
  const std::size_t middle = text.find('\0');
  if (middle == std::string_view::npos) return;
  const auto before = hash_lines(text.substr(0, middle)), after = hash_lines(text.substr(middle + 1));
  std::vector<std::uint32_t> made;
  std::size_t at = 0;
  for (const auto& change : changed_lines(before, after)) {
    while (at + 1 < change.first) made.push_back(before.at(at++));
    for (auto line = change.new_first; line <= change.new_last; ++line) made.push_back(after.at(line - 1));
    at = change.last;
  }
  while (at < before.size()) made.push_back(before[at++]);
  if (made != after) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Adapter* adapters[] = {&googletest_adapter(), &catch2_adapter(), &doctest_adapter(), &boost_test_adapter()};
  switch (data[0] % 10) {
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
      check_escape(text);
      break;
    case 6:
      (void)read_record(text);
      break;
    case 7:
      (void)parse_override(text);
      (void)parse_setup(text);
      (void)parse_group(text);
      break;
    case 8:
      check_tap(text);
      break;
    case 9:
      check_changes(text);
      break;
  }
  return 0;
}
