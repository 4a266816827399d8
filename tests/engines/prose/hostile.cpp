// What must not make the program crash, hang or write nonsense: broken patterns, loops of links, lines of megabytes,
// bytes that are no text, line ends of Windows under fixes.
#include <doctest/doctest.h>

#include <ctime>
#include <filesystem>

#include "engines/prose/docs_check.h"
#include "engines/prose/fix.h"
#include "engines/prose/lint.h"
#include "foundation/io/files.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

constexpr double kSeconds = 20;  // on a machine that does other things, too; what is linear takes a tenth

struct Styles {
  io::TemporaryFolder folder;
  std::unique_ptr<Linter> linter;
};

Result<Styles> load(const std::vector<std::pair<std::string, std::string>>& rules,
                    const std::function<void(const std::string&)>& prepare = nullptr) {
  auto folder = TRY(io::TemporaryFolder::create("prose-hostile"));
  TRY(io::make_folders(folder.path() + "/styles/T"));
  for (const auto& [name, rule] : rules) TRY(io::write_file_atomic(folder.path() + "/styles/T/" + name, rule));
  TRY(io::write_file_atomic(folder.path() + "/.vale.ini",
                            "StylesPath = styles\nMinAlertLevel = suggestion\n[*]\nBasedOnStyles = T\n"));
  if (prepare) prepare(folder.path());
  ConfigRequest request;
  request.path = folder.path() + "/.vale.ini";
  request.ignore_global = true;
  auto linter = TRY(Linter::create(TRY(read_config(request))));
  return Styles{std::move(folder), std::move(linter)};
}

