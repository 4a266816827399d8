// coverage json (coverage.py 5 and later): run and missed lines, and with --branch the jumps taken and not.
#include <algorithm>
#include <map>
#include <set>

#include "engines/coverage/json_parts.h"
#include "engines/coverage/limits.h"
#include "engines/coverage/python_lines.h"
#include "engines/coverage/readers.h"
#include "foundation/base/limits.h"

namespace chiron::coverage {

namespace {

void add_lines(const doc::Value* list, std::uint64_t hits, SourceFile& file) {
  if (list == nullptr || !list->is_array()) return;
  for (const auto& item : list->items())
    if (item.is_number())
      if (const auto line = parse_line_number(item.as_string())) file.lines.push_back({*line, hits});
}

// `executed_lines` holds lines that ran but are no statements of their own (docstrings, excluded definitions), which
// the report's own sums leave out. Where the source is at hand and explains the difference exactly, so are they here.
void drop_other_lines(const doc::Value& value, std::string_view path, const ReaderOptions& options, SourceFile& file) {
  if (const auto* excluded = value.find("excluded_lines"); excluded != nullptr && excluded->is_array()) {
    std::set<std::uint32_t> lines;
    for (const auto& item : excluded->items())
      if (item.is_number()) lines.insert(parse_line_number(item.as_string()).value_or(0));
    std::erase_if(file.lines, [&](const Line& line) { return lines.contains(line.number); });
  }
  const auto* summary = value.find("summary");
  const auto* covered = summary == nullptr || !summary->is_object() ? nullptr : summary->find("covered_lines");
  const auto wanted = covered != nullptr && covered->is_number() ? covered->as_integer() : std::nullopt;
  if (!wanted || *wanted < 0 || file.lines.size() <= static_cast<std::size_t>(*wanted) || !options.read_source) return;
  const auto source = options.read_source(path);
  if (!source) return;
  const auto statements = find_python_lines(*source).statements;
  auto kept = file.lines;
  std::erase_if(kept, [&](const Line& line) { return !std::ranges::binary_search(statements, line.number); });
  if (kept.size() == static_cast<std::size_t>(*wanted)) file.lines = std::move(kept);
}

void add_branches(const doc::Value* list, std::uint64_t hits, std::map<std::uint32_t, Branch>& branches) {
  if (list == nullptr || !list->is_array()) return;
  for (const auto& item : list->items()) {
    if (!item.is_array() || item.items().size() != 2 || !item.items()[0].is_number() || !item.items()[1].is_number())
      continue;
    const auto from = parse_line_number(item.items()[0].as_string());
    const auto to = item.items()[1].as_integer();
    if (!from || !to) continue;
    auto& branch = branches[*from];
    if (branch.arms.size() >= limits::kArmsOfBranch) continue;
    branch.line = *from;
    branch.arms.push_back({*to < 0 ? "to exit" : "to line " + std::to_string(*to), hits});
  }
}

void add_functions(const doc::Value* functions, SourceFile& file) {
  if (functions == nullptr || !functions->is_object()) return;
  for (const auto& member : functions->members()) {
    if (member.name.empty()) continue;  // the module's own lines
    Function function{member.name, 0, 0};
    for (const auto* name : {"executed_lines", "missing_lines"}) {
      const auto* lines = member.value.find(name);
      if (lines == nullptr || !lines->is_array()) continue;
      for (const auto& item : lines->items()) {
        const auto line = item.is_number() ? parse_line_number(item.as_string()) : std::nullopt;
        if (line && (function.line == 0 || *line < function.line)) function.line = *line;
        if (line && name == std::string_view("executed_lines")) function.hits = 1;
      }
    }
    if (function.line != 0) file.functions.push_back(std::move(function));
  }
}

}  // namespace

Result<Report> read_coveragepy_json(Input& input, const ReaderOptions& options) {
  Report report;
  report.name = input.name();
  report.format = Format::coveragepy_json;
  const auto take_file = [&](std::string_view path, doc::Value value) {
    if (path.empty() || path.size() > limits::kPathBytes || (options.wanted && !options.wanted(path))) return true;
    auto& file = report.files.emplace_back();
    file.path = path;
    add_lines(value.find("executed_lines"), 1, file);
    drop_other_lines(value, path, options, file);
    add_lines(value.find("missing_lines"), 0, file);
    std::map<std::uint32_t, Branch> branches;
    add_branches(value.find("executed_branches"), 1, branches);
    add_branches(value.find("missing_branches"), 0, branches);
    for (auto& [line, branch] : branches) {
      // In the order of the lines jumped to, so that two reports have the same arms at the same place.
      std::sort(branch.arms.begin(), branch.arms.end(), [](const Arm& a, const Arm& b) {
        return std::pair(a.label.size(), a.label) < std::pair(b.label.size(), b.label);
      });
      branch.total = static_cast<std::uint32_t>(branch.arms.size());
      for (const auto& arm : branch.arms) branch.taken += arm.hits != 0 ? 1 : 0;
      file.branches.push_back(std::move(branch));
    }
    add_functions(value.find("functions"), file);
    return true;
  };
  const auto text = TRY(input.whole(chiron::limits::kDocumentBytes));
  TRY(read_json_parts(text, input.name(), {{{"files", "*"}, take_file}}));
  return report;
}

}  // namespace chiron::coverage
