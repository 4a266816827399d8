// chiron report, report merge and report compare, as a user runs them.
#include <doctest/doctest.h>

#include "../../core/reports/sample.h"
#include "core/report_json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

namespace chiron::test {

namespace {

std::string canonical(const Report& report) {
  std::string text;
  io::StringOutput output(text);
  write_report_json(report, output);
  REQUIRE(output.finish());
  return text;
}

class Folder {
 public:
  void save(const std::string& name, const std::string& text) {
    REQUIRE(io::make_folders(std::string(io::parent_path(path(name)))));
    REQUIRE(io::write_file_atomic(path(name), text));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  [[nodiscard]] std::string read(const std::string& name) const { return io::read_file(path(name)).value_or(""); }
  io::ProcessResult run(std::vector<std::string> arguments) const {
    io::ProcessSpec spec;
    spec.arguments = {chiron_binary(), "report"};
    for (auto& argument : arguments) spec.arguments.push_back(std::move(argument));
    spec.working_folder = folder_.path();
    auto result = io::run_process(spec);
    REQUIRE(result);
    return *std::move(result);
  }

 private:
  io::TemporaryFolder folder_ = io::TemporaryFolder::create().value();
};

}  // namespace

TEST_CASE("a saved report prints in another form, with the time line beside it") {
  Folder folder;
  folder.save("chiron.toml", "");
  folder.save(".chiron/report.json", canonical(sample_report()));
  std::string timeline;
  io::StringOutput output(timeline);
  write_timeline_json(sample_timeline(), output);
  REQUIRE(output.finish());
  folder.save(".chiron/timeline.json", timeline);
  const auto json = folder.run({"--format", "json"});
  CHECK(json.exit_code == 0);
  CHECK(json.output == canonical(sample_report()));
  const auto junit = folder.run({"--format", "junit", "-o", "out/page.html", "-o", "sarif:out/scan.json"});
  CHECK(junit.exit_code == 0);
  CHECK(junit.output.find("time=\"3.900\"") != std::string::npos);
  CHECK(folder.read("out/page.html").find("<!doctype html>") == 0);
  CHECK(folder.read("out/scan.json").find("\"version\":\"2.1.0\"") != std::string::npos);
}

TEST_CASE("an earlier report marks what is new") {
  Folder folder;
  folder.save("now.json", canonical(sample_report()));
  folder.save("then.json", canonical(sample_before()));
  const auto result = folder.run({"now.json", "--before", "then.json"});
  CHECK(result.exit_code == 0);
  CHECK(result.output.find("error[scan/tainted-path] (new): ") != std::string::npos);
  CHECK(result.output.find("2 new, 1 fixed") != std::string::npos);
}

TEST_CASE("the terminal shows as many findings as asked for") {
  Folder folder;
  folder.save("now.json", canonical(sample_report()));
  const auto result = folder.run({"now.json", "--show", "2"});
  CHECK(result.output.find("and 13 findings more") != std::string::npos);
}

TEST_CASE("comparing ends with 1 where a new finding reaches the fail level") {
  Folder folder;
  auto later = sample_report();
  auto earlier = sample_before();
  for (auto* report : {&later, &earlier})
    std::erase_if(report->gates, [](const GateResult& gate) { return gate.status == GateStatus::could_not_run; });
  folder.save("now.json", canonical(later));
  folder.save("then.json", canonical(earlier));
  const auto forward = folder.run({"compare", "then.json", "now.json"});
  CHECK(forward.exit_code == 1);
  CHECK(forward.error_output.find("2 new, 1 fixed, 13 still there") != std::string::npos);
  CHECK(forward.output.find("scan/tainted-path") != std::string::npos);
  CHECK(forward.output.find("policy/no-latest-tag") == std::string::npos);
  const auto same = folder.run({"compare", "now.json", "now.json"});
  CHECK(same.exit_code == 0);
  CHECK(same.output.find("passed: no findings") != std::string::npos);
  const auto fixed = folder.run({"compare", "then.json", "now.json", "--which", "fixed", "--fail-level", "never"});
  CHECK(fixed.exit_code == 0);
  CHECK(fixed.output.find("policy/plain-secret") != std::string::npos);
  CHECK(folder.run({"compare", "now.json"}).exit_code == 2);
}

TEST_CASE("shards merge into one report that ends as the whole run would have") {
  Folder folder;
  const auto whole = sample_report();
  std::vector<std::string> arguments = {"merge", "--format", "json"};
  for (int shard = 0; shard < 2; ++shard) {
    auto part = whole;
    std::erase_if(part.gates, [&](const GateResult& gate) { return (gate.gate < "m") != (shard == 0); });
    std::erase_if(part.findings, [&](const Finding& finding) { return (finding.gate < "m") != (shard == 0); });
    conclude_report(part);
    arguments.push_back("shard-" + std::to_string(shard) + ".json");
    folder.save(arguments.back(), canonical(part));
  }
  const auto merged = folder.run(arguments);
  CHECK(merged.exit_code == 2);  // a gate of the sample could not run
  CHECK(merged.output == canonical(whole));
}

TEST_CASE("what cannot be read is said, with its place") {
  Folder folder;
  folder.save("chiron.toml", "");
  folder.save("bad.json", "{\"format\":\"chiron-report\",\n\"version\":7}");
  const auto none = folder.run({});
  CHECK(none.exit_code == 2);
  CHECK(none.error_output.find("no report has been saved") != std::string::npos);
  const auto missing = folder.run({"absent.json"});
  CHECK(missing.exit_code == 2);
  CHECK(missing.error_output.find("absent.json") != std::string::npos);
  const auto bad = folder.run({"bad.json"});
  CHECK(bad.exit_code == 2);
  CHECK(bad.error_output.find("bad.json:2:11") != std::string::npos);
  folder.save("now.json", canonical(sample_report()));
  CHECK(folder.run({"now.json", "-o", "/dev/full"}).exit_code == 2);
  CHECK(folder.run({"now.json", "-o", "json:/dev/full"}).error_output.find("No space left") != std::string::npos);
  CHECK(folder.run({"now.json", "--fail-level", "note"}).exit_code == 2);
}

}  // namespace chiron::test
