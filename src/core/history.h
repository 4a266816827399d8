// The history of checks: .chiron/history.db, SQLite with a write-ahead log, safe with two runs at once.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/report.h"

namespace chiron {

struct HistoryRun {
  std::int64_t id = 0;
  std::string started;  // RFC 3339, UTC
  std::string revision;
  std::string verdict;
  std::uint64_t duration_ms = 0;
  std::uint64_t errors = 0, warnings = 0, notes = 0;
};

struct HistoryGate {
  std::int64_t run = 0;
  std::string gate, status;
  std::uint64_t duration_ms = 0, cpu_ms = 0;
  bool cached = false;
  std::uint64_t errors = 0, warnings = 0, notes = 0;
};

struct HistoryMetric {
  std::int64_t run = 0;
  std::string gate, name, unit;
  double value = 0;
};

inline constexpr std::int64_t kHistoryRuns = 10'000;  // older ones are dropped

// Adds a run; `path` of the database. Errors: those of sqlite.
[[nodiscard]] Result<void> record_run(const std::string& path, const Report& report, const Timeline& timeline);
// The last `limit` runs, newest first; with `gate` only those in which it ran. None where there is no database yet.
[[nodiscard]] Result<std::vector<HistoryRun>> read_runs(const std::string& path, std::int64_t limit,
                                                        const std::string& gate);
[[nodiscard]] Result<std::vector<HistoryGate>> read_gates(const std::string& path, std::int64_t run);
[[nodiscard]] Result<std::vector<HistoryMetric>> read_metrics(const std::string& path, std::int64_t run);

// The last runs with what they measured, for the trend of the HTML report.
struct Trend {
  std::vector<HistoryRun> runs;        // oldest first
  std::vector<HistoryMetric> metrics;  // of these runs, by gate, name and run
};
[[nodiscard]] Result<Trend> read_trend(const std::string& path, std::int64_t limit);

}  // namespace chiron
