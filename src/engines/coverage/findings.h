// What a run has to say as findings: places in the changed sources, and what is wrong with the reports themselves.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "core/finding.h"
#include "engines/coverage/diff_coverage.h"

namespace chiron::coverage {

// Every rule the engine reports, with its page.
[[nodiscard]] std::vector<Rule> coverage_rules();

// Uncovered changed lines (one finding a run of lines) and partly taken branches.
[[nodiscard]] std::vector<Finding> line_findings(const DiffCoverage& coverage, Level level);

// Changed files that no report knows although a report has files of that kind; `reports` say what they have, `kinds`
// are extensions of files that they have and that were not kept.
[[nodiscard]] std::vector<Finding> unmapped_findings(const DiffCoverage& coverage, const std::vector<Report>& reports,
                                                     const MapOptions& map,
                                                     std::set<std::string, std::less<>> kinds = {});

struct SourceTime {
  std::string path;
  std::int64_t modified_at_s = 0;
};
// Sources that were changed after a report was made: its line numbers may be off.
[[nodiscard]] std::vector<Finding> stale_findings(const std::vector<Report>& reports,
                                                  const std::vector<SourceTime>& sources);

// The total below what is asked for.
[[nodiscard]] Finding threshold_finding(std::string_view what, double percent, double threshold);

// Files and the whole, where coverage is lower than in the reports of the base (both merged and normalized).
[[nodiscard]] std::vector<Finding> ratchet_findings(const std::vector<SourceFile>& base,
                                                    const std::vector<SourceFile>& now);

}  // namespace chiron::coverage
