// chiron history: earlier checks of this workspace.
#include "core/history.h"

#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct HistoryRequest {
  std::string gate;
  std::int64_t limit = 20;
  std::string form = "table";
};

doc::Value count(std::uint64_t number) { return doc::Value(number); }

Result<std::string> as_json(const std::string& path, const std::vector<HistoryRun>& runs) {
  doc::Value list = doc::Value::array();
  for (const auto& run : runs) {
    doc::Value gates = doc::Value::array();
    for (const auto& gate : TRY(read_gates(path, run.id))) {
      doc::Value item = doc::Value::object();
      item.set("gate", doc::Value(gate.gate))
          .set("status", doc::Value(gate.status))
          .set("duration_ms", count(gate.duration_ms))
          .set("cpu_ms", count(gate.cpu_ms));
      item.set("cached", doc::Value(gate.cached))
          .set("errors", count(gate.errors))
          .set("warnings", count(gate.warnings))
          .set("notes", count(gate.notes));
      gates.push(std::move(item));
    }
    doc::Value metrics = doc::Value::array();
    for (const auto& metric : TRY(read_metrics(path, run.id))) {
      doc::Value item = doc::Value::object();
      item.set("gate", doc::Value(metric.gate))
          .set("name", doc::Value(metric.name))
          .set("value", doc::Value(metric.value))
          .set("unit", doc::Value(metric.unit));
      metrics.push(std::move(item));
    }
    doc::Value item = doc::Value::object();
    item.set("id", doc::Value(run.id))
        .set("started", doc::Value(run.started))
        .set("revision", doc::Value(run.revision))
        .set("verdict", doc::Value(run.verdict));
    item.set("duration_ms", count(run.duration_ms))
        .set("errors", count(run.errors))
        .set("warnings", count(run.warnings))
        .set("notes", count(run.notes));
    item.set("gates", std::move(gates)).set("metrics", std::move(metrics));
    list.push(std::move(item));
  }
  return doc::write_json_pretty(list) + "\n";
}

Result<Response> run_history(const HistoryRequest& request, Context& context) {
  const auto path = context.workspace.absolute(".chiron/history.db");
  const auto runs = TRY(read_runs(path, request.limit, request.gate));
  Response response;
  if (request.form == "json") {
    response.output = TRY(as_json(path, runs));
    return response;
  }
  if (runs.empty()) {
    response.output = "No check was recorded yet.\n";
    return response;
  }
  std::string out = format("{:>6}  {:<20}  {:<13}  {:>9}  {:>6}  {:>8}  {:>5}  revision\n", "run", "started", "verdict",
                           "time", "errors", "warnings", "notes");
  for (const auto& run : runs) {
    out += format("{:>6}  {:<20}  {:<13}  {:>7.1f} s  {:>6}  {:>8}  {:>5}  {}\n", run.id, run.started, run.verdict,
                  static_cast<double>(run.duration_ms) / 1000, run.errors, run.warnings, run.notes,
                  run.revision.substr(0, 12) + (run.revision.ends_with('+') && run.revision.size() > 12 ? "+" : ""));
    if (request.gate.empty()) continue;
    for (const auto& gate : TRY(read_gates(path, run.id)))
      if (gate.gate == request.gate)
        out += format("{:>6}  {:<20}  {:<13}  {:>7.1f} s  {:>6}  {:>8}  {:>5}  {}\n", "", gate.gate, gate.status,
                      static_cast<double>(gate.duration_ms) / 1000, gate.errors, gate.warnings, gate.notes,
                      gate.cached ? "cached" : "");
  }
  response.output = out;
  return response;
}

}  // namespace

Operation history_operation() {
  auto made = operation<HistoryRequest>(
      "history", "List earlier checks of this workspace",
      Fields<HistoryRequest>()
          .add("gate", &HistoryRequest::gate,
               {.help = "Only checks in which this gate ran, with its result", .placeholder = "GATE"})
          .add("limit", &HistoryRequest::limit,
               {.help = "How many at most, newest first",
                .fallback = "20",
                .placeholder = "N",
                .minimum = 1,
                .maximum = 10000})
          .add("form", &HistoryRequest::form,
               {.help = "A table for people, or JSON with gates and metrics",
                .fallback = "table",
                .choices = {"table", "json"}})
          .take(),
      run_history);
  made.examples = {{"chiron history --gate coverage --limit 5", "The last five results of one gate."}};
  return made;
}

}  // namespace chiron
