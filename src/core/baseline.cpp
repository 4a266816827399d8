#include "core/baseline.h"

#include <unordered_map>

#include "foundation/base/format.h"
#include "foundation/doc/json.h"

namespace chiron {

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9})
    if (text[i] < '0' || text[i] > '9') return false;
  return text.substr(5, 2) >= "01" && text.substr(5, 2) <= "12" && text.substr(8) >= "01" && text.substr(8) <= "31";
}

Result<Baseline> parse_baseline(std::string_view text, const std::string& file) {
  doc::ReadOptions options;
  options.file = file;
  const doc::Document document{file, std::string(text), TRY(doc::parse_json(text, options))};
  const auto wrong = [&](const doc::Value& value, std::string message) {
    return fail(ErrorKind::config, "baseline.format", std::move(message), document.place(value),
                "chiron check --write-baseline writes the file anew.");
  };
  if (!document.root.is_object() || document.root.integer_or("version", 0) != 1)
    return wrong(document.root, "this is no baseline of version 1");
  const auto* findings = document.root.find("findings");
  if (findings == nullptr || !findings->is_array()) return wrong(document.root, "the baseline has no list of findings");
  Baseline baseline{file, {}};
  for (const auto& item : findings->items()) {
    BaselineEntry entry;
    entry.fingerprint = item.string_or("fingerprint", "");
    if (entry.fingerprint.empty()) return wrong(item, "this entry has no fingerprint");
    entry.rule = item.string_or("rule", "");
    entry.file = item.string_or("file", "");
    entry.message = item.string_or("message", "");
    entry.expires = item.string_or("expires", "");
    entry.reason = item.string_or("reason", "");
    if (!entry.expires.empty() && !is_date(entry.expires))
      return wrong(*item.find("expires"), "expires is no date as 2027-01-31");
    entry.place = document.place(item);
    baseline.entries.push_back(std::move(entry));
  }
  return baseline;
}

std::string write_baseline(const Baseline& baseline) {
  doc::Value findings = doc::Value::array();
  for (const auto& entry : baseline.entries) {
    doc::Value item = doc::Value::object();
    item.set("fingerprint", doc::Value(entry.fingerprint))
        .set("rule", doc::Value(entry.rule))
        .set("file", doc::Value(entry.file))
        .set("message", doc::Value(entry.message));
    if (!entry.expires.empty()) item.set("expires", doc::Value(entry.expires));
    if (!entry.reason.empty()) item.set("reason", doc::Value(entry.reason));
    findings.push(std::move(item));
  }
  doc::Value root = doc::Value::object();
  root.set("version", doc::Value(1)).set("findings", std::move(findings));
  return doc::write_json_pretty(root) + "\n";
}

Baseline make_baseline(const Report& report, const Baseline& previous, const std::string& expires,
                       const std::string& reason) {
  std::unordered_map<std::string_view, const BaselineEntry*> known;
  for (const auto& entry : previous.entries) known.emplace(entry.fingerprint, &entry);
  Baseline made{previous.file, {}};
  for (const auto& finding : report.findings) {
    if (finding.rule.starts_with("chiron/")) continue;  // about the baseline and the comments themselves
    BaselineEntry entry{
        finding.fingerprint, finding.rule, finding.place.file, finding.message, expires, reason, {}, false};
    if (const auto found = known.find(finding.fingerprint); found != known.end()) {
      if (expires.empty()) entry.expires = found->second->expires;
      if (reason.empty()) entry.reason = found->second->reason;
    }
    made.entries.push_back(std::move(entry));
  }
  return made;
}

void apply_baseline(Report& report, Baseline& baseline, std::string_view today) {
  std::unordered_map<std::string_view, BaselineEntry*> known;
  for (auto& entry : baseline.entries) known.emplace(entry.fingerprint, &entry);
  std::vector<Finding> expired;
  std::erase_if(report.findings, [&](const Finding& finding) {
    const auto found = known.find(finding.fingerprint);
    if (found == known.end()) return false;
    auto& entry = *found->second;
    entry.used = true;
    if (!entry.expires.empty() && entry.expires < today) {
      Finding about;
      about.rule = "chiron/expired-baseline";
      about.gate = finding.gate;
      about.level = Level::warning;
      about.message = format("the baseline's entry for {} in {} expired on {}", entry.rule, entry.file, entry.expires);
      about.place = entry.place;
      expired.push_back(std::move(about));
      return false;
    }
    for (auto& gate : report.gates)
      if (gate.gate == finding.gate) ++gate.baselined;
    return true;
  });
  for (auto& finding : expired) report.findings.push_back(std::move(finding));
}

}  // namespace chiron
