#include "engines/coverage/diff_coverage.h"

#include <algorithm>
#include <optional>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

double FileCoverage::percent() const {
  // In this order of operations, so that the last digit is diff-cover's.
  if (measured.empty()) return 100;
  return 100.0 - static_cast<double>(uncovered.size()) / static_cast<double>(measured.size()) * 100.0;
}

std::size_t DiffCoverage::total_lines() const {
  std::size_t sum = 0;
  for (const auto& file : files) sum += file.measured.size();
  return sum;
}

std::size_t DiffCoverage::total_uncovered() const {
  std::size_t sum = 0;
  for (const auto& file : files) sum += file.uncovered.size();
  return sum;
}

Totals DiffCoverage::totals() const {
  Totals sum;
  for (const auto& file : files) sum += file.totals;
  return sum;
}

double DiffCoverage::percent_exact() const {
  const auto lines = total_lines();
  if (lines == 0) return 100;
  return static_cast<double>(lines - total_uncovered()) / static_cast<double>(lines) * 100.0;
}

std::string diff_name(std::string_view branch, bool staged, bool unstaged, bool untracked, std::string_view notation) {
  std::vector<std::string_view> options;
  if (staged) options.push_back("staged");
  if (unstaged) options.push_back("unstaged");
  if (untracked) options.push_back("untracked");
  std::string name = std::string(branch) + std::string(notation) + "HEAD";
  for (std::size_t i = 0; i + 1 < options.size(); ++i) name += ", " + std::string(options[i]);
  if (!options.empty()) name += " and " + std::string(options.back()) + " changes";
  return name;
}

namespace {

bool is_xml(Format format) {
  return format == Format::cobertura || format == Format::jacoco || format == Format::clover;
}

// One report's records of one file, merged.
SourceFile collect(const std::vector<const SourceFile*>& files, Instances instances) {
  SourceFile merged;
  for (const auto* file : files) {
    merged.lines.insert(merged.lines.end(), file->lines.begin(), file->lines.end());
    merged.branches.insert(merged.branches.end(), file->branches.begin(), file->branches.end());
    merged.decisions.insert(merged.decisions.end(), file->decisions.begin(), file->decisions.end());
  }
  normalize(merged, instances);
  return merged;
}

// The hits of a line between two reported ones are those of the one before it.
std::optional<std::uint64_t> expanded_hits(const SourceFile& file, std::uint32_t line) {
  if (file.lines.empty() || line <= file.lines.front().number || line >= file.lines.back().number) return std::nullopt;
  const auto after = std::lower_bound(file.lines.begin(), file.lines.end(), line,
                                      [](const Line& a, std::uint32_t b) { return a.number < b; });
  return std::prev(after)->hits;
}

enum class Verdict { unmeasured, covered, uncovered };

struct Measured {
  SourceFile file;
  bool expand;
};

Verdict judge(const std::vector<Measured>& reports, std::uint32_t line, bool as_diff_cover) {
  bool measured = false, run = false, missed_by_all = true;
  for (const auto& report : reports) {
    std::optional<std::uint64_t> hits;
    if (const auto* found = find_line(report.file, line))
      hits = found->hits;
    else if (report.expand)
      hits = expanded_hits(report.file, line);
    measured = measured || hits.has_value();
    run = run || (hits && *hits != 0);
    missed_by_all = missed_by_all && hits && *hits == 0;
  }
  if (!measured) return Verdict::unmeasured;
  const bool uncovered = as_diff_cover ? missed_by_all : !run;
  return uncovered ? Verdict::uncovered : Verdict::covered;
}

std::string missing_arms(const Branch& branch) {
  if (!branch.missing.empty()) return branch.missing;
  std::string text;
  std::size_t named = 0, unnamed = 0;
  for (const auto& arm : branch.arms) {
    if (arm.hits != 0) continue;
    if (arm.label.empty()) {
      ++unnamed;
    } else if (++named <= 5) {
      text += (text.empty() ? "" : ", ") + arm.label;
    }
  }
  if (named > 5) text += format(" and {} more", named - 5);
  return unnamed != 0 ? "" : text;
}

void add_branches(const std::vector<Measured>& reports, const std::vector<std::uint32_t>& covered,
                  const std::vector<std::uint32_t>& measured, FileCoverage& out) {
  SourceFile merged;
  for (const auto& report : reports) {
    merged.branches.insert(merged.branches.end(), report.file.branches.begin(), report.file.branches.end());
    merged.decisions.insert(merged.decisions.end(), report.file.decisions.begin(), report.file.decisions.end());
  }
  if (merged.branches.empty() && merged.decisions.empty()) return;
  // Only what stands on changed lines, so that merging costs what the change is, not the file.
  const auto outside = [&](const auto& item) {
    return !std::binary_search(measured.begin(), measured.end(), item.line);
  };
  std::erase_if(merged.branches, outside);
  std::erase_if(merged.decisions, outside);
  normalize(merged, Instances::add);
  out.totals = totals(merged);
  for (auto& partial : partial_branches(merged))
    if (std::binary_search(covered.begin(), covered.end(), partial.line)) out.partial.push_back(std::move(partial));
}

}  // namespace

