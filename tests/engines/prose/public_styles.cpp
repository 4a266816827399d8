// Every rule of every public style of the shared conformance data: it loads, and it runs over a page that holds what
// most of them look for.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "engines/prose/lint.h"
#include "foundation/io/files.h"
#include "support/support.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

constexpr const char* kPage =
    "# Title of a Thing\n\nThis is very utilized, you guys. It is a test that will leverage e.g. synergy.\n"
    "Click the **File** menu\xE2\x80\x94now. A 10 GB disk, and and a [link](a.md#b).\n\n* One\n* two\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```bash\nfoo --bar\n```\n\n:attribute: value\n\nThe end!!\n";

struct Outcome {
  std::string error;
  std::size_t hits = 0;
};

Outcome run_rule(const std::string& styles, const std::string& name, const std::string& folder) {
  const auto ini = folder + "/.vale.ini";
  const auto text = "StylesPath = " + styles + "\nMinAlertLevel = suggestion\n[*]\n" + name + " = YES\n";
  REQUIRE(io::write_file_atomic(ini, text));
  ConfigRequest request;
  request.path = ini;
  request.ignore_global = true;
  auto config = read_config(request);
  if (!config) return {to_string(config.error())};
  const auto linter = Linter::create(std::move(*config));
  if (!linter) return {to_string(linter.error())};
  if ((*linter)->rule(name) == nullptr) return {"it was not loaded"};
  const auto report = (*linter)->lint("page.md", kPage);
  return report ? Outcome{"", report->hits.size()} : Outcome{to_string(report.error())};
}

}  // namespace

TEST_CASE("every rule of the public styles loads and runs") {
  const auto given = test::conformance_folder("vale-styles");
  if (!given) return;
  const std::optional<std::string> shared = std::filesystem::absolute(*given).string();
  const auto work = io::TemporaryFolder::create("prose-styles");
  REQUIRE(work);
  const auto entries = io::walk(*shared);
  REQUIRE(entries);
  std::size_t rules = 0;
  std::size_t hits = 0;
  for (const auto& entry : *entries) {
    if (!entry.path.ends_with(".yml")) continue;
    const auto path = io::join_path(*shared, entry.path);
    const auto style = std::string(io::parent_path(path));
    const auto styles = std::string(io::parent_path(style));
    auto rule = std::string(io::file_name(path));
    rule.resize(rule.size() - 4);
    const auto style_name = std::string(io::file_name(style));
    const auto content = io::read_file(path, 1 << 20);
    REQUIRE(content);
    if (content->find("extends:") == std::string::npos) continue;  // a list of terms or a tool's settings
    const auto name = style_name + "." + rule;
    const auto outcome = run_rule(styles, name, work->path());
    ++rules;
    hits += outcome.hits;
    CAPTURE(name);
    const auto lacking = content->find("dicpath:") != std::string::npos;
    if (lacking) {
      // Its dictionaries are not part of the collection: the error names rule, file and folder.
      CHECK(outcome.error.find(name) != std::string::npos);
      CHECK(outcome.error.find("unable to resolve dicpath") != std::string::npos);
    } else {
      CHECK(outcome.error == "");
    }
  }
  CHECK(rules > 250);
  CHECK(hits > 20);
}

// All rules of all styles over the shared pages: as they run, and each on every block by PCRE2 alone.
TEST_CASE("rules find the same with and without the prefilter") {
  const auto given = test::conformance_folder("vale-styles");
  if (!given) return;
  const auto shared = std::filesystem::absolute(*given);
  const auto pages = shared.parent_path().parent_path() / "bench" / "prose";
  if (!std::filesystem::is_directory(pages)) return;
  const auto work = io::TemporaryFolder::create("prose-differential");
  REQUIRE(work);
  std::string styles;
  std::string without_dictionaries;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shared)) {
    if (entry.path().extension() != ".yml") continue;
    const auto content = io::read_file(entry.path().string(), 1 << 20);
    REQUIRE(content);
    if (content->find("extends:") == std::string::npos) continue;
    const auto style = entry.path().parent_path();
    const auto name = style.filename().string();
    const auto link = work->path() + "/" + name;
    if (!std::filesystem::exists(link)) {
      std::filesystem::create_directory_symlink(style, link);
      styles += (styles.empty() ? "" : ", ") + name;
    }
    if (content->find("dicpath:") != std::string::npos) {
      without_dictionaries += name + "." + entry.path().stem().string() + " = NO\n";
    }
  }
  const auto ini = work->path() + "/.vale.ini";
  REQUIRE(io::write_file_atomic(ini, "StylesPath = " + work->path() + "\nMinAlertLevel = suggestion\n[*]\n" +
                                         "BasedOnStyles = " + styles + "\n" + without_dictionaries));
  ConfigRequest request;
  request.path = ini;
  request.ignore_global = true;
  const auto config = read_config(request);
  REQUIRE(config);
  const auto usual = Linter::create(*config);
  INFO((usual ? "" : to_string(usual.error())));
  REQUIRE(usual);
  LintOptions options;
  options.prefilter = false;
  const auto plain = Linter::create(*config, options);
  REQUIRE(plain);
  CHECK((*usual)->rules().size() > 250);
  std::size_t files = 0;
  std::size_t hits = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pages)) {
    if (entry.path().extension() != ".md") continue;
    const auto content = io::read_file(entry.path().string(), 1 << 24);
    REQUIRE(content);
    const auto first = (*usual)->lint("page.md", *content);
    const auto second = (*plain)->lint("page.md", *content);
    REQUIRE(first);
    REQUIRE(second);
    ++files;
    hits += second->hits.size();
    const auto tell = [](const FileReport& report) {
      std::vector<std::string> told;
      for (const auto& hit : report.hits) {
        told.push_back(hit.alert.check + " " + std::to_string(hit.place.offset) + " " +
                       std::to_string(hit.place.length) + " " + hit.alert.message);
      }
      return told;
    };
    INFO(entry.path().string());
    CHECK(tell(*first) == tell(*second));
  }
  CHECK(files > 300);
  CHECK(hits > 10000);
}
