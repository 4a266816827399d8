// The report itself: canonical form, fingerprints, round trip, merge and compare.
#include "core/report.h"

#include <doctest/doctest.h>

#include <random>

#include "core/report_json.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "sample.h"

namespace chiron::test {

namespace {

std::string canonical(const Report& report) {
  std::string text;
  io::StringOutput output(text);
  write_report_json(report, output);
  REQUIRE(output.finish());
  return text;
}

Finding at(std::string rule, std::string file, std::uint32_t line, std::string message = "m") {
  Finding finding;
  finding.gate = "g";
  finding.rule = std::move(rule);
  finding.message = std::move(message);
  finding.place = {.file = std::move(file), .line = line, .column = 1};
  return finding;
}

Report report_over(const std::string& source, const std::vector<std::uint32_t>& lines) {
  Report report;
  for (const auto line : lines) report.findings.push_back(at("r", "f", line));
  finish_report(report, [&](const std::string&) { return source; });
  return report;
}

// Random reports with many equal keys, so that ties and repetitions occur.
Report random_report(std::mt19937& random, int findings) {
  const auto pick = [&](unsigned n) { return static_cast<std::uint32_t>(random() % n); };
  Report report;
  report.workspace = "w";
  report.tool_version = "1";
  for (int i = 0; i < findings; ++i) {
    auto finding =
        at(format("r{}", pick(3)), pick(5) == 0 ? "" : format("f{}\xFF", pick(4)), pick(4), format("m{}", pick(3)));
    finding.gate = format("g{}", pick(3));
    finding.level = static_cast<Level>(pick(4));
    finding.place.has_range = pick(2) != 0;
    finding.place.offset = finding.place.has_range ? pick(9) : 0;
    if (pick(3) == 0)
      finding.evidence = doc::Value::object().set("n", doc::Value(pick(100))).set("a", doc::Value::array());
    if (pick(4) == 0) finding.related.push_back({{.file = "x", .line = 1}, "see"});
    if (pick(4) == 0) finding.fixes.push_back({"", {{"f\xFE", 1, 2, "\x01\n\"\\"}}});
    report.findings.push_back(std::move(finding));
  }
  const auto status = static_cast<GateStatus>(pick(4));
  report.gates.push_back({.gate = "g1",
                          .status = status,
                          .reason = format("because {}", pick(2)),
                          .metrics = {{"x", pick(3) / 4.0, "%"}},
                          .suppressed = pick(5)});
  return report;
}

}  // namespace

TEST_CASE("the canonical form does not depend on the order in which findings came") {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    auto report = random_report(random, 30);
    auto shuffled = report;
    std::ranges::shuffle(shuffled.findings, random);
    finish_report(report, sample_reader());
    finish_report(shuffled, sample_reader());
    // Findings that agree in every key of the order may differ in evidence, related places and fixes; leave those out.
    for (auto* each : {&report, &shuffled})
      for (auto& finding : each->findings) finding.evidence = {}, finding.related.clear(), finding.fixes.clear();
    CHECK(canonical(report) == canonical(shuffled));
  }
}

TEST_CASE("finishing twice changes nothing") {
  auto report = sample_report();
  const auto once = canonical(report);
  finish_report(report, sample_reader());
  CHECK(canonical(report) == once);
}

TEST_CASE("a report reads back byte for byte") {
  const auto check = [](const Report& report) {
    const auto text = canonical(report);
    const auto read = parse_report(text, "report.json");
    if (!read) FAIL(to_string(read.error()));
    CHECK(canonical(*read) == text);
    CHECK(doc::parse_json(text));
  };
  check(sample_report());
  check(Report{});
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    auto report = random_report(random, 20);
    finish_report(report, {});
    check(report);
  }
}

TEST_CASE("file names that are no UTF-8 survive") {
  const auto read = parse_report(canonical(sample_report()), "r");
  REQUIRE(read);
  CHECK(std::ranges::any_of(read->findings, [](const Finding& f) { return f.place.file == "docs/caf\xE9.md"; }));
}

