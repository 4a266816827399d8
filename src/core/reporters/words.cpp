#include "core/reporters/words.h"

#include "core/json_stream.h"
#include "foundation/base/format.h"

namespace chiron {

std::string with_thousands(std::uint64_t count) {
  auto text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return format("{} {}{}", with_thousands(count), noun, count == 1 ? "" : "s");
}

std::string describe(const LevelCounts& counts) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view noun) {
    if (count != 0) text += (text.empty() ? "" : ", ") + counted(count, noun);
  };
  add(counts.errors, "error");
  add(counts.warnings, "warning");
  add(counts.notes, "note");
  return text.empty() ? "no findings" : text;
}

std::string_view status_words(GateStatus status) {
  return status == GateStatus::could_not_run ? "could not run" : to_string(status);
}

std::string_view level_word(Level level) { return level == Level::none ? "note" : to_string(level); }

std::string describe(const Metric& metric) {
  if (!std::isfinite(metric.value)) return "not known";
  // Two decimals are what a reader needs; the exact number is in the JSON.
  auto text = format("{:.2f}", metric.value);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  if (text == "-0") text = "0";
  auto unit = metric.unit;
  if (text == "1" && unit.ends_with('s') && unit.size() > 2) unit.pop_back();  // "1 test", yet "1 ms"
  return unit.empty() ? text : text + " " + unit;
}

std::string describe_duration(std::uint64_t duration_ms) {
  if (duration_ms < 1000) return format("{} ms", duration_ms);
  if (duration_ms < 60'000) return format("{:.1f} s", static_cast<double>(duration_ms) / 1000);
  const auto seconds = duration_ms / 1000;
  if (seconds < 3600) return format("{} min {} s", seconds / 60, seconds % 60);
  return format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

bool fails_gate(const Report& report, const GateResult* gate, const Finding& finding) {
  const auto level = gate != nullptr ? gate->fail_level.value_or(report.fail_level) : report.fail_level;
  return level != Level::none && finding.level >= level;
}

LevelCounts total_counts(const Report& report) {
  LevelCounts sum;
  for (const auto& gate : report.gates) {
    sum.errors += gate.counts.errors;
    sum.warnings += gate.counts.warnings;
    sum.notes += gate.counts.notes;
  }
  return sum;
}

}  // namespace chiron
