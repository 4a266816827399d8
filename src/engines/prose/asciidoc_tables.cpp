// Tables of AsciiDoc: cells with specifiers, columns with styles, header rows.
#include <algorithm>

#include "engines/prose/asciidoc_inline.h"
#include "engines/prose/asciidoc_reader.h"
#include "engines/prose/csv_fields.h"
#include "engines/prose/markup_text.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

// The specifier before a separator that ends at `end`: its begin, its style and how often the cell is there.
struct Specifier {
  std::uint32_t begin;
  char style = 0;
  unsigned repeat = 1;
  unsigned span = 1;
};
Specifier specifier_before(std::string_view source, std::uint32_t begin, std::uint32_t end) {
  Specifier found{end};
  auto at = end;
  while (at > begin && end - at < 16 &&
         std::string_view("0123456789.+*<>^aehlmsdv").find(source[at - 1]) != std::string_view::npos)
    --at;
  if (at == end || (at > begin && !is_space_byte(source[at - 1]))) return found;
  const auto spelt = source.substr(at, end - at);
  // [number[.number](+|*)] [<^>] [.<^>] [style]
  std::size_t i = 0;
  while (i < spelt.size() && ((spelt[i] >= '0' && spelt[i] <= '9') || spelt[i] == '.')) ++i;
  const auto number = spelt.substr(0, i);
  if (i > 0) {
    if (i < spelt.size() && (spelt[i] == '*' || spelt[i] == '+')) {
      const auto count = static_cast<unsigned>(std::min<std::uint64_t>(
          text::parse_unsigned(number.substr(0, number.find('.'))).value_or(1), limits::kAsciidocColumns));
      (spelt[i] == '*' ? found.repeat : found.span) = std::max(1u, count);
      ++i;
    } else if (number != ".") {
      return found;
    } else {
      i = 0;
    }
  }
  if (i < spelt.size() && std::string_view("<^>").find(spelt[i]) != std::string_view::npos) ++i;
  if (i + 1 < spelt.size() && spelt[i] == '.' && std::string_view("<^>").find(spelt[i + 1]) != std::string_view::npos)
    i += 2;
  if (i < spelt.size() && spelt[i] >= 'a' && spelt[i] <= 'z') found.style = spelt[i++];
  if (i != spelt.size()) return Specifier{end};
  found.begin = at;
  return found;
}

// The styles of the columns: "1,2a,3*m".
std::vector<char> column_styles(std::string_view columns) {
  std::vector<char> styles;
  if (columns.empty()) return styles;
  const auto separator =
      columns.find(',') == std::string_view::npos && columns.find(';') != std::string_view::npos ? ';' : ',';
  for (auto part : text::split(columns, separator)) {
    part = text::trim(part);
    const auto star = part.find('*');
    const auto count = star == std::string_view::npos ? 1 : text::parse_unsigned(part.substr(0, star)).value_or(1);
    const auto style = !part.empty() && part.back() >= 'a' && part.back() <= 'z' ? part.back() : '\0';
    for (std::uint64_t i = 0; i < count && styles.size() < limits::kAsciidocColumns; ++i) styles.push_back(style);
  }
  return styles;
}

struct Cell {
  std::vector<Line> lines;
  char style = 0;
  unsigned repeat = 1;
  unsigned span = 1;
};

}  // namespace

bool AsciidocReader::table(Container& in) {
  const auto own = text(in.lines[in.at]);
  if (!is_table_border(own)) return false;
  auto stop = in.at + 1;
  while (stop < in.lines.size() && text(in.lines[stop]) != own) ++stop;
  const auto content = in.lines.subspan(in.at + 1, stop - in.at - 1);
  const auto above = std::move(in.above);
  in.above = {};
  in.at = std::min(stop + 1, in.lines.size());
  char separator = own[0] == '|' && !above.separator.empty() ? above.separator[0] : own[0];
  if (own[0] == '|' && above.separator.empty() && !above.format.empty()) {
    separator = above.format == "csv" ? ',' : above.format == "dsv" ? ':' : above.format == "tsv" ? '\t' : '|';
  }
  const Attribute attribute{"class", above.classes, {}};
  const std::array both{attribute};
  walker_.open("table", both);
  title(above, "caption");
  cells(content, above, separator);
  walker_.close("table");
  return true;
}

