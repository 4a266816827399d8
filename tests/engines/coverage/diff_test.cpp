#include "engines/coverage/diff.h"

#include "engines/coverage/changes.h"
#include "engines/coverage/diff_coverage.h"
#include "engines/coverage/limits.h"
#include "engines/coverage/report_print.h"
#include "helpers.h"

using namespace chiron;
using namespace chiron::coverage;

namespace {

std::string shown(std::string_view text) {
  const auto diff = read_diff(text);
  if (!diff) return diff.error().code + "@" + std::to_string(diff.error().place->line);
  std::string out;
  for (const auto& file : *diff) {
    out += (out.empty() ? "" : " | ") + file.path;
    if (file.old_path != file.path) out += "<-" + file.old_path;
    if (file.added) out += " new";
    if (file.deleted) out += " gone";
    if (file.binary) out += " binary";
    for (const auto& line : file.new_lines) out += " +" + std::to_string(line.number);
    for (const auto& line : file.removed_lines) out += " -" + std::to_string(line.number);
  }
  return out;
}

}  // namespace

TEST_CASE("git's diffs: hunks, names, renames, modes, binaries") {
  CHECK(
      shown("diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n@@ -3,2 +3,3 @@ f()\n a\n-b\n+c\n+d\n") ==
      "x.c +4 +5 -4");
  CHECK(shown("diff --git \"a/\\303\\244 b.c\" \"b/\\303\\244 b.c\"\n--- \"a/\\303\\244 b.c\"\n+++ \"b/\\303\\244 "
              "b.c\"\n@@ -0,0 +1 @@\n+x\n") == "\xC3\xA4 b.c +1");
  CHECK(shown("diff --git a/with space.c b/with space.c\n--- a/with space.c\t\n+++ b/with space.c\t\n@@ -1 +1 "
              "@@\n-a\n+b\n") == "with space.c +1 -1");
  CHECK(shown("diff --git a/o.c b/n.c\nsimilarity index 90%\nrename from o.c\nrename to n.c\n--- a/o.c\n+++ b/n.c\n@@ "
              "-2 +2 @@\n-a\n+b\n") == "n.c<-o.c +2 -2");
  CHECK(shown("diff --git a/o.c b/o.c\nold mode 100644\nnew mode 100755\n") == "o.c");
  CHECK(shown("diff --git a/i.png b/i.png\nnew file mode 100644\nBinary files /dev/null and b/i.png differ\n") ==
        "i.png new binary");
  CHECK(
      shown("diff --git a/g.c b/g.c\ndeleted file mode 100644\n--- a/g.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n") ==
      "g.c gone -1 -2");
  CHECK(shown("diff --git x.c x.c\n--- x.c\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n") == "x.c +1 -1");
  CHECK(shown("diff --git i/x.c w/x.c\n--- i/x.c\n+++ w/x.c\n@@ -1 +1 @@\n-a\n+b\n") == "x.c +1 -1");
}

TEST_CASE("lines that look like headers, missing newlines, carriage returns") {
  CHECK(shown("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/not\n-+++ b/not\n+++ c\n+@@ -9 +9 @@\n") ==
        "x +1 +2 -1 -2");
  CHECK(shown("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n\\ No newline at end of file\n+new\n\\ No "
              "newline at end of file\n") == "x +1 -1");
  CHECK(shown("--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n") == "x +1 -1");
}

TEST_CASE("plain diffs and merges") {
  CHECK(shown("--- old/x.c\t2024-01-01\n+++ new/x.c\t2024-01-02\n@@ -1,2 +1,3 @@\n a\n+b\n c\n--- a/y\n+++ b/y\n@@ -1 "
              "+1 @@\n-a\n+b\n") == "new/x.c<-old/x.c +2 | y +1 -1");
  CHECK(shown("diff --cc m.c\nindex 1,2..3\n--- a/m.c\n+++ b/m.c\n@@@ -1,2 -1,2 +1,4 @@@\n  a\n++b\n +c\n- d\n  e\n") ==
        "m.c +2 +3 -2");
}

