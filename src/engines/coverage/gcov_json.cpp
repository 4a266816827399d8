// gcov --json-format (GCC 9 and later): one document a data file, gzip-compressed unless --stdout was given, or
// several documents, one a line. A line of several template instances comes several times.
#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "engines/coverage/gunzip.h"
#include "engines/coverage/json_parts.h"
#include "engines/coverage/limits.h"
#include "engines/coverage/readers.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

std::uint64_t count_of(const doc::Value& object, std::string_view name) {
  const auto* value = object.find(name);
  bool negative = false;
  return value != nullptr && value->is_number() ? parse_count(value->as_string(), negative).value_or(0) : 0;
}

std::uint32_t line_of(const doc::Value& object, std::string_view name) {
  const auto* value = object.find(name);
  return value != nullptr && value->is_number() ? parse_line_number(value->as_string()).value_or(0) : 0;
}

struct Way {
  std::uint64_t hits = 0;
  bool falls_through = false, throws = false, is_choice = true;
  std::optional<std::int64_t> block;  // that it leaves; told by GCC 14 and later
};

// The way that an exception takes is no choice in the source, and neither is the other way out of the same call: the
// one that falls through right before it, or where that is taken already, right behind it.
void mark_calls(std::vector<Way>& ways) {
  std::set<std::int64_t> calls;
  for (const auto& way : ways)
    if (way.throws && way.block) calls.insert(*way.block);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    if (ways[i].block) ways[i].is_choice = !calls.contains(*ways[i].block);
    if (!ways[i].throws) continue;
    ways[i].is_choice = false;
    if (ways[i].block) continue;
    const auto returns = [&](const Way& way) { return way.falls_through && !way.throws && way.is_choice; };
    if (i > 0 && returns(ways[i - 1]))
      ways[i - 1].is_choice = false;
    else if (i + 1 < ways.size() && returns(ways[i + 1]))
      ways[i + 1].is_choice = false;
  }
}

void add_branches(const doc::Value& branches, std::uint32_t line, SourceFile& file) {
  std::vector<Way> ways;
  for (const auto& arm : branches.items()) {
    if (!arm.is_object()) continue;
    if (ways.size() >= limits::kArmsOfBranch) break;
    Way way{count_of(arm, "count"), arm.boolean_or("fallthrough", false), arm.boolean_or("throw", false), true, {}};
    if (const auto* block = arm.find("source_block_id"); block != nullptr && block->is_number())
      way.block = block->as_integer();
    ways.push_back(way);
  }
  mark_calls(ways);
  Branch branch;
  branch.line = line;
  for (const auto& way : ways) {
    if (!way.is_choice) continue;
    branch.arms.push_back({way.falls_through ? "falls through" : "jumps", way.hits});
    branch.taken += way.hits != 0 ? 1 : 0;
  }
  branch.total = static_cast<std::uint32_t>(branch.arms.size());
  if (branch.total > 1) file.branches.push_back(std::move(branch));
}

// GCC 14: {"count": 4, "covered": 3, "not_covered_true": [], "not_covered_false": [1]}; two outcomes a condition.
void add_conditions(const doc::Value& conditions, std::uint32_t line, SourceFile& file) {
  std::uint32_t index = 0;
  for (const auto& item : conditions.items()) {
    const auto outcomes = count_of(item, "count");
    if (!item.is_object() || outcomes < 2 || outcomes > 128) continue;
    Decision decision;
    decision.line = line;
    decision.column = ++index;
    decision.has_mcdc = true;
    decision.conditions.resize(outcomes / 2, Condition{line, 0, "", true, true, true});
    const auto miss = [&](std::string_view name, bool Condition::* seen) {
      const auto* list = item.find(name);
      if (list == nullptr || !list->is_array()) return;
      for (const auto& entry : list->items()) {
        const auto at = entry.is_number() ? entry.as_integer().value_or(-1) : -1;
        if (at < 0 || static_cast<std::size_t>(at) >= decision.conditions.size()) continue;
        auto& condition = decision.conditions[static_cast<std::size_t>(at)];
        condition.*seen = false;
        condition.independent = false;
      }
    };
    miss("not_covered_true", &Condition::seen_true);
    miss("not_covered_false", &Condition::seen_false);
    file.decisions.push_back(std::move(decision));
  }
}

class GcovJson {
 public:
  GcovJson(Report& report, const ReaderOptions& options) : report_(report), options_(options) {}

  bool take_file(const doc::Value& value) {
    const auto path = value.string_or("file", "");
    if (path.empty() || path.size() > limits::kPathBytes || (options_.wanted && !options_.wanted(path))) return true;
    const auto [entry, is_new] = index_.try_emplace(std::string(path), report_.files.size());
    if (is_new) report_.files.emplace_back().path = entry->first;
    auto& file = report_.files[entry->second];
    if (const auto* lines = value.find("lines"); lines != nullptr && lines->is_array()) {
      for (const auto& item : lines->items()) {
        const auto line = line_of(item, "line_number");
        if (line == 0) continue;
        file.lines.push_back({line, count_of(item, "count")});
        if (const auto* branches = item.find("branches"); branches != nullptr && branches->is_array())
          add_branches(*branches, line, file);
        if (const auto* conditions = item.find("conditions"); conditions != nullptr && conditions->is_array())
          add_conditions(*conditions, line, file);
      }
    }
    if (const auto* functions = value.find("functions"); functions != nullptr && functions->is_array()) {
      for (const auto& item : functions->items()) {
        const auto line = line_of(item, "start_line");
        if (line == 0) continue;
        // The linker's name, as tracefiles and the data files have it: a constructor's variants stay apart.
        file.functions.push_back({std::string(item.string_or("name", item.string_or("demangled_name", ""))), line,
                                  count_of(item, "execution_count")});
      }
    }
    return true;
  }

 private:
  Report& report_;
  const ReaderOptions& options_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

Result<Report> read_gcov_json(Input& input, const ReaderOptions& options) {
  Report report;
  report.name = input.name();
  report.format = Format::gcov_json;
  auto text = TRY(input.whole(limits::kUnpackedBytes));
  std::string unpacked;
  if (text.starts_with("\x1f\x8b")) {
    unpacked = TRY(gunzip(text, limits::kUnpackedBytes, input.name()));
    text = unpacked;
    if (!text::trim(std::string_view(text).substr(0, 64)).starts_with('{')) {
      auto inner = Input::memory(input.name(), text);
      const auto format = detect_format(text.substr(0, 4096));
      if (!format || *format == Format::gcov_data || *format == Format::gcov_json ||
          *format == Format::coveragepy_sqlite) {
        return fail(ErrorKind::input, "coverage.format", "no known coverage report inside the compressed file",
                    Place{input.name()});
      }
      return read_report(inner, options);
    }
  }
  GcovJson reader(report, options);
  const std::vector<JsonPart> parts{
      {{"files", "*"}, [&](std::string_view, doc::Value value) { return reader.take_file(value); }},
      {{"current_working_directory"},
       [&](std::string_view, doc::Value value) {
         if (value.is_string() && std::find(report.source_roots.begin(), report.source_roots.end(),
                                            value.as_string()) == report.source_roots.end())
           report.source_roots.push_back(value.as_string());
         return true;
       }},
  };
  // Several documents stand on a line each.
  while (!text::trim(text.substr(0, 64)).empty() || text.size() > 64) {
    auto next = text.find("\n{\"");
    const auto document = text.substr(0, next);
    TRY(read_json_parts(document, input.name(), parts));
    if (next == std::string_view::npos) break;
    text.remove_prefix(next + 1);
  }
  return report;
}

}  // namespace chiron::coverage
