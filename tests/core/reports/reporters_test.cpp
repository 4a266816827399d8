// Every printed form against its golden file, made from one report that has something of everything.
#include <doctest/doctest.h>

#include <set>

#include "core/history.h"
#include "core/report_json.h"
#include "core/reporters/reporter.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "sample.h"
#include "support/support.h"

namespace chiron::test {

namespace {

std::string print(ReportFormat format, const Report& report, const Timeline* timeline,
                  const ReporterOptions& options = {}) {
  std::string text;
  io::StringOutput output(text);
  REQUIRE(write_report(format, report, timeline, output, options));
  REQUIRE(output.finish());
  return text;
}

}  // namespace

TEST_CASE("golden forms of the sample report") {
  const auto report = sample_report();
  const auto timeline = sample_timeline();
  const auto before = sample_before();
  ReporterOptions plain;
  ReporterOptions compared;
  compared.before = &before;
  ReporterOptions narrow;
  narrow.width = 50;
  ReporterOptions colour;
  colour.colour = true;
  colour.hyperlinks = true;
  colour.root_uri = "file:///src/";
  ReporterOptions comment;
  comment.before = &before;
  comment.blob_url = "https://example.org/harbour/blob/3f2a9c1/";
  comment.details_url = "https://example.org/harbour/runs/7";
  struct Case {
    const char* file;
    ReportFormat format;
    const Timeline* timeline;
    const ReporterOptions* options;
  };
  for (const auto& [file, format, time, options] : {
           Case{"reports/terminal.txt", ReportFormat::terminal, nullptr, &plain},
           Case{"reports/terminal-compared.txt", ReportFormat::terminal, &timeline, &compared},
           Case{"reports/terminal-narrow.txt", ReportFormat::terminal, &timeline, &narrow},
           Case{"reports/terminal-colour.txt", ReportFormat::terminal, &timeline, &colour},
           Case{"reports/report.json", ReportFormat::json, &timeline, &plain},
           Case{"reports/report.sarif", ReportFormat::sarif, &timeline, &colour},
           Case{"reports/junit.xml", ReportFormat::junit, &timeline, &plain},
           Case{"reports/comment.md", ReportFormat::markdown, &timeline, &comment},
           Case{"reports/github.txt", ReportFormat::github, nullptr, &plain},
           Case{"reports/gitlab.json", ReportFormat::gitlab, nullptr, &plain},
           Case{"reports/gitlab-sast.json", ReportFormat::gitlab_sast, &timeline, &plain},
       })
    CHECK(compare_golden(file, print(format, report, time, *options)) == "");
}

TEST_CASE("a report without gates or findings prints in every form") {
  Report report;
  finish_report(report, {});
  for (const auto& info : report_formats()) {
    CAPTURE(info.name);
    const auto text = print(info.format, report, nullptr);
    if (info.format != ReportFormat::github) CHECK_FALSE(text.empty());
  }
}

TEST_CASE("formats by name and by file") {
  for (const auto& info : report_formats()) CHECK(parse_report_format(info.name) == info.format);
  CHECK_FALSE(parse_report_format("pdf"));
  CHECK(report_format_of_file("out/report.sarif") == ReportFormat::sarif);
  CHECK(report_format_of_file("report.sarif.json") == ReportFormat::sarif);
  CHECK(report_format_of_file("report.json") == ReportFormat::json);
  CHECK(report_format_of_file("junit.xml") == ReportFormat::junit);
  CHECK(report_format_of_file("a.html") == ReportFormat::html);
  CHECK_FALSE(report_format_of_file("report"));
}

TEST_CASE("GitLab's forms hold what its schemas demand") {
  auto report = sample_report();
  report.verdict = Verdict::could_not_run;
  const auto text_of = [](const doc::Value& value, std::string_view name) {
    const auto* member = value.find(name);
    REQUIRE(member != nullptr);
    REQUIRE(member->is_string());
    CHECK_FALSE(member->as_string().empty());
    return member->as_string();
  };
  const auto quality = doc::parse_json(print(ReportFormat::gitlab, report, nullptr));
  REQUIRE(quality);
  std::set<std::string> fingerprints;
  for (const auto& entry : quality->items()) {
    for (const auto* name : {"description", "check_name"}) (void)text_of(entry, name);
    CHECK(fingerprints.insert(std::string(text_of(entry, "fingerprint"))).second);
    CHECK(std::set<std::string_view>{"info", "minor", "major", "critical"}.contains(text_of(entry, "severity")));
    (void)text_of(*entry.find("location"), "path");
    CHECK(entry.find("location")->find("lines")->integer_or("begin", 0) > 0);
  }
  report.rules[0].tags.emplace_back("external/cwe/cwe-079");
  for (const auto& timeline : {sample_timeline(), Timeline{}}) {
    const auto sast = doc::parse_json(print(ReportFormat::gitlab_sast, report, &timeline));
    REQUIRE(sast);
    CHECK(text_of(*sast, "version") == "15.0.1");
    const auto& scan = *sast->find("scan");
    for (const auto* role : {"analyzer", "scanner"}) {
      for (const auto* name : {"id", "name", "version"}) (void)text_of(*scan.find(role), name);
      (void)text_of(*scan.find(role)->find("vendor"), "name");
    }
    CHECK(text_of(scan, "type") == "sast");
    CHECK(text_of(scan, "status") == "failure");
    CHECK(text_of(scan, "start_time") <= text_of(scan, "end_time"));
    CHECK(text_of(scan, "end_time").size() == std::string_view("2020-01-28T03:26:02").size());
    bool weakness = false;
    REQUIRE(sast->find("vulnerabilities")->items().size() == report.findings.size());
    for (const auto& entry : sast->find("vulnerabilities")->items()) {
      (void)text_of(entry, "id");
      CHECK(utf8::count(text_of(entry, "name")) <= 255);
      CHECK(std::set<std::string_view>{"Info", "Low", "Medium", "High"}.contains(text_of(entry, "severity")));
      REQUIRE(entry.find("location") != nullptr);
      for (const auto& identifier : entry.find("identifiers")->items()) {
        for (const auto* name : {"type", "name", "value"}) (void)text_of(identifier, name);
        weakness = weakness || (text_of(identifier, "name") == "CWE-79" && text_of(identifier, "value") == "79");
      }
    }
    CHECK(weakness);
  }
}

TEST_CASE("nothing of a finding reaches the terminal as a control character") {
  const auto text = print(ReportFormat::terminal, sample_report(), nullptr);
  for (const char c : text) CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
  CHECK(text.find("\u202E") == std::string::npos);
  CHECK(text.find("<U+202E>") != std::string::npos);
  CHECK(utf8::find_invalid(text) == std::string::npos);
}

TEST_CASE("no text of a finding leaves its element of the page") {
  const auto text = print(ReportFormat::html, sample_report(), nullptr);
  const auto data = text.find("id=\"report\">");
  REQUIRE(data != std::string::npos);
  const auto begin = data + std::string_view("id=\"report\">").size();
  const auto end = text.find("</script>", begin);
  const auto inside = std::string_view(text).substr(begin, end - begin);
  CHECK(inside.find('<') == std::string_view::npos);
  const auto value = doc::parse_json(inside);
  REQUIRE(value);
  CHECK(value->find("findings")->items().size() == sample_report().findings.size());
  // The page's script is the only one beside the data.
  CHECK(text.find("<script>", end) != std::string::npos);
  CHECK(text.find("<script>alert") == std::string::npos);
}

TEST_CASE("the page holds the trend, one value a run") {
  Trend trend;
  for (std::int64_t id : {3, 4, 7})
    trend.runs.push_back(
        {.id = id, .started = "2026-03-14T09:26:53Z", .verdict = "pass", .errors = static_cast<std::uint64_t>(id)});
  trend.metrics = {{3, "coverage", "lines", "%", 71}, {7, "coverage", "lines", "%", 72.5}, {4, "size", "bytes", "", 9}};
  ReporterOptions options;
  options.trend = &trend;
  const auto text = print(ReportFormat::html, sample_report(), nullptr, options);
  CHECK(text.find("[\"coverage\",\"lines\",\"%\",[71,null,72.5]],[\"size\",\"bytes\",\"\",[null,9,null]]") !=
        std::string::npos);
  CHECK(text.find("[\"2026-03-14T09:26:53Z\",\"\",\"pass\",0,7,0,0]") != std::string::npos);
  // One run is no trend.
  trend.runs.resize(1);
  CHECK(print(ReportFormat::html, sample_report(), nullptr, options).find("\"trend\":") == std::string::npos);
}

TEST_CASE("a comment stays below GitHub's bound, whatever the findings are") {
  for (const auto& message : {std::string("short"), std::string(100'000, '<'), std::string(3'000, '\\') + "@me #1"}) {
    Report report;
    for (int gate = 0; gate < 40; ++gate)
      for (int i = 0; i < 60; ++i) {
        Finding finding;
        finding.gate = "gate-" + std::to_string(gate);
        finding.rule = "rule/" + std::to_string(i % 7);
        finding.level = i % 3 == 0 ? Level::error : Level::warning;
        finding.message = message;
        finding.place = {.file = "src/file " + std::to_string(i) + ".cpp", .line = 3};
        report.findings.push_back(finding);
      }
    for (int gate = 0; gate < 300; ++gate)
      report.gates.push_back(
          {.gate = "broken-" + std::to_string(gate), .status = GateStatus::could_not_run, .reason = message + message});
    finish_report(report, {});
    const auto text = print(ReportFormat::markdown, report, nullptr);
    CHECK(text.size() < 65'536);
    CHECK(text.find(" more") != std::string::npos);
    // Every section that is opened is closed.
    const auto count = [&](std::string_view tag) {
      std::size_t found = 0;
      for (auto at = text.find(tag); at != std::string::npos; at = text.find(tag, at + 1)) ++found;
      return found;
    };
    CHECK(count("<details") == count("</details>"));
  }
}

TEST_CASE("a wide or a long source line keeps its caret below the marked text") {
  Report report;
  Finding finding;
  finding.gate = finding.rule = "g";
  finding.level = Level::error;
  finding.message = "m";
  std::string source(400, 'a');
  source += "\t漢字X";
  source += std::string(400, 'b');
  finding.place = {.file = "f", .line = 1, .column = 404, .end_line = 1, .end_column = 405};
  report.findings = {finding};
  finish_report(report, [&](const std::string&) { return source; });
  for (const unsigned width : {40U, 80U, 120U, 2000U}) {
    ReporterOptions options;
    options.width = width;
    const auto text = print(ReportFormat::terminal, report, nullptr, options);
    std::string_view source_line, caret_line;
    std::size_t begin = 0;
    while (begin < text.size()) {
      const auto end = text.find('\n', begin);
      const auto line = std::string_view(text).substr(begin, end - begin);
      if (line.starts_with(" 1 | ")) source_line = line;
      if (line.find('^') != std::string_view::npos) caret_line = line;
      begin = end + 1;
    }
    REQUIRE_FALSE(source_line.empty());
    REQUIRE_FALSE(caret_line.empty());
    if (width < 2000) CHECK(utf8::display_width(source_line) <= width);
    const auto before = source_line.substr(0, source_line.find('X'));
    CHECK(utf8::display_width(before) == caret_line.find('^'));
  }
}

}  // namespace chiron::test
