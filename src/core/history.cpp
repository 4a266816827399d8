#include "core/history.h"

#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "foundation/sqlite/sqlite.h"

namespace chiron {

namespace {

using sqlite::Database;

constexpr std::string_view kSchema = R"(
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, started TEXT NOT NULL, revision TEXT NOT NULL, verdict TEXT NOT NULL,
  duration_ms INTEGER NOT NULL, errors INTEGER NOT NULL, warnings INTEGER NOT NULL, notes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS gates (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, gate TEXT NOT NULL, status TEXT NOT NULL,
  duration_ms INTEGER NOT NULL, cpu_ms INTEGER NOT NULL, cached INTEGER NOT NULL,
  errors INTEGER NOT NULL, warnings INTEGER NOT NULL, notes INTEGER NOT NULL, PRIMARY KEY (run, gate)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS metrics (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, gate TEXT NOT NULL, name TEXT NOT NULL,
  value REAL NOT NULL, unit TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS metrics_by_run ON metrics (run);
PRAGMA user_version = 1;
)";

Result<Database> open(const std::string& path) {
  auto database = TRY(Database::open(path, sqlite::Mode::create));
  TRY(database.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"));
  std::int64_t version = 0;
  TRY(database.query("PRAGMA user_version", {}, [&](const sqlite::Row& row) {
    version = row.integer(0);
    return false;
  }));
  if (version > 1)
    return fail(ErrorKind::unsupported, "history.version", format("{} was written by a newer version", path), {},
                "Use that version, or remove the file.");
  if (version == 0) TRY(database.script(std::string(kSchema)));
  return database;
}

std::int64_t as_int(std::uint64_t number) { return static_cast<std::int64_t>(number); }
std::uint64_t as_count(std::int64_t number) { return number < 0 ? 0 : static_cast<std::uint64_t>(number); }

}  // namespace

Result<void> record_run(const std::string& path, const Report& report, const Timeline& timeline) {
  auto database = TRY(open(path));
  LevelCounts counts;
  for (const auto& gate : report.gates) {
    counts.errors += gate.counts.errors;
    counts.warnings += gate.counts.warnings;
    counts.notes += gate.counts.notes;
  }
  TRY(database.script("BEGIN IMMEDIATE"));
  const auto write = [&]() -> Result<void> {
    TRY(database.execute(
        "INSERT INTO runs (started, revision, verdict, duration_ms, errors, warnings, notes) VALUES (?,?,?,?,?,?,?)",
        {timeline.started, report.revision, to_string(report.verdict), as_int(timeline.duration_ms),
         as_int(counts.errors), as_int(counts.warnings), as_int(counts.notes)}));
    const auto run = database.last_insert_id();
    for (const auto& gate : report.gates) {
      const auto* timing = timeline.find(gate.gate);
      TRY(database.execute(
          "INSERT OR REPLACE INTO gates VALUES (?,?,?,?,?,?,?,?,?)",
          {run, gate.gate, to_string(gate.status), as_int(timing != nullptr ? timing->duration_ms : 0),
           as_int(timing != nullptr ? timing->cpu_ms : 0), std::int64_t{timing != nullptr && timing->cached},
           as_int(gate.counts.errors), as_int(gate.counts.warnings), as_int(gate.counts.notes)}));
      for (const auto& metric : gate.metrics)
        TRY(database.execute("INSERT INTO metrics VALUES (?,?,?,?,?)",
                             {run, gate.gate, metric.name, metric.value, metric.unit}));
    }
    return database.execute("DELETE FROM runs WHERE id <= ?", {run - kHistoryRuns});
  };
  if (auto written = write(); !written) {
    (void)database.script("ROLLBACK");
    return written;
  }
  return database.script("COMMIT");
}

Result<std::vector<HistoryRun>> read_runs(const std::string& path, std::int64_t limit, const std::string& gate) {
  std::vector<HistoryRun> runs;
  if (!io::exists(path)) return runs;
  auto database = TRY(open(path));
  TRY(
      database.query("SELECT id, started, revision, verdict, duration_ms, errors, warnings, notes FROM runs "
                     "WHERE ?1 = '' OR id IN (SELECT run FROM gates WHERE gate = ?1) ORDER BY id DESC LIMIT ?2",
                     {std::string_view(gate), limit}, [&](const sqlite::Row& row) {
                       runs.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                                       std::string(row.text(3)), as_count(row.integer(4)), as_count(row.integer(5)),
                                       as_count(row.integer(6)), as_count(row.integer(7))});
                       return true;
                     }));
  return runs;
}

Result<Trend> read_trend(const std::string& path, std::int64_t limit) {
  Trend trend;
  trend.runs = TRY(read_runs(path, limit, ""));
  std::ranges::reverse(trend.runs);
  if (trend.runs.empty()) return trend;
  auto database = TRY(open(path));
  TRY(database.query("SELECT run, gate, name, value, unit FROM metrics WHERE run >= ? ORDER BY gate, name, unit, run",
                     {trend.runs.front().id}, [&](const sqlite::Row& row) {
                       trend.metrics.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                                                std::string(row.text(4)), row.real(3)});
                       return true;
                     }));
  return trend;
}

Result<std::vector<HistoryGate>> read_gates(const std::string& path, std::int64_t run) {
  std::vector<HistoryGate> gates;
  auto database = TRY(open(path));
  TRY(
      database.query("SELECT gate, status, duration_ms, cpu_ms, cached, errors, warnings, notes FROM gates WHERE run = "
                     "? ORDER BY gate",
                     {run}, [&](const sqlite::Row& row) {
                       gates.push_back({run, std::string(row.text(0)), std::string(row.text(1)),
                                        as_count(row.integer(2)), as_count(row.integer(3)), row.integer(4) != 0,
                                        as_count(row.integer(5)), as_count(row.integer(6)), as_count(row.integer(7))});
                       return true;
                     }));
  return gates;
}

Result<std::vector<HistoryMetric>> read_metrics(const std::string& path, std::int64_t run) {
  std::vector<HistoryMetric> metrics;
  auto database = TRY(open(path));
  TRY(database.query("SELECT gate, name, value, unit FROM metrics WHERE run = ? ORDER BY gate, name", {run},
                     [&](const sqlite::Row& row) {
                       metrics.push_back({run, std::string(row.text(0)), std::string(row.text(1)),
                                          std::string(row.text(3)), row.real(2)});
                       return true;
                     }));
  return metrics;
}

}  // namespace chiron
