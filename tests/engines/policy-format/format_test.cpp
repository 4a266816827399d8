// The formatter: what single constructs come to, and on every policy of the shared suites that formatting keeps the
// meaning and the comments and is settled after one time.
#include "engines/policy/format/format.h"

#include <doctest/doctest.h>

#include "engines/policy/report.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"
#include "support/support.h"

using namespace chiron;
using namespace chiron::policy;

namespace {

std::string formatted(std::string text, FormatOptions options = {}) {
  const auto result = format_policy("p.rego", "package p\n\n" + text, options);
  if (!result) return to_string(result.error());
  return result->starts_with("package p\n\n") ? result->substr(11) : *result;
}

std::unique_ptr<ast::Module> parsed(const std::string& text, RegoVersion version) {
  ParseOptions options;
  options.version = version;
  options.annotations = false;
  options.logic_keywords = true;
  auto module = parse_module("p.rego", text, options);
  return module ? std::move(*module) : nullptr;
}

// The rules as lines, without imports (they are sorted) and comments (they are counted).
std::string rules_of(const ast::Module& module) {
  std::string text = module_outline(module);
  const std::size_t begin = text.find("\n rule");
  return begin == std::string::npos ? std::string() : text.substr(begin);
}

// What a set or an object holds twice it holds once afterwards: the formatter's own cases have that, and their text is
// `pinned` by the suite. Empty where formatting `text` keeps its meaning and is settled.
std::string judge(const std::string& text, RegoVersion version, bool pinned) {
  const auto before = parsed(text, version);
  if (before == nullptr) return {};
  FormatOptions options;
  options.read_as = version;
  options.target = version == RegoVersion::v1 ? FormatTarget::v1 : FormatTarget::v0;
  auto once = format_policy("p.rego", text, options);
  if (!once) return {};  // v1 forbids it, or a call has too few arguments for its operator
  const auto after = parsed(*once, version);
  if (after == nullptr) return "does not parse: " + *once;
  if (after->comments.size() != before->comments.size()) return "comments are lost: " + *once;
  const bool repeats = text.find("$\"") != std::string::npos || text.find("$`") != std::string::npos;
  if (!repeats && !pinned && rules_of(*before) != rules_of(*after)) return "another meaning: " + *once;
  // p["x"] = true { … } of v0 gets `if` the first time, and loses the value that `if` implies the second.
  const auto twice = format_policy("p.rego", *once, options);
  if (!twice) return "not twice: " + to_string(twice.error());
  const auto thrice = format_policy("p.rego", *twice, options);
  return thrice && *thrice == *twice ? std::string() : "not settled: " + *once + "----\n" + *twice;
}

}  // namespace

TEST_CASE("what stands on lines of its own stays there") {
  CHECK(formatted("p if {x:=[1,2]\n}") == "p if x := [1, 2]\n");
  CHECK(formatted("p if {\nx:=[1,2]\n}") == "p if {\n\tx := [1, 2]\n}\n");
  CHECK(formatted("x := [1,\n2,3]") == "x := [\n\t1,\n\t2, 3,\n]\n");
  CHECK(formatted("x := [\n1]") == "x := [\n\t1,\n]\n");
  CHECK(formatted("x := {\"b\":1,\n\"a\":2}") == "x := {\n\t\"b\": 1,\n\t\"a\": 2,\n}\n");
  CHECK(formatted("p if {\na\n\n\n\nb }") == "p if {\n\ta\n\n\tb\n}\n");
}

TEST_CASE("comments keep their line") {
  CHECK(formatted("x := 1   # one   \n# two\n\n# three\n") == "x := 1 # one\n\n# two\n# three\n");
  CHECK(formatted("x := [ # open\n 1, # one\n 2\n # close\n]") == "x := [ # open\n 1, # one\n 2\n # close\n]\n");
  CHECK(formatted("x := [\n# inside\n 1]") == "x := [\n# inside\n 1]\n");
}

TEST_CASE("one version is written as another") {
  FormatOptions options;
  options.read_as = RegoVersion::v0;
  CHECK(formatted("p[x] { x = 1 }\nq = 2 { true; p[1] }", options) ==
        "p contains x if x = 1\n\nq := 2 if {\n\ttrue\n\tp[1]\n}\n");
  options.target = FormatTarget::both;
  CHECK(formatted("p { 1 == 1 }", options) == "import rego.v1\n\np if 1 == 1\n");
  options.target = FormatTarget::v0;
  CHECK(formatted("p { 1 == 1 }", options) == "p {\n\t1 == 1\n}\n");
  options.read_as = RegoVersion::v1;
  options.target = FormatTarget::v1;
  CHECK(formatted("import rego.v1\nimport future.keywords.in\np := 1", options) == "import rego.v1\n\np := 1\n");
  options.drop_v0_imports = true;
  CHECK(formatted("import rego.v1\nimport data.a\np := 1", options) == "import data.a\n\np := 1\n");
}

TEST_CASE("what v1 forbids is refused with its place") {
  FormatOptions options;
  options.read_as = RegoVersion::v0;
  options.target = FormatTarget::both;
  CHECK(formatted("input = 1", options).find("p.rego:3: rego_compile_error: rules must not shadow input") !=
        std::string::npos);
  CHECK(formatted("p if { count(").find("p.rego:3: rego_parse_error") != std::string::npos);
  CHECK(formatted("p if { plus(1) }").find("plus: arity mismatch\n\thave: (number)\n\twant: (number,number)") !=
        std::string::npos);
}

TEST_CASE("on every policy of the shared suites: same meaning, no comment lost, settled") {
  int checked = 0;
  auto check = [&](const std::string& name, const std::string& text) {
    for (const RegoVersion version : {RegoVersion::v0, RegoVersion::v1}) {
      const std::string problem = judge(text, version, name.starts_with("fmt/"));
      ++checked;
      CHECK_MESSAGE(problem.empty(), name, ": ", problem);
    }
  };
  for (const std::string_view suite : {"policy", "opa-cli", "conftest"}) {
    const auto folder = test::conformance_folder(suite);
    const auto entries = folder ? io::walk(*folder) : Result<std::vector<io::Entry>>();
    if (!entries) continue;
    for (const io::Entry& entry : *entries) {
      if (entry.type != io::EntryType::file) continue;
      const std::string path = io::join_path(*folder, entry.path);
      if (path.ends_with(".rego")) {
        if (const auto text = io::read_file(path)) check(entry.path, *text);
      } else if (path.find("/policy/cases/") != std::string::npos && path.ends_with(".yaml")) {
        const auto text = io::read_file(path);
        const auto cases = text ? doc::parse_yaml(*text) : Result<doc::Value>(std::unexpected(text.error()));
        const doc::Value* list = cases ? cases->find("cases") : nullptr;
        if (list == nullptr) continue;
        for (const doc::Value& test : list->items()) {
          const doc::Value* modules = test.find("modules");
          if (modules == nullptr || !modules->is_array()) continue;
          for (const doc::Value& module : modules->items()) check(entry.path, std::string(module.as_string()));
        }
      }
    }
  }
  MESSAGE(checked, " policies formatted");
}
