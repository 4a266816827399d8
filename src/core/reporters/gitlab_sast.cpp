// GitLab's report of static analysis (its SAST schema 15.0): what the security widget of a merge request and the
// vulnerability list read. Every finding is told, so the gates to be told are chosen by the run that makes the report.
#include <ctime>
#include <unordered_map>

#include "core/json_stream.h"
#include "core/reporters/reporter.h"
#include "foundation/base/utf8.h"

namespace chiron {

namespace {

constexpr std::string_view kSchemaVersion = "15.0.1";
// Bounds of the schema, in characters; what is longer makes GitLab refuse the whole report.
constexpr std::size_t kMaxName = 255, kMaxSolution = 7000, kMaxDescription = 1'048'576;

std::string_view first_characters(std::string_view text, std::size_t count) {
  if (text.size() <= count) return text;
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at += std::max<std::size_t>(utf8::decode(text, at).length, 1);
  return text.substr(0, at);
}

std::string_view severity_of(Level level) {
  switch (level) {
    case Level::error:
      return "High";
    case Level::warning:
      return "Medium";
    case Level::note:
      return "Low";
    case Level::none:
      return "Info";
  }
  return "Unknown";
}

// "2026-02-14T16:01:59", `after_ms` later; the epoch where the time is not known, since the schema wants one.
std::string time_of(const Timeline* timeline, std::uint64_t after_ms) {
  std::tm parts{};
  if (timeline == nullptr || ::strptime(timeline->started.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr)
    parts = {.tm_mday = 1, .tm_year = 70};
  const std::time_t seconds = ::timegm(&parts) + static_cast<std::time_t>(after_ms / 1000);
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

// "CWE-79" of a tag that ends in "cwe-79" or "CWE-079", as analyzers spell it; nothing for other tags.
std::string weakness_of(std::string_view tag) {
  tag.remove_prefix(std::min(tag.size(), tag.rfind('/') + 1));
  if (tag.size() < 5 || (tag.substr(0, 4) != "cwe-" && tag.substr(0, 4) != "CWE-")) return {};
  tag.remove_prefix(std::min(tag.find_first_not_of('0', 4), tag.size() - 1));
  if (tag.find_first_not_of("0123456789") != std::string_view::npos) return {};
  return std::string(tag);
}

class SastReport {
 public:
  SastReport(const Report& report, const Timeline* timeline, io::Output& output)
      : report_(report), timeline_(timeline), output_(output), json_(output) {
    for (const auto& rule : report.rules) rules_.emplace(rule.id, &rule);
  }

  void write() {
    json_.begin_object();
    json_.member("version", kSchemaVersion);
    json_.key("scan");
    scan();
    json_.key("vulnerabilities");
    json_.begin_array();
    for (const auto& finding : report_.findings) {
      if (output_.failed()) break;
      json_.line_break();
      vulnerability(finding);
    }
    json_.line_break();
    json_.end_array();
    json_.end_object();
    output_.put('\n');
  }

 private:
  void tool(std::string_view role) {
    json_.key(role);
    json_.begin_object();
    json_.member("id", "chiron");
    json_.member("name", "Chiron");
    json_.member("version", report_.tool_version.empty() ? std::string_view("0") : report_.tool_version);
    json_.key("vendor");
    json_.begin_object();
    json_.member("name", "Chiron");
    json_.end_object();
    json_.end_object();
  }

  void scan() {
    const bool failed = report_.verdict == Verdict::could_not_run;
    json_.begin_object();
    tool("analyzer");
    tool("scanner");
    json_.member("type", "sast");
    json_.member("start_time", time_of(timeline_, 0));
    json_.member("end_time", time_of(timeline_, timeline_ != nullptr ? timeline_->duration_ms : 0));
    json_.member("status", failed ? "failure" : "success");
    if (failed) {
      json_.key("messages");
      json_.begin_array();
      for (const auto& gate : report_.gates) {
        if (gate.status != GateStatus::could_not_run) continue;
        json_.begin_object();
        json_.member("level", "fatal");
        json_.member("value", format("{} could not run: {}", gate.gate, gate.reason));
        json_.end_object();
      }
      json_.end_array();
    }
    json_.end_object();
  }

  void identifier(std::string_view type, std::string_view name, std::string_view value, std::string_view url) {
    json_.begin_object();
    json_.member("type", type);
    json_.member("name", name);
    json_.member("value", value);
    if (url.starts_with("https://") || url.starts_with("http://")) json_.member("url", url);
    json_.end_object();
  }

  void vulnerability(const Finding& finding) {
    const auto known = rules_.find(finding.rule);
    const Rule* rule = known != rules_.end() ? known->second : nullptr;
    json_.begin_object();
    json_.member("id", finding.fingerprint);
    json_.member("name", first_characters(rule != nullptr && !rule->summary.empty() ? rule->summary : finding.message,
                                          kMaxName));
    json_.member("description", first_characters(finding.message, kMaxDescription));
    json_.member("severity", severity_of(finding.level));
    if (!finding.fixes.empty() && !finding.fixes[0].description.empty())
      json_.member("solution", first_characters(finding.fixes[0].description, kMaxSolution));
    json_.key("identifiers");
    json_.begin_array();
    identifier("chiron", finding.rule, finding.rule, rule != nullptr ? rule->help_uri : std::string());
    if (rule != nullptr)
      for (const auto& tag : rule->tags)
        if (const auto weakness = weakness_of(tag); !weakness.empty())
          identifier("cwe", "CWE-" + weakness, weakness,
                     format("https://cwe.mitre.org/data/definitions/{}.html", weakness));
    json_.end_array();
    json_.key("location");
    json_.begin_object();
    if (!finding.place.file.empty()) {
      json_.member("file", finding.place.file);
      if (finding.place.line != 0) {
        json_.member("start_line", finding.place.line);
        json_.member("end_line", std::max(finding.place.line, finding.place.end_line));
      }
    }
    json_.end_object();
    if (!finding.excerpt.empty()) json_.member("raw_source_code_extract", finding.excerpt);
    json_.end_object();
  }

  const Report& report_;
  const Timeline* timeline_;
  io::Output& output_;
  JsonStream json_;
  std::unordered_map<std::string_view, const Rule*> rules_;
};

}  // namespace

Result<void> write_gitlab_sast(const Report& report, const Timeline* timeline, io::Output& output,
                               const ReporterOptions&) {
  SastReport(report, timeline, output).write();
  return {};
}

}  // namespace chiron
