// Vale's scenarios: each case names a folder below testdata, files to create, command lines, and what is expected.
//
// conformance-vale FOLDER: a folder with manifest.json, beside which ../testdata lies. A case's folder is copied where
// it wants files of its own, so that the suite stays as it is.
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "engines/prose/vale.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace {

using namespace chiron;

// A command line as a shell reads it: quotes and blanks, nothing else.
std::vector<std::string> split_command(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const auto c = line[at];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word.push_back(c);
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == ' ') {
      if (open || !word.empty()) words.push_back(std::move(word));
      word.clear();
      open = false;
    } else {
      word.push_back(c);
    }
  }
  if (open || !word.empty()) words.push_back(std::move(word));
  return words;
}

struct Outcome {
  bool passed = false;
  std::string reason;
};

std::string first_difference(const std::string& expected, const std::string& actual) {
  const auto a = text::split_lines(expected);
  const auto b = text::split_lines(actual);
  std::string out;
  std::size_t shown = 0;
  for (const auto& line : a) {
    if (std::find(b.begin(), b.end(), line) == b.end() && shown++ < 40) out += "\n      - " + std::string(line);
  }
  shown = 0;
  for (const auto& line : b) {
    if (std::find(a.begin(), a.end(), line) == a.end() && shown++ < 40) out += "\n      + " + std::string(line);
  }
  return out.empty() ? "the same lines in another order" : out;
}

Result<Outcome> run_case(const doc::Value& test, const std::string& testdata, task::Pool& pool) {
  const auto cwd = std::string(test.string_or("cwd", ""));
  const auto* files = test.find("files");
  std::optional<io::TemporaryFolder> temporary;
  auto folder = io::join_path(testdata, cwd);
  if (cwd.starts_with("../")) {
    temporary = TRY(io::TemporaryFolder::create("vale-case"));
    folder = temporary->path();
  } else if (!io::is_folder(folder)) {
    // A scratch folder of the scenario: it sees testdata as its neighbour.
    temporary = TRY(io::TemporaryFolder::create("vale-case"));
    folder = io::join_path(temporary->path(), cwd);
    TRY(io::make_folders(folder));
    for (const auto* name : {"styles", "fixtures"}) {
      std::error_code ignored;
      std::filesystem::create_directory_symlink(io::join_path(testdata, name), io::join_path(temporary->path(), name),
                                                ignored);
    }
  }
  if (files != nullptr && files->is_object() && temporary) {
    for (const auto& member : files->members()) {
      const auto path = io::join_path(folder, member.name);
      TRY(io::make_folders(std::string(io::parent_path(path))));
      TRY(io::write_file_atomic(path, member.value.as_string()));
    }
  }
  if (chdir(folder.c_str()) != 0) return Outcome{false, "the folder does not exist"};
  std::string output;
  int exit_code = 0;
  for (const auto& run : test.find("runs")->items()) {
    auto words = split_command(run.as_string());
    prose::ValeRequest request;
    request.environment = {{"HOME", "/nonexistent"}};
    if (!words.empty() && words[0] == "bash") {
      // bash -c 'cat FILE | vale …'
      auto inner = words.back();
      const auto bar = inner.find('|');
      const auto cat = split_command(inner.substr(0, bar));
      if (bar == std::string::npos || cat.size() != 2 || cat[0] != "cat") return Outcome{false, "an unknown command"};
      request.read_input = [input = TRY(io::read_file(cat[1]))]() -> Result<std::string> { return input; };
      words = split_command(inner.substr(bar + 1));
    }
    if (words.empty() || words[0] != "vale") return Outcome{false, "an unknown command"};
    request.arguments.assign(words.begin() + 1, words.end());
    const auto done = prose::run_vale(request, pool);
    output += done.output + done.error_output;
    exit_code = done.exit_code;
  }
  const auto* expected = test.find("expect");
  if (const auto* exact = expected->find("exact")) {
    const auto wanted = std::string(text::trim(exact->as_string()));
    const auto got = std::string(text::trim(output));
    if (wanted != got) return Outcome{false, first_difference(wanted, got)};
  }
  if (const auto* part = expected->find("contains")) {
    if (output.find(text::trim(part->as_string())) == std::string::npos)
      return Outcome{false, "not contained; got:\n" + output};
  }
  if (const auto* parts = expected->find("not_contains")) {
    for (const auto& part : parts->items()) {
      if (output.find(part.as_string()) != std::string::npos) return Outcome{false, "contains " + part.as_string()};
    }
  }
  if (const auto wanted = expected->integer_or("exit", -1); wanted >= 0 && wanted != exit_code) {
    return Outcome{false, format("exit code {} instead of {}\n{}", exit_code, wanted, output.substr(0, 400))};
  }
  return Outcome{true, ""};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: conformance-vale FOLDER [NAME]\n", stderr);
    return 2;
  }
  const auto absolute = std::filesystem::absolute(argv[1]).lexically_normal().string();
  const std::string only = argc > 2 && std::string_view(argv[2]) != "--known" ? argv[2] : "";
  const auto text = chiron::io::read_file(chiron::io::join_path(absolute, "manifest.json"));
  if (!text) {
    std::fprintf(stderr, "%s\n", to_string(text.error()).c_str());
    return 2;
  }
  const auto manifest = chiron::doc::parse_json(*text);
  if (!manifest || !manifest->is_array()) {
    std::fputs("manifest.json is not a list of cases\n", stderr);
    return 2;
  }
  const char* source = std::getenv("CHIRON_SOURCE");
  std::string known;
  for (int i = 2; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--known") known = argv[i + 1];
  }
  if (known.empty()) known = std::string(source == nullptr ? "." : source) + "/tests/conformance/vale/known.md";
  const auto accepted = chiron::io::read_file(known).value_or("");
  auto folder = absolute;
  while (folder.ends_with('/')) folder.pop_back();
  const auto testdata = chiron::io::join_path(std::string(chiron::io::parent_path(folder)), "testdata");
  chiron::task::Pool pool(1);
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  for (const auto& test : manifest->items()) {
    const auto id = std::string(test.string_or("id", ""));
    if (!only.empty() && id.find(only) == std::string::npos) continue;
    const auto name = id + " (" + std::string(test.string_or("name", "")) + ")";
    const auto outcome = run_case(test, testdata, pool);
    if (outcome && outcome->passed) {
      ++passed;
      continue;
    }
    const auto entry = accepted.find("`" + id + "`");
    if (entry != std::string::npos && only.empty()) {
      ++skipped;
      const auto line = accepted.substr(entry, accepted.find('\n', entry) - entry);
      std::printf("SKIP %s: %s\n", name.c_str(), line.c_str());
      continue;
    }
    ++failed;
    std::printf("FAIL %s: %s\n", name.c_str(), outcome ? outcome->reason.c_str() : to_string(outcome.error()).c_str());
  }
  std::printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}
