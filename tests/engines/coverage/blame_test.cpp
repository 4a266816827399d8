// Coverage by author and commit, from what git prints.
#include "engines/coverage/blame.h"

#include <doctest/doctest.h>

using namespace chiron;
using namespace chiron::coverage;

namespace {

const std::string kAda(40, 'a'), kBob(40, 'b'), kNone(40, '0');

std::string porcelain() {
  return kAda +
         " 1 1 2\nauthor Ada\nauthor-mail <ada@example.org>\nsummary Reads the header\nfilename a.c\n\tint x;\n" +
         kAda + " 2 2\n\tauthor Eve\n" + kBob +
         " 9 3 1\nauthor Bob B\nauthor-mail <bob@example.org>\nsummary \nboundary\nfilename old name.c\n\t\n" + kAda +
         " 7 4 1\n\t" + kBob + " 1 1\n" + kNone +
         " 5 5 1\nauthor Not Committed Yet\nauthor-mail <not.committed.yet>\nsummary Version of a.c\n\tnew\n";
}

DiffCoverage sample() {
  DiffCoverage coverage;
  FileCoverage file;
  file.path = "a.c";
  file.measured = {1, 2, 3, 4, 5, 6};
  file.uncovered = {2, 3, 5, 6};
  coverage.files.push_back(file);
  file.path = "unknown.c";
  coverage.files.push_back(file);
  return coverage;
}

}  // namespace

TEST_CASE("blame: commits and lines; what stands in the source is no header") {
  const auto blame = parse_blame(porcelain());
  REQUIRE(blame);
  REQUIRE(blame->commits.size() == 3);
  CHECK(blame->commits[0].author == "Ada");
  CHECK(blame->commits[1].mail == "<bob@example.org>");
  CHECK(blame->commits[1].summary.empty());
  CHECK_FALSE(blame->commits[2].committed());
  CHECK(blame->lines == std::map<std::uint32_t, std::size_t>{{1, 0}, {2, 0}, {3, 1}, {4, 0}, {5, 2}});
  CHECK(parse_blame("")->lines.empty());
}

TEST_CASE("blame: what is not its format is refused") {
  for (const auto& text : {std::string("\tline\n"), std::string("author Ada\n"), kAda + " 1\n", kAda + " 1 0 1\n\tx\n",
                           kAda + " 1 99999999999 1\n\tx\n", std::string("fatal: no\n")})
    CHECK(parse_blame(text).error().code == "coverage.blame");
}

TEST_CASE("shares: by author and by commit, the most uncovered lines first") {
  const std::map<std::string, Blame> blames{{"a.c", *parse_blame(porcelain())}};
  const auto authors = share_coverage(sample(), blames, ShareBy::author);
  REQUIRE(authors.size() == 3);
  CHECK(authors[0].who == "Ada <ada@example.org>");
  CHECK(authors[0].lines == 3);
  CHECK(authors[0].uncovered == 1);
  CHECK(authors[1].who == "Bob B <bob@example.org>");
  CHECK(authors[2].who == "not committed yet");
  const auto commits = share_coverage(sample(), blames, ShareBy::commit);
  CHECK(commits[0].who == "aaaaaaaaaaaa Reads the header (Ada)");
  const auto text = print_shares(authors);
  CHECK(text.find("      3         1    66.7%  Ada <ada@example.org>\n") != std::string::npos);
}
