// `chiron coverage` as a user starts it, on repositories made here.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

using namespace chiron;
using namespace std::chrono_literals;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Repository {
  io::TemporaryFolder folder = *io::TemporaryFolder::create("coverage-cli");
  std::string path = folder.path();

  Repository() { git({"init", "-q", "-b", "main"}); }
  void write(const std::string& name, std::string_view text) const {
    REQUIRE(io::make_folders(std::string(io::parent_path(path + "/" + name))));
    REQUIRE(io::write_file_atomic(path + "/" + name, text));
  }
  io::ProcessResult start(std::vector<std::string> words, const std::string& place = "") const {
    io::ProcessSpec spec;
    spec.arguments = std::move(words);
    spec.working_folder = place.empty() ? path : path + "/" + place;
    spec.timeout = 120s;
    auto result = io::run_process(spec);
    REQUIRE(result.has_value());
    return *std::move(result);
  }
  io::ProcessResult coverage(std::vector<std::string> words, const std::string& place = "") const {
    words.insert(words.begin(), {test::chiron_binary(), "coverage"});
    return start(std::move(words), place);
  }
  void git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-c", "user.name=t", "-c", "user.email=t@t"});
    const auto result = start(std::move(words));
    REQUIRE_MESSAGE(result.exit_code == 0, result.error_output);
  }
  void commit(const std::string& message) const {
    git({"add", "-A"});
    git({"commit", "-qm", message});
  }
};

}  // namespace

TEST_CASE("coverage diff --no-worse-than: neither the whole nor a file may lose coverage") {
  const Repository home;
  home.write("a.py", "x = 1\ny = 2\nz = 3\n");
  home.write("b.py", "x = 1\ny = 2\n");
  home.commit("one");
  home.write("a.py", "x = 1\ny = 2\nz = 4\n");
  home.write("base.info", "SF:a.py\nDA:1,1\nDA:2,1\nDA:3,1\nend_of_record\nSF:b.py\nDA:1,1\nDA:2,0\nend_of_record\n");
  home.write("same.info", "SF:a.py\nDA:1,5\nDA:2,1\nDA:3,1\nend_of_record\nSF:b.py\nDA:1,1\nDA:2,0\nend_of_record\n");
  home.write("file.info", "SF:a.py\nDA:1,1\nDA:2,1\nDA:3,0\nend_of_record\nSF:b.py\nDA:1,1\nDA:2,1\nend_of_record\n");
  home.write("whole.info", "SF:a.py\nDA:1,1\nDA:2,1\nDA:3,1\nend_of_record\nSF:c.py\nDA:1,0\nDA:2,0\nend_of_record\n");
  home.write("c.py", "x = 1\ny = 2\n");
  const auto against = [&](const std::string& report) {
    return home.coverage({"diff", report, "--compare-branch", "HEAD", "--no-worse-than", "base.info"});
  };
  CHECK(against("same.info").exit_code == 0);
  const auto file = against("file.info");
  CHECK(file.exit_code == 1);
  CHECK_MESSAGE(has(file.error_output, "a.py: covered to 66.67%, 100.00% in the base (2 of 3 lines, 3 of 3)"),
                file.error_output);
  CHECK_FALSE(has(file.error_output, "the whole"));
  const auto whole = against("whole.info");
  CHECK(whole.exit_code == 1);
  CHECK_MESSAGE(has(whole.error_output, "the whole is covered to 60.00%, 80.00% in the base"), whole.error_output);
  const auto missing = home.coverage({"diff", "same.info", "--compare-branch", "HEAD", "--no-worse-than", "none.info"});
  CHECK(missing.exit_code == 2);
}