TEST_CASE("what is no diff, or lies, is refused with its line or read without harm") {
  CHECK(shown("@@ -1 +1 @@\n+a\n") == "diff.syntax@1");
  CHECK(shown("diff --git a/x b/x\n@@ -1 +99999999999 @@\n+a\n") == "diff.syntax@2");
  CHECK(shown("diff --git a/x b/x\n@@ nonsense @@\n") == "diff.syntax@2");
  CHECK(shown("diff --git \n") == "diff.syntax@1");
  CHECK(shown("") == "");
  CHECK(shown("hello\nworld\n") == "");
  // Counts that are too small, as in diffs edited by hand.
  CHECK(shown("diff --git a/x b/x\n@@ -1,10 +1,5 @@\n a\n+b\n\n+c\n") == "x +2 +4");
}

TEST_CASE("pieces may end anywhere") {
  const std::string text = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -3,2 +3,3 @@\n a\n-b\n+c\n+d";
  const auto whole = read_diff(text);
  REQUIRE(whole.has_value());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    DiffReader reader("d");
    REQUIRE(reader.feed(std::string_view(text).substr(0, cut)));
    REQUIRE(reader.feed(std::string_view(text).substr(cut)));
    const auto parts = reader.finish();
    REQUIRE(parts.has_value());
    CHECK((*parts)[0].new_lines == (*whole)[0].new_lines);
  }
}

TEST_CASE("moved blocks are told from new lines; short or trivial ones are not") {
  const std::string block = "alpha = 1\nbeta = 2\ngamma = 3\n";
  const auto diff = *read_diff(
      "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,4 +0,0 @@\n-alpha = 1\n-beta = 2\n-gamma = 3\n-}\n"
      "diff --git a/b.py b/b.py\n--- a/b.py\n+++ b/b.py\n@@ -0,0 +5,6 @@\n+    alpha = 1\n+    beta = 2\n+    gamma = "
      "3\n"
      "+delta = 4\n+}\n+alpha = 1\n");
  auto changes = combine_diffs({diff});
  find_moved_lines(changes, diff);
  REQUIRE(changes.size() == 2);
  CHECK(changes[1].lines == std::vector<std::uint32_t>{5, 6, 7, 8, 9, 10});
  CHECK(changes[1].moved_lines == std::vector<std::uint32_t>{5, 6, 7});
}

TEST_CASE("steps are put together as diff-cover does") {
  const auto first = *read_diff("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,0 +2,3 @@\n+a\n+b\n+c\n");
  const auto second = *read_diff("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3 +3 @@\n-b\n+B\n@@ -9,0 +10 @@\n+z\n");
  const auto changes = combine_diffs({first, second});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].lines == std::vector<std::uint32_t>{2, 3, 4, 10});
}

TEST_CASE("fnmatch as Python has it, and the choice of files") {
  CHECK(coverage::fnmatch("*.py", "a/b.py"));
  CHECK(coverage::fnmatch("[!a]?c", "bxc"));
  CHECK_FALSE(coverage::fnmatch("[!a]?c", "axc"));
  CHECK(coverage::fnmatch("*a*b*", "xxaxxbxx"));
  CHECK(coverage::fnmatch("[", "["));
  CHECK_FALSE(coverage::fnmatch("a", "ab"));
  CHECK(coverage::fnmatch(std::string(2000, '*') + "a", std::string(2000, 'b') + "a"));
  const PathChoice choice{{"src/**"}, {"*_test.py", "/repo/src/gen/*"}, "/repo"};
  CHECK(choice.chosen("src/a.py"));
  CHECK_FALSE(choice.chosen("lib/a.py"));
  CHECK_FALSE(choice.chosen("src/a_test.py"));
  CHECK_FALSE(choice.chosen("src/gen/deep/a.py"));
}

