#include "engines/prose/lines.h"

#include <algorithm>
#include <cstring>

namespace chiron::prose {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v'; }

void fill(std::string& text, std::uint32_t begin, std::uint32_t end, char filler) {
  for (auto i = begin; i < end; ++i) {
    if (text[i] != '\n') text[i] = filler;
  }
}

}  // namespace

std::uint32_t column_after(std::string_view source, std::uint32_t from, std::uint32_t to, std::uint32_t column) {
  for (; from < to; ++from) {
    const auto c = static_cast<unsigned char>(source[from]);
    if (c == '\t') {
      column = (column / 8 + 1) * 8;
    } else if ((c & 0xC0) != 0x80) {
      ++column;
    }
  }
  return column;
}

std::vector<Line> split_source(std::string_view source) {
  std::vector<Line> lines;
  lines.reserve(source.size() / 40 + 1);
  const auto size = static_cast<std::uint32_t>(source.size());
  for (std::uint32_t at = 0; at < size;) {
    const auto* found = static_cast<const char*>(std::memchr(source.data() + at, '\n', size - at));
    const auto stop = found == nullptr ? size : static_cast<std::uint32_t>(found - source.data());
    Line line{at, stop, 0, false};
    while (line.end > at && is_blank(source[line.end - 1])) --line.end;
    while (line.begin < line.end && is_blank(source[line.begin])) ++line.begin;
    if (line.begin != at) line.column = column_after(source, at, line.begin, 0);
    lines.push_back(line);
    at = stop + 1;
  }
  return lines;
}

Prepared::Prepared(std::string_view source, const ReadOptions& options)
    : source_(source), shown_(source), parsed_(source) {
  if (!options.ignored_blocks.empty()) {
    shown_copy_ = source;
    for (const auto& range : options.ignored_blocks) fill(shown_copy_, range.begin, range.end, ' ');
    shown_ = parsed_ = shown_copy_;
  }
  if (!options.ignored_tokens.empty()) {
    parsed_copy_ = shown_;
    for (const auto& range : options.ignored_tokens) fill(parsed_copy_, range.begin, range.end, 'x');
    parsed_ = parsed_copy_;
  }
}

void Prepared::blank(std::uint32_t begin, std::uint32_t end) {
  if (begin >= end) return;
  if (parsed_copy_.empty()) parsed_copy_ = parsed_;
  fill(parsed_copy_, begin, end, ' ');
  parsed_ = parsed_copy_;
}

Run::Run(std::string_view source, std::span<const Line> lines) {
  if (lines.empty()) return;
  bool follow = true;
  for (std::size_t i = 1; i < lines.size() && follow; ++i) {
    follow = lines[i].begin == lines[i - 1].end + 1 && !lines[i].glued;
  }
  base_ = lines.front().begin;
  if (follow) {
    text_ = source.substr(base_, lines.back().end - base_);
    return;
  }
  segments_.reserve(lines.size());
  for (const auto& line : lines) {
    if (!segments_.empty() && !line.glued) joined_.push_back('\n');
    segments_.push_back({joined_.size(), line.begin, line.end});
    joined_.append(source.substr(line.begin, line.end - line.begin));
  }
  text_ = joined_;
}

template <class Verbatim, class Break>
void Run::each(std::size_t begin, std::size_t end, const Verbatim& verbatim, const Break& line_break) const {
  end = std::min(end, text_.size());
  if (begin >= end) return;
  if (segments_.empty()) {
    verbatim(base_ + static_cast<std::uint32_t>(begin), base_ + static_cast<std::uint32_t>(end));
    return;
  }
  auto at = std::upper_bound(segments_.begin(), segments_.end(), begin,
                             [](std::size_t offset, const Segment& segment) { return offset < segment.text; });
  --at;
  while (begin < end) {
    const auto into = static_cast<std::uint32_t>(begin - at->text);
    const auto length = at->end - at->begin;
    const auto stop = std::min<std::size_t>(end, at->text + length);
    if (into < length) verbatim(at->begin + into, at->begin + static_cast<std::uint32_t>(stop - at->text));
    begin = std::max(begin, stop);
    const auto next = at + 1;
    if (next == segments_.end()) break;
    if (begin < end && begin < next->text) {
      line_break(at->end, std::max(at->end, next->begin));
      ++begin;
    }
    at = next;
  }
}

void Run::tell(Walker& walker, std::size_t begin, std::size_t end) const {
  each(
      begin, end, [&](std::uint32_t from, std::uint32_t to) { walker.text(from, to); },
      [&](std::uint32_t from, std::uint32_t to) { walker.replaced("\n", from, to); });
}

void Run::mask(Walker& walker, std::size_t begin, std::size_t end) const {
  each(
      begin, end, [&](std::uint32_t from, std::uint32_t to) { walker.mask(from, to); },
      [&](std::uint32_t from, std::uint32_t to) { walker.replaced("\n", from, to); });
}

MappedText Run::mapped(std::string_view source) const {
  MappedText content;
  each(
      0, text_.size(), [&](std::uint32_t from, std::uint32_t to) { content.append(source, from, to); },
      [&](std::uint32_t from, std::uint32_t to) { content.append_replaced("\n", from, to); });
  return content;
}

void Run::replace(Walker& walker, std::string_view shown, std::size_t begin, std::size_t end) const {
  const auto range = source(begin, end);
  walker.replaced(shown, range.begin, range.end);
}

Range Run::source(std::size_t begin, std::size_t end) const {
  end = std::min(end, text_.size());
  begin = std::min(begin, end);
  if (segments_.empty()) return {base_ + static_cast<std::uint32_t>(begin), base_ + static_cast<std::uint32_t>(end)};
  const auto place = [&](std::size_t offset) {
    const auto at =
        std::prev(std::upper_bound(segments_.begin(), segments_.end(), offset,
                                   [](std::size_t wanted, const Segment& segment) { return wanted < segment.text; }));
    return std::min(at->end, at->begin + static_cast<std::uint32_t>(offset - at->text));
  };
  if (begin == end) return {place(begin), place(begin)};
  return {place(begin), std::max(place(begin), place(end - 1) + (text_[end - 1] == '\n' ? 0u : 1u))};
}

}  // namespace chiron::prose
