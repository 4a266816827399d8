// Writing the canonical JSON of a report and of a time line. The reader is report_parse.cpp.
#include "core/report_json.h"

#include "core/json_stream.h"
#include "foundation/base/text.h"

namespace chiron {

namespace {

// JSON holds Unicode only, file names any bytes: a name that is not UTF-8 stands readable in `file` and exact in
// `file_hex`.
void write_file(JsonStream& json, std::string_view file) {
  if (file.empty()) return;
  json.member("file", file);
  if (utf8::find_invalid(file) != std::string_view::npos) json.member("file_hex", text::to_hex(file));
}

void write_place(JsonStream& json, const Place& place) {
  json.begin_object();
  write_file(json, place.file);
  if (place.line != 0) json.member("line", place.line);
  if (place.column != 0) json.member("column", place.column);
  if (place.end_line != 0) json.member("end_line", place.end_line);
  if (place.end_column != 0) json.member("end_column", place.end_column);
  if (place.has_range) {
    json.member("offset", place.offset);
    json.member("length", place.length);
  }
  json.end_object();
}

void write_counts(JsonStream& json, const LevelCounts& counts) {
  json.begin_object();
  json.member("errors", counts.errors);
  json.member("warnings", counts.warnings);
  json.member("notes", counts.notes);
  json.end_object();
}

void write_gate(JsonStream& json, const GateResult& gate) {
  json.begin_object();
  json.member("gate", gate.gate);
  json.member("status", to_string(gate.status));
  json.member_unless_empty("reason", gate.reason);
  if (gate.fail_level) json.member("fail_level", to_string(*gate.fail_level));
  if (!gate.metrics.empty()) {
    json.key("metrics");
    json.begin_array();
    for (const auto& metric : gate.metrics) {
      json.begin_object();
      json.member("name", metric.name);
      json.member("value", metric.value);
      json.member_unless_empty("unit", metric.unit);
      json.end_object();
    }
    json.end_array();
  }
  json.key("counts");
  write_counts(json, gate.counts);
  json.member("suppressed", gate.suppressed);
  json.member("baselined", gate.baselined);
  json.end_object();
}

void write_rule(JsonStream& json, const Rule& rule) {
  json.begin_object();
  json.member("id", rule.id);
  json.member_unless_empty("name", rule.name);
  json.member_unless_empty("summary", rule.summary);
  json.member_unless_empty("help", rule.help);
  json.member("level", to_string(rule.level));
  json.member_unless_empty("help_uri", rule.help_uri);
  if (!rule.tags.empty()) {
    json.key("tags");
    json.begin_array();
    for (const auto& tag : rule.tags) json.string(tag);
    json.end_array();
  }
  json.end_object();
}

void write_fix(JsonStream& json, const Fix& fix) {
  json.begin_object();
  json.member_unless_empty("description", fix.description);
  json.key("edits");
  json.begin_array();
  for (const auto& edit : fix.edits) {
    json.begin_object();
    write_file(json, edit.file);
    json.member("offset", edit.offset);
    json.member("length", edit.length);
    json.member("replacement", edit.replacement);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_finding(JsonStream& json, const Finding& finding) {
  json.begin_object();
  json.member("gate", finding.gate);
  json.member("rule", finding.rule);
  json.member("level", to_string(finding.level));
  json.member("message", finding.message);
  if (finding.place != Place{}) {
    json.key("place");
    write_place(json, finding.place);
  }
  if (!finding.related.empty()) {
    json.key("related");
    json.begin_array();
    for (const auto& related : finding.related) {
      json.begin_object();
      json.key("place");
      write_place(json, related.place);
      json.member_unless_empty("message", related.message);
      json.end_object();
    }
    json.end_array();
  }
  if (!finding.evidence.is_null()) {
    json.key("evidence");
    json.raw(doc::write_json(finding.evidence));
  }
  if (!finding.fixes.empty()) {
    json.key("fixes");
    json.begin_array();
    for (const auto& fix : finding.fixes) write_fix(json, fix);
    json.end_array();
  }
  json.member_unless_empty("fingerprint", finding.fingerprint);
  json.member_unless_empty("excerpt", finding.excerpt);
  json.end_object();
}

template <class Items, class Write>
void write_lines(JsonStream& json, std::string_view name, const Items& items, Write write) {
  json.line_break();
  json.key(name);
  json.begin_array();
  for (const auto& item : items) {
    json.line_break();
    write(json, item);
  }
  if (!items.empty()) json.line_break();
  json.end_array();
}

}  // namespace

void write_report_json(const Report& report, io::Output& output) {
  JsonStream json(output);
  json.begin_object();
  json.member("format", "chiron-report");
  json.member("version", kReportFormatVersion);
  json.line_break();
  json.member("tool_version", report.tool_version);
  json.member("workspace", report.workspace);
  json.member_unless_empty("revision", report.revision);
  json.member_unless_empty("base_revision", report.base_revision);
  json.member("fail_level", to_string(report.fail_level));
  json.member("verdict", to_string(report.verdict));
  write_lines(json, "gates", report.gates, write_gate);
  write_lines(json, "rules", report.rules, write_rule);
  write_lines(json, "findings", report.findings, write_finding);
  json.end_object();
  output.put('\n');
}

void write_timeline_json(const Timeline& timeline, io::Output& output) {
  JsonStream json(output);
  json.begin_object();
  json.member("format", "chiron-timeline");
  json.member("version", kReportFormatVersion);
  json.member("started", timeline.started);
  json.member("duration_ms", timeline.duration_ms);
  write_lines(json, "gates", timeline.gates, [](JsonStream& stream, const Timing& timing) {
    stream.begin_object();
    stream.member("gate", timing.gate);
    stream.member("start_ms", timing.start_ms);
    stream.member("duration_ms", timing.duration_ms);
    stream.member("cpu_ms", timing.cpu_ms);
    stream.member("cached", timing.cached);
    stream.end_object();
  });
  json.end_object();
  output.put('\n');
}

}  // namespace chiron
