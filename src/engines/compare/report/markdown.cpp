// The Markdown report, for comments on merge requests: headings by nesting, a table of changed properties, diffs in
// fences longer than any run of backticks within.
#include <algorithm>

#include "engines/compare/report/shared.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kDeepestHeading = 6;

std::string code(std::string_view text) {
  auto inner = shown(text);
  std::replace(inner.begin(), inner.end(), '\n', ' ');
  if (inner.find('`') == std::string::npos) return "`" + inner + "`";
  return "`` " + inner + " ``";
}

std::string cell(std::string_view text) { return text::replace_all(code(text), "|", "\\|"); }

std::string fence_for(std::string_view text) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max<std::size_t>(3, longest + 1), '`');
}

void add_node(const Difference& node, std::size_t depth, std::string& out) {
  if (depth == 0) {
    out += format("# {} against {}\n\n", code(node.name_a), code(node.name_b));
  } else {
    out += format("{} {}\n\n", std::string(std::min(depth + 1, kDeepestHeading), '#'),
                  node.name_a == node.name_b || node.name_a.empty() || node.name_b.empty()
                      ? code(node.title())
                      : code(node.name_a) + " → " + code(node.name_b));
  }
  std::vector<std::string> facts;
  if (!node.format.empty()) facts.push_back(node.format);
  if (node.kind == Kind::only_in_a || node.kind == Kind::only_in_b || node.kind == Kind::renamed) {
    facts.push_back(std::string(to_string(node.kind)));
  }
  if (node.kind != Kind::group && node.extent_count > 0) facts.push_back(extent_text(node));
  if (node.ignored) facts.push_back("ignored: " + node.reason);
  if (!facts.empty()) out += "_" + text::join(facts, " · ") + "_\n\n";
  for (const auto& comment : node.comments) out += "- " + shown(comment) + "\n";
  if (!node.comments.empty()) out += "\n";
  if (node.ignored) return;
  if (!is_field(node)) {
    const auto diff = unified_diff(node);
    if (!diff.empty()) {
      const auto fence = fence_for(diff);
      out += fence + "diff\n" + diff + fence + "\n\n";
    }
  }
  std::string table;
  for (const auto& child : node.children) {
    if (!is_field(child) || !child.children.empty() || !child.hunks.empty()) continue;
    table += format("| {} | {} | {} | {} |\n",
                    text::replace_all(shown(child.field.empty() ? child.title() : child.field), "|", "\\|"),
                    cell(child.old_value), cell(child.new_value),
                    child.ignored ? "ignored: " + child.reason : place_text(child));
  }
  if (!table.empty()) out += "| property | a | b | where |\n|---|---|---|---|\n" + table + "\n";
}

}  // namespace

std::string print_markdown(const Comparison& comparison, const ReportOptions& options) {
  BoundedText out(options.max_bytes);
  struct Step {
    const Difference* node;
    std::size_t depth;
  };
  std::vector<Step> open{{&comparison.root, 0}};
  while (!open.empty()) {
    const auto step = open.back();
    open.pop_back();
    std::string piece;
    add_node(*step.node, step.depth, piece);
    if (step.depth == 0) {
      const auto counts = counts_text(count(comparison.root));
      piece += counts.empty() ? "No difference.\n\n" : counts + "\n\n";
    }
    out.add(piece);
    if (step.node->ignored) continue;
    const auto& children = step.node->children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      const bool in_table = is_field(*child) && child->children.empty() && child->hunks.empty();
      if (!in_table) open.push_back({&*child, step.depth + 1});
    }
  }
  if (comparison.excluded_count > 0)
    out.add_always(format("{} members left out by --exclude.\n\n", comparison.excluded_count));
  if (out.dropped() > 0) {
    out.add_always(format("Report cut at {} bytes: {} findings are not shown.\n", options.max_bytes, out.dropped()));
  }
  return out.take();
}

}  // namespace chiron::compare
