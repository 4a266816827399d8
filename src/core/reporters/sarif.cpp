// SARIF 2.1.0 (OASIS, 2020): one run of the tool "Chiron" whose rules are those of all gates.
//
// Columns count code points (columnKind), which is what a Place holds. File names become percent-encoded URIs relative
// to %SRCROOT%. A gate that could not run is a notification of an unsuccessful invocation.
#include "core/json_stream.h"
#include "core/reporters/reporter.h"
#include "core/reporters/uri.h"

namespace chiron {

namespace {

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
constexpr std::string_view kRoot = "%SRCROOT%";

void write_message(JsonStream& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.begin_object();
  json.member("text", text.empty() ? std::string_view("(no message)") : text);
  json.end_object();
}

void write_artifact(JsonStream& json, std::string_view file) {
  json.key("artifactLocation");
  json.begin_object();
  if (file.starts_with('/')) {
    json.member("uri", "file://" + percent_encode_path(file));
  } else {
    json.member("uri", percent_encode_path(file));
    json.member("uriBaseId", kRoot);
  }
  json.end_object();
}

void write_region(JsonStream& json, const Place& place, std::string_view excerpt) {
  if (place.line == 0 && !place.has_range) return;
  json.key("region");
  json.begin_object();
  if (place.line != 0) {
    json.member("startLine", place.line);
    if (place.column != 0) json.member("startColumn", place.column);
    if (place.end_line > place.line) json.member("endLine", place.end_line);
    const bool forward = place.end_line > place.line || place.end_column >= place.column;
    if (place.column != 0 && place.end_column != 0 && forward) json.member("endColumn", place.end_column);
  }
  if (place.has_range) {
    json.member("byteOffset", place.offset);
    json.member("byteLength", place.length);
  }
  if (!excerpt.empty()) write_message(json, "snippet", excerpt);
  json.end_object();
}

void write_location(JsonStream& json, const Place& place, std::string_view message, std::string_view excerpt,
                    std::optional<std::size_t> id) {
  json.begin_object();
  if (id) json.member("id", *id);
  if (!place.file.empty()) {
    json.key("physicalLocation");
    json.begin_object();
    write_artifact(json, place.file);
    write_region(json, place, excerpt);
    json.end_object();
  }
  if (!message.empty()) write_message(json, "message", message);
  json.end_object();
}

void write_code_flow(JsonStream& json, const Finding& finding) {
  json.key("codeFlows");
  json.begin_array();
  json.begin_object();
  json.key("threadFlows");
  json.begin_array();
  json.begin_object();
  json.key("locations");
  json.begin_array();
  for (const auto& step : finding.related) {
    json.begin_object();
    json.key("location");
    write_location(json, step.place, step.message, {}, std::nullopt);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_array();
  json.end_object();
  json.end_array();
}

// The first excerpt line as bytes of the file, where the finding's byte range tells where that line starts. Edits
// inside it can be given as lines and columns, which every reader understands; others only as bytes.
struct KnownLine {
  std::uint64_t start = 0;
  std::string_view text;
};
std::optional<KnownLine> known_line(const Finding& finding) {
  const auto& place = finding.place;
  if (!place.has_range || place.line == 0 || place.column == 0 || finding.excerpt.empty()) return std::nullopt;
  const auto line = std::string_view(finding.excerpt).substr(0, finding.excerpt.find('\n'));
  std::size_t bytes = 0;
  for (std::uint32_t i = 1; i < place.column; ++i) {
    if (bytes >= line.size()) return std::nullopt;
    bytes += utf8::decode(line, bytes).length;
  }
  if (bytes > place.offset) return std::nullopt;
  return KnownLine{place.offset - bytes, line};
}

void write_deleted_region(JsonStream& json, const Finding& finding, const Edit& edit) {
  json.key("deletedRegion");
  json.begin_object();
  const auto line = edit.file == finding.place.file ? known_line(finding) : std::nullopt;
  const bool inside = line && edit.offset >= line->start && edit.length <= line->text.size() &&
                      edit.offset - line->start <= line->text.size() - edit.length;
  if (inside) {
    const auto begin = edit.offset - line->start;
    json.member("startLine", finding.place.line);
    json.member("startColumn", utf8::count(line->text.substr(0, begin)) + 1);
    json.member("endColumn", utf8::count(line->text.substr(0, begin + edit.length)) + 1);
  } else {
    json.member("byteOffset", edit.offset);
    json.member("byteLength", edit.length);
  }
  json.end_object();
}

void write_fix(JsonStream& json, const Finding& finding, const Fix& fix) {
  json.begin_object();
  if (!fix.description.empty()) write_message(json, "description", fix.description);
  json.key("artifactChanges");
  json.begin_array();
  // One change per file, in the order in which the files first appear.
  for (std::size_t i = 0; i < fix.edits.size(); ++i) {
    const auto& file = fix.edits[i].file;
    const auto seen = std::find_if(fix.edits.begin(), fix.edits.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const Edit& edit) { return edit.file == file; });
    if (seen != fix.edits.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    json.begin_object();
    write_artifact(json, file);
    json.key("replacements");
    json.begin_array();
    for (std::size_t j = i; j < fix.edits.size(); ++j) {
      if (fix.edits[j].file != file) continue;
      json.begin_object();
      write_deleted_region(json, finding, fix.edits[j]);
      write_message(json, "insertedContent", fix.edits[j].replacement);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

class RuleTable {
 public:
  explicit RuleTable(const std::vector<Rule>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) index_.emplace(rules[i].id, std::pair{i, &rules[i]});
  }
  [[nodiscard]] std::optional<std::size_t> index(const std::string& id) const {
    const auto at = index_.find(id);
    return at == index_.end() ? std::nullopt : std::optional(at->second.first);
  }
  [[nodiscard]] bool is_data_flow(const std::string& id) const {
    const auto at = index_.find(id);
    return at != index_.end() &&
           std::ranges::find(at->second.second->tags, "data-flow") != at->second.second->tags.end();
  }

 private:
  std::unordered_map<std::string_view, std::pair<std::size_t, const Rule*>> index_;
};

void write_result(JsonStream& json, const Finding& finding, const RuleTable& rules, std::string_view baseline) {
  json.begin_object();
  json.member("ruleId", finding.rule);
  if (const auto index = rules.index(finding.rule)) json.member("ruleIndex", *index);
  if (finding.level == Level::none) json.member("kind", "informational");
  json.member("level", to_string(finding.level));
  write_message(json, "message", finding.message);
  if (!finding.place.file.empty()) {
    json.key("locations");
    json.begin_array();
    write_location(json, finding.place, {}, finding.excerpt, std::nullopt);
    json.end_array();
  }
  if (!finding.related.empty()) {
    json.key("relatedLocations");
    json.begin_array();
    for (std::size_t i = 0; i < finding.related.size(); ++i)
      write_location(json, finding.related[i].place, finding.related[i].message, {}, i);
    json.end_array();
    if (rules.is_data_flow(finding.rule)) write_code_flow(json, finding);
  }
  const auto has_edits = [](const Fix& fix) { return !fix.edits.empty(); };
  if (std::ranges::any_of(finding.fixes, has_edits)) {
    json.key("fixes");
    json.begin_array();
    for (const auto& fix : finding.fixes)
      if (has_edits(fix)) write_fix(json, finding, fix);
    json.end_array();
  }
  if (!finding.fingerprint.empty()) {
    json.key("partialFingerprints");
    json.begin_object();
    json.member("chironFingerprint/v1", finding.fingerprint);
    json.end_object();
  }
  json.member_unless_empty("baselineState", baseline);
  json.key("properties");
  json.begin_object();
  json.member("gate", finding.gate);
  if (!finding.evidence.is_null()) {
    json.key("evidence");
    json.raw(doc::write_json(finding.evidence));
  }
  json.end_object();
  json.end_object();
}

void write_rule(JsonStream& json, const Rule& rule) {
  json.begin_object();
  json.member("id", rule.id);
  json.member_unless_empty("name", rule.name);
  if (!rule.summary.empty()) {
    write_message(json, "shortDescription", rule.summary);
    write_message(json, "fullDescription", rule.summary);
  }
  if (!rule.help.empty()) {
    json.key("help");
    json.begin_object();
    json.member("text", rule.help);
    json.member("markdown", rule.help);
    json.end_object();
  }
  // The schema asks for a URI; what has no scheme would make the whole file invalid.
  if (has_uri_scheme(rule.help_uri)) json.member("helpUri", rule.help_uri);
  json.key("defaultConfiguration");
  json.begin_object();
  json.member("level", to_string(rule.level));
  json.end_object();
  const std::set<std::string_view> tags(rule.tags.begin(), rule.tags.end());
  if (!tags.empty()) {
    json.key("properties");
    json.begin_object();
    json.key("tags");
    json.begin_array();
    for (const auto tag : tags) json.string(tag);
    json.end_array();
    json.end_object();
  }
  json.end_object();
}

void write_invocation(JsonStream& json, const Report& report, const Timeline* timeline) {
  json.begin_object();
  json.member("executionSuccessful", report.verdict != Verdict::could_not_run);
  if (timeline != nullptr && !timeline->started.empty()) json.member("startTimeUtc", timeline->started);
  json.key("toolExecutionNotifications");
  json.begin_array();
  for (const auto& gate : report.gates) {
    if (gate.status == GateStatus::passed || gate.reason.empty()) continue;
    json.begin_object();
    json.key("descriptor");
    json.begin_object();
    json.member("id", format("gate/{}", to_string(gate.status)));
    json.end_object();
    json.member("level", gate.status == GateStatus::skipped ? "note" : "error");
    write_message(json, "message", format("{}: {}", gate.gate, gate.reason));
    json.key("properties");
    json.begin_object();
    json.member("gate", gate.gate);
    json.end_object();
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_roots(JsonStream& json, std::string_view root_uri) {
  json.key("originalUriBaseIds");
  json.begin_object();
  json.key(kRoot);
  json.begin_object();
  if (!root_uri.empty())
    json.member("uri", root_uri.ends_with('/') ? std::string(root_uri) : std::string(root_uri) + "/");
  write_message(json, "description", "The root of the workspace.");
  json.end_object();
  json.end_object();
}

void write_run_properties(JsonStream& json, const Report& report) {
  json.key("properties");
  json.begin_object();
  json.member("workspace", report.workspace);
  json.member_unless_empty("revision", report.revision);
  json.member_unless_empty("baseRevision", report.base_revision);
  json.member("verdict", to_string(report.verdict));
  json.key("gates");
  json.begin_array();
  for (const auto& gate : report.gates) {
    json.begin_object();
    json.member("gate", gate.gate);
    json.member("status", to_string(gate.status));
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
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

Result<void> write_sarif(const Report& report, const Timeline* timeline, io::Output& output,
                         const ReporterOptions& options) {
  std::vector<bool> is_new;
  if (options.before != nullptr) {
    is_new.resize(report.findings.size());
    for (const auto i : compare_reports(*options.before, report).added) is_new[i] = true;
  }
  const RuleTable rules(report.rules);
  JsonStream json(output);
  json.begin_object();
  json.member("$schema", kSchema);
  json.member("version", "2.1.0");
  json.key("runs");
  json.begin_array();
  json.begin_object();
  json.key("tool");
  json.begin_object();
  json.key("driver");
  json.begin_object();
  json.member("name", "Chiron");
  json.member_unless_empty("version", report.tool_version);
  json.key("rules");
  json.begin_array();
  for (const auto& rule : report.rules) {
    json.line_break();
    write_rule(json, rule);
  }
  json.end_array();
  json.end_object();
  json.end_object();
  json.line_break();
  json.key("invocations");
  json.begin_array();
  write_invocation(json, report, timeline);
  json.end_array();
  json.line_break();
  write_roots(json, options.root_uri);
  json.member("columnKind", "unicodeCodePoints");
  json.key("automationDetails");
  json.begin_object();
  json.member("id", "chiron/check/");
  json.end_object();
  json.line_break();
  json.key("results");
  json.begin_array();
  for (std::size_t i = 0; i < report.findings.size() && !output.failed(); ++i) {
    json.line_break();
    write_result(json, report.findings[i], rules, is_new.empty() ? "" : is_new[i] ? "new" : "unchanged");
  }
  json.line_break();
  json.end_array();
  json.line_break();
  write_run_properties(json, report);
  json.end_object();
  json.end_array();
  json.end_object();
  output.put('\n');
  return {};
}

}  // namespace chiron