std::vector<PartialBranch> partial_branches(const SourceFile& file) {
  std::vector<PartialBranch> partials;
  for (const auto& branch : file.branches) {
    if (branch.partial())
      partials.push_back({branch.line, branch.column, branch.taken, branch.total, false, missing_arms(branch)});
  }
  for (const auto& decision : file.decisions) {
    PartialBranch partial{decision.line, decision.column, 0, 0, true, ""};
    for (const auto& condition : decision.conditions) {
      ++partial.total;
      const bool both = condition.seen_true && condition.seen_false;
      if (decision.has_mcdc ? condition.independent : both) {
        ++partial.taken;
        continue;
      }
      auto name = condition.text;
      if (name.empty()) {
        name = format("condition {}", partial.total);
        if (condition.column != 0) name += format(" (column {})", condition.column);
      }
      const char* lack = !condition.seen_true && !condition.seen_false ? "never evaluated"
                         : !condition.seen_true                        ? "never true"
                         : !condition.seen_false                       ? "never false"
                                                                       : "never shown to decide alone";
      if (partial.total - partial.taken <= 5)
        partial.missing += (partial.missing.empty() ? "" : ", ") + name + " " + lack;
    }
    if (partial.taken < partial.total) partials.push_back(std::move(partial));
  }
  std::stable_sort(partials.begin(), partials.end(),
                   [](const PartialBranch& a, const PartialBranch& b) { return a.line < b.line; });
  return partials;
}

DiffCoverage cover_changes(const std::vector<Report>& reports, const std::vector<ChangedFile>& changes,
                           const DiffCoverageOptions& options) {
  DiffCoverage result;
  bool any_xml = reports.empty();
  std::vector<ReportIndex> indexes;
  indexes.reserve(reports.size());
  for (const auto& report : reports) {
    any_xml = any_xml || is_xml(report.format);
    indexes.emplace_back(report, options.map);
    for (const auto& note : report.notes) result.notes.push_back(report.name + ": " + note);
  }
  result.report_name = any_xml ? "XML" : "LCOV";
  const auto instances = options.as_diff_cover ? Instances::all_needed : Instances::add;
  for (const auto& change : changes) {
    auto lines = change.lines;
    if (options.skip_moved_lines && !change.moved_lines.empty()) {
      std::erase_if(lines, [&](std::uint32_t line) {
        return std::binary_search(change.moved_lines.begin(), change.moved_lines.end(), line);
      });
    }
    result.changed_lines += lines.size();
    std::vector<Measured> measured;
    for (const auto& index : indexes) {
      const auto found = index.find(change.path);
      if (found.empty()) continue;
      const auto format = index.report().format;
      // LCOV counts of one line are sums in diff-cover too.
      const auto rule = is_xml(format) ? instances : Instances::add;
      measured.push_back({collect(found, rule), options.expand && is_xml(format)});
    }
    if (measured.empty()) {
      if (!lines.empty()) result.without_coverage.push_back(change.path);
      continue;
    }
    FileCoverage file;
    file.path = change.path;
    file.changed = lines.size();
    file.moved = change.lines.size() - lines.size();
    std::vector<std::uint32_t> covered;
    for (const auto line : lines) {
      const auto verdict = judge(measured, line, options.as_diff_cover);
      if (verdict == Verdict::unmeasured) continue;
      file.measured.push_back(line);
      (verdict == Verdict::uncovered ? file.uncovered : covered).push_back(line);
    }
    if (file.measured.empty()) continue;
    add_branches(measured, covered, file.measured, file);
    result.files.push_back(std::move(file));
  }
  std::stable_sort(result.files.begin(), result.files.end(), [](const FileCoverage& a, const FileCoverage& b) {
    return text::to_lower_ascii(a.path) < text::to_lower_ascii(b.path);
  });
  return result;
}

}  // namespace chiron::coverage
