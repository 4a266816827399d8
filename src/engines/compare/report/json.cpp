// JSON reports: our own with every offset, and diffoscope's version 1. Bytes are shown as hexadecimal text, so that the
// output is valid UTF-8 whatever is compared.
#include "foundation/doc/json.h"

#include "engines/compare/report/shared.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}
  void open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void key(std::string_view name) {
    comma();
    doc::append_json_string(out_, name);
    out_ += ':';
    first_ = true;
  }
  void text(std::string_view value) {
    comma();
    doc::append_json_string(out_, value);
  }
  void number(std::uint64_t value) {
    comma();
    out_ += std::to_string(value);
  }
  void literal(std::string_view value) {
    comma();
    out_ += value;
  }

 private:
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

void add_range(JsonText& json, std::string_view name, const Range& range) {
  json.key(name);
  json.open('[');
  json.number(range.offset);
  json.number(range.length);
  json.close(']');
}

void add_hunks(JsonText& json, const Difference& node) {
  json.key("hunks");
  json.open('[');
  for (const auto& hunk : node.hunks) {
    json.open('{');
    json.key("a"), json.open('['), json.number(hunk.line_a), json.number(hunk.count_a), json.close(']');
    json.key("b"), json.open('['), json.number(hunk.line_b), json.number(hunk.count_b), json.close(']');
    json.key("lines");
    json.open('[');
    for (const auto& line : hunk.lines) {
      const char mark = line.mark == LineMark::same ? ' ' : line.mark == LineMark::removed ? '-' : '+';
      json.text(std::string(1, mark) + line.text +
                (line.cut_bytes > 0 ? format(" … ({} more bytes)", line.cut_bytes) : ""));
    }
    json.close(']');
    json.close('}');
  }
  json.close(']');
}

// The node without its children, open at the end; the caller closes it.
void add_head(JsonText& json, const Difference& node, bool with_content) {
  json.open('{');
  json.key("kind"), json.text(to_string(node.kind));
  if (!node.name_a.empty()) json.key("a"), json.text(node.name_a);
  if (!node.name_b.empty()) json.key("b"), json.text(node.name_b);
  if (!node.format.empty()) json.key("format"), json.text(node.format);
  if (!node.field.empty()) json.key("field"), json.text(node.field);
  if (is_field(node)) {
    json.key("old"), json.text(node.old_value);
    json.key("new"), json.text(node.new_value);
  }
  if (!node.semantic) json.key("noise"), json.text(node.reason);
  if (node.ignored) {
    json.key("ignored"), json.literal("true");
    if (node.semantic) json.key("reason"), json.text(node.reason);
  }
  if (node.has_place) add_range(json, "place_a", node.place_a), add_range(json, "place_b", node.place_b);
  if (node.size_a > 0 || node.size_b > 0) {
    json.key("size_a"), json.number(node.size_a);
    json.key("size_b"), json.number(node.size_b);
  }
  if (node.extent_count > 0) {
    json.key("differing_bytes"), json.number(node.differing_bytes);
    json.key("extent_count"), json.number(node.extent_count);
    json.key("extents");
    json.open('[');
    for (const auto& extent : node.extents) {
      json.open('[');
      json.number(extent.a.offset), json.number(extent.a.length), json.number(extent.b.offset),
          json.number(extent.b.length);
      json.close(']');
    }
    json.close(']');
  }
  if (!node.comments.empty()) {
    json.key("comments");
    json.open('[');
    for (const auto& comment : node.comments) json.text(comment);
    json.close(']');
  }
  if (!with_content) {
    json.key("left_off"), json.text("the content, by --max-report");
    return;
  }
  if (!node.hunks.empty()) {
    json.key("lines_removed"), json.number(node.lines_removed);
    json.key("lines_added"), json.number(node.lines_added);
    if (node.hunks_left_off > 0) json.key("hunks_left_off"), json.number(node.hunks_left_off);
    add_hunks(json, node);
  }
  if (!node.windows.empty()) {
    if (node.windows_left_off > 0) json.key("windows_left_off"), json.number(node.windows_left_off);
    json.key("windows");
    json.open('[');
    for (const auto& window : node.windows) {
      json.open('{');
      json.key("offset_a"), json.number(window.offset_a);
      json.key("bytes_a"), json.text(text::to_hex(window.bytes_a));
      json.key("offset_b"), json.number(window.offset_b);
      json.key("bytes_b"), json.text(text::to_hex(window.bytes_b));
      json.close('}');
    }
    json.close(']');
  }
}

