#include "engines/coverage/findings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {

Rule rule(std::string id, std::string name, std::string summary, std::string help, Level level) {
  Rule made;
  made.id = std::move(id);
  made.name = std::move(name);
  made.summary = std::move(summary);
  made.help = std::move(help);
  made.level = level;
  made.tags = {"coverage", "tests"};
  return made;
}

Finding finding(std::string id, Level level, std::string message, Place place = {}) {
  Finding made;
  made.rule = std::move(id);
  made.level = level;
  made.message = std::move(message);
  made.place = std::move(place);
  return made;
}

}  // namespace

std::vector<Rule> coverage_rules() {
  return {
      rule("coverage/uncovered-line", "UncoveredLine", "A line that no test runs.",
           "The line was added or changed (without a base every line counts), a coverage report knows it as code, and "
           "no run of the tests reached it. "
           "Whatever it does wrong, no test will tell.\n\nAdd a test that reaches it, or take the line out. Lines that "
           "only moved do not count.",
           Level::warning),
      rule("coverage/partial-branch", "PartialBranch", "A branch on a changed line of which a way was never taken.",
           "The line ran, but always went the same way: an `if` without its else, a loop that was never empty, an "
           "operand of `&&` that never decided. The report names the missing way where its format does.\n\nAdd a test "
           "for the other way.",
           Level::note),
      rule("coverage/below-threshold", "CoverageBelowThreshold",
           "The coverage of the change is below what is asked for.",
           "`fail-under` (lines) or `fail-under-branches` sets the least percentage of the changed code that tests "
           "must run.\n\nTest the lines that the other findings name.",
           Level::error),
      rule("coverage/worse-than-base", "CoverageWorse", "Coverage fell below that of the base.",
           "With `no-worse-than` the reports of the base are a ratchet: neither the whole nor a file that was there "
           "before may be covered less.\n\nTest what was added, or what lost its test.",
           Level::error),
      rule("coverage/stale-report", "StaleReport", "A source was changed after its coverage report was made.",
           "Line numbers of the report may not be those of the source any more, so covered lines may be taken for "
           "uncovered ones and the other way round.\n\nRun the tests again before the check.",
           Level::warning),
      rule("coverage/unmapped-file", "UnmappedFile", "A changed source that no coverage report knows.",
           "The reports have files of this kind, but none that stands for this one: it is not built or imported by "
           "the tests, or the report's paths start elsewhere (a container, another machine).\n\nIf the paths differ, "
           "say how with `map`, for example `map = [\"/app=.\"]`; if the file is not tested, test it.",
           Level::warning),
  };
}

std::vector<Finding> line_findings(const DiffCoverage& coverage, Level level) {
  std::vector<Finding> findings;
  for (const auto& file : coverage.files) {
    for (std::size_t i = 0; i < file.uncovered.size();) {
      std::size_t end = i;
      while (end + 1 < file.uncovered.size() && file.uncovered[end + 1] == file.uncovered[end] + 1) ++end;
      Place place{file.path, file.uncovered[i]};
      place.end_line = file.uncovered[end];
      const auto count = end - i + 1;
      findings.push_back(finding("coverage/uncovered-line", level,
                                 count == 1 ? "no test runs this line" : format("no test runs these {} lines", count),
                                 std::move(place)));
      i = end + 1;
    }
    for (const auto& branch : file.partial) {
      Place place{file.path, branch.line, branch.column};
      auto message = branch.is_decision ? format("{} of {} conditions are covered", branch.taken, branch.total)
                                        : format("{} of {} ways are taken", branch.taken, branch.total);
      if (!branch.missing.empty()) message += "; missing: " + branch.missing;
      auto made = finding("coverage/partial-branch", Level::note, std::move(message), std::move(place));
      made.evidence.set("taken", doc::Value(branch.taken)).set("total", doc::Value(branch.total));
      findings.push_back(std::move(made));
    }
  }
  return findings;
}

