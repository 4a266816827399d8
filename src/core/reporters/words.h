// Wording that several printed forms share.
#pragma once
#include <string>
#include <string_view>

#include "core/report.h"

namespace chiron {

// "1 error", "2 errors", "12,345 warnings".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);
[[nodiscard]] std::string with_thousands(std::uint64_t count);
// "3 errors, 1 warning"; "no findings" where there are none.
[[nodiscard]] std::string describe(const LevelCounts& counts);
// "passed", "failed", "could not run", "skipped".
[[nodiscard]] std::string_view status_words(GateStatus status);
// "error", "warning", "note"; a finding without a level is a note to people.
[[nodiscard]] std::string_view level_word(Level level);
// "87.5 %", "1204 lines", "3".
[[nodiscard]] std::string describe(const Metric& metric);
// "840 ms", "1.2 s", "3 min 20 s".
[[nodiscard]] std::string describe_duration(std::uint64_t duration_ms);
// The level from which on findings fail this gate, and whether this one does.
[[nodiscard]] bool fails_gate(const Report& report, const GateResult* gate, const Finding& finding);
// Sums over all gates.
[[nodiscard]] LevelCounts total_counts(const Report& report);

// Calls each(first, last) for every gate's range of findings in a sorted report, and once with an empty range for gates
// without findings, in the order of report.gates.
template <class Each>
void for_each_gate(const Report& report, Each each) {
  std::size_t first = 0;
  for (const auto& gate : report.gates) {
    // Findings of gates that are not listed would be a broken report; parse_report and conclude_report list them all.
    while (first < report.findings.size() && report.findings[first].gate < gate.gate) ++first;
    auto last = first;
    while (last < report.findings.size() && report.findings[last].gate == gate.gate) ++last;
    each(gate, first, last);
    first = last;
  }
}

}  // namespace chiron
