// See shared.h.
#include "engines/compare/report/shared.h"

#include <algorithm>

#include "engines/compare/byte_diff.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {

bool BoundedText::add(std::string_view piece) {
  if (max_bytes_ > 0 && text_.size() + piece.size() > max_bytes_) {
    ++dropped_;
    return false;
  }
  text_ += piece;
  return true;
}

std::string shown(std::string_view text) {
  std::string out;
  const bool clean = utf8::find_invalid(text) == std::string_view::npos;
  const auto sane = clean ? std::string(text) : utf8::sanitize(text);
  out.reserve(sane.size());
  for (const char c : sane) {
    const auto value = static_cast<unsigned char>(c);
    if (value < 0x20 && c != '\t') {
      out += format("\\x{:02x}", value);
    } else if (value == 0x7f) {
      out += "\\x7f";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_field(const Difference& node) { return !node.old_value.empty() || !node.new_value.empty(); }

namespace {

// The rows of two hex windows side by side as removed and added lines; equal rows once.
void add_window(const HexWindow& window, std::vector<DiffLine>& out) {
  out.push_back({'@', format("@@ bytes -0x{:x},{} +0x{:x},{} @@", window.offset_a, window.bytes_a.size(),
                             window.offset_b, window.bytes_b.size())});
  const auto dump_a = hex_dump(window.bytes_a, window.offset_a);
  const auto dump_b = hex_dump(window.bytes_b, window.offset_b);
  const auto lines_a = text::split_lines(dump_a), lines_b = text::split_lines(dump_b);
  if (window.offset_a != window.offset_b) {
    for (const auto line : lines_a) out.push_back({'-', std::string(line)});
    for (const auto line : lines_b) out.push_back({'+', std::string(line)});
    return;
  }
  const auto rows = std::max(lines_a.size(), lines_b.size());
  std::size_t row = 0;
  while (row < rows) {
    const auto equal = [&](std::size_t i) {
      return i < lines_a.size() && i < lines_b.size() && lines_a[i] == lines_b[i];
    };
    if (equal(row)) {
      out.push_back({' ', std::string(lines_a[row++])});
      continue;
    }
    auto end = row;
    while (end < rows && !equal(end)) ++end;
    for (auto i = row; i < std::min(end, lines_a.size()); ++i) out.push_back({'-', std::string(lines_a[i])});
    for (auto i = row; i < std::min(end, lines_b.size()); ++i) out.push_back({'+', std::string(lines_b[i])});
    row = end;
  }
}

}  // namespace

std::vector<DiffLine> diff_lines(const Difference& node) {
  std::vector<DiffLine> out;
  if (is_field(node)) {
    const auto label = shown(node.field.empty() ? node.title() : node.field);
    out.push_back({'-', format("{}: {}", label, shown(node.old_value))});
    out.push_back({'+', format("{}: {}", label, shown(node.new_value))});
  }
  for (const auto& hunk : node.hunks) {
    out.push_back({'@', format("@@ -{},{} +{},{} @@", hunk.line_a, hunk.count_a, hunk.line_b, hunk.count_b)});
    for (const auto& line : hunk.lines) {
      const char mark = line.mark == LineMark::same ? ' ' : line.mark == LineMark::removed ? '-' : '+';
      auto text = shown(line.text);
      const bool unchanged = text.size() == line.text.size() && line.cut_bytes == 0;
      if (line.cut_bytes > 0) text += format(" … ({} more bytes)", line.cut_bytes);
      out.push_back({mark, std::move(text), unchanged && !line.highlights.empty() ? &line.highlights : nullptr});
    }
  }
  if (node.hunks_left_off > 0) out.push_back({'@', format("… {} more hunks", node.hunks_left_off)});
  for (const auto& window : node.windows) add_window(window, out);
  if (node.windows_left_off > 0) out.push_back({'@', format("… {} more differing ranges", node.windows_left_off)});
  return out;
}

std::string unified_diff(const Difference& node) {
  std::string out;
  for (const auto& line : diff_lines(node)) {
    if (line.mark != '@') out += line.mark;
    out += line.text;
    out += '\n';
  }
  return out;
}

std::string extent_text(const Difference& node) {
  if (node.extent_count == 0) return "";
  const auto& first = node.extents.front();
  std::string where = first.a.offset == first.b.offset
                          ? format("0x{:x} ({})", first.a.offset, first.a.offset)
                          : format("0x{:x} in a, 0x{:x} in b", first.a.offset, first.b.offset);
  if (node.size_a != node.size_b && node.extent_count == 1 && node.extents[0].a.length != node.extents[0].b.length) {
    return format("{} bytes become {} at {}", first.a.length, first.b.length, where);
  }
  if (node.extent_count == 1) {
    return format("{} byte{} at {}", node.differing_bytes, node.differing_bytes == 1 ? "" : "s", where);
  }
  return format("{} bytes in {} places, the first at {}", node.differing_bytes, node.extent_count, where);
}

std::string place_text(const Difference& node) {
  if (!node.has_place) return "";
  const auto one = [](const Range& range) { return format("0x{:x}+{}", range.offset, range.length); };
  if (node.place_a == node.place_b) return one(node.place_a);
  if (node.place_a.length == 0) return "b " + one(node.place_b);
  if (node.place_b.length == 0) return "a " + one(node.place_a);
  return format("a {}, b {}", one(node.place_a), one(node.place_b));
}

std::string counts_text(const Counts& counts) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t number, std::string_view one, std::string_view many) {
    if (number > 0) parts.push_back(format("{} {}", number, number == 1 ? one : many));
  };
  add(counts.content, "content", "contents");
  add(counts.metadata, "property", "properties");
  add(counts.order, "order", "orders");
  add(counts.renamed, "renamed", "renamed");
  add(counts.only_in_a, "only in a", "only in a");
  add(counts.only_in_b, "only in b", "only in b");
  add(counts.errors, "unreadable", "unreadable");
  add(counts.ignored, "ignored", "ignored");
  return text::join(parts, ", ");
}

}  // namespace chiron::compare
