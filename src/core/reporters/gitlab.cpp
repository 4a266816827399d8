// GitLab code quality: the JSON array that its merge request widget reads. Every entry needs a path and a line; a
// finding without a file stands at the root (".", line 1).
#include "core/json_stream.h"
#include "core/reporters/reporter.h"

namespace chiron {

namespace {
std::string_view severity_of(Level level) {
  switch (level) {
    case Level::error:
      return "major";
    case Level::warning:
      return "minor";
    case Level::note:
    case Level::none:
      return "info";
  }
  return "info";
}
}  // namespace

Result<void> write_gitlab(const Report& report, const Timeline*, io::Output& output, const ReporterOptions&) {
  JsonStream json(output);
  json.begin_array();
  const auto entry = [&](std::string_view description, std::string_view name, std::string_view fingerprint,
                         std::string_view severity, const Place& place) {
    json.line_break();
    json.begin_object();
    json.member("description", description);
    json.member("check_name", name);
    json.member("fingerprint", fingerprint);
    json.member("severity", severity);
    json.key("location");
    json.begin_object();
    json.member("path", place.file.empty() ? "." : std::string_view(place.file));
    json.key("lines");
    json.begin_object();
    json.member("begin", std::max(place.line, 1U));
    if (place.end_line > place.line) json.member("end", place.end_line);
    json.end_object();
    json.end_object();
    json.end_object();
  };
  for (const auto& gate : report.gates)
    if (gate.status == GateStatus::could_not_run)
      entry(format("{} could not run: {}", gate.gate, gate.reason), "gate/could-not-run", "gate/" + gate.gate,
            "critical", {});
  for (const auto& finding : report.findings) {
    if (output.failed()) break;
    entry(finding.message, finding.rule, finding.fingerprint, severity_of(finding.level), finding.place);
  }
  json.line_break();
  json.end_array();
  output.put('\n');
  return {};
}

}  // namespace chiron
