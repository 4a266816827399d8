// CTest: the list by --show-only=json-v1 with its properties, and CTest's way to judge a command that ended.
#include <re2/re2.h>
#include <sys/stat.h>

#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::testing {
namespace {

std::vector<std::string> strings(const doc::Value& value) {
  std::vector<std::string> result;
  if (value.is_string()) result.push_back(value.as_string());
  if (value.is_array()) {
    for (const auto& item : value.items()) {
      if (item.is_string() || item.is_number()) result.push_back(item.as_string());
      // RESOURCE_GROUPS and others hold objects; names are all that is taken here.
    }
  }
  return result;
}

std::string lookup(const Environment& environment, std::string_view name) {
  for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry) {
    if (entry->first == name) return entry->second;
  }
  const char* value = std::getenv(std::string(name).c_str());
  return value ? value : "";
}

// NAME=operation:value, as ENVIRONMENT_MODIFICATION has it; false for an operation CTest does not know either.
bool modify(Environment& environment, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string name(text.substr(0, equals));
  const std::string_view rest = text.substr(equals + 1);
  const std::size_t colon = rest.find(':');
  const std::string_view operation = rest.substr(0, colon);
  const std::string value(colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1));
  const std::string before = lookup(environment, name);
  const auto joined = [&](char separator, bool at_end) {
    if (before.empty()) return value;
    return at_end ? before + separator + value : value + separator + before;
  };
  std::string after;
  if (operation == "set")
    after = value;
  else if (operation == "unset")
    after = "";
  else if (operation == "string_append")
    after = before + value;
  else if (operation == "string_prepend")
    after = value + before;
  else if (operation == "path_list_append")
    after = joined(':', true);
  else if (operation == "path_list_prepend")
    after = joined(':', false);
  else if (operation == "cmake_list_append")
    after = joined(';', true);
  else if (operation == "cmake_list_prepend")
    after = joined(';', false);
  else if (operation == "reset") {
    std::erase_if(environment, [&](const auto& entry) { return entry.first == name; });
    return true;
  } else {
    return false;
  }
  environment.emplace_back(name, after);
  return true;
}

void take_property(CtestDetails& details, TestCase& test, std::string_view name, const doc::Value& value,
                   std::vector<std::string>& modifications) {
  const auto truth = [&] {
    return value.is_boolean() ? value.as_boolean() : value.is_string() && value.as_string() == "ON";
  };
  if (name == "WORKING_DIRECTORY" && value.is_string())
    details.working_folder = value.as_string();
  else if (name == "ENVIRONMENT") {
    for (const auto& entry : strings(value)) {
      const std::size_t equals = entry.find('=');
      if (equals != std::string::npos)
        details.environment.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    }
  } else if (name == "ENVIRONMENT_MODIFICATION")
    modifications = strings(value);
  else if (name == "PASS_REGULAR_EXPRESSION")
    details.pass_patterns = strings(value);
  else if (name == "FAIL_REGULAR_EXPRESSION")
    details.fail_patterns = strings(value);
  else if (name == "SKIP_REGULAR_EXPRESSION")
    details.skip_patterns = strings(value);
  else if (name == "RESOURCE_LOCK")
    details.resource_locks = strings(value);
  else if (name == "FIXTURES_SETUP")
    details.fixtures_setup = strings(value);
  else if (name == "FIXTURES_CLEANUP")
    details.fixtures_cleanup = strings(value);
  else if (name == "FIXTURES_REQUIRED")
    details.fixtures_required = strings(value);
  else if (name == "DEPENDS")
    details.depends = strings(value);
  else if (name == "LABELS")
    details.labels = strings(value);
  else if (name == "REQUIRED_FILES")
    details.required_files = strings(value);
  else if (name == "RUN_SERIAL")
    details.run_serial = truth();
  else if (name == "WILL_FAIL")
    details.will_fail = truth();
  else if (name == "DISABLED")
    test.disabled = truth();
  else if (value.is_number()) {
    const double number = value.as_double();
    if (name == "TIMEOUT" && number > 0 && number < 1e7)
      details.timeout = Milliseconds(static_cast<std::int64_t>(number * 1000));
    if (name == "PROCESSORS" && number >= 1 && number < 1e6) details.processors = static_cast<unsigned>(number);
    if (name == "SKIP_RETURN_CODE" && number >= 0 && number < 256) details.skip_code = static_cast<int>(number);
  }
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view text, std::string& which, bool& broken) {
  for (const auto& pattern : patterns) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);  // CMake's "." takes line ends too, and ^ $ hold at the ends of the whole output
    options.set_encoding(RE2::Options::EncodingLatin1);
    const RE2 expression(pattern, options);
    if (!expression.ok()) {
      which = pattern;
      broken = true;
      return false;
    }
    if (RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression)) {
      which = pattern;
      return true;
    }
  }
  return false;
}

