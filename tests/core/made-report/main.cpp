// made-report COUNT FORMAT FILE: writes a report of COUNT findings, made up but shaped like those of a large repository
// (the same ones every time), in the given form. COUNT "sample" writes the tests' sample report, compared with its
// earlier run.
#include <cstdio>

#include "../reports/sample.h"
#include "core/history.h"
#include "core/reporters/reporter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron {

namespace {

constexpr const char* kNouns[] = {"order", "invoice", "customer", "session", "token", "path",   "buffer", "queue",
                                  "index", "ledger",  "shipment", "price",   "cache", "cursor", "window", "packet"};
constexpr const char* kVerbs[] = {"is never read",
                                  "is not checked",
                                  "may be empty here",
                                  "is copied in a loop",
                                  "leaves its scope unreleased",
                                  "is compared with itself",
                                  "can overflow",
                                  "has no test that runs it",
                                  "reaches a file operation unchecked",
                                  "shadows another"};
constexpr const char* kGates[] = {"coverage", "dependencies", "policy", "prose", "scan"};
constexpr std::size_t kRules = 60;

// A small generator with a fixed seed (splitmix64), so that every run makes the same report.
class Dice {
 public:
  std::uint64_t operator()(std::uint64_t sides) {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return (z ^ (z >> 31)) % sides;
  }

 private:
  std::uint64_t state_ = 42;
};

Report made_report(std::uint64_t count) {
  Report report;
  report.tool_version = "0.1.0";
  report.workspace = "harbour";
  report.revision = "3f2a9c1d5e6b7a8990aabbccddeeff0011223344";
  report.fail_level = Level::error;
  for (const auto* gate : kGates) report.gates.push_back({.gate = gate});
  for (std::size_t i = 0; i < kRules; ++i) {
    Rule rule;
    rule.id = format("{}/{}-{}", kGates[i % 5], kNouns[i % 16], i);
    rule.summary = format("A {} that {}.", kNouns[i % 16], kVerbs[i % 10]);
    report.rules.push_back(std::move(rule));
  }
  Dice dice;
  report.findings.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Finding finding;
    const auto rule = dice(kRules);
    finding.rule = report.rules[rule].id;
    finding.gate = kGates[rule % 5];
    finding.level = dice(20) == 0 ? Level::error : dice(4) == 0 ? Level::note : Level::warning;
    finding.message = format("the {} \"{}_{}\" {}", kNouns[rule % 16], kNouns[dice(16)], dice(900), kVerbs[rule % 10]);
    const auto file = dice(std::max<std::uint64_t>(count / 40, 1));
    finding.place.file =
        format("src/{}/{}/{}_{}.cpp", kNouns[file % 16], kNouns[file / 16 % 16], kNouns[file / 256 % 16], file);
    finding.place.line = static_cast<std::uint32_t>(dice(2000) + 1);
    finding.place.column = static_cast<std::uint32_t>(dice(20) + 1);
    finding.place.end_line = finding.place.line;
    finding.place.end_column = finding.place.column + static_cast<std::uint32_t>(dice(20) + 1);
    finding.excerpt =
        format("    const auto {}_{} = {}(request, {});", kNouns[dice(16)], dice(900), kNouns[dice(16)], dice(64));
    report.findings.push_back(std::move(finding));
  }
  finish_report(report, {});
  return report;
}

// Forty checks of a repository that is getting better.
Trend made_trend() {
  Trend trend;
  Dice dice;
  for (std::int64_t id = 1; id <= 40; ++id) {
    const auto left = static_cast<std::uint64_t>(40 - id);
    trend.runs.push_back({id, format("2026-02-{:02}T09:{:02}:00Z", (id - 1) / 2 + 1, dice(60)), "3f2a9c1d5e6b7a89",
                          id % 13 == 0 ? "could-not-run"
                          : left > 12  ? "findings"
                                       : "pass",
                          6000 + dice(4000), left > 12 ? left / 6 + dice(2) : 0, left / 2 + dice(5), 6 + dice(4)});
    if (id % 9 == 0) trend.runs.back().errors = trend.runs.back().warnings = trend.runs.back().notes = 0;
  }
  for (const auto& run : trend.runs)
    trend.metrics.push_back({run.id, "coverage", "changed-lines", "%",
                             55 + static_cast<double>(run.id) / 2 + static_cast<double>(dice(60)) / 10});
  for (const auto& run : trend.runs)
    if (run.id > 8)
      trend.metrics.push_back({run.id, "dependencies", "packages", "", 80 + static_cast<double>(run.id / 6)});
  return trend;
}

int fail_with(const Error& error) {
  std::fprintf(stderr, "%s\n", to_string(error).c_str());
  return 2;
}

int run(const std::string& count, const std::string& form, const std::string& file) {
  const auto format = parse_report_format(form);
  const auto number = text::parse_unsigned(count);
  if (!format || (!number && count != "sample")) {
    std::fprintf(stderr, "usage: made-report COUNT|sample FORMAT FILE\n");
    return 2;
  }
  const auto report = number ? made_report(*number) : test::sample_report();
  const auto before = test::sample_before();
  const auto timeline = test::sample_timeline();
  ReporterOptions options;
  const auto trend = made_trend();
  if (!number) {
    options.before = &before;
    options.trend = &trend;
  }
  auto output = io::FileOutput::create(file);
  if (!output) return fail_with(output.error());
  const auto written = write_report(*format, report, &timeline, **output, options);
  if (!written) return fail_with(written.error());
  const auto finished = (*output)->finish();
  return finished ? 0 : fail_with(finished.error());
}

}  // namespace

}  // namespace chiron

int main(int argc, char** argv) {
  if (argc != 4) return chiron::run("", "", "");
  return chiron::run(argv[1], argv[2], argv[3]);
}