TEST_CASE("a time line reads back") {
  std::string text;
  io::StringOutput output(text);
  write_timeline_json(sample_timeline(), output);
  REQUIRE(output.finish());
  const auto read = parse_timeline(text, "t");
  REQUIRE(read);
  CHECK(read->started == "2026-03-14T09:26:53Z");
  CHECK(read->duration_ms == 8420);
  REQUIRE(read->gates.size() == 6);
  CHECK(read->gates[2].cached);
  CHECK(read->gates[4].cpu_ms == 7700);
}

TEST_CASE("what is no report is refused with its place") {
  struct Case {
    const char* text;
    const char* message;  // part of it
    const char* place;
  };
  for (const auto& [text, message, place] : {
           Case{"[]", "not a chiron-report", "r"},
           Case{"3", "not a chiron-report", "r"},
           Case{"{}", "\"format\" is missing", "r"},
           Case{"{\"format\":\"sarif\"}", "not a chiron-report", "r:1:11"},
           Case{"{\"format\":\"chiron-report\"}", "\"version\" is missing", "r"},
           Case{"{\"format\":\"chiron-report\",\n \"version\":2}", "version of the format", "r:2:12"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"colour\":1}", "no member \"colour\"", "r:2:10"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"findings\":{}}", "must be an array", "r:2:12"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"workspace\":[\"a\"]}", "must not be an array",
                "r:2:14"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"verdict\":\"maybe\"}", "known words", "r:2:11"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"findings\":[{\"gate\":\"a\"}]}", "must have \"rule\"",
                "r:2:13"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"findings\":[7]}", "must be an object", "r:2:13"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"findings\":[{\"gate\":\"a\",\"rule\":\"b\",\"level\":"
                "\"note\","
                "\"message\":\"m\",\"place\":{\"line\":-1}}]}",
                "whole number", "r:2:81"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"findings\":[{\"gate\":\"a\",\"rule\":\"b\",\"level\":"
                "\"note\","
                "\"message\":\"m\",\"place\":{\"offset\":1}}]}",
                "must have \"length\"", "r:2:73"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"findings\":[{\"gate\":\"a\",\"rule\":\"b\",\"level\":"
                "\"note\","
                "\"message\":\"m\",\"extra\":1}]}",
                "does not know", "r:2:13"},
           Case{"{\"format\":\"chiron-report\",\"version\":1,\n\"gates\":[{\"gate\":\"a\",\"status\":\"fine\"}]}",
                "known words", "r:2:31"},
       }) {
    CAPTURE(text);
    const auto read = parse_report(text, "r");
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find(message) != std::string::npos);
    REQUIRE(read.error().place);
    CHECK(to_string(*read.error().place) == place);
  }
  CHECK(parse_report("{\"format\":", "r").error().code == "json.syntax");
}

TEST_CASE("a fingerprint stays when lines move and differs when the line does") {
  const auto before = report_over("a\nb\nbad();\nc\n", {3});
  const auto moved = report_over("new\nnew\na\nb\n   bad( );\nc\n", {5});
  const auto changed = report_over("a\nb\nworse();\nc\n", {3});
  CHECK(before.findings[0].fingerprint == moved.findings[0].fingerprint);
  CHECK(before.findings[0].fingerprint != changed.findings[0].fingerprint);
  CHECK(before.findings[0].fingerprint.size() == 15);
}

TEST_CASE("equal lines have fingerprints of their own, in order") {
  const auto one = report_over("bad();\nbad();\nbad();\n", {1, 2, 3});
  CHECK(one.findings[0].fingerprint != one.findings[1].fingerprint);
  CHECK(one.findings[1].fingerprint != one.findings[2].fingerprint);
  const auto fewer = report_over("bad();\nbad();\n", {1, 2});
  CHECK(fewer.findings[0].fingerprint == one.findings[0].fingerprint);
  CHECK(fewer.findings[1].fingerprint == one.findings[1].fingerprint);
}

