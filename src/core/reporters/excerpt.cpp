#include "core/reporters/excerpt.h"

#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron {

namespace {

constexpr std::size_t kTabCells = 4;

bool is_hostile(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
         (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE007F);
}

// What a code point looks like, and how many cells that takes when it starts at cell `at`.
struct Glyph {
  std::string text;
  std::size_t cells = 0;
};
Glyph glyph_of(std::string_view bytes, char32_t point, std::size_t at) {
  if (point == '\t') {
    const auto cells = kTabCells - at % kTabCells;
    return {std::string(cells, ' '), cells};
  }
  // A zero-width joiner between emoji is harmless and common; elsewhere it hides.
  if (is_hostile(point)) {
    auto text = format("<U+{:04X}>", static_cast<std::uint32_t>(point));
    const auto cells = text.size();
    return {std::move(text), cells};
  }
  if (point == 0xFFFD) return {"\xEF\xBF\xBD", 1};
  return {std::string(bytes), utf8::display_width(bytes)};
}

struct Cell {
  std::string text;
  std::size_t begin = 0;  // where it starts
  std::size_t width = 0;
};

// Cuts cells to `width` around the mark.
void cut_line(const std::vector<Cell>& cells, std::size_t total, std::size_t width, ExcerptLine& line) {
  std::size_t first = 0;
  if (total > width) {
    // A third of the room before the mark, so that what follows it is seen too.
    const auto room = width / 3;
    if (line.mark_begin > room && line.mark_end > width - 1)
      first = std::min(line.mark_begin - room, total - width + 1);
  }
  const auto last = total > width ? first + width - (first != 0 ? 2 : 1) : total;
  std::size_t shift = first;
  if (first != 0) {
    line.text = "…";
    shift = first - 1;
  }
  std::size_t end = first;
  for (const auto& cell : cells) {
    if (cell.begin < first) {
      // A wide character that the cut halves leaves a space, so that columns below stay in line.
      if (cell.begin + cell.width > first) line.text += std::string(cell.begin + cell.width - first, ' ');
      end = std::max(end, cell.begin + cell.width);
      continue;
    }
    if (cell.begin + cell.width > last) break;
    line.text += cell.text;
    end = cell.begin + cell.width;
  }
  if (end < total) line.text += "…";
  const auto place = [&](std::size_t cell) { return cell < shift ? 0 : std::min(cell, end) - shift; };
  line.mark_begin = place(line.mark_begin);
  line.mark_end = place(line.mark_end);
}

}  // namespace

std::string printable(std::string_view text, bool keep_newlines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto [point, length] = utf8::decode(text, i);
    if (point == '\n' && keep_newlines)
      out += '\n';
    else if (point == '\n' || point == '\t' || point == '\r')
      out += point == '\r' ? "" : " ";
    else if (point >= 0x20 && point < 0x7F)
      out += static_cast<char>(point);
    else
      out += glyph_of(text.substr(i, length), point, 0).text;
    i += length;
  }
  return out;
}

std::vector<ExcerptLine> lay_out_excerpt(const Finding& finding, std::size_t width) {
  std::vector<ExcerptLine> lines;
  if (finding.excerpt.empty() || finding.place.line == 0) return lines;
  const auto& place = finding.place;
  const auto end_line = std::max(place.end_line, place.line);
  const std::string_view excerpt = finding.excerpt;
  std::size_t begin = 0;
  for (auto number = place.line; begin <= excerpt.size(); ++number) {
    const auto stop = std::min(excerpt.find('\n', begin), excerpt.size());
    const auto text = excerpt.substr(begin, stop - begin);
    begin = stop + 1;
    ExcerptLine line;
    line.number = number;
    // The marked columns of this line; `to` 0 means to its end. A range of whole lines needs no marks.
    const auto from = number == place.line || place.column == 0 ? place.column : 1;
    const auto to = number < end_line       ? 0
                    : place.end_column != 0 ? place.end_column
                    : number == place.line  ? from + 1
                                            : 0;
    std::vector<Cell> cells;
    std::size_t at = 0;
    std::size_t ink = 0;     // end of the last visible character
    std::size_t indent = 0;  // start of the first visible one
    std::uint32_t column = 1;
    std::optional<std::size_t> mark_begin;
    std::optional<std::size_t> mark_end;
    bool seen_ink = false;
    for (std::size_t i = 0; i < text.size(); ++column) {
      const auto [point, length] = utf8::decode(text, i);
      if (from != 0 && column == from) mark_begin = at;
      if (to != 0 && column == to) mark_end = at;
      auto glyph = glyph_of(text.substr(i, length), point, at);
      cells.push_back({std::move(glyph.text), at, glyph.cells});
      if (point != ' ' && point != '\t') {
        if (!seen_ink) indent = at;
        seen_ink = true;
        ink = at + glyph.cells;
      }
      at += glyph.cells;
      i += length;
    }
    if (from != 0) {
      line.mark_begin = mark_begin.value_or(at);
      line.mark_end = to == 0 ? ink : mark_end.value_or(at);
      // Lines in the middle of a range are marked from their first visible character.
      if (number != place.line) line.mark_begin = std::max(line.mark_begin, indent);
      // A place of no width, or past the end of the line, still gets a caret.
      if (number == place.line && line.mark_end <= line.mark_begin) line.mark_end = line.mark_begin + 1;
      if (line.mark_end < line.mark_begin) line.mark_end = line.mark_begin;
    }
    cut_line(cells, std::max(at, line.mark_end), std::max<std::size_t>(width, 20), line);
    while (line.text.ends_with(' ')) line.text.pop_back();
    lines.push_back(std::move(line));
    if (stop == excerpt.size()) break;
  }
  return lines;
}

}  // namespace chiron
