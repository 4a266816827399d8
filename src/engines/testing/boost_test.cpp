// Boost.Test: the tree by --list_content=DOT, --run_test with paths, and the human-readable log at level test_suite,
// whose "Entering test case" lines are flushed one by one.
#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

// tu65536[shape=…,color=green,label="a|bt.cpp(8)|expected failures=1"];
// tu2 -> tu65536;
// Suites have ids below 65536; yellow means disabled.
Result<std::vector<TestCase>> parse_list(std::string_view output) {
  if (output.find("digraph") == std::string_view::npos) {
    return fail(ErrorKind::input, "testing.list", "the program did not print Boost.Test's DOT list");
  }
  std::vector<TestCase> tests;
  std::unordered_map<std::uint64_t, std::string> suites;  // id to path, "" for the root
  struct Pending {
    std::uint64_t id = 0;
    TestCase test;
    std::string label;
  } pending;
  for (std::string_view line : text::split_lines(output)) {
    line = text::trim(line);
    if (line.starts_with("digraph")) continue;
    if (!line.starts_with("tu")) continue;
    const std::size_t bracket = line.find("[shape=");
    if (bracket != std::string_view::npos) {
      pending = Pending();
      pending.id = text::parse_unsigned(line.substr(2, bracket - 2)).value_or(0);
      const std::size_t begin = line.find("label=\"");
      const std::size_t end = line.rfind("\"]");
      if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + 7) continue;
      const auto parts = text::split(line.substr(begin + 7, end - begin - 7), '|');
      pending.label = parts[0];
      pending.test.disabled = line.find("color=yellow") != std::string_view::npos;
      for (std::size_t i = 1; i < parts.size(); ++i) {
        if (parts[i].starts_with("expected failures=")) {
          pending.test.allowed_failures =
              static_cast<std::uint16_t>(text::parse_unsigned(parts[i].substr(18)).value_or(0));
        } else if (const std::size_t paren = parts[i].rfind('('); paren != std::string_view::npos && i == 1) {
          pending.test.file = parts[i].substr(0, paren);
          pending.test.line = static_cast<std::uint32_t>(
              text::parse_unsigned(parts[i].substr(paren + 1, parts[i].size() - paren - 2)).value_or(0));
        }
      }
      if (suites.empty()) suites.emplace(pending.id, "");
      continue;
    }
    const std::size_t arrow = line.find(" -> tu");
    if (arrow == std::string_view::npos) continue;
    const auto parent = text::parse_unsigned(line.substr(2, arrow - 2));
    const auto parent_path = suites.find(parent.value_or(0));
    if (parent_path == suites.end()) continue;
    const std::string path = parent_path->second.empty() ? pending.label : parent_path->second + "/" + pending.label;
    if (pending.id < 65536) {
      suites.emplace(pending.id, path);
    } else {
      pending.test.name = path;
      pending.test.suite = parent_path->second;
      tests.push_back(std::move(pending.test));
      if (tests.size() > limits::kTests) return fail(ErrorKind::limit, "testing.list", "more tests than 2,000,000");
    }
  }
  return tests;
}

// A path as --run_test takes it. The option splits at ":", "," and has no escape: a name that holds such a character
// (template arguments) is matched by what stands before it; the reader believes only names that were asked for.
std::string pattern(std::string_view name) {
  const std::size_t special = name.find_first_of(":,*!@ ");
  return special == std::string_view::npos ? std::string(name) : std::string(name.substr(0, special)) + "*";
}

Invocation invoke(const Program& program, std::span<const TestCase* const> tests, std::size_t all_count, Order order) {
  Invocation invocation;
  auto& arguments = invocation.arguments;
  arguments.push_back(program.path);
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  invocation.working_folder = program.working_folder;
  if (tests.size() != all_count) {
    std::string filter;
    for (const auto* test : tests) {
      if (!filter.empty()) filter += ':';
      filter += pattern(test->name);
      if (filter.size() > limits::kArgumentBytes) {
        arguments.push_back("--run_test=" + filter);
        filter.clear();
      }
    }
    if (!filter.empty()) arguments.push_back("--run_test=" + filter);
  }
  arguments.insert(arguments.end(), {"--log_format=HRF", "--log_level=test_suite", "--log_sink=stdout",
                                     "--report_level=no", "--color_output=no"});
  // 0 means definition order and 1 a seed from the clock.
  arguments.push_back(order.kind == OrderKind::seeded ? format("--random={}", 2 + order.seed % 0x7FFFFFF0)
                                                      : "--random=0");
  return invocation;
}