TEST_CASE("another gate's findings do not change a fingerprint") {
  Report both;
  both.findings = {at("r", "f", 1), at("r", "f", 1)};
  both.findings[0].gate = "a";
  Report alone;
  alone.findings = {at("r", "f", 1)};
  const auto source = [](const std::string&) { return "x"; };
  finish_report(both, source);
  finish_report(alone, source);
  CHECK(both.findings[1].fingerprint == alone.findings[0].fingerprint);
}

TEST_CASE("excerpts hold the lines of the place, bounded") {
  std::string source;
  for (int i = 1; i <= 20; ++i) source += format("line {}\r\n", i);
  source += std::string(5000, 'x');
  Report report;
  report.findings = {at("a", "f", 2), at("b", "f", 3), at("c", "f", 4), at("d", "f", 21), at("e", "f", 99)};
  report.findings[1].place.end_line = 4;
  report.findings[1].place.end_column = 1;
  report.findings[2].place.end_line = 20;
  report.findings[2].place.end_column = 3;
  finish_report(report, [&](const std::string&) { return source; });
  CHECK(report.findings[0].excerpt == "line 2");
  CHECK(report.findings[1].excerpt == "line 3");
  CHECK(report.findings[2].excerpt == "line 4\nline 5\nline 6\nline 7\nline 8\nline 9");
  CHECK(report.findings[3].excerpt.size() == kExcerptLineBytes);
  CHECK(report.findings[4].excerpt.empty());
  CHECK_FALSE(report.findings[4].fingerprint.empty());
}

TEST_CASE("verdict and gate status follow the fail level") {
  const auto verdict = [](Level fail_level, std::optional<Level> own, Level found, GateStatus other) {
    Report report;
    report.fail_level = fail_level;
    report.gates = {{.gate = "g", .fail_level = own}, {.gate = "other", .status = other}};
    report.findings = {at("r", "f", 1)};
    report.findings[0].level = found;
    finish_report(report, {});
    return report.verdict;
  };
  CHECK(verdict(Level::error, {}, Level::warning, GateStatus::passed) == Verdict::pass);
  CHECK(verdict(Level::warning, {}, Level::warning, GateStatus::passed) == Verdict::findings);
  CHECK(verdict(Level::error, Level::note, Level::warning, GateStatus::passed) == Verdict::findings);
  CHECK(verdict(Level::none, {}, Level::error, GateStatus::passed) == Verdict::pass);
  CHECK(verdict(Level::error, Level::none, Level::error, GateStatus::skipped) == Verdict::pass);
  CHECK(verdict(Level::error, {}, Level::note, GateStatus::failed) == Verdict::findings);
  CHECK(verdict(Level::error, {}, Level::error, GateStatus::could_not_run) == Verdict::could_not_run);
}

TEST_CASE("shards merge in any order, and a report with itself is itself") {
  std::mt19937 random(23);
  for (int round = 0; round < 30; ++round) {
    std::vector<Report> shards;
    for (int i = 0; i < 3; ++i) {
      auto shard = random_report(random, 10);
      for (auto& finding : shard.findings) finding.evidence = {}, finding.related.clear(), finding.fixes.clear();
      finish_report(shard, {});
      shards.push_back(std::move(shard));
    }
    const auto forward = merge_reports(shards);
    std::ranges::reverse(shards);
    const auto backward = merge_reports(shards);
    REQUIRE(forward);
    REQUIRE(backward);
    CHECK(canonical(*forward) == canonical(*backward));
    std::size_t total = 0;
    for (const auto& shard : shards) total += shard.findings.size();
    CHECK(forward->findings.size() <= total);
  }
  auto sample = sample_report();
  for (auto& gate : sample.gates) gate.suppressed = gate.baselined = 0;
  CHECK(canonical(merge_reports({sample, sample}).value()) == canonical(sample));
}

