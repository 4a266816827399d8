// llvm-cov export -format=text (versions 2 and 3): per file segments from which line counts follow, branches with
// both counts, and MC/DC records.
//
// A segment [line, column, count, has count, starts a region, is a gap] holds until the next. A line's count is the
// largest of the regions that start on it and the one that runs into it, as llvm-cov itself counts lines.
#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "engines/coverage/json_parts.h"
#include "engines/coverage/limits.h"
#include "engines/coverage/readers.h"
#include "foundation/base/format.h"
#include "foundation/base/limits.h"

namespace chiron::coverage {

namespace {

constexpr std::size_t kLinesOfFile = 5'000'000;
constexpr std::size_t kConditionsOfDecision = 32'767;  // as many as clang's -fmcdc-max-conditions takes

struct Segment {
  std::uint32_t line = 0, column = 0;
  std::uint64_t count = 0;
  bool has_count = false, is_entry = false, is_gap = false;
};

std::uint64_t number(const doc::Value& value) {
  bool negative = false;
  return value.is_number() ? parse_count(value.as_string(), negative).value_or(0) : 0;
}
std::uint32_t line_number(const doc::Value& value) {
  return value.is_number() ? parse_line_number(value.as_string()).value_or(0) : 0;
}
std::uint32_t column_number(const doc::Value& value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number(value), 0xffffffff));
}
bool truth(const doc::Value& value) { return value.is_boolean() && value.as_boolean(); }

