// A CMake project with a test for every property that ctest knows, run by ctest and by chiron: one verdict from both.
#include <map>

#include "project.h"

namespace chiron::test {

namespace {

// "12/59 Test #46: make-nothing ....***Failed    0.14 sec" as name and verdict.
std::map<std::string, std::string> verdicts_of_ctest(const std::string& output) {
  std::map<std::string, std::string> verdicts;
  for (const auto line : text::split_lines(output)) {
    const auto at = line.find(" Test ");
    const auto colon = line.find(": ", at == std::string_view::npos ? 0 : at);
    if (at == std::string_view::npos || colon == std::string_view::npos || line.find("/") > at) continue;
    const auto rest = line.substr(colon + 2);
    const auto name = rest.substr(0, rest.find(' '));
    const auto said = rest.substr(name.size());
    verdicts[std::string(name)] = said.find("   Passed") != std::string_view::npos    ? "passed"
                                  : said.find("Skipped") != std::string_view::npos    ? "skipped"
                                  : said.find("(Disabled)") != std::string_view::npos ? "skipped"
                                                                                      : "failed";
  }
  return verdicts;
}

std::map<std::string, std::string> verdicts_of_junit(const std::string& xml) {
  std::map<std::string, std::string> verdicts;
  std::string name;
  for (const auto line : text::split_lines(xml)) {
    if (const auto at = line.find("<testcase "); at != std::string_view::npos) {
      const auto begin = line.find(" name=\"") + 7;
      name = line.substr(begin, line.find('"', begin) - begin);
      verdicts[name] = "passed";
    } else if (line.find("<failure ") != std::string_view::npos) {
      verdicts[name] = "failed";
    } else if (line.find("<skipped ") != std::string_view::npos) {
      verdicts[name] = "skipped";
    }
  }
  return verdicts;
}

}  // namespace

TEST_CASE("ctest and chiron judge a project of every property alike") {
  if (!io::find_program("cmake") || !io::find_program("ctest")) return;
  Project project;
  project.save("CMakeLists.txt", read_test_file("operations/testing/ctest_project.txt"));
  project.shell("cmake -S . -B build");
  const auto theirs = verdicts_of_ctest(project.run({"ctest", "--test-dir", "build", "-j2"}).output);
  REQUIRE(theirs.size() == 59);
  project.shell("cd build && rm -rf came-first database lock serial wide");
  const auto ran = project.chiron({"test", "build", "-j", "2", "--junit", "junit.xml"});
  CHECK(ran.exit_code == 1);
  CHECK_FALSE(has(ran.output, "PROBLEM"));
  CHECK(theirs == verdicts_of_junit(project.read("junit.xml")));
}

}  // namespace chiron::test
