#include "operations/coverage_details.h"

#include <algorithm>

#include "core/reporters/words.h"
#include "engines/testing/nearest.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/coverage_support.h"
#include "operations/test_coverage.h"

namespace chiron::coverage_details {

namespace {

using coverage::Blame;
using coverage::DiffCoverage;
using coverage::FileCoverage;

constexpr std::size_t kRangesAtOnce = 500;  // more are asked of git as the whole file
constexpr std::size_t kNearTests = 3, kPlaces = 100;

struct Run {
  std::uint32_t first = 0, last = 0;
};

// Lines that follow each other among `measured`: a blank line or a comment between two does not part them.
std::vector<Run> runs_of(const std::vector<std::uint32_t>& lines, const std::vector<std::uint32_t>& measured) {
  std::vector<Run> runs;
  for (const auto line : lines) {
    if (!runs.empty()) {
      const auto next = std::ranges::upper_bound(measured, runs.back().last);
      if (next != measured.end() && *next == line) {
        runs.back().last = line;
        continue;
      }
    }
    runs.push_back({line, line});
  }
  return runs;
}

Result<Blame> blame_file(const FileCoverage& file, const std::string& root, const std::string& revision,
                         Context& context) {
  std::vector<std::string> arguments{"blame", "--porcelain"};
  const auto ranges = runs_of(file.measured, file.measured);
  if (ranges.size() <= kRangesAtOnce)
    for (const auto& range : ranges) {
      arguments.emplace_back("-L");
      arguments.push_back(format("{},{}", range.first, range.last));
    }
  if (!revision.empty()) arguments.push_back(revision);
  arguments.emplace_back("--");
  arguments.push_back(file.path);
  const auto output = coverage_support::ask_git(root, arguments, &context.cancel);
  if (output) return coverage::parse_blame(*output);
  // A file that is not in the history yet: all of it is new. Anything else is told.
  if (output.error().message.find("no such path") == std::string::npos) return std::unexpected(output.error());
  Blame blame;
  blame.commits.push_back({std::string(40, '0'), {}, {}, {}});
  for (const auto line : file.measured) blame.lines[line] = 0;
  return blame;
}

}  // namespace

Result<std::string> shares(const DiffCoverage& coverage, const std::string& root, const std::string& revision,
                           coverage::ShareBy by, Context& context) {
  std::vector<Result<Blame>> blames(coverage.files.size(), Blame{});
  context.pool.for_each(
      blames.size(), [&](std::size_t i) { blames[i] = blame_file(coverage.files[i], root, revision, context); },
      &context.cancel);
  std::map<std::string, Blame> by_file;
  for (std::size_t i = 0; i < blames.size(); ++i) by_file.emplace(coverage.files[i].path, TRY(std::move(blames[i])));
  return coverage::print_shares(coverage::share_coverage(coverage, by_file, by));
}

Result<std::string> nearest_tests(const DiffCoverage& coverage, const std::string& root, Context& context) {
  const auto map = TRY(testing::read_coverage_map(coverage_map_path(context)));
  if (!map)
    return fail(ErrorKind::usage, "coverage.no-record", "there is no record of which test runs which lines", {},
                "Make it with chiron test --coverage.");
  std::string out;
  std::size_t places = 0, left_out = 0;
  for (const auto& file : coverage.files) {
    if (file.uncovered.empty()) continue;
    const auto absolute = io::join_path(root, file.path);
    const auto text = io::read_file(absolute);
    if (!text) continue;
    for (const auto& run : runs_of(file.uncovered, file.measured)) {
      if (places++ >= kPlaces) {
        ++left_out;
        continue;
      }
      out += run.first == run.last ? format("{}:{}", file.path, run.first)
                                   : format("{}:{}-{}", file.path, run.first, run.last);
      const auto found =
          testing::nearest_tests(*map, context.workspace.relative(absolute), *text, run.first, kNearTests);
      if (found.empty()) out += "  no test runs anything of this file";
      out += "\n";
      for (const auto& near : found)
        out +=
            format("    {}  {} line {}\n", near.test, near.same_function ? "runs this function," : "runs", near.line);
    }
  }
  if (left_out != 0) out += format("and {} more\n", counted(left_out, "place"));
  return out.empty() ? std::string("no changed line is uncovered\n") : out;
}

}  // namespace chiron::coverage_details