class Reader final : public OutputReader {
 public:
  void line(std::string_view text, TestSink& sink) override {
    if (const auto name = after(text, "Entering test suite \"")) {
      suites_.emplace_back(*name);
      return;
    }
    if (const auto name = after(text, "Leaving test suite \"")) {
      if (!suites_.empty()) suites_.pop_back();
      return;
    }
    if (const auto name = after(text, "Entering test case \"")) {
      std::string path;
      for (const auto& suite : suites_) path += suite + "/";
      path += *name;
      if (!sink.expects(path)) return;
      running_ = true;
      failures_ = 0;
      sink.started(path);
      return;
    }
    if (const auto name = after(text, "Leaving test case \"")) {
      if (!running_) return;
      running_ = false;
      Nanoseconds duration{0};
      const std::size_t time = text.rfind("testing time: ");
      if (time != std::string_view::npos) {
        std::string_view value = text::trim(text.substr(time + 14));
        const bool micro = value.ends_with("us");
        if (micro || value.ends_with("ms")) value.remove_suffix(2);
        if (const auto number = text::parse_unsigned(value); number && *number < 1'000'000'000'000u) {
          duration = micro ? Nanoseconds(*number * 1000) : Nanoseconds(*number * 1'000'000);
        }
      }
      sink.finished(failures_ > sink.allowed_failures() ? Status::failed : Status::passed, duration);
      return;
    }
    if (const auto name = after(text, "Test case \"");
        name && text.find("\" is skipped because ") != std::string_view::npos) {
      if (!running_ && text.find("is skipped because disabled") == std::string_view::npos && sink.expects(*name)) {
        sink.started(*name);
        sink.output(text);
        sink.finished(Status::skipped, Nanoseconds{0});
      }
      return;
    }
    sink.output(text);
    if (running_) look_for_failure(text, sink);
  }

 private:
  // The name between `marker` and the last quote that ends it.
  static std::optional<std::string_view> after(std::string_view text, std::string_view marker) {
    const std::size_t at = text.find(marker);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + marker.size());
    std::size_t end = rest.find("\"; testing time");
    if (end == std::string_view::npos) end = rest.find("\" is skipped because ");
    if (end == std::string_view::npos) end = rest.rfind('"');
    if (end == std::string_view::npos) return {};
    return rest.substr(0, end);
  }

  void look_for_failure(std::string_view text, TestSink& sink) {
    std::size_t at = text.find("): error: in \"");
    if (at == std::string_view::npos) at = text.find("): fatal error: in \"");
    if (at == std::string_view::npos) return;
    ++failures_;
    if (text.find("): fatal error", at) == at) failures_ += sink.allowed_failures();
    const std::size_t open = text.substr(0, at).rfind('(');
    if (open == std::string_view::npos) return;
    const auto number = text::parse_unsigned(text.substr(open + 1, at - open - 1));
    const std::string_view file = text.substr(0, open);
    sink.failure(text::trim(text.substr(at + 3)), file == "unknown location" ? std::string_view() : file,
                 static_cast<std::uint32_t>(number.value_or(0)));
  }

  std::vector<std::string> suites_;
  unsigned failures_ = 0;
  bool running_ = false;
};

}  // namespace

const Adapter& boost_test_adapter() {
  static const Adapter adapter{
      Framework::boost_test,
      [](const Program&) { return std::vector<std::string>{"--list_content=DOT", "--color_output=no"}; },
      parse_list,
      invoke,
      []() -> std::unique_ptr<OutputReader> { return std::make_unique<Reader>(); },
      {}};
  return adapter;
}

}  // namespace chiron::testing
