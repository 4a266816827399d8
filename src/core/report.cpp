#include "core/report.h"

#include <tuple>
#include <unordered_map>

#include "foundation/base/format.h"

namespace chiron {

std::string_view to_string(GateStatus status) {
  switch (status) {
    case GateStatus::passed:
      return "passed";
    case GateStatus::failed:
      return "failed";
    case GateStatus::could_not_run:
      return "could-not-run";
    case GateStatus::skipped:
      return "skipped";
  }
  return "";
}

std::optional<GateStatus> parse_gate_status(std::string_view text) {
  for (const auto status : {GateStatus::passed, GateStatus::failed, GateStatus::could_not_run, GateStatus::skipped})
    if (text == to_string(status)) return status;
  return std::nullopt;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::findings:
      return "findings";
    case Verdict::could_not_run:
      return "could-not-run";
  }
  return "";
}

std::optional<Verdict> parse_verdict(std::string_view text) {
  for (const auto verdict : {Verdict::pass, Verdict::findings, Verdict::could_not_run})
    if (text == to_string(verdict)) return verdict;
  return std::nullopt;
}

void LevelCounts::add(Level level, std::uint64_t count) {
  switch (level) {
    case Level::error:
      errors += count;
      break;
    case Level::warning:
      warnings += count;
      break;
    case Level::note:
    case Level::none:
      notes += count;
      break;
  }
}

const Timing* Timeline::find(std::string_view gate) const {
  for (const auto& timing : gates)
    if (timing.gate == gate) return &timing;
  return nullptr;
}

bool finding_less(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& f) {
    return std::tie(f.gate, f.place.file, f.place.line, f.place.column, f.rule, f.message, f.place.end_line,
                    f.place.end_column, f.place.offset, f.place.length, f.level, f.fingerprint);
  };
  return key(a) < key(b);
}

void sort_report(Report& report) {
  if (!std::ranges::is_sorted(report.findings, finding_less)) std::ranges::sort(report.findings, finding_less);
  std::ranges::stable_sort(report.gates, {}, &GateResult::gate);
  std::ranges::stable_sort(report.rules, {}, &Rule::id);
  const auto repeated = std::ranges::unique(report.rules, {}, &Rule::id);
  report.rules.erase(repeated.begin(), repeated.end());
}

namespace {

bool reaches(const Finding& finding, Level fail_level) {
  // A fail level of "none" means that findings never fail.
  return fail_level != Level::none && finding.level >= fail_level;
}

void drop_unused_rules(Report& report) {
  std::unordered_set<std::string_view> used;
  std::string_view last;
  for (const auto& finding : report.findings)
    if (finding.rule != last) used.insert(last = finding.rule);
  std::erase_if(report.rules, [&](const Rule& rule) { return !used.contains(rule.id); });
}

}  // namespace

void conclude_report(Report& report) {
  drop_unused_rules(report);
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < report.gates.size(); ++i) {
    report.gates[i].counts = {};
    index.emplace(report.gates[i].gate, i);
  }
  const std::string* gate = nullptr;
  GateResult* result = nullptr;
  for (const auto& finding : report.findings) {
    if (gate == nullptr || *gate != finding.gate) {
      const auto [at, is_new] = index.emplace(finding.gate, report.gates.size());
      if (is_new) report.gates.emplace_back().gate = finding.gate;
      result = &report.gates[at->second];
      gate = &finding.gate;
    }
    result->counts.add(finding.level);
    if (result->status == GateStatus::passed && reaches(finding, result->fail_level.value_or(report.fail_level)))
      result->status = GateStatus::failed;
  }
  std::ranges::stable_sort(report.gates, {}, &GateResult::gate);
  report.verdict = Verdict::pass;
  for (const auto& each : report.gates) {
    if (each.status == GateStatus::could_not_run) report.verdict = Verdict::could_not_run;
    if (each.status == GateStatus::failed && report.verdict == Verdict::pass) report.verdict = Verdict::findings;
  }
}

void finish_report(Report& report, const SourceReader& sources) {
  sort_report(report);
  assign_fingerprints(report, sources);
  conclude_report(report);
}

}  // namespace chiron
