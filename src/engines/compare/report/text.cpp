// The plain text report: a tree of unified diffs, read the way diffoscope's is.
#include "engines/compare/report/shared.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::string_view kRed = "\x1b[31m", kGreen = "\x1b[32m", kCyan = "\x1b[36m", kDim = "\x1b[2m",
                           kReset = "\x1b[0m";

struct Step {
  const Difference* node;
  std::size_t depth;
};

std::string prefix(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) out += "│ ";
  return out;
}

void add_node(const Step& step, const ReportOptions& options, std::string& out) {
  const auto& node = *step.node;
  const auto outer = prefix(step.depth == 0 ? 0 : step.depth - 1);
  const auto inner = prefix(step.depth);
  const auto coloured = [&](std::string_view colour, std::string_view text) {
    if (!options.colour) return std::string(text);
    return std::string(colour) + std::string(text) + std::string(kReset);
  };
  if (step.depth == 0) {
    out += coloured(kRed, "--- " + shown(node.name_a)) + "\n" + coloured(kGreen, "+++ " + shown(node.name_b)) + "\n";
  } else {
    const bool renamed = node.name_a != node.name_b && !node.name_a.empty() && !node.name_b.empty();
    if (renamed) {
      out += outer + "│   --- " + shown(node.name_a) + "\n" + outer + "├── +++ " + shown(node.name_b) + "\n";
    } else {
      out += outer + "├── " + shown(node.title()) + "\n";
    }
  }
  const auto remark = [&](std::string_view text) { out += inner + "┄ " + coloured(kDim, shown(text)) + "\n"; };
  if (step.depth > 0 && !node.format.empty() && node.format != "text" && node.format != "bytes") remark(node.format);
  for (const auto& comment : node.comments) remark(comment);
  if (node.ignored) {
    remark("ignored: " + node.reason);
    return;
  }
  if (node.kind == Kind::content && !node.windows.empty()) remark(extent_text(node));
  for (const auto& line : diff_lines(node)) {
    std::string text;
    if (line.mark != '@') text += line.mark;
    text += line.text;
    const auto colour = line.mark == '-'   ? kRed
                        : line.mark == '+' ? kGreen
                        : line.mark == '@' ? kCyan
                                           : std::string_view{};
    out += inner + (colour.empty() ? text : coloured(colour, text)) + "\n";
  }
}

}  // namespace

std::string print_text(const Comparison& comparison, const ReportOptions& options) {
  BoundedText out(options.max_bytes);
  if (comparison.root.empty() && !comparison.differs) return "";
  std::vector<Step> open{{&comparison.root, 0}};
  while (!open.empty()) {
    const auto step = open.back();
    open.pop_back();
    std::string piece;
    add_node(step, options, piece);
    out.add(piece);
    if (step.node->ignored) continue;
    for (auto child = step.node->children.rbegin(); child != step.node->children.rend(); ++child) {
      open.push_back({&*child, step.depth + 1});
    }
  }
  if (comparison.excluded_count > 0) {
    out.add_always(format("┄ {} members left out by --exclude\n", comparison.excluded_count));
  }
  if (out.dropped() > 0) {
    out.add_always(format("┄ report cut at {} bytes: {} findings are not shown (raise --max-report)\n",
                          options.max_bytes, out.dropped()));
  }
  return out.take();
}

}  // namespace chiron::compare