TEST_CASE("branches and conditions of changed lines, per arm") {
  std::vector<Report> reports;
  reports.push_back(must_read(
      "SF:/repo/a.c\nDA:1,5\nDA:2,5\nDA:3,0\nBRDA:2,0,then,5\nBRDA:2,0,else,0\nMCDC:1,2,t,1,0,x\nMCDC:1,2,f,1,0,x\n"
      "MCDC:1,2,t,1,1,y\nMCDC:1,2,f,0,1,y\nend_of_record\n"));
  DiffCoverageOptions options;
  options.map.root = options.map.cwd = "/repo";
  const auto coverage = cover_changes(reports, {{"a.c", {1, 2, 3, 9}, {}}}, options);
  REQUIRE(coverage.files.size() == 1);
  const auto& file = coverage.files[0];
  CHECK(file.uncovered == std::vector<std::uint32_t>{3});
  CHECK(file.measured.size() == 3);
  CHECK(coverage.changed_lines == 4);
  REQUIRE(file.partial.size() == 2);
  CHECK(file.partial[0].is_decision);
  CHECK(file.partial[0].missing == "y never false");
  CHECK(file.partial[1].missing == "else");
  CHECK(file.totals.arms == 2);
  CHECK(file.totals.conditions == 2);
}

TEST_CASE("several reports: added up, or diff-cover's intersection") {
  std::vector<Report> reports;
  reports.push_back(must_read("SF:/r/a\nDA:1,0\nDA:2,0\nDA:3,1\nend_of_record\n"));
  reports.push_back(must_read("SF:/r/a\nDA:1,1\nDA:3,0\nend_of_record\n"));
  DiffCoverageOptions options;
  options.map.root = options.map.cwd = "/r";
  const std::vector<ChangedFile> changes{{"a", {1, 2, 3}, {}}};
  CHECK(cover_changes(reports, changes, options).files[0].uncovered == std::vector<std::uint32_t>{2});
  options.as_diff_cover = true;
  CHECK(cover_changes(reports, changes, options).files[0].uncovered.empty());
}

TEST_CASE("paths: containers, prefixes, source roots, symbolic links, ambiguity") {
  std::vector<std::string> repository{"lib/util.py", "src/app/main.py", "src/util.py", "tools/x.py"};
  MapOptions map;
  map.root = map.cwd = "/repo";
  map.root_aliases = {"/mnt/real"};
  map.repository_files = &repository;
  const auto report = must_read(
      "SF:/app/src/app/main.py\nDA:1,1\nend_of_record\nSF:/mnt/real/tools/x.py\nDA:1,1\nend_of_record\n"
      "SF:util.py\nDA:1,1\nend_of_record\nSF:/usr/lib/other.py\nDA:1,1\nend_of_record\n");
  const ReportIndex index(report, map);
  CHECK(index.find("src/app/main.py").size() == 1);
  CHECK(index.find("tools/x.py").size() == 1);
  CHECK(index.find("src/util.py").empty());
  REQUIRE(index.lost().size() == 2);
  CHECK(index.lost()[0].reason == "no file of that name in the repository");
  CHECK(index.lost()[1].reason == "could be lib/util.py, src/util.py");
  map.prefixes = {{"/usr/lib", "lib"}};
  const auto renamed = must_read("SF:/usr/lib/util.py\nDA:1,1\nend_of_record\n");
  CHECK(ReportIndex(renamed, map).find("lib/util.py").size() == 1);
  const auto windows = must_read("SF:C:\\work\\src\\app\\main.py\nDA:1,1\nend_of_record\n");
  CHECK(ReportIndex(windows, map).find("src/app/main.py").size() == 1);
}

TEST_CASE("merging a report with itself changes which lines are covered in nothing") {
  const auto report = must_read("SF:a\nDA:1,0\nDA:2,3\nBRDA:2,0,0,1\nBRDA:2,0,1,0\nend_of_record\n");
  auto one = report.files[0];
  normalize(one, Instances::add);
  auto twice = one;
  merge_into(twice, one);
  CHECK(totals(twice).covered_lines == totals(one).covered_lines);
  CHECK(totals(twice).taken_arms == totals(one).taken_arms);
  CHECK(twice.lines[1].hits == 6);
}

TEST_CASE("numbers are printed as Python prints them") {
  CHECK(python_float(50) == "50.0");
  CHECK(python_float(100 - 1.0 / 3 * 100) == "66.66666666666667");
  CHECK(combine_lines({1, 2, 3, 7, 9, 10}) == std::vector<std::string>{"1-3", "7", "9-10"});
}
