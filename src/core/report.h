// The report of one run: what every gate concluded and found. Reporters print it, `chiron report` merges and compares
// it, evidence is signed over it.
//
// A report is canonical: it holds no time, duration, host or cache fact, so the same inputs give the same bytes. What
// belongs to one run only (when a gate started, how long it took, whether it came from the cache) is the Timeline's.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.h"
#include "foundation/base/result.h"

namespace chiron {

inline constexpr std::uint32_t kReportFormatVersion = 1;

enum class GateStatus : std::uint8_t { passed, failed, could_not_run, skipped };
[[nodiscard]] std::string_view to_string(GateStatus status);  // "passed", "failed", "could-not-run", "skipped"
[[nodiscard]] std::optional<GateStatus> parse_gate_status(std::string_view text);

enum class Verdict : std::uint8_t { pass, findings, could_not_run };
[[nodiscard]] std::string_view to_string(Verdict verdict);  // "pass", "findings", "could-not-run"
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view text);

struct LevelCounts {
  std::uint64_t errors = 0;
  std::uint64_t warnings = 0;
  std::uint64_t notes = 0;  // also findings of level none
  [[nodiscard]] std::uint64_t total() const { return errors + warnings + notes; }
  void add(Level level, std::uint64_t count = 1);
  bool operator==(const LevelCounts&) const = default;
};

struct GateResult {
  std::string gate;
  GateStatus status = GateStatus::passed;
  // Why it was skipped or could not run, and the next step; of a failed gate the threshold that was missed.
  std::string reason;
  std::optional<Level> fail_level;  // where it differs from the report's
  std::vector<Metric> metrics;
  // Filled by finish_report from the findings.
  LevelCounts counts;
  // Findings that an allow comment or the baseline took out; set by whoever took them out.
  std::uint64_t suppressed = 0;
  std::uint64_t baselined = 0;
};

struct Report {
  std::string tool_version;
  std::string workspace;      // a name, not a path
  std::string revision;       // commit under check, "" without git; "+" at the end where files differ from it
  std::string base_revision;  // with --since
  Level fail_level = Level::error;
  std::vector<GateResult> gates;  // by name
  std::vector<Rule> rules;        // of the findings; by id
  std::vector<Finding> findings;  // see finding_less
  Verdict verdict = Verdict::pass;
};

// The order of findings in a report: gate, file, line, column, rule, message, then whatever else tells two apart.
[[nodiscard]] bool finding_less(const Finding& a, const Finding& b);

// Text of a file of the workspace by the path a Place holds, or nothing where it cannot be read.
using SourceReader = std::function<std::optional<std::string>(const std::string& file)>;

// Brings a collected report into its canonical form: sorts gates, rules and findings, drops rules without a finding and
// repeated ones, fills fingerprints and excerpts, counts, fails a gate whose findings reach its level, and sets the
// verdict. Findings whose gate is not among `gates` add it. Idempotent.
void finish_report(Report& report, const SourceReader& sources);

// The parts of finish_report, for callers that filter by fingerprint in between (suppression, baseline):
void sort_report(Report& report);
// Fills empty fingerprints and excerpts. A fingerprint is taken over gate, rule, file, the text of the line without its
// white space, and the ordinal among findings that agree in all of these; so it stays the same when lines move.
// A finding without a line, or whose file cannot be read, takes its message in place of the line.
// Expects a sorted report.
void assign_fingerprints(Report& report, const SourceReader& sources);
// Counts, gate status and verdict.
void conclude_report(Report& report);

// Bounds of an excerpt; what is longer is cut.
inline constexpr std::uint32_t kExcerptLines = 6;
inline constexpr std::size_t kExcerptLineBytes = 1000;

// ---- The facts of one run, kept beside the report.
struct Timing {
  std::string gate;
  std::uint64_t start_ms = 0;  // since the run began
  std::uint64_t duration_ms = 0;
  std::uint64_t cpu_ms = 0;
  bool cached = false;
};

struct Timeline {
  std::string started;  // RFC 3339, UTC
  std::uint64_t duration_ms = 0;
  std::vector<Timing> gates;
  [[nodiscard]] const Timing* find(std::string_view gate) const;
};

// ---- Several reports.
// One report of the shards of a run. They must agree in workspace, revisions, tool version and fail level
// ("report.shards-differ"). A gate takes its worst status; findings that several shards have count once; a measure
// whose value differs between shards is listed with each value. The order of the shards does not matter.
[[nodiscard]] Result<Report> merge_reports(std::vector<Report> shards);

// Which findings of `after` are new, which of `before` are fixed; findings are told apart by fingerprint.
struct Comparison {
  std::vector<std::size_t> added;  // indices into after.findings
  std::vector<std::size_t> fixed;  // indices into before.findings
  std::vector<std::size_t> kept;   // indices into after.findings
};
[[nodiscard]] Comparison compare_reports(const Report& before, const Report& after);

}  // namespace chiron