// Visits the tree without recursion: `enter` opens a node, `leave` closes it.
template <class Enter, class Leave>
void visit(const Difference& root, Enter&& enter, Leave&& leave) {
  struct Step {
    const Difference* node;
    std::size_t next;
  };
  std::vector<Step> open;
  if (enter(root)) open.push_back({&root, 0});
  while (!open.empty()) {
    auto& step = open.back();
    if (step.next == step.node->children.size()) {
      const auto* node = step.node;
      open.pop_back();
      leave(*node);
      continue;
    }
    const auto& child = step.node->children[step.next++];
    if (enter(child)) open.push_back({&child, 0});
  }
}

}  // namespace

std::string print_json(const Comparison& comparison, const ReportOptions& options) {
  std::string out;
  JsonText json(out);
  json.open('{');
  json.key("version"), json.number(1);
  json.key("differs"), json.literal(comparison.differs ? "true" : "false");
  const auto counts = count(comparison.root);
  json.key("counts");
  json.open('{');
  json.key("findings"), json.number(counts.nodes);
  json.key("content"), json.number(counts.content);
  json.key("metadata"), json.number(counts.metadata);
  json.key("order"), json.number(counts.order);
  json.key("only_in_a"), json.number(counts.only_in_a);
  json.key("only_in_b"), json.number(counts.only_in_b);
  json.key("renamed"), json.number(counts.renamed);
  json.key("errors"), json.number(counts.errors);
  json.key("ignored"), json.number(counts.ignored);
  json.close('}');
  if (comparison.excluded_count > 0) {
    json.key("excluded_count"), json.number(comparison.excluded_count);
    json.key("excluded");
    json.open('[');
    for (const auto& path : comparison.excluded) json.text(path);
    json.close(']');
  }
  json.key("difference");
  visit(
      comparison.root,
      [&](const Difference& node) {
        add_head(json, node, options.max_bytes == 0 || out.size() < options.max_bytes);
        if (!node.children.empty()) json.key("children"), json.open('[');
        return true;
      },
      [&](const Difference& node) {
        if (!node.children.empty()) json.close(']');
        json.close('}');
      });
  json.close('}');
  out += '\n';
  return out;
}

std::string print_diffoscope_json(const Comparison& comparison, const ReportOptions& options) {
  std::string out;
  JsonText json(out);
  bool root = true;
  std::uint64_t left_off = 0;
  visit(
      comparison.root,
      [&](const Difference& node) {
        if (node.ignored) return false;
        if (!root && options.max_bytes > 0 && out.size() > options.max_bytes) {
          ++left_off;
          return false;
        }
        json.open('{');
        if (root) json.key("diffoscope-json-version"), json.number(1);
        root = false;
        const auto& a = node.name_a.empty() ? node.name_b : node.name_a;
        json.key("source1"), json.text(shown(a));
        json.key("source2"), json.text(shown(node.name_b.empty() ? a : node.name_b));
        if (!node.comments.empty()) {
          json.key("comments");
          json.open('[');
          for (const auto& comment : node.comments) json.text(shown(comment));
          json.close(']');
        }
        const auto diff = unified_diff(node);
        json.key("unified_diff");
        if (diff.empty()) {
          json.literal("null");
        } else {
          json.text(diff);
        }
        if (!node.children.empty()) json.key("details"), json.open('[');
        return true;
      },
      [&](const Difference& node) {
        if (!node.children.empty()) json.close(']');
        if (&node == &comparison.root && left_off > 0) {
          json.key("left_off"), json.text(format("{} findings, by --max-report", left_off));
        }
        json.close('}');
      });
  out += '\n';
  return out;
}

}  // namespace chiron::compare
