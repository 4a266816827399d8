// Catch2, versions 2 and 3: names by --list-test-names-only (2) or the XML list (3), quoted names as the filter,
// the XML reporter's stream for the results. Its random order hashes names with the seed (2.13 and later), so a
// subset keeps the order of the whole.
#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::testing {
namespace {

bool is_version_3(const Program& program) {
  auto file = io::MappedFile::open(program.path);
  if (!file) return false;
  // Version 3 dropped this option and with it the text.
  return file->bytes().find("list-test-names-only") == std::string_view::npos;
}

Result<std::vector<TestCase>> parse_xml_list(std::string_view output) {
  std::vector<TestCase> tests;
  const auto text_of = [](std::string_view block, std::string_view element) -> std::optional<std::string> {
    const std::string open = format("<{}>", element), close = format("</{}>", element);
    const std::size_t begin = block.find(open);
    const std::size_t end = block.find(close);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
    return decode_xml(text::trim(block.substr(begin + open.size(), end - begin - open.size())));
  };
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = output.find("<TestCase>", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = output.find("</TestCase>", begin);
    if (end == std::string_view::npos)
      return fail(ErrorKind::input, "testing.list", "the XML list of Catch2 is cut short");
    const std::string_view block = output.substr(begin, end - begin);
    at = end + 11;
    auto name = text_of(block, "Name");
    if (!name) continue;
    TestCase test;
    test.name = *name;
    test.file = text_of(block, "File").value_or("");
    test.line = static_cast<std::uint32_t>(text::parse_unsigned(text_of(block, "Line").value_or("")).value_or(0));
    tests.push_back(std::move(test));
  }
  return tests;
}

Result<std::vector<TestCase>> parse_list(std::string_view output) {
  if (output.find("<?xml") != std::string_view::npos) return parse_xml_list(output);
  std::vector<TestCase> tests;
  for (std::string_view line : text::split_lines(output)) {
    TestCase test;
    // "name<TAB>@file:line"
    const std::size_t tab = line.rfind("\t@");
    if (tab != std::string_view::npos) {
      const std::string_view place = line.substr(tab + 2);
      const std::size_t colon = place.rfind(':');
      if (colon != std::string_view::npos) {
        test.file = place.substr(0, colon);
        test.line = static_cast<std::uint32_t>(text::parse_unsigned(place.substr(colon + 1)).value_or(0));
      }
      line = line.substr(0, tab);
    }
    if (line.empty()) continue;
    // Names that begin with # are printed in quotes.
    if (line.size() > 2 && line.starts_with("\"#") && line.back() == '"') line = line.substr(1, line.size() - 2);
    test.name = line;
    tests.push_back(std::move(test));
    if (tests.size() > limits::kTests) return fail(ErrorKind::limit, "testing.list", "more tests than 2,000,000");
  }
  return tests;
}

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '\\' || c == ',' || c == '[' || c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

Invocation invoke(const Program& program, std::span<const TestCase* const> tests, std::size_t, Order order) {
  Invocation invocation;
  auto& arguments = invocation.arguments;
  arguments.push_back(program.path);
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  invocation.working_folder = program.working_folder;
  std::string filter;
  for (const auto* test : tests) filter += quote_name(test->name) + ",";
  if (!filter.empty()) filter.pop_back();
  if (filter.size() > limits::kArgumentBytes) {
    for (const auto* test : tests) invocation.file_content += quote_name(test->name) + "\n";
    arguments.insert(arguments.end(), {"--input-file", std::string(kFilePlaceholder)});
  } else {
    arguments.push_back(filter);
  }
  arguments.insert(arguments.end(), {"--reporter", "xml", "--durations", "yes"});
  if (order.kind == OrderKind::seeded) {
    arguments.insert(arguments.end(), {"--order", "rand", "--rng-seed", format("{}", 1 + order.seed % 0x7FFFFFFF)});
  } else {
    arguments.insert(arguments.end(), {"--order", "decl"});
  }
  return invocation;
}

std::vector<std::string> list_arguments(const Program& program) {
  if (is_version_3(program)) return {"--list-tests", "--reporter", "xml"};
  return {"--list-test-names-only", "--verbosity", "high"};
}

}  // namespace

const Adapter& catch2_adapter() {
  static const Adapter adapter{Framework::catch2, list_arguments, parse_list, invoke, make_xml_reader, {}};
  return adapter;
}

}  // namespace chiron::testing