TEST_CASE("coverage show: the table, the sources with their counts, and a page of both") {
  const Repository home;
  home.write("src/a.c", "int f(int x) {\n  if (x)\n    return 1;\n  return \"<b>\" != 0;\n}\n");
  home.commit("one");
  home.write("l.info",
             "SF:src/a.c\nFN:1,f\nFNDA:3,f\nDA:1,3\nDA:2,3\nDA:3,3\nDA:4,0\nBRDA:2,0,then,3\nBRDA:2,0,else,0\n"
             "end_of_record\n");
  const auto table = home.coverage({"show", "l.info"});
  CHECK(table.exit_code == 0);
  CHECK_MESSAGE(has(table.output, "src/a.c    75.0%             3/4    50.0%             1/2"), table.output);
  const auto source = home.coverage({"show", "l.info", "--source"});
  CHECK_MESSAGE(has(source.output, "src/a.c  75.0% of 4 lines\n      1         3 | int f(int x) {\n"), source.output);
  CHECK(has(source.output, "~     2         3 |   if (x)   [1 of 2 ways, missing: else]\n"));
  CHECK(has(source.output, "!     4         0 |   return \"<b>\" != 0;\n      5           | }\n"));
  CHECK(home.coverage({"show", "l.info", "--as", "html", "--into", "page.html"}).exit_code == 0);
  const auto page = io::read_file(home.path + "/page.html");
  REQUIRE(page.has_value());
  CHECK(has(*page, "<a href=\"#src/a.c\">src/a.c</a>"));
  CHECK(has(*page, "&lt;b&gt;"));
  CHECK_FALSE(has(*page, "\"<b>\""));
  CHECK(has(*page, "1 of 2 ways taken, missing: else"));
  // A source that is gone is said to be, not left out.
  REQUIRE(::unlink((home.path + "/src/a.c").c_str()) == 0);
  const auto gone = home.coverage({"show", "l.info", "--source"});
  CHECK_MESSAGE(has(gone.error_output, "src/a.c: the source cannot be read"), gone.error_output);
}

TEST_CASE("coverage diff --diff-file: a file without a diff is no empty diff") {
  const Repository home;
  home.write("a.py", "x = 1\n");
  home.commit("one");
  home.write("l.info", "SF:a.py\nDA:1,1\nend_of_record\n");
  home.write("stat.diff", " a.py | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n");
  home.write("empty.diff", "\n");
  home.write("real.diff", "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+x = 1\n");
  const auto wrong = home.coverage({"diff", "l.info", "--diff-file", "stat.diff"});
  CHECK(wrong.exit_code == 2);
  CHECK_MESSAGE(has(wrong.error_output, "stat.diff"), wrong.error_output);
  CHECK(has(wrong.error_output, "no diff"));
  CHECK(home.coverage({"diff", "l.info", "--diff-file", "empty.diff"}).exit_code == 0);
  CHECK(has(home.coverage({"diff", "l.info", "--diff-file", "real.diff"}).output, "a.py (100%)"));
  CHECK(home.coverage({"diff", "l.info", "--diff-file", "absent.diff"}).exit_code == 2);
}

TEST_CASE("paths of reports: container, symbolic link, a folder below, another machine; what fits nothing is told") {
  const Repository home;
  home.write("backend/src/app.py", "x = 1\n");
  home.write("backend/src/util.py", "x = 1\n");
  home.write("tools/util.py", "x = 1\n");
  home.commit("one");
  home.write("backend/src/app.py", "x = 2\n");
  home.write("backend/src/util.py", "x = 2\n");
  const auto report = [](const std::string& first, const std::string& second) {
    return "SF:" + first + "\nDA:1,1\nend_of_record\nSF:" + second + "\nDA:1,1\nend_of_record\n";
  };
  const auto diff = [&](std::vector<std::string> more = {}, const std::string& place = "") {
    std::vector<std::string> words{"diff", home.path + "/l.info", "--compare-branch", "HEAD"};
    words.insert(words.end(), more.begin(), more.end());
    return home.coverage(std::move(words), place);
  };
  const auto both = [](const io::ProcessResult& result) {
    return has(result.output, "backend/src/app.py (100%)") && has(result.output, "backend/src/util.py (100%)");
  };
  home.write("l.info", report("/app/src/app.py", "/app/src/util.py"));
  CHECK(both(diff()));
  CHECK(both(diff({"--map", "/app=backend"})));
  home.write("l.info", report("src/app.py", "src/util.py"));
  CHECK(both(diff({}, "backend")));
  CHECK(both(diff()));
  home.write("l.info", report("C:\\work\\backend\\src\\app.py", "C:\\work\\backend\\src\\util.py"));
  CHECK(both(diff()));
  const auto link = home.path + "-link";
  REQUIRE(::symlink(home.path.c_str(), link.c_str()) == 0);
  home.write("l.info", report(link + "/backend/src/app.py", link + "/backend/src/util.py"));
  CHECK(both(diff()));
  REQUIRE(::unlink(link.c_str()) == 0);
  // A bare name that two files have is not guessed, and the way out is named.
  home.write("l.info", report("app.py", "util.py"));
  const auto unclear = diff();
  CHECK(has(unclear.output, "backend/src/app.py (100%)"));
  CHECK_FALSE(has(unclear.output, "backend/src/util.py (100%)"));
  CHECK_MESSAGE(has(unclear.error_output, "could be backend/src/util.py, tools/util.py"), unclear.error_output);
}

