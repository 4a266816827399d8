// Runs the suite in the folder given: each case of cases.json is one or more command lines over a copy of the
// fixtures, with the output of `git diff` taken from a fixture, and files or streams to compare with.
#include <cstdio>
#include <string>
#include <vector>

#include "engines/coverage/diff_cover.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

using namespace chiron;

namespace {

std::string strip_style(std::string_view html) {
  const auto begin = html.find("<style>");
  const auto end = html.rfind("</style>");
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::string(html);
  return std::string(html.substr(0, begin)) + std::string(html.substr(end + 8));
}

std::string first_difference(std::string_view expected, std::string_view actual) {
  const auto a = text::split(expected, '\n');
  const auto b = text::split(actual, '\n');
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
  return format("line {}: expected '{}', got '{}'", i + 1, i < a.size() ? a[i] : "(end)",
                i < b.size() ? b[i] : "(end)");
}

// Python literals such as "'dummy/x.html'"; nothing for expressions.
std::optional<std::string> literal(std::string_view spelt) {
  if (spelt.size() < 2 || (spelt[0] != '\'' && spelt[0] != '"') || spelt.back() != spelt[0]) return std::nullopt;
  return std::string(spelt.substr(1, spelt.size() - 2));
}

// Numbers are compared by value, so 50 equals 50.0 as it does in Python.
bool same(const doc::Value& a, const doc::Value& b) {
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    if (a.items().size() != b.items().size()) return false;
    for (std::size_t i = 0; i < a.items().size(); ++i)
      if (!same(a.items()[i], b.items()[i])) return false;
    return true;
  }
  if (a.is_object()) {
    if (a.members().size() != b.members().size()) return false;
    for (const auto& member : a.members()) {
      const auto* other = b.find(member.name);
      if (other == nullptr || !same(member.value, *other)) return false;
    }
    return true;
  }
  return a == b;
}

Result<void> copy_fixtures(const std::string& from, const std::string& to) {
  for (const auto& entry : TRY(io::walk(from))) {
    const auto target = io::join_path(to, entry.path);
    if (entry.type == io::EntryType::folder) TRY(io::make_folders(target));
    if (entry.type == io::EntryType::file)
      TRY(io::write_file_atomic(target, TRY(io::read_file(io::join_path(from, entry.path)))));
  }
  return io::make_folders(io::join_path(to, "dummy"));
}

std::string compare(const std::string& folder, const doc::Value& item, const std::string& out) {
  const auto kind = item.items()[0].as_string();
  const auto expected_name = literal(item.items()[1].as_string());
  if (!expected_name) return "unknown expectation " + item.items()[1].as_string();
  const auto expected = io::read_file(io::join_path(folder, *expected_name));
  if (!expected) return to_string(expected.error());
  std::string actual = out;
  if (const auto name = literal(item.items()[2].as_string())) {
    const auto content = io::read_file(io::join_path(folder, *name));
    if (!content) return to_string(content.error());
    actual = *content;
  } else if (item.items()[2].as_string().find("capsys") == std::string::npos) {
    return "unknown actual " + item.items()[2].as_string();
  }
  if (kind == "compare_json") {
    const auto a = doc::parse_json(*expected);
    const auto b = doc::parse_json(actual);
    if (!b) return to_string(b.error());
    return a && same(*a, *b) ? "" : "JSON differs: " + actual;
  }
  auto left = *expected, right = actual;
  if (kind == "compare_html") {
    left = strip_style(left);
    right = strip_style(right);
  }
  const auto a = std::string(text::trim(left)), b = std::string(text::trim(right));
  return a == b ? "" : first_difference(a, b);
}

std::string run_case(const std::string& fixtures, const doc::Value& test) {
  const auto temporary = io::TemporaryFolder::create("diffcover");
  if (!temporary) return to_string(temporary.error());
  const auto& folder = temporary->path();
  if (const auto copied = copy_fixtures(fixtures, folder); !copied) return to_string(copied.error());
  const auto diff = io::read_file(io::join_path(folder, test.string_or("diff", "")));
  if (!diff) return to_string(diff.error());
  std::string out, err;
  coverage::DiffCoverWorld world;
  world.root = world.cwd = folder;
  world.git = [&](const std::vector<std::string>&, const auto& piece) -> Result<void> { return piece(*diff); };
  world.out = [&](std::string_view text) { out += text; };
  world.err = [&](std::string_view text) { err += text; };
  if (const auto* runs = test.find("runs")) {
    for (const auto& run : runs->items()) {
      std::vector<std::string> words;
      for (const auto& word : run.find("argv")->items()) words.push_back(word.as_string());
      const auto code = coverage::run_diff_cover(words, world);
      if (code != run.integer_or("rc", 0)) return format("exit code {}, {}", code, err);
    }
  }
  if (const auto* comparisons = test.find("compare")) {
    for (const auto& item : comparisons->items())
      if (auto problem = compare(folder, item, out); !problem.empty()) return problem;
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: conformance-diffcover FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const auto text = io::read_file(io::join_path(folder, "cases.json"));
  if (!text) {
    std::fprintf(stderr, "%s\n", to_string(text.error()).c_str());
    return 2;
  }
  const auto cases = doc::parse_json(*text);
  if (!cases || !cases->is_array()) {
    std::fprintf(stderr, "cases.json is no list\n");
    return 2;
  }
  std::size_t passed = 0, failed = 0, skipped = 0;
  for (const auto& test : cases->items()) {
    const std::string name(test.string_or("name", "?"));
    const auto* mocks = test.find("mocks");
    if (mocks != nullptr && mocks->is_array() && !mocks->items().empty()) {
      std::printf("SKIP %s: replaces parts of the Python program\n", name.c_str());
      ++skipped;
      continue;
    }
    const auto problem = run_case(io::join_path(folder, "fixtures"), test);
    if (problem.empty()) {
      ++passed;
    } else {
      ++failed;
      std::printf("FAIL %s: %s\n", name.c_str(), problem.c_str());
    }
  }
  std::printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}
