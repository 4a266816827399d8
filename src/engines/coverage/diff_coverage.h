// Coverage of the changed lines.
#pragma once
#include <string>
#include <vector>

#include "engines/coverage/changes.h"
#include "engines/coverage/mapping.h"
#include "engines/coverage/model.h"

namespace chiron::coverage {

struct DiffCoverageOptions {
  MapOptions map;
  // Lines between two reported ones have the hits of the one before (XML reports only).
  bool expand = false;
  // diff-cover's two shortcuts: of several records of a line in one report any unrun one counts, and of several
  // reports a line is missed only if every report that knows the file misses it. Without them counts are added, and
  // a line that only one report knows is missed when that one misses it.
  bool as_diff_cover = false;
  bool skip_moved_lines = false;
};

// A branch or decision on a changed line of which something was never taken.
struct PartialBranch {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t taken = 0, total = 0;
  bool is_decision = false;
  std::string missing;  // "to line 12, false"; "" where the format does not say
};

// All of a normalized file's, in order of the lines.
[[nodiscard]] std::vector<PartialBranch> partial_branches(const SourceFile& file);

struct FileCoverage {
  std::string path;
  std::vector<std::uint32_t> measured;   // changed lines that a report knows, ascending
  std::vector<std::uint32_t> uncovered;  // those never run
  std::size_t changed = 0;
  std::size_t moved = 0;
  std::vector<PartialBranch> partial;    // on changed lines that ran
  Totals totals;                         // of the changed lines: arms and conditions
  [[nodiscard]] double percent() const;  // of measured lines
};

struct DiffCoverage {
  std::string report_name = "XML";  // "XML" or "LCOV", as diff-cover names what it read
  std::string diff_name;
  std::vector<FileCoverage> files;            // those with measured lines
  std::vector<std::string> without_coverage;  // changed files no report knows
  std::size_t changed_lines = 0;
  std::vector<std::string> notes;
  [[nodiscard]] std::size_t total_lines() const;
  [[nodiscard]] std::size_t total_uncovered() const;
  [[nodiscard]] Totals totals() const;
  [[nodiscard]] double percent_exact() const;  // 100 where nothing is measured
};

// "origin/main...HEAD, staged and unstaged changes"
[[nodiscard]] std::string diff_name(std::string_view branch, bool staged, bool unstaged, bool untracked,
                                    std::string_view notation = "...");

[[nodiscard]] DiffCoverage cover_changes(const std::vector<Report>& reports, const std::vector<ChangedFile>& changes,
                                         const DiffCoverageOptions& options);

}  // namespace chiron::coverage