// CTest matches against the lines it read, each with its end: also the last, and without carriage returns before it.
std::string by_lines(std::string_view said) {
  std::string out;
  out.reserve(said.size() + 1);
  for (const char c : said) {
    if (c == '\n' || c == '\0') {
      while (!out.empty() && out.back() == '\r') out.pop_back();
      out += '\n';
    } else {
      out += c;
    }
  }
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out;
}

}  // namespace

Result<std::vector<TestCase>> parse_ctest_list(std::string_view json) {
  const doc::Value root = TRY(doc::parse_json(json));
  const doc::Value* list = root.find("tests");
  if (root.string_or("kind", "") != "ctestInfo" || !list || !list->is_array()) {
    return fail(ErrorKind::input, "testing.list",
                "ctest --show-only=json-v1 did not print a ctestInfo object with tests");
  }
  if (list->items().size() > limits::kTests) return fail(ErrorKind::limit, "testing.list", "more tests than 2,000,000");
  // Where a test was declared, from the backtrace graph.
  const doc::Value* graph = root.find("backtraceGraph");
  const doc::Value* nodes = graph ? graph->find("nodes") : nullptr;
  const doc::Value* files = graph ? graph->find("files") : nullptr;
  std::vector<TestCase> tests;
  for (const auto& item : list->items()) {
    TestCase test;
    auto details = std::make_shared<CtestDetails>();
    test.name = item.string_or("name", "");
    if (test.name.empty()) continue;
    if (const auto* command = item.find("command")) details->command = strings(*command);
    std::vector<std::string> modifications;
    if (const auto* properties = item.find("properties"); properties && properties->is_array()) {
      for (const auto& property : properties->items()) {
        if (const auto* value = property.find("value")) {
          take_property(*details, test, property.string_or("name", ""), *value, modifications);
        }
      }
    }
    for (const auto& change : modifications) {
      if (!modify(details->environment, change)) {
        return fail(ErrorKind::input, "testing.list",
                    format("test {}: ENVIRONMENT_MODIFICATION \"{}\" is not understood", test.name, change));
      }
    }
    const auto node_index = item.integer_or("backtrace", -1);
    if (nodes && files && nodes->is_array() && files->is_array() && node_index >= 0 &&
        static_cast<std::size_t>(node_index) < nodes->items().size()) {
      const auto& node = nodes->items()[static_cast<std::size_t>(node_index)];
      const auto file_index = node.integer_or("file", -1);
      if (file_index >= 0 && static_cast<std::size_t>(file_index) < files->items().size() &&
          files->items()[static_cast<std::size_t>(file_index)].is_string()) {
        test.file = files->items()[static_cast<std::size_t>(file_index)].as_string();
        test.line = static_cast<std::uint32_t>(node.integer_or("line", 0));
      }
    }
    test.ctest = std::move(details);
    tests.push_back(std::move(test));
  }
  return tests;
}

CtestJudgement judge_ctest(const CtestDetails& details, int exit_code, int signal, bool timed_out,
                           std::string_view said) {
  if (timed_out) return {Status::timed_out, "timed out"};
  const std::string output = by_lines(said);
  std::string which;
  bool broken = false;
  bool force_fail = false;
  std::string why;
  if (!details.pass_patterns.empty() && !any_matches(details.pass_patterns, output, which, broken)) {
    force_fail = true;
    why = "no PASS_REGULAR_EXPRESSION matches the output";
  }
  if (!broken && any_matches(details.fail_patterns, output, which, broken)) {
    force_fail = true;
    why = format("FAIL_REGULAR_EXPRESSION \"{}\" matches the output", which);
  }
  const bool force_skip = !broken && any_matches(details.skip_patterns, output, which, broken);
  if (broken) return {Status::failed, format("the regular expression \"{}\" cannot be read", which)};
  if (signal != 0) return {Status::crashed, format("ended by signal {}", signal)};
  if (force_skip || (details.skip_code >= 0 && exit_code == details.skip_code)) return {Status::skipped, {}};
  const bool success = !force_fail && (exit_code == 0 || !details.pass_patterns.empty());
  if (success != details.will_fail) return {Status::passed, {}};
  if (details.will_fail) return {Status::failed, "WILL_FAIL is set, but the test passed"};
  if (why.empty()) why = format("ended with exit code {}", exit_code);
  return {Status::failed, why};
}

}  // namespace chiron::testing
