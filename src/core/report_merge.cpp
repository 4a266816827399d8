// One report out of the shards of a run, and the difference of two runs.
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "core/report.h"
#include "foundation/base/format.h"

namespace chiron {

namespace {

Error differ(std::string_view what, std::string_view a, std::string_view b) {
  return Error{ErrorKind::input,
               "report.shards-differ",
               format("the reports do not belong to one run: {} is \"{}\" in one and \"{}\" in another", what, a, b),
               {},
               {},
               "merge only the shards of one run; to set two runs against each other use `chiron report compare`"};
}

Result<void> check_same_run(const Report& a, const Report& b) {
  if (a.workspace != b.workspace) return std::unexpected(differ("the workspace", a.workspace, b.workspace));
  if (a.revision != b.revision) return std::unexpected(differ("the revision", a.revision, b.revision));
  if (a.base_revision != b.base_revision)
    return std::unexpected(differ("the base revision", a.base_revision, b.base_revision));
  if (a.tool_version != b.tool_version)
    return std::unexpected(differ("Chiron's version", a.tool_version, b.tool_version));
  if (a.fail_level != b.fail_level)
    return std::unexpected(differ("the fail level", to_string(a.fail_level), to_string(b.fail_level)));
  return {};
}

// skipped < passed < failed < could not run: a gate that one shard skipped and another ran has run.
int weight(GateStatus status) {
  switch (status) {
    case GateStatus::skipped:
      return 0;
    case GateStatus::passed:
      return 1;
    case GateStatus::failed:
      return 2;
    case GateStatus::could_not_run:
      return 3;
  }
  return 0;
}

// A gate that every report left to another shard has run nowhere here: a report is missing.
Result<void> check_complete(const Report& merged) {
  for (const auto& gate : merged.gates) {
    if (gate.status != GateStatus::skipped || gate.reason.empty()) continue;
    std::string_view reason = gate.reason;
    bool elsewhere = true;
    while (!reason.empty() && elsewhere) {
      elsewhere = reason.starts_with("in shard ");
      const auto end = reason.find('\n');
      reason = end == std::string_view::npos ? std::string_view() : reason.substr(end + 1);
    }
    if (elsewhere)
      return fail(ErrorKind::input, "report.shards-missing",
                  format("the gate {} ran in none of these reports ({})", gate.gate, gate.reason), {},
                  "name the reports of all shards");
  }
  return {};
}

auto metric_key(const Metric& metric) { return std::tie(metric.name, metric.value, metric.unit); }

void merge_gate(GateResult& into, GateResult&& from) {
  // The reason of the worse status is the one that matters; of two equally bad ones the lines are joined in byte order.
  if (weight(from.status) > weight(into.status)) {
    into.status = from.status;
    into.reason = std::move(from.reason);
  } else if (from.status == into.status && !from.reason.empty() && from.reason != into.reason) {
    std::set<std::string, std::less<>> reasons;
    for (const auto* text : {&into.reason, &from.reason})
      for (std::size_t begin = 0; begin < text->size();) {
        const auto end = std::min(text->find('\n', begin), text->size());
        reasons.insert(text->substr(begin, end - begin));
        begin = end + 1;
      }
    into.reason.clear();
    for (const auto& reason : reasons) into.reason += (into.reason.empty() ? "" : "\n") + reason;
  }
  if (!into.fail_level)
    into.fail_level = from.fail_level;
  else if (from.fail_level)
    into.fail_level = std::min(*into.fail_level, *from.fail_level);
  into.suppressed += from.suppressed;
  into.baselined += from.baselined;
  std::ranges::move(from.metrics, std::back_inserter(into.metrics));
  std::ranges::sort(into.metrics, [](const Metric& a, const Metric& b) { return metric_key(a) < metric_key(b); });
  const auto repeated = std::ranges::unique(
      into.metrics, [](const Metric& a, const Metric& b) { return metric_key(a) == metric_key(b); });
  into.metrics.erase(repeated.begin(), repeated.end());
}

}  // namespace

Result<Report> merge_reports(std::vector<Report> shards) {
  if (shards.empty())
    return fail(ErrorKind::usage, "report.none", "no report to merge", {}, "name the report of each shard");
  Report merged = std::move(shards.front());
  for (std::size_t i = 1; i < shards.size(); ++i) {
    auto& shard = shards[i];
    TRY(check_same_run(merged, shard));
    for (auto& gate : shard.gates) {
      const auto at = std::ranges::find(merged.gates, gate.gate, &GateResult::gate);
      if (at == merged.gates.end())
        merged.gates.push_back(std::move(gate));
      else
        merge_gate(*at, std::move(gate));
    }
    std::ranges::move(shard.rules, std::back_inserter(merged.rules));
    std::ranges::move(shard.findings, std::back_inserter(merged.findings));
    shard = {};
  }
  TRY(check_complete(merged));
  sort_report(merged);
  const auto repeated = std::ranges::unique(
      merged.findings, [](const Finding& a, const Finding& b) { return !finding_less(a, b) && !finding_less(b, a); });
  merged.findings.erase(repeated.begin(), repeated.end());
  conclude_report(merged);
  return merged;
}

Comparison compare_reports(const Report& before, const Report& after) {
  // A fingerprint may stand several times in a report that another tool wrote; each matches one.
  std::unordered_map<std::string_view, std::vector<std::size_t>> open;
  open.reserve(before.findings.size());
  for (std::size_t i = before.findings.size(); i-- > 0;) open[before.findings[i].fingerprint].push_back(i);
  Comparison result;
  for (std::size_t i = 0; i < after.findings.size(); ++i) {
    const auto at = open.find(after.findings[i].fingerprint);
    if (at == open.end() || at->second.empty()) {
      result.added.push_back(i);
    } else {
      at->second.pop_back();
      result.kept.push_back(i);
    }
  }
  // What `after` did not look for is not fixed: findings of gates that did not run, and with a change those off it.
  const bool limited = !after.base_revision.empty() && after.base_revision != before.base_revision;
  std::unordered_set<std::string_view> idle;
  for (const auto& gate : after.gates)
    if (gate.status == GateStatus::skipped || gate.status == GateStatus::could_not_run) idle.insert(gate.gate);
  for (const auto& [fingerprint, left] : open)
    for (const auto i : left)
      if (!limited && !idle.contains(before.findings[i].gate)) result.fixed.push_back(i);
  std::ranges::sort(result.fixed);
  return result;
}

}  // namespace chiron
