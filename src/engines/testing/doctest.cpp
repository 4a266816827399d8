// doctest: the XML list, --dt-test-case as the filter, the XML reporter's stream for the results. Options are given
// with their --dt- prefix, which works in programs that turned the short forms off too. Its random order shuffles
// all tests before it filters, so a subset keeps the order of the whole.
#include <unordered_map>

#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::testing {
namespace {

Result<std::vector<TestCase>> parse_list(std::string_view output) {
  if (output.find("<doctest") == std::string_view::npos) {
    return fail(ErrorKind::input, "testing.list", "the program did not print doctest's XML list");
  }
  std::vector<TestCase> tests;
  std::unordered_map<std::string, unsigned> seen;  // a name may be used again; the filter cannot tell them apart
  for (const std::string_view line : text::split_lines(output)) {
    const std::size_t at = line.find("<TestCase ");
    if (at == std::string_view::npos) continue;
    const std::string_view tag = line.substr(at);
    const auto name = xml_attribute(tag, "name");
    if (!name) continue;
    TestCase test;
    test.name = *name;
    if (const unsigned times = ++seen[*name]; times > 1) {
      const std::string suffix = format(" #{}", times);
      test.name += suffix;
      test.twin_suffix = static_cast<std::uint8_t>(suffix.size());
    }
    test.suite = xml_attribute(tag, "testsuite").value_or("");
    test.file = xml_attribute(tag, "filename").value_or("");
    test.line = static_cast<std::uint32_t>(text::parse_unsigned(xml_attribute(tag, "line").value_or("")).value_or(0));
    test.disabled = xml_attribute(tag, "skipped") == "true";
    tests.push_back(std::move(test));
    if (tests.size() > limits::kTests) return fail(ErrorKind::limit, "testing.list", "more tests than 2,000,000");
  }
  return tests;
}

// doctest matches with * and ?; what its option parser treats specially is matched by "?", any one character.
std::string pattern(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == ',' || c == '\\' || c == '"' || c == '*' ? '?' : c;
  return out;
}

Invocation invoke(const Program& program, std::span<const TestCase* const> tests, std::size_t all_count, Order order) {
  Invocation invocation;
  auto& arguments = invocation.arguments;
  arguments.push_back(program.path);
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  invocation.working_folder = program.working_folder;
  if (tests.size() != all_count) {
    // The option may be given once only, and its length is the kernel's limit of one argument.
    std::string filter = "--dt-test-case=";
    for (const auto* test : tests) filter += pattern(test->own_name()) + ",";
    filter.pop_back();
    arguments.push_back(filter);
  }
  arguments.insert(arguments.end(), {"--dt-reporters=xml", "--dt-duration=true", "--dt-case-sensitive=true"});
  if (order.kind == OrderKind::seeded) {
    arguments.emplace_back("--dt-order-by=rand");
    arguments.push_back(format("--dt-rand-seed={}", 1 + order.seed % 0x7FFFFFFE));
  }
  return invocation;
}

}  // namespace

const Adapter& doctest_adapter() {
  static const Adapter adapter{
      Framework::doctest,
      [](const Program&) { return std::vector<std::string>{"--dt-list-test-cases", "--dt-reporters=xml"}; },
      parse_list,
      invoke,
      make_xml_reader,
      {}};
  return adapter;
}

}  // namespace chiron::testing
