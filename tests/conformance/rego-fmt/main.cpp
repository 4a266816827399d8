// Runs cases of the formatter: folders v0, v1 and v0_to_v1 of X.rego with X.rego.formatted or X.rego.error.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "engines/policy/format/format.h"
#include "foundation/io/files.h"

namespace {

using namespace chiron;
using namespace chiron::policy;

std::vector<std::pair<std::string, std::string>> read_known(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> known;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t end = line.starts_with("- `") ? line.find('`', 3) : std::string::npos;
    if (end != std::string::npos)
      known.emplace_back(line.substr(3, end - 3), line.substr(std::min(end + 3, line.size())));
  }
  return known;
}

// The first line that differs.
std::string difference(const std::string& got, const std::string& want) {
  std::size_t line = 1, begin = 0, i = 0;
  for (; i < got.size() && i < want.size() && got[i] == want[i]; ++i) {
    if (got[i] == '\n') {
      ++line;
      begin = i + 1;
    }
  }
  auto at = [&](const std::string& text) {
    return begin > text.size() ? std::string() : text.substr(begin, text.find('\n', begin) - begin);
  };
  return "line " + std::to_string(line) + ": wanted |" + at(want) + "|, got |" + at(got) + "|";
}

std::string run_case(const std::string& folder, const std::string& path, bool keywords_in_refs,
                     const std::string& wanted, bool wants_error) {
  FormatOptions options;
  const std::string kind = path.substr(0, path.find('/'));
  options.read_as = kind == "v1" ? RegoVersion::v1 : RegoVersion::v0;
  options.target = kind == "v1" ? FormatTarget::v1 : kind == "v0" ? FormatTarget::v0 : FormatTarget::both;
  options.keywords_in_refs = keywords_in_refs;
  const auto text = io::read_file(io::join_path(folder, path));
  if (!text) return to_string(text.error());
  const auto formatted = format_policy("testfiles/" + path, *text, options);
  if (wants_error) {
    if (formatted) return "wanted an error";
    const std::string said = to_string(formatted.error());
    return wanted.empty() || said == wanted ? std::string() : difference(said, wanted);
  }
  if (!formatted) return to_string(formatted.error());
  if (*formatted != wanted) return difference(*formatted, wanted);
  // What is formatted stays as it is.
  if (kind == "v0_to_v1") options.read_as = RegoVersion::v0;
  const auto again = format_policy("testfiles/" + path, *formatted, options);
  if (!again) return "formatted again: " + to_string(again.error());
  return *again == *formatted ? std::string() : "formatted again: " + difference(*again, *formatted);
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder, known_path, only;
  if (const char* source = std::getenv("CHIRON_SOURCE"))
    known_path = std::string(source) + "/tests/conformance/rego-fmt/known.md";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--known" && i + 1 < argc)
      known_path = argv[++i];
    else if (argument == "--only" && i + 1 < argc)
      only = argv[++i];
    else
      folder = argument;
  }
  if (folder.empty()) {
    std::fprintf(stderr, "usage: conformance-rego-fmt FOLDER [--known FILE] [--only TEXT]\n");
    return 2;
  }
  const auto known = read_known(known_path);
  const auto entries = io::walk(folder);
  if (!entries) {
    std::fprintf(stderr, "%s\n", to_string(entries.error()).c_str());
    return 2;
  }
  int passed = 0, failed = 0, skipped = 0;
  for (const io::Entry& entry : *entries) {
    if (entry.type != io::EntryType::file || !entry.path.ends_with(".rego")) continue;
    if (!only.empty() && entry.path.find(only) == std::string::npos) continue;
    auto judge = [&](const std::string& suffix, auto&& run) {
      const std::string name = entry.path + suffix;
      const auto wanted = io::read_file(io::join_path(folder, name));
      if (!wanted) return;
      for (const auto& [pattern, why] : known) {
        if (pattern != name) continue;
        std::printf("SKIP %s: %s\n", name.c_str(), why.c_str());
        ++skipped;
        return;
      }
      const std::string problem = run(*wanted);
      problem.empty() ? ++passed : ++failed;
      if (!problem.empty()) std::printf("FAIL %s: %s\n", name.c_str(), problem.c_str());
    };
    const bool has_formatted = io::exists(io::join_path(folder, entry.path + ".formatted"));
    judge(".formatted", [&](const std::string& want) { return run_case(folder, entry.path, true, want, false); });
    judge(".formatted_no_keywords_in_refs",
          [&](const std::string& want) { return run_case(folder, entry.path, false, want, false); });
    // Beside a formatted text the error file is a source that must be refused; alone it is the refusal.
    judge(".error", [&](const std::string& want) {
      return has_formatted ? run_case(folder, entry.path + ".error", true, {}, true)
                           : run_case(folder, entry.path, true, want, true);
    });
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}