std::vector<Finding> unmapped_findings(const DiffCoverage& coverage, const std::vector<Report>& reports,
                                       const MapOptions& map, std::set<std::string, std::less<>> kinds) {
  for (const auto& report : reports)
    for (const auto& file : report.files) kinds.emplace(io::extension(file.path));
  std::vector<Finding> findings;
  for (const auto& path : coverage.without_coverage) {
    if (!kinds.contains(io::extension(path))) continue;
    auto message = std::string("no coverage report knows this changed file");
    const auto name = io::file_name(path);
    for (const auto& report : reports) {
      const ReportIndex index(report, map);
      for (const auto& lost : index.lost()) {
        const auto spelt = to_unix_path(lost.file->path);
        if (io::file_name(spelt) != name) continue;
        message += format("; {} has {}: {}", report.name, lost.file->path, lost.reason);
        break;
      }
    }
    findings.push_back(finding("coverage/unmapped-file", Level::warning, std::move(message), Place{path}));
  }
  return findings;
}

std::vector<Finding> stale_findings(const std::vector<Report>& reports, const std::vector<SourceTime>& sources) {
  std::vector<Finding> findings;
  for (const auto& report : reports) {
    if (report.made_at_s == 0) continue;
    std::size_t newer = 0;
    const SourceTime* newest = nullptr;
    for (const auto& source : sources) {
      if (source.modified_at_s <= report.made_at_s) continue;
      ++newer;
      if (newest == nullptr || source.modified_at_s > newest->modified_at_s) newest = &source;
    }
    if (newest == nullptr) continue;
    auto message = format("{} is older than {}", report.name, newest->path);
    if (newer > 1) message += format(" and {} more changed sources", newer - 1);
    findings.push_back(finding("coverage/stale-report", Level::warning, std::move(message), Place{newest->path}));
  }
  return findings;
}

Finding threshold_finding(std::string_view what, double percent, double threshold) {
  // Rounded down, so that what is below never looks as if it were not.
  const auto shown = std::floor(percent * 100) / 100;
  return finding("coverage/below-threshold", Level::error,
                 format("{} are covered to {:g}%, {:g}% are asked for", what, shown, threshold));
}

std::vector<Finding> ratchet_findings(const std::vector<SourceFile>& base, const std::vector<SourceFile>& now) {
  std::vector<Finding> findings;
  std::map<std::string_view, Totals> before;
  Totals base_sum, now_sum;
  for (const auto& file : base) {
    const auto counts = totals(file);
    before[file.path] = counts;
    base_sum += counts;
  }
  // Half a hundredth of a percent is noise of rounding in the reports.
  constexpr double kSlack = 0.005;
  for (const auto& file : now) {
    const auto counts = totals(file);
    now_sum += counts;
    const auto found = before.find(file.path);
    if (found == before.end() || found->second.lines == 0 || counts.lines == 0) continue;
    const auto old_percent = percent(found->second.covered_lines, found->second.lines);
    const auto new_percent = percent(counts.covered_lines, counts.lines);
    if (new_percent + kSlack >= old_percent) continue;
    findings.push_back(
        finding("coverage/worse-than-base", Level::error,
                format("covered to {:.2f}%, {:.2f}% in the base ({} of {} lines, {} of {})", new_percent, old_percent,
                       counts.covered_lines, counts.lines, found->second.covered_lines, found->second.lines),
                Place{file.path}));
  }
  const auto old_total = percent(base_sum.covered_lines, base_sum.lines);
  const auto new_total = percent(now_sum.covered_lines, now_sum.lines);
  if (new_total + kSlack < old_total) {
    findings.push_back(finding("coverage/worse-than-base", Level::error,
                               format("the whole is covered to {:.2f}%, {:.2f}% in the base", new_total, old_total)));
  }
  return findings;
}

}  // namespace chiron::coverage
