// The tables of reStructuredText: drawn as a grid, drawn simply, made of lists, of comma separated values.
#include <algorithm>
#include <map>

#include "engines/prose/csv_fields.h"
#include "engines/prose/rst_reader.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

// A table's lines cut into columns: wide characters take two, as whoever drew it saw them.
class Canvas {
 public:
  Canvas(std::string_view source, std::span<const Line> lines, std::uint32_t left)
      : source_(source), lines_(lines), left_(left), widths_(lines.size()) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto text = source.substr(lines[i].begin, lines[i].end - lines[i].begin);
      if (std::all_of(text.begin(), text.end(), [](char c) { return c > 0 && c != '\t'; })) continue;
      auto& places = widths_[i];
      for (std::size_t at = 0; at < text.size();) {
        const auto decoded = utf8::decode(text, at);
        const auto width = text[at] == '\t' ? 1 : utf8::display_width(text.substr(at, decoded.length));
        for (std::size_t k = 0; k < width; ++k) places.push_back(static_cast<std::uint32_t>(at));
        at += decoded.length;
      }
      places.push_back(static_cast<std::uint32_t>(text.size()));
    }
  }

  [[nodiscard]] std::size_t height() const { return lines_.size(); }
  // The character at a column counted from the table's left edge; a blank outside of the line.
  [[nodiscard]] char at(std::size_t row, std::size_t column) const {
    const auto& line = lines_[row];
    const auto shift = line.column - left_;
    if (line.blank() || column < shift) return ' ';
    const auto place = offset(row, column - shift);
    return line.begin + place < line.end ? source_[line.begin + place] : ' ';
  }
  // Columns [from, to) of a row, without the blanks at both ends.
  [[nodiscard]] Line slice(std::size_t row, std::size_t from, std::size_t to) const {
    const auto& line = lines_[row];
    Line part = line;
    if (line.blank()) return part;
    const std::size_t shift = line.column - left_;
    part.begin = line.begin + offset(row, from > shift ? from - shift : 0);
    part.end = to <= shift ? part.begin : std::max(part.begin, line.begin + offset(row, to - shift));
    part.column = static_cast<std::uint32_t>(std::max(from, shift));
    while (part.end > part.begin && (source_[part.end - 1] == ' ' || source_[part.end - 1] == '\t')) --part.end;
    while (part.begin < part.end && (source_[part.begin] == ' ' || source_[part.begin] == '\t')) {
      ++part.begin;
      ++part.column;
    }
    return part;
  }

 private:
  [[nodiscard]] std::uint32_t offset(std::size_t row, std::size_t column) const {
    const auto& places = widths_[row];
    const auto length = lines_[row].end - lines_[row].begin;
    if (places.empty()) return std::min<std::uint32_t>(static_cast<std::uint32_t>(column), length);
    return column < places.size() ? places[column] : length;
  }
  std::string_view source_;
  std::span<const Line> lines_;
  std::uint32_t left_;
  std::vector<std::vector<std::uint32_t>> widths_;
};

struct Cell {
  std::size_t top, left, bottom, right;  // of its border
};

// The cells of a grid: from the corner of each, along the borders around it.
class Grid {
 public:
  Grid(const Canvas& canvas, std::size_t width, std::size_t budget) : canvas_(canvas), width_(width), budget_(budget) {}

  // Nothing where the lines do not close to cells or there are too many of them to look at.
  std::vector<Cell> cells() {
    std::vector<Cell> found;
    // Columns that are drawn already: of each the row down to which they are.
    std::vector<std::size_t> done(width_, 0);
    std::map<std::pair<std::size_t, std::size_t>, bool> corners{{{0, 0}, true}};
    while (!corners.empty()) {
      const auto [top, left] = corners.begin()->first;
      corners.erase(corners.begin());
      if (top + 1 >= canvas_.height() || left + 1 >= width_ || done[left] > top) continue;
      const auto cell = cell_at(top, left);
      if (budget_ == 0) return {};
      if (!cell) continue;
      for (auto column = left; column < cell->right; ++column) done[column] = cell->bottom;
      found.push_back(*cell);
      corners.emplace(std::pair{top, cell->right}, true);
      corners.emplace(std::pair{cell->bottom, left}, true);
    }
    return found;
  }

