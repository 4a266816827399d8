#include "core/suppression.h"

#include <doctest/doctest.h>

#include "core/baseline.h"

using namespace chiron;

namespace {
// The marker is put together so that this file holds no allow comment itself.
const std::string kAllow = std::string("chiron: ") + "allow ";

Finding finding(const std::string& rule, const std::string& file, std::uint32_t line) {
  Finding made;
  made.rule = rule;
  made.gate = "g";
  made.level = Level::error;
  made.message = "m";
  made.place.file = file;
  made.place.line = line;
  made.fingerprint = rule + file + std::to_string(line);
  return made;
}

Report report_of(std::vector<Finding> findings) {
  Report report;
  report.gates.push_back({});
  report.gates[0].gate = "g";
  report.findings = std::move(findings);
  return report;
}
}  // namespace

TEST_CASE("suppression: comments of many languages, on the line or before it") {
  const std::string text = "int a; // " + kAllow + "x/y because\n" + "# " + kAllow + "x/z why not\n" + "b\n" + "/* " +
                           kAllow + "q/r reason */\n" + "call(\"" + kAllow + "s/t in a string\");\n" + "<!-- " +
                           kAllow + "u/v md -->\n";
  const auto allows = find_allows(text, "a.c");
  REQUIRE(allows.size() == 4);
  CHECK(allows[0].rule == "x/y");
  CHECK(allows[0].target_line == 1);
  CHECK(allows[0].reason == "because");
  CHECK(allows[1].target_line == 3);
  CHECK(allows[2].reason == "reason");
  CHECK(allows[2].target_line == 5);
  CHECK(allows[3].reason == "md");
}

TEST_CASE("suppression: prose about the comment is none") {
  CHECK(find_allows("Write `" + kAllow + "RULE reason` there.\n", "a.md").empty());
  CHECK(find_allows("<!-- " + kAllow + "a/b because -->\n", "a.md").size() == 1);
  // A report that quotes a source line with a comment in it.
  for (const auto* file : {"report.html", "report.sarif", "report.json", "junit.xml"})
    CHECK(find_allows("\"text\": \"int a; // " + kAllow + "x/y because\"\n", file).empty());
}

TEST_CASE("suppression: takes out what it names, counts it, and needs a reason") {
  auto report = report_of(
      {finding("x/y", "a.c", 1), finding("x/y", "a.c", 2), finding("x/z", "a.c", 1), finding("n/r", "b.c", 1)});
  std::unordered_map<std::string, std::vector<Allow>> allows;
  allows["a.c"] = find_allows("int a; // " + kAllow + "x/y because\n", "a.c");
  allows["b.c"] = find_allows("int b; // " + kAllow + "n/r\n", "b.c");
  apply_allows(report, allows);
  CHECK(report.findings.size() == 3);
  CHECK(report.gates[0].suppressed == 1);
  CHECK(allows["a.c"][0].used);
  CHECK(!allows["b.c"][0].used);
}

TEST_CASE("baseline: takes known findings out until their date") {
  auto report = report_of({finding("x/y", "a.c", 1), finding("x/y", "a.c", 2), finding("x/z", "a.c", 3)});
  auto written = make_baseline(report, {"chiron.baseline.json", {}}, "2027-01-31", "later");
  written.entries.pop_back();
  auto baseline = parse_baseline(write_baseline(written), "chiron.baseline.json");
  REQUIRE(baseline);
  auto early = report;
  apply_baseline(early, *baseline, "2027-01-31");
  CHECK(early.findings.size() == 1);
  CHECK(early.gates[0].baselined == 2);
  auto late = report;
  apply_baseline(late, *baseline, "2027-02-01");
  CHECK(late.findings.size() == 5);  // all three, and two about expired entries
  CHECK(late.gates[0].baselined == 0);
}

TEST_CASE("baseline: a malformed one is refused at its place") {
  CHECK(parse_baseline("{}", "b").error().code == "baseline.format");
  CHECK(parse_baseline(R"({"version":1,"findings":[{}]})", "b").error().place->column == 26);
  CHECK(!parse_baseline(R"({"version":1,"findings":[{"fingerprint":"x","expires":"soon"}]})", "b"));
  CHECK(parse_baseline("{", "b").error().code == "json.syntax");
}