std::vector<Segment> read_segments(const doc::Value& list) {
  std::vector<Segment> segments;
  for (const auto& item : list.items()) {
    if (!item.is_array() || item.items().size() < 5) continue;
    const auto& parts = item.items();
    Segment segment{line_number(parts[0]), column_number(parts[1]), number(parts[2]),
                    truth(parts[3]),       truth(parts[4]),         parts.size() > 5 && truth(parts[5])};
    if (segment.line != 0) segments.push_back(segment);
  }
  std::stable_sort(segments.begin(), segments.end(), [](const Segment& a, const Segment& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  return segments;
}

bool add_lines(const std::vector<Segment>& segments, SourceFile& file) {
  const Segment* wrapped = nullptr;
  for (std::size_t begin = 0; begin < segments.size();) {
    const auto line = segments[begin].line;
    std::size_t end = begin;
    std::size_t regions = 0;
    bool starts_counted = false;
    std::uint64_t count = wrapped != nullptr && wrapped->has_count ? wrapped->count : 0;
    for (; end < segments.size() && segments[end].line == line; ++end) {
      const auto& segment = segments[end];
      starts_counted |= segment.is_entry && segment.has_count;
      if (segment.is_gap || !segment.has_count || !segment.is_entry) continue;
      ++regions;
      count = std::max(count, segment.count);
    }
    const bool skipped = !segments[begin].has_count && segments[begin].is_entry;
    const bool mapped = starts_counted || (!skipped && ((wrapped != nullptr && wrapped->has_count) || regions > 0));
    if (mapped) file.lines.push_back({line, count});
    wrapped = &segments[end - 1];
    // The lines up to the next segment are within this one.
    if (end < segments.size() && wrapped->has_count) {
      if (file.lines.size() + (segments[end].line - line) > kLinesOfFile) return false;
      for (auto between = line + 1; between < segments[end].line; ++between)
        file.lines.push_back({between, wrapped->count});
    }
    begin = end;
  }
  return true;
}

// [line, column, end line, end column, true, false, file, expanded file, kind]
constexpr std::uint64_t kConditionKind = 6;  // a branch that is an operand of a decision with MC/DC

std::optional<Branch> read_branch(const doc::Value& item) {
  if (!item.is_array() || item.items().size() < 6) return std::nullopt;
  const auto& parts = item.items();
  Branch branch;
  branch.line = line_number(parts[0]);
  branch.column = column_number(parts[1]);
  if (branch.line == 0) return std::nullopt;
  branch.arms = {{"true", number(parts[4])}, {"false", number(parts[5])}};
  branch.total = 2;
  for (const auto& arm : branch.arms) branch.taken += arm.hits != 0 ? 1 : 0;
  return branch;
}

using Position = std::pair<std::uint32_t, std::uint32_t>;
struct Outcomes {
  bool seen_true = false, seen_false = false;
};
using Conditions = std::map<Position, Outcomes>;  // of all instances together

Conditions add_branches(const doc::Value& list, SourceFile& file) {
  Conditions conditions;
  for (const auto& item : list.items()) {
    auto branch = read_branch(item);
    if (!branch) continue;
    if (item.items().size() > 8 && number(item.items()[8]) == kConditionKind) {
      auto& seen = conditions[{branch->line, branch->column}];
      seen.seen_true |= branch->arms[0].hits != 0;
      seen.seen_false |= branch->arms[1].hits != 0;
    }
    file.branches.push_back(std::move(*branch));
  }
  return conditions;
}

// The branches within a macro stand with the places that use it; they belong to the lines of its definition, all uses
// together.
void collect_macro_branches(const doc::Value& expansions, std::map<std::string, std::vector<Branch>>& macros) {
  for (const auto& expansion : expansions.items()) {
    const auto* branches = expansion.find("branches");
    const auto* names = expansion.find("filenames");
    if (branches == nullptr || !branches->is_array() || names == nullptr || !names->is_array()) continue;
    for (const auto& item : branches->items()) {
      auto branch = read_branch(item);
      if (!branch || item.items().size() < 7) continue;
      const auto file = number(item.items()[6]);
      if (file < names->items().size() && names->items()[file].is_string())
        macros[names->items()[file].as_string()].push_back(std::move(*branch));
    }
  }
}

const doc::Value* independence_flags(const std::vector<doc::Value>& parts) {
  for (std::size_t i = 4; i < parts.size(); ++i) {
    if (!parts[i].is_array() || parts[i].items().empty()) continue;
    if (std::ranges::all_of(parts[i].items(), [](const doc::Value& flag) { return flag.is_boolean(); }))
      return &parts[i];
  }
  return nullptr;
}

// [line, column, end line, end column, …, [condition covered…], …]: what stands between differs by version.
void add_decisions(const doc::Value& list, const Conditions& conditions, SourceFile& file) {
  for (const auto& item : list.items()) {
    if (!item.is_array() || item.items().size() < 5) continue;
    const auto& parts = item.items();
    const auto* flags = independence_flags(parts);
    Decision decision;
    decision.line = line_number(parts[0]);
    decision.column = column_number(parts[1]);
    decision.has_mcdc = true;
    if (decision.line == 0 || flags == nullptr || flags->items().size() > kConditionsOfDecision) continue;
    // The conditions are branches of their own; their counts say which outcomes were seen.
    std::vector<Conditions::const_iterator> within;
    const auto last = conditions.lower_bound({line_number(parts[2]), column_number(parts[3])});
    for (auto at = conditions.lower_bound({decision.line, decision.column});
         at != conditions.end() && at != last && within.size() <= flags->items().size(); ++at)
      within.push_back(at);
    for (std::size_t i = 0; i < flags->items().size(); ++i) {
      Condition condition{decision.line, 0, "", true, true, truth(flags->items()[i])};
      if (within.size() == flags->items().size()) {
        condition.line = within[i]->first.first;
        condition.column = within[i]->first.second;
        condition.seen_true = within[i]->second.seen_true;
        condition.seen_false = within[i]->second.seen_false;
      }
      decision.conditions.push_back(std::move(condition));
    }
    file.decisions.push_back(std::move(decision));
  }
}

}  // namespace

Result<Report> read_llvm_json(Input& input, const ReaderOptions& options) {
  Report report;
  report.name = input.name();
  report.format = Format::llvm_json;
  std::unordered_map<std::string, std::size_t> index;
  std::string problem;
  bool any = false;
  std::map<std::string, std::vector<Branch>> macros;  // by the file of the definition
  const auto take_file = [&](std::string_view, doc::Value value) {
    any = true;
    if (const auto* expansions = value.find("expansions"); expansions != nullptr && expansions->is_array())
      collect_macro_branches(*expansions, macros);
    const auto path = value.string_or("filename", "");
    if (path.empty() || path.size() > limits::kPathBytes || (options.wanted && !options.wanted(path))) return true;
    const auto [entry, is_new] = index.try_emplace(std::string(path), report.files.size());
    if (is_new) report.files.emplace_back().path = entry->first;
    auto& file = report.files[entry->second];
    const auto* segments = value.find("segments");
    if (segments != nullptr && segments->is_array() && !add_lines(read_segments(*segments), file)) {
      problem = format("{} would have more than {} lines", path, kLinesOfFile);
      return false;
    }
    Conditions conditions;
    if (const auto* branches = value.find("branches"); branches != nullptr && branches->is_array())
      conditions = add_branches(*branches, file);
    if (const auto* records = value.find("mcdc_records"); records != nullptr && records->is_array())
      add_decisions(*records, conditions, file);
    return true;
  };
  const auto take_function = [&](std::string_view, doc::Value value) {
    const auto* names = value.find("filenames");
    const auto* regions = value.find("regions");
    if (names == nullptr || !names->is_array() || names->items().empty() || !names->items()[0].is_string()) return true;
    if (regions == nullptr || !regions->is_array() || regions->items().empty()) return true;
    const auto& region = regions->items()[0];
    const auto found = index.find(names->items()[0].as_string());
    if (found == index.end() || !region.is_array() || region.items().empty()) return true;
    const auto line = line_number(region.items()[0]);
    const auto end = region.items().size() > 2 ? line_number(region.items()[2]) : 0;
    const auto* count = value.find("count");
    if (line != 0)
      report.files[found->second].functions.push_back(
          {std::string(value.string_or("name", "")), line, count == nullptr ? 0 : number(*count), end});
    return true;
  };
  const auto text = TRY(input.whole(chiron::limits::kDocumentBytes));
  auto read = read_json_parts(
      text, input.name(), {{{"data", "*", "files", "*"}, take_file}, {{"data", "*", "functions", "*"}, take_function}});
  if (!read && !problem.empty()) {
    return fail(ErrorKind::limit, "limit.lines", problem, Place{input.name()},
                "export the coverage again; line numbers that large are no real source");
  }
  if (!read) return std::unexpected(std::move(read).error());
  for (auto& [path, branches] : macros) {
    const auto found = index.find(path);
    if (found == index.end()) continue;
    std::ranges::move(branches, std::back_inserter(report.files[found->second].branches));
  }
  if (!any) {
    report.note("the report holds no files; was it exported with -summary-only?");
  }
  return report;
}

}  // namespace chiron::coverage