 private:
  [[nodiscard]] bool spend() { return budget_ != 0 && --budget_ != 0; }

  std::optional<Cell> cell_at(std::size_t top, std::size_t left) {
    if (canvas_.at(top, left) != '+') return std::nullopt;
    for (auto right = left + 1; right < width_ && spend(); ++right) {
      const auto c = canvas_.at(top, right);
      if (c == '+') {
        if (const auto bottom = closes(top, left, right)) return Cell{top, left, *bottom, right};
      } else if (c != '-' && c != '=') {
        break;
      }
    }
    return std::nullopt;
  }

  std::optional<std::size_t> closes(std::size_t top, std::size_t left, std::size_t right) {
    for (auto row = top + 1; row < canvas_.height() && spend(); ++row) {
      const auto on_right = canvas_.at(row, right);
      const auto on_left = canvas_.at(row, left);
      if ((on_right != '+' && on_right != '|') || (on_left != '+' && on_left != '|')) return std::nullopt;
      if (on_right != '+' || on_left != '+') continue;
      bool border = true;
      for (auto column = left + 1; column < right && border && spend(); ++column) {
        const auto c = canvas_.at(row, column);
        border = c == '-' || c == '=' || c == '+';
      }
      if (border) return row;
    }
    return std::nullopt;
  }

  const Canvas& canvas_;
  std::size_t width_;
  std::size_t budget_;
};

bool is_border(std::string_view line, std::string_view marks) {
  return !line.empty() && line.find_first_not_of(marks) == std::string_view::npos;
}

}  // namespace

void RstReader::cell(std::vector<Line>& lines, bool header) {
  walker_.open(header ? "th" : "td");
  body(lines, left_edge(lines));
  walker_.close(header ? "th" : "td");
}

std::size_t RstReader::grid_table(Lines lines) {
  const auto first = text(lines[0]);
  if (!is_border(first, "+-") || !first.ends_with('+') || first.size() < 3) return 0;
  std::size_t used = 0;
  std::size_t bytes = 0;
  while (used < lines.size() && !lines[used].blank() && lines[used].column >= lines[0].column &&
         (source_[lines[used].begin] == '+' || source_[lines[used].begin] == '|')) {
    bytes += lines[used].end - lines[used].begin;
    ++used;
  }
  while (used > 1 && !is_border(text(lines[used - 1]), "+-=")) --used;
  if (used < 3) return 0;
  if (bytes > limits::kRstTableBytes) return used;
  const Canvas canvas(source_, lines.first(used), lines[0].column);
  std::size_t header = 0;
  for (std::size_t i = 1; i + 1 < used && header == 0; ++i) {
    if (text(lines[i]).starts_with("+=") && is_border(text(lines[i]), "+=")) header = i;
  }
  auto cells = Grid(canvas, first.size(), bytes * limits::kRstTableSteps).cells();
  if (cells.empty()) return 0;
  std::stable_sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.top < b.top; });
  walker_.open("table");
  std::vector<Line> inside;
  for (const auto& each : cells) {
    inside.clear();
    for (auto row = each.top + 1; row < each.bottom; ++row) {
      inside.push_back(canvas.slice(row, each.left + 1, each.right));
    }
    cell(inside, each.top < header);
  }
  walker_.close("table");
  return used;
}