TEST_CASE("a gate takes its worst status, and each value of a measure is kept") {
  Report a, b;
  a.gates = {{.gate = "g", .status = GateStatus::skipped, .reason = "other shard"},
             {.gate = "h", .status = GateStatus::failed, .reason = "x"}};
  b.gates = {
      {.gate = "g", .metrics = {{"m", 1, ""}}, .suppressed = 2},
      {.gate = "h", .status = GateStatus::could_not_run, .reason = "y", .metrics = {{"m", 2, ""}}, .suppressed = 1}};
  a.gates[0].metrics = {{"m", 3, ""}};
  const auto merged = merge_reports({a, b});
  REQUIRE(merged);
  CHECK(merged->gates[0].status == GateStatus::passed);
  CHECK(merged->gates[0].reason.empty());
  CHECK(merged->gates[0].metrics.size() == 2);
  CHECK(merged->gates[0].suppressed == 2);
  CHECK(merged->gates[1].reason == "y");
  CHECK(merged->verdict == Verdict::could_not_run);
}

TEST_CASE("reports of different runs do not merge") {
  Report a, b;
  b.revision = "other";
  const auto merged = merge_reports({a, b});
  REQUIRE_FALSE(merged);
  CHECK(merged.error().code == "report.shards-differ");
  CHECK(merge_reports({}).error().code == "report.none");
}

TEST_CASE("comparing tells new, fixed and still there") {
  const auto before = sample_before();
  const auto after = sample_report();
  const auto comparison = compare_reports(before, after);
  CHECK(comparison.added.size() + comparison.kept.size() == after.findings.size());
  CHECK(comparison.fixed.size() + comparison.kept.size() == before.findings.size());
  REQUIRE(comparison.fixed.size() == 1);
  CHECK(before.findings[comparison.fixed[0]].rule == "policy/plain-secret");
  REQUIRE(comparison.added.size() == 2);
  const auto same = compare_reports(after, after);
  CHECK(same.added.empty());
  CHECK(same.fixed.empty());
}

TEST_CASE("comparing calls nothing fixed that was not looked for") {
  Report before, after;
  for (const auto* gate : {"ran", "skipped", "ended", "removed"}) {
    before.findings.push_back(at("r", "f", 1));
    before.findings.back().gate = gate;
    before.findings.back().fingerprint = gate;
  }
  after.gates = {{.gate = "ran", .status = GateStatus::passed},
                 {.gate = "skipped", .status = GateStatus::skipped},
                 {.gate = "ended", .status = GateStatus::could_not_run}};
  auto comparison = compare_reports(before, after);
  CHECK(comparison.fixed == std::vector<std::size_t>{0, 3});
  // A change leaves out what is off it.
  after.base_revision = "base";
  comparison = compare_reports(before, after);
  CHECK(comparison.fixed.empty());
}

TEST_CASE("comparing counts repeated fingerprints one by one") {
  Report before, after;
  for (auto* report : {&before, &after})
    for (int i = 0; i < (report == &before ? 3 : 2); ++i) {
      report->findings.push_back(at("r", "f", 1));
      report->findings.back().fingerprint = "same";
    }
  const auto comparison = compare_reports(before, after);
  CHECK(comparison.added.empty());
  CHECK(comparison.kept.size() == 2);
  CHECK(comparison.fixed.size() == 1);
}

TEST_CASE("a full disk and a missing folder are errors of the output") {
  const auto report = sample_report();
  auto full = io::FileOutput::create("/dev/full");
  REQUIRE(full);
  write_report_json(report, **full);
  const auto finished = (*full)->finish();
  REQUIRE_FALSE(finished);
  CHECK(to_string(finished.error()).find("No space left") != std::string::npos);
  CHECK_FALSE(io::FileOutput::create("/nowhere/at/all/report.json"));
}

TEST_CASE("a file output appears whole or not at all") {
  const auto folder = io::TemporaryFolder::create().value();
  const auto path = folder.path() + "/report.json";
  {
    auto output = io::FileOutput::create(path).value();
    output->write("half");
    output->flush();
    CHECK_FALSE(io::exists(path));
  }
  CHECK_FALSE(io::exists(path));
  CHECK(io::walk(folder.path()).value().empty());
  auto output = io::FileOutput::create(path).value();
  write_report_json(sample_report(), *output);
  REQUIRE(output->finish());
  CHECK(io::read_file(path).value() == canonical(sample_report()));
  CHECK(canonical(read_report(path).value()) == canonical(sample_report()));
}

}  // namespace chiron::test
