// Coverage of policies by line: which heads gave a value and which expressions were evaluated.
#pragma once
#include <map>

#include "engines/policy/machine.h"
#include "foundation/doc/value.h"

namespace chiron::policy {

struct FileCoverage {
  std::map<std::uint32_t, bool> rows;  // every row with something to evaluate, and whether it was
  double percent = 0;
  std::size_t covered = 0, not_covered = 0;
};
struct CoverageReport {
  std::map<std::string, FileCoverage> files;
  std::size_t covered = 0, not_covered = 0;
  double percent = 0;
};
// The expressions of a rule's body and head that the source spells out, inner ones too, outer before inner.
[[nodiscard]] std::vector<const ast::Expr*> expressions_of(const ast::Rule& rule);
[[nodiscard]] CoverageReport measure_coverage(const Program& program, const Counters& counters);
[[nodiscard]] doc::Value coverage_document(const CoverageReport& report);

}  // namespace chiron::policy