void AsciidocReader::tell_cell(std::vector<Line>& lines, char style, bool header) {
  const auto* tag = header || style == 'h' ? "th" : "td";
  while (!lines.empty() && lines.back().blank()) lines.pop_back();
  if (lines.empty()) return;
  walker_.open(tag);
  if (!header && style == 'a') {
    for (auto& line : lines) line.column = line.begin == lines[0].begin ? 0 : line.column;
    blocks(lines, '!');
  } else if (!header && style == 'l') {
    code(lines);
  } else {
    for (std::size_t at = 0; at < lines.size();) {
      auto stop = at;
      while (stop < lines.size() && !lines[stop].blank()) ++stop;
      if (stop > at) tell_asciidoc_inline(Run(source_, std::span(lines).subspan(at, stop - at)), walker_, "p");
      at = stop + 1;
    }
  }
  walker_.close(tag);
}

void AsciidocReader::cells(Lines lines, const Above& above, char separator) {
  const auto styles = column_styles(above.columns);
  std::size_t columns = styles.size();
  const bool header_wanted =
      above.options.find("header") != std::string::npos && above.options.find("noheader") == std::string::npos;
  // A first line with an empty one below of it is a header.
  const bool header = header_wanted || (above.options.find("noheader") == std::string::npos && lines.size() > 1 &&
                                        !lines[0].blank() && lines[1].blank());
  std::size_t at = 0;
  const auto tell = [&](Cell& cell) {
    for (unsigned i = 0; i < cell.repeat; ++i) {
      const auto column = columns == 0 ? 0 : at % columns;
      const auto style = cell.style != 0 ? cell.style : column < styles.size() ? styles[column] : '\0';
      // A repeated cell says the same thing once.
      if (i == 0) tell_cell(cell.lines, style, header && (columns == 0 || at < columns));
      at += cell.span;
    }
    cell.lines.clear();
  };
  if (separator == ',' || separator == ':' || separator == '\t') {
    csv_fields(source_, lines, separator, [&](std::vector<Line>& field, bool line_ends) {
      Cell cell;
      cell.lines = std::move(field);
      tell(cell);
      if (line_ends && columns == 0) columns = at;
    });
    return;
  }
  Cell cell;
  bool open = false;
  for (const auto& line : lines) {
    auto begin = line.begin;
    for (auto place = line.begin; place < line.end; ++place) {
      if (source_[place] != separator) continue;
      if (place > line.begin && source_[place - 1] == '\\') {
        // An escaped one: the backslash is not shown.
        if (open) {
          Line part = line;
          part.begin = begin;
          part.end = place - 1;
          part.glued = begin != line.begin && !cell.lines.empty();
          cell.lines.push_back(part);
          begin = place;
          // What follows goes on without a line end.
          Line rest = line;
          rest.begin = rest.end = place;
          rest.glued = true;
          cell.lines.push_back(rest);
        }
        continue;
      }
      const auto specifier = specifier_before(source_, begin, place);
      if (open) {
        Line part = line;
        part.begin = begin;
        part.end = specifier.begin;
        while (part.end > part.begin && is_space_byte(source_[part.end - 1])) --part.end;
        while (part.begin < part.end && is_space_byte(source_[part.begin])) ++part.begin;
        cell.lines.push_back(part);
        tell(cell);
      }
      open = true;
      cell.style = specifier.style;
      cell.repeat = specifier.repeat;
      cell.span = specifier.span;
      begin = place + 1;
    }
    if (open) {
      Line part = line;
      part.begin = std::min(begin, line.end);
      while (part.begin < part.end && is_space_byte(source_[part.begin])) ++part.begin;
      cell.lines.push_back(part);
    }
    if (columns == 0 && open) {
      // The cells of the first line are as many as there are columns.
      columns = at + cell.span * cell.repeat;
    }
  }
  if (open) tell(cell);
}

}  // namespace chiron::prose