TEST_CASE("a report that is older than the sources is told") {
  const Repository home;
  home.write("a.py", "x = 1\n");
  home.commit("one");
  home.write("l.info", "SF:a.py\nDA:1,1\nend_of_record\n");
  home.write("a.py", "x = 2\n");
  timespec old[2] = {{1'600'000'000, 0}, {1'600'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (home.path + "/l.info").c_str(), old, 0) == 0);
  const auto result = home.coverage({"diff", "l.info", "--compare-branch", "HEAD"});
  CHECK_MESSAGE(has(result.error_output, "l.info is older than a.py"), result.error_output);
  // Also where none of the changed lines is known to it, which without that looks as if nothing was wrong.
  home.write("a.py", "x = 1\ny = 2\n");
  const auto nothing = home.coverage({"diff", "l.info", "--compare-branch", "HEAD"});
  CHECK(has(nothing.output, "No lines with coverage information"));
  CHECK_MESSAGE(has(nothing.error_output, "l.info is older than a.py"), nothing.error_output);
}

TEST_CASE("system headers in a report are left out without a word, other strangers are named") {
  const Repository home;
  home.write("a.c", "int x;\n");
  home.commit("one");
  home.write("l.info",
             "SF:a.c\nDA:1,1\nend_of_record\nSF:/usr/include/c++/12/vector\nDA:1,1\nend_of_record\n"
             "SF:/elsewhere/gone.c\nDA:1,1\nend_of_record\n");
  const auto result = home.coverage({"show", "l.info"});
  CHECK(result.exit_code == 0);
  CHECK_FALSE(has(result.error_output, "vector"));
  CHECK_MESSAGE(has(result.error_output, "/elsewhere/gone.c is not mapped"), result.error_output);
}

TEST_CASE("coverage diff --by: the measured lines of a change by author and by commit") {
  const Repository home;
  home.write("a.py", "a = 1\n");
  home.commit("base");
  home.git({"checkout", "-qb", "change"});
  home.write("a.py", "a = 1\nb = 2\n# no line to run\nc = 3\n");
  home.git({"-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qam", "Adds b and c"});
  home.write("a.py", "a = 1\nb = 2\n# no line to run\nc = 3\nd = 4\n");
  home.write("new.py", "e = 5\n");
  home.write("all.info", "SF:a.py\nDA:1,1\nDA:2,0\nDA:4,1\nDA:5,0\nend_of_record\nSF:new.py\nDA:1,1\nend_of_record\n");
  const auto by = [&](const std::string& what) {
    return home.coverage({"diff", "all.info", "--compare-branch", "main", "--include-untracked", "--by", what});
  };
  const auto authors = by("author");
  CHECK(authors.exit_code == 0);
  CHECK_MESSAGE(has(authors.output, "      2         1    50.0%  Ada <ada@example.org>\n"), authors.output);
  CHECK_MESSAGE(has(authors.output, "      2         1    50.0%  not committed yet\n"), authors.output);
  CHECK_MESSAGE(has(by("commit").output, "Adds b and c (Ada)\n"), authors.output);
  CHECK(by("team").exit_code == 2);
  const auto none = home.coverage({"diff", "all.info", "--compare-branch", "main", "--nearest-tests"});
  CHECK(none.exit_code == 2);
  CHECK(has(none.error_output, "chiron test --coverage"));
}