std::size_t RstReader::simple_table(Lines lines) {
  const auto border = text(lines[0]);
  if (!is_border(border, "= ") || border.find(' ') == std::string_view::npos) return 0;
  // The second or third border with an empty line behind it ends the table.
  std::size_t used = 0;
  std::size_t bytes = 0;
  std::vector<std::size_t> borders{0};
  for (std::size_t i = 1; i < lines.size() && used == 0; ++i) {
    if (lines[i].blank()) continue;
    if (lines[i].column < lines[0].column) break;
    bytes += lines[i].end - lines[i].begin;
    if (lines[i].column != lines[0].column || !is_border(text(lines[i]), "= ")) continue;
    borders.push_back(i);
    if (borders.size() == 3 || i + 1 == lines.size() || lines[i + 1].blank()) used = i + 1;
  }
  if (used == 0) return 0;
  if (bytes > limits::kRstTableBytes) return used;
  struct Column {
    std::size_t begin, end;
  };
  std::vector<Column> columns;
  for (std::size_t at = 0; at < border.size();) {
    const auto begin = border.find('=', at);
    if (begin == std::string_view::npos) break;
    at = std::min(border.find(' ', begin), border.size());
    columns.push_back({begin, at});
  }
  if (columns.size() > 512) return used;
  columns.back().end = SIZE_MAX / 2;
  const Canvas canvas(source_, lines.first(used), lines[0].column);
  const auto header = borders.size() == 3 ? borders[1] : 0;
  walker_.open("table");
  std::vector<std::vector<Line>> row(columns.size());
  std::size_t row_begin = 1;
  const auto finish = [&] {
    for (auto& lines_of_cell : row) {
      const bool any =
          std::any_of(lines_of_cell.begin(), lines_of_cell.end(), [](const Line& l) { return !l.blank(); });
      if (any) cell(lines_of_cell, row_begin < header);
      lines_of_cell.clear();
    }
  };
  for (std::size_t i = 1; i < used; ++i) {
    if (!lines[i].blank() && is_border(text(lines[i]), "= ")) {
      finish();
      continue;
    }
    // A line of dashes joins columns above it: their text is cut the same way and stands in the cell of the first.
    if (!lines[i].blank() && is_border(text(lines[i]), "- ") && text(lines[i]).size() > 2) {
      finish();
      continue;
    }
    const auto first = canvas.slice(i, columns[0].begin, columns[0].end);
    if (!first.blank()) {
      finish();
      row_begin = i;
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      // Text that runs over the gap to the next column belongs to the column where it starts.
      auto to = c + 1 < columns.size() ? columns[c + 1].begin : columns[c].end;
      auto last = c;
      while (last + 1 < columns.size() && canvas.at(i, columns[last].end) != ' ') {
        ++last;
        to = last + 1 < columns.size() ? columns[last + 1].begin : columns[last].end;
      }
      row[c].push_back(canvas.slice(i, columns[c].begin, to));
      for (; c < last; ++c) row[c + 1].push_back(Line{});
    }
  }
  finish();
  walker_.close("table");
  return used;
}

void RstReader::list_table(Lines lines, std::uint32_t column, std::size_t header_rows) {
  const auto marker = [&](const Line& line) {
    if (line.blank()) return false;
    const auto own = text(line);
    return (own[0] == '*' || own[0] == '-' || own[0] == '+') && (own.size() == 1 || own[1] == ' ' || own[1] == '\t');
  };
  std::size_t row = 0;
  for (std::size_t at = 0; at < lines.size();) {
    if (!marker(lines[at]) || lines[at].column > column) {
      ++at;
      continue;
    }
    cut(lines[at], 1);
    const auto edge = lines[at].column;
    const auto used = item_lines(lines.subspan(at), lines[at].blank() ? column + 1 : edge);
    const auto cells = lines.subspan(at, used);
    at += used;
    for (std::size_t inner = 0; inner < cells.size();) {
      if (!marker(cells[inner])) {
        ++inner;
        continue;
      }
      inner += item(cells.subspan(inner), 1, row < header_rows ? "th" : "td");
    }
    ++row;
  }
}

void RstReader::csv_rows(Lines lines, std::size_t header_rows, char separator) {
  std::size_t row = 0;
  csv_fields(source_, lines, separator, [&](std::vector<Line>& field, bool line_ends) {
    const bool any = std::any_of(field.begin(), field.end(), [](const Line& line) { return !line.blank(); });
    if (any) paragraph_text(field, row < header_rows ? "th" : "td");
    if (line_ends) ++row;
  });
}

}  // namespace chiron::prose