std::string existence(const std::string& token) {
  return "extends: existence\nmessage: no '%s'\nnonword: true\ntokens:\n  - '" + token + "'\n";
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("a broken regular expression is told with file and line") {
  for (const auto* token : {"(", "a)", "[a", "*a", "a{2,1}", "(?<=a", "(?P<1>a)", "\\p{Nonsense}", "(?<!a*"}) {
    const auto styles = load({{"R.yml", existence(token)}});
    INFO(token);
    REQUIRE(!styles);
    const auto told = to_string(styles.error());
    CHECK(told.find("R.yml:") != std::string::npos);
    CHECK(styles.error().code == "prose.pattern");
  }
  const auto huge = load({{"R.yml", existence(std::string(prose::limits::kPatternBytes, 'a'))}});
  REQUIRE(!huge);
  CHECK(to_string(huge.error()).find("R.yml:") != std::string::npos);
}

TEST_CASE("a search without end finds nothing and ends") {
  const auto styles = load({{"R.yml", existence("(?:x+x+)+y")}, {"S.yml", existence("(?<!(?:x*)*z)(x|xx)+$y")}});
  REQUIRE(styles);
  const auto took = seconds_of([&] {
    std::string text(100'000, 'x');
    text += "\n\nxxy\n";
    const auto report = styles->linter->lint("a.md", text);
    REQUIRE(report);
    CHECK(report->hits.size() == 1);
  });
  CHECK(took < kSeconds);
}

TEST_CASE("a long pattern of literals loads in time that grows with its length") {
  CHECK(seconds_of([] {
          CHECK(load({{"R.yml", existence("(?:a|b|c|d)" + std::string(20'000, 'e') + "(?:f|g)(?:h|i)(?:j|k)")}}));
        }) < kSeconds);
}

TEST_CASE("loops of links in styles and texts end") {
  namespace fs = std::filesystem;
  const auto styles = load({{"R.yml", existence("foo")}}, [](const std::string& folder) {
    fs::create_directory_symlink(folder + "/styles", folder + "/styles/T/again");
    fs::create_symlink(folder + "/styles/T/self.yml", folder + "/styles/T/self.yml");
    fs::create_directories(folder + "/texts/part");
    fs::create_directory_symlink(folder + "/texts", folder + "/texts/part/up");
    fs::create_symlink("loop.md", folder + "/texts/loop.md");
    REQUIRE(io::write_file_atomic(folder + "/texts/a.md", "foo\n"));
  });
  if (!styles) {
    // A file that leads to itself cannot be read: told by its name.
    CHECK(to_string(styles.error()).find("self.yml") != std::string::npos);
    return;
  }
  const auto files = collect_files({styles->folder.path() + "/texts"}, *styles->linter, "");
  REQUIRE(files);
  CHECK(files->size() == 1);
}

TEST_CASE("a line of ten megabytes") {
  const auto styles = load({{"R.yml", existence("foo")}});
  REQUIRE(styles);
  std::string line;
  std::size_t count = 0;
  while (line.size() < (10u << 20)) {
    line += "caf\xC3\xA9 and more words of a line without an end, which is one paragraph of text ";
    if (line.size() % 7 == 0) {
      line += "foo ";
      ++count;
    }
  }
  for (const auto* name : {"a.md", "a.txt", "a.rst", "a.adoc", "a.org", "a.html", "a.mdx", "a.py"}) {
    INFO(name);
    const auto text = std::string(name) == "a.py" ? "# " + line : line;
    const auto took = seconds_of([&] {
      const auto report = styles->linter->lint(name, text);
      REQUIRE(report);
      CHECK(report->hits.size() == count);
      for (const auto& hit : report->hits) CHECK(text.substr(hit.place.offset, hit.place.length) == "foo");
    });
    CHECK(took < kSeconds);
  }
  std::string links;
  while (links.size() < (10u << 20)) links += "[\xC3\xA9](gone.md) `src/gone.c` ";
  const auto facts = gather_facts({"a.md", "src/a.c"}, [](const std::string&) -> Result<std::string> { return ""; });
  CHECK(seconds_of([&] {
          const auto hits = check_docs("a.md", links, facts);
          CHECK(hits.size() > 700'000);
          CHECK(hits.back().place.column > hits.front().place.column);
        }) < kSeconds);
}

TEST_CASE("bytes that are no text leave places and fixes as they are") {
  const auto styles = load({{"R.yml",
                             "extends: substitution\nmessage: use '%s' not '%s'\naction:\n  name: replace\nswap:\n"
                             "  utilize: use\n"}});
  REQUIRE(styles);
  const std::string text = "A \xFF\xC3 word, utilize \x80it.\r\n\r\nutilize\xE2\x82 it\r\n";
  const auto report = styles->linter->lint("a.md", text);
  REQUIRE(report);
  REQUIRE(report->hits.size() == 2);
  for (const auto& hit : report->hits) CHECK(text.substr(hit.place.offset, hit.place.length) == "utilize");
  const auto edits = replacements(*report, *styles->linter, text);
  CHECK(prose::apply(text, edits) == "A \xFF\xC3 word, use \x80it.\r\n\r\nuse\xE2\x82 it\r\n");
}

TEST_CASE("fixes keep line ends, and of two that overlap the first is made") {
  const auto styles = load({{"R.yml",
                             "extends: substitution\nmessage: use '%s' not '%s'\naction:\n  name: replace\nswap:\n"
                             "  'in order to': to\n  'order to win': win\n  'prior\\sto': before\n"},
                            {"S.yml",
                             "extends: substitution\nmessage: use '%s' not '%s'\naction:\n  name: replace\nswap:\n"
                             "  'order to win': victory\n"}});
  REQUIRE(styles);
  const std::string text = "We go in order to win.\r\n\r\nIt is prior\r\nto that.\r\n";
  const auto report = styles->linter->lint("a.md", text);
  REQUIRE(report);
  const auto edits = replacements(*report, *styles->linter, text);
  REQUIRE(edits.size() == 2);
  for (std::size_t i = 1; i < edits.size(); ++i) CHECK(edits[i].offset >= edits[i - 1].offset + edits[i - 1].length);
  const auto fixed = prose::apply(text, edits);
  CHECK(fixed == "We go to win.\r\n\r\nIt is before that.\r\n");
  CHECK(unified_diff("a.md", text, edits) ==
        "--- a/a.md\n+++ b/a.md\n@@ -1,4 +1,3 @@\n-We go in order to win.\r\n+We go to win.\r\n \r\n-It is prior\r\n"
        "-to that.\r\n+It is before that.\r\n");
  // What was written is read again without a finding.
  const auto again = styles->linter->lint("a.md", fixed);
  REQUIRE(again);
  CHECK(again->hits.empty());
}
