// GoogleTest: --gtest_list_tests, --gtest_filter, and its [ RUN ] / [ OK ] lines, which it flushes one by one.
//
// A filter does not change the order, and --gtest_shuffle with one seed orders a subset as it orders the whole:
// that is what makes a failing order reproducible and bisectable.
#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

Result<std::vector<TestCase>> parse_list(std::string_view output) {
  std::vector<TestCase> tests;
  std::string suite;
  for (std::string_view line : text::split_lines(output)) {
    if (const auto comment = line.find("  # "); comment != std::string_view::npos) line = line.substr(0, comment);
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ') {
      if (suite.empty()) continue;
      TestCase test;
      test.suite = suite;
      test.name = format("{}.{}", suite, line.substr(2));
      test.disabled = suite.starts_with("DISABLED_") || suite.find("/DISABLED_") != std::string::npos ||
                      line.substr(2).starts_with("DISABLED_") || line.find("/DISABLED_") != std::string_view::npos;
      tests.push_back(std::move(test));
      if (tests.size() > limits::kTests) return fail(ErrorKind::limit, "testing.list", "more tests than 2,000,000");
    } else if (line.back() == '.' && line.find(' ') == std::string_view::npos) {
      suite = line.substr(0, line.size() - 1);
    } else {
      suite.clear();  // "Running main() from …" and other talk of the program's own main
    }
  }
  return tests;
}

Invocation invoke(const Program& program, std::span<const TestCase* const> tests, std::size_t all_count, Order order) {
  Invocation invocation;
  invocation.arguments.push_back(program.path);
  invocation.arguments.insert(invocation.arguments.end(), program.arguments.begin(), program.arguments.end());
  invocation.working_folder = program.working_folder;
  std::string filter;
  if (tests.size() != all_count) {
    for (const auto* test : tests) {
      if (!filter.empty()) filter += ':';
      filter += test->name;
    }
  } else {
    filter = "*";
  }
  if (filter.size() > limits::kArgumentBytes) {
    invocation.file_content = "--gtest_filter=" + filter + "\n";
    invocation.arguments.push_back("--gtest_flagfile=" + std::string(kFilePlaceholder));
  } else {
    invocation.arguments.push_back("--gtest_filter=" + filter);
  }
  if (order.kind == OrderKind::seeded) {
    invocation.arguments.emplace_back("--gtest_shuffle");
    invocation.arguments.push_back(format("--gtest_random_seed={}", 1 + order.seed % 99999));
  }
  // By environment, because a program with an older GoogleTest refuses flags that it does not know.
  invocation.environment = {
      {"GTEST_COLOR", "no"}, {"GTEST_BRIEF", "0"}, {"GTEST_PRINT_TIME", "1"}, {"GTEST_REPEAT", "1"}};
  return invocation;
}

class Reader final : public OutputReader {
 public:
  void line(std::string_view text, TestSink& sink) override {
    const std::size_t bracket = text.find('[');
    if (bracket != std::string_view::npos) {
      if (marker(text, bracket, sink)) return;
    }
    sink.output(text);
    if (!running_.empty()) look_for_failure(text, sink);
  }

 private:
  // A test may print without ending its line, so a marker can stand anywhere in it.
  bool marker(std::string_view text, std::size_t from, TestSink& sink) {
    for (std::size_t at = from; at != std::string_view::npos; at = text.find('[', at + 1)) {
      const std::string_view rest = text.substr(at);
      if (running_.empty()) {
        if (!rest.starts_with("[ RUN      ] ")) continue;
        const std::string_view name = trim_end(rest.substr(13));
        if (!sink.expects(name)) continue;
        if (at > 0) sink.output(text.substr(0, at));
        running_ = name;
        sink.started(name);
        return true;
      }
      Status status = Status::lost;
      if (rest.starts_with("[       OK ] ")) {
        status = Status::passed;
      } else if (rest.starts_with("[  FAILED  ] ")) {
        status = Status::failed;
      } else if (rest.starts_with("[  SKIPPED ] ")) {
        status = Status::skipped;
      } else {
        continue;
      }
      const std::string_view after = rest.substr(13);
      if (!after.starts_with(running_)) continue;
      const std::string_view tail = after.substr(running_.size());
      if (!tail.starts_with(" (") && !tail.starts_with(", where ")) continue;
      if (at > 0) sink.output(text.substr(0, at));
      Nanoseconds duration{0};
      const std::size_t open = tail.rfind('(');
      const std::size_t close = tail.rfind(" ms)");
      if (open != std::string_view::npos && close != std::string_view::npos && close > open) {
        if (const auto ms = text::parse_unsigned(tail.substr(open + 1, close - open - 1))) {
          duration = Milliseconds(*ms < 1'000'000'000 ? *ms : 0);
        }
      }
      running_.clear();
      sink.finished(status, duration);
      return true;
    }
    return false;
  }

  static std::string_view trim_end(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    return text;
  }

  // "path:12: Failure", then what was expected on the lines that follow.
  void look_for_failure(std::string_view text, TestSink& sink) {
    const std::string_view line = trim_end(text);
    if (!line.ends_with(": Failure") && !line.ends_with(": Skipped")) return;
    const std::string_view place = line.substr(0, line.size() - 9);
    const std::size_t colon = place.rfind(':');
    if (colon == std::string_view::npos) return;
    const auto number = text::parse_unsigned(place.substr(colon + 1));
    if (number) sink.failure(line, place.substr(0, colon), static_cast<std::uint32_t>(*number));
  }

  std::string running_;
};

}  // namespace

const Adapter& googletest_adapter() {
  static const Adapter adapter{Framework::googletest,
                               [](const Program&) { return std::vector<std::string>{"--gtest_list_tests"}; },
                               parse_list,
                               invoke,
                               []() -> std::unique_ptr<OutputReader> { return std::make_unique<Reader>(); },
                               {{"GTEST_FILTER", "*"}, {"GTEST_COLOR", "no"}}};
  return adapter;
}

}  // namespace chiron::testing
