// The body elements of reStructuredText.
#include <algorithm>

#include "engines/prose/frontmatter.h"
#include "engines/prose/markup_text.h"
#include "engines/prose/rst_inline.h"
#include "engines/prose/rst_reader.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

constexpr const char* kHeadings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};

// The character that a line of section adornment is made of, or 0.
char adornment(std::string_view line) {
  if (line.size() < 2 || !is_punctuation_byte(line[0])) return 0;
  return line.find_first_not_of(line[0]) == std::string_view::npos ? line[0] : '\0';
}

// The length of a bullet, or 0.
std::uint32_t bullet_length(std::string_view line) {
  const std::uint32_t length =
      line.empty()                                                                                               ? 0
      : line[0] == '*' || line[0] == '+' || line[0] == '-'                                                       ? 1
      : line.starts_with("\xE2\x80\xA2") || line.starts_with("\xE2\x80\xA3") || line.starts_with("\xE2\x81\x83") ? 3
                                                                                                                 : 0;
  if (length == 0 || (line.size() > length && !is_space_byte(line[length]))) return 0;
  return length;
}

bool is_roman(std::string_view text) {
  return text.find_first_not_of("ivxlcdm") == std::string_view::npos ||
         text.find_first_not_of("IVXLCDM") == std::string_view::npos;
}

// "1.", "(a)", "iv)", "#.": its length, or 0.
std::uint32_t enumerator_length(std::string_view line) {
  std::uint32_t at = line.starts_with('(') ? 1 : 0;
  const auto begin = at;
  while (
      at < line.size() && at < begin + 10 &&
      ((line[at] >= '0' && line[at] <= '9') || ((line[at] | 32) >= 'a' && (line[at] | 32) <= 'z') || line[at] == '#')) {
    ++at;
  }
  const auto value = line.substr(begin, at - begin);
  if (value.empty() || at >= line.size()) return 0;
  if (line[at] != ')' && (begin == 1 || line[at] != '.')) return 0;
  ++at;
  if (at < line.size() && !is_space_byte(line[at])) return 0;
  const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits || value == "#" || (value.size() == 1 && value[0] != '#') || is_roman(value)) return at;
  return 0;
}

// ":name:" of a field: its length with both colons, or 0.
std::uint32_t field_length(std::string_view line) {
  if (line.size() < 3 || line[0] != ':' || line[1] == ':' || line[1] == ' ') return 0;
  for (std::uint32_t at = 1; at < line.size() && at < limits::kInlineName; ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == ':' && (at + 1 == line.size() || is_space_byte(line[at + 1])) && line[at - 1] != ' ') {
      return at + 1;
    } else if (line[at] == ':' && line[at + 1] == '`') {
      return 0;  // a role
    }
  }
  return 0;
}

// One option and its argument: "-a FILE", "--long=VALUE", "/V", "+x". Its length, or 0.
std::uint32_t one_option(std::string_view text) {
  std::uint32_t at = 0;
  const auto word = [&](std::string_view more) {
    const auto begin = at;
    while (at < text.size() && ((is_word_byte(text[at]) && static_cast<unsigned char>(text[at]) < 0x80) ||
                                more.find(text[at]) != std::string_view::npos))
      ++at;
    return at > begin;
  };
  if (text.starts_with("--")) {
    at = 2;
    if (!word("-")) return 0;
  } else if (text.size() > 1 && (text[0] == '-' || text[0] == '+' || text[0] == '/') && is_word_byte(text[1])) {
    at = 2;
    if (text[0] == '/' && !word("-")) at = 2;
  } else {
    return 0;
  }
  const auto plain = at;
  if (at < text.size() && (text[at] == ' ' || text[at] == '=')) {
    ++at;
    if (at < text.size() && text[at] == '<') {
      const auto close = text.find('>', at);
      if (close == std::string_view::npos || close > at + limits::kRoleName) return plain;
      return static_cast<std::uint32_t>(close + 1);
    }
    if (at < text.size() && ((text[at] | 32) < 'a' || (text[at] | 32) > 'z')) return plain;
    return word("-") ? at : plain;
  }
  if (text[0] != '/' && !text.starts_with("--") && at < text.size() && is_word_byte(text[at])) word("-");  // "-Wx"
  return at;
}

// The options of an option list's item and the blanks behind them, or 0.
std::uint32_t option_length(std::string_view line) {
  std::uint32_t at = 0;
  while (true) {
    const auto length = one_option(line.substr(at));
    if (length == 0) return 0;
    at += length;
    if (at == line.size()) return at;
    if (!line.substr(at).starts_with(", ")) break;
    at += 2;
  }
  return line.substr(at).starts_with("  ") ? at : 0;
}

}  // namespace

RstReader::RstReader(const Prepared& prepared, const ReadOptions& options)
    : source_(prepared.parsed()), walker_(prepared.shown(), options) {}

void RstReader::cut(Line& line, std::uint32_t skip) {
  auto begin = std::min(line.begin + skip, line.end);
  while (begin < line.end && is_space_byte(source_[begin])) ++begin;
  line.column = column_after(source_, line.begin, begin, line.column);
  line.begin = begin;
}

std::uint32_t RstReader::left_edge(Lines lines) {
  std::uint32_t edge = UINT32_MAX;
  for (const auto& line : lines) {
    if (!line.blank()) edge = std::min(edge, line.column);
  }
  return edge;
}

std::size_t RstReader::item_lines(Lines lines, std::uint32_t edge) {
  std::size_t used = 1;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].blank()) continue;
    if (lines[i].column < edge) break;
    used = i + 1;
  }
  return used;
}

void RstReader::inline_text(std::span<const Line> lines) {
  const Run run(source_, lines);
  tell_rst_inline(run, walker_);
}

void RstReader::paragraph_text(std::span<const Line> lines, std::string_view tag) {
  if (lines.empty()) return;
  walker_.open(tag);
  inline_text(lines);
  walker_.close(tag);
}

void RstReader::code(Lines lines) {
  walker_.open("pre");
  const Run run(source_, lines);
  run.tell(walker_, 0, run.text().size());
  walker_.close("pre");
}

void RstReader::body(Lines lines, std::uint32_t column) {
  if (depth_ >= limits::kRstNesting) {
    paragraph_text(lines, "p");
    return;
  }
  ++depth_;
  for (std::size_t at = 0; at < lines.size();) {
    if (lines[at].blank()) {
      ++at;
      continue;
    }
    at += std::max<std::size_t>(1, block(lines.subspan(at), column));
  }
  --depth_;
}

std::size_t RstReader::block(Lines lines, std::uint32_t column) {
  if (lines[0].column > column) return block_quote(lines, column);
  std::size_t used = 0;
  switch (const auto line = text(lines[0]); line[0]) {
    case ':':
      used = field(lines, column);
      break;
    case '>':
      used = line == ">>>" || line.starts_with(">>> ") ? doctest(lines) : 0;
      break;
    case '|':
      used = line_block(lines, column);
      break;
    case '+':
      if (line.starts_with("+-")) used = grid_table(lines);
      break;
    case '=':
      used = simple_table(lines);
      break;
    case '.':
    case '_':
      used = explicit_markup(lines, column);
      break;
    default:
      break;
  }
  if (used == 0) used = section(lines, column);
  if (used == 0) used = bullet(lines, column);
  if (used == 0) used = enumerated(lines, column);
  if (used == 0) used = option(lines, column);
  return used != 0 ? used : paragraph(lines, column);
}

std::size_t RstReader::block_quote(Lines lines, std::uint32_t column) {
  const auto used = item_lines(lines, column + 1);
  const auto own = lines.first(used);
  walker_.open("blockquote");
  body(own, left_edge(own));
  walker_.close("blockquote");
  return used;
}

std::size_t RstReader::item(Lines lines, std::uint32_t skip, const char* tag) {
  const auto marker = lines[0].column;
  cut(lines[0], skip);
  auto edge = lines[0].column;
  std::size_t used = 0;
  if (lines[0].blank()) {
    // The content begins below, wherever it stands to the right of the marker.
    used = item_lines(lines, marker + 1);
    edge = left_edge(lines.subspan(1, used - 1));
  } else {
    used = item_lines(lines, edge);
  }
  walker_.open(tag);
  body(lines.first(used), edge);
  walker_.close(tag);
  return used;
}

std::size_t RstReader::bullet(Lines lines, std::uint32_t column) {
  if (bullet_length(text(lines[0])) == 0) return 0;
  walker_.open("ul");
  std::size_t at = 0;
  while (at < lines.size()) {
    auto next = at;
    while (next < lines.size() && lines[next].blank()) ++next;
    if (next == lines.size() || lines[next].column != column) break;
    const auto length = bullet_length(text(lines[next]));
    if (length == 0) break;
    at = next + item(lines.subspan(next), length, "li");
  }
  walker_.close("ul");
  return at;
}

std::size_t RstReader::enumerated(Lines lines, std::uint32_t column) {
  const auto is_item = [&](std::size_t i) {
    const auto length = enumerator_length(text(lines[i]));
    if (length == 0) return 0u;
    // A line below that goes on at the margin makes it a paragraph that begins like an item: "A. Einstein was".
    if (i + 1 < lines.size() && !lines[i + 1].blank() && lines[i + 1].column <= column &&
        enumerator_length(text(lines[i + 1])) == 0) {
      return 0u;
    }
    return length;
  };
  if (is_item(0) == 0) return 0;
  walker_.open("ol");
  std::size_t at = 0;
  while (at < lines.size()) {
    auto next = at;
    while (next < lines.size() && lines[next].blank()) ++next;
    if (next == lines.size() || lines[next].column != column) break;
    const auto length = is_item(next);
    if (length == 0) break;
    at = next + item(lines.subspan(next), length, "li");
  }
  walker_.close("ol");
  return at;
}

std::size_t RstReader::field(Lines lines, std::uint32_t column) {
  const auto length = field_length(text(lines[0]));
  if (length == 0) return 0;
  cut(lines[0], length);
  const auto used = item_lines(lines, column + 1);
  const auto rest = lines.subspan(1, used - 1);
  const auto edge = left_edge(rest);
  // The first line counts as standing where the others do.
  lines[0].column = edge == UINT32_MAX ? column : edge;
  walker_.open("dd");
  body(lines.first(used), lines[0].column);
  walker_.close("dd");
  return used;
}

std::size_t RstReader::option(Lines lines, std::uint32_t column) {
  const auto length = option_length(text(lines[0]));
  if (length == 0) return 0;
  const bool described = length < text(lines[0]).size();
  if (!described && (lines.size() < 2 || lines[1].blank() || lines[1].column <= column)) return 0;
  return item(lines, length, "dd");
}

std::size_t RstReader::doctest(Lines lines) {
  std::size_t used = 0;
  while (used < lines.size() && !lines[used].blank()) ++used;
  code(lines.first(used));
  return used;
}

std::size_t RstReader::line_block(Lines lines, std::uint32_t column) {
  const auto begins = [&](const Line& line) {
    return !line.blank() && line.column == column && source_[line.begin] == '|' &&
           (line.end - line.begin == 1 || is_space_byte(source_[line.begin + 1]));
  };
  if (!begins(lines[0])) return 0;
  std::size_t used = 0;
  std::vector<Line> shown;
  for (; used < lines.size() && !lines[used].blank(); ++used) {
    if (!begins(lines[used]) && lines[used].column <= column) break;
    shown.push_back(lines[used]);
    if (begins(lines[used])) cut(shown.back(), 1);
  }
  paragraph_text(shown, "p");
  return used;
}

void RstReader::heading(std::span<const Line> title, char mark, bool over) {
  const auto style = std::string(1, mark) + (over ? "=" : "");
  auto known = std::find(styles_.begin(), styles_.end(), style);
  if (known == styles_.end()) known = styles_.insert(styles_.end(), style);
  const auto* tag = kHeadings[std::min<std::ptrdiff_t>(known - styles_.begin(), 5)];
  paragraph_text(title, tag);
}

std::size_t RstReader::section(Lines lines, std::uint32_t column) {
  const auto first = text(lines[0]);
  if (const auto over = adornment(first); over != 0) {
    if (lines.size() >= 3 && !lines[1].blank() && lines[1].column >= column && lines[2].column == column &&
        adornment(text(lines[2])) == over) {
      const auto width = utf8::display_width(text(lines[1]));
      if (first.size() == text(lines[2]).size() && (width <= first.size() || first.size() >= 4)) {
        heading(lines.subspan(1, 1), over, true);
        return 3;
      }
    }
    // A transition.
    if (first.size() >= 4 && (lines.size() < 2 || lines[1].blank())) {
      walker_.open("hr");
      return 1;
    }
    if (first == "::") return literal_block(lines, column);
  }
  if (lines.size() < 2 || lines[1].blank() || lines[1].column != column) return 0;
  const auto under = adornment(text(lines[1]));
  if (under == 0) return 0;
  const auto length = text(lines[1]).size();
  if (length < 4 && utf8::display_width(first) > length) return 0;
  if (length == 2 && (under == '.' || under == ':')) return 0;
  heading(lines.first(1), under, false);
  return 2;
}

std::size_t RstReader::paragraph(Lines lines, std::uint32_t column) {
  const auto first = text(lines[0]);
  if (lines.size() > 1 && !lines[1].blank() && lines[1].column > column && !first.ends_with("::")) {
    // A term and its definition.
    auto term = lines[0];
    const auto used = item_lines(lines, column + 1);
    const auto own = lines.subspan(1, used - 1);
    paragraph_text({&term, 1}, "dt");
    walker_.open("dd");
    body(own, left_edge(own));
    walker_.close("dd");
    return used;
  }
  std::size_t used = 1;
  while (used < lines.size() && !lines[used].blank() && lines[used].column <= column) {
    // Text that stands to the left of its body's edge belongs to the paragraph, too: nobody else would show it.
    ++used;
  }
  auto& last = lines[used - 1];
  const bool literal = text(last).ends_with("::");
  if (literal) {
    // "text::" shows one colon, "text ::" none.
    last.end -= last.end - last.begin > 2 && !is_space_byte(source_[last.end - 3]) ? 1 : 2;
    while (last.end > last.begin && is_space_byte(source_[last.end - 1])) --last.end;
  }
  paragraph_text(lines.first(last.blank() ? used - 1 : used), "p");
  return literal && used < lines.size() ? used + literal_block(lines.subspan(used - 1), column) - 1 : used;
}

std::size_t RstReader::literal_block(Lines lines, std::uint32_t column) {
  std::size_t at = 1;
  while (at < lines.size() && lines[at].blank()) ++at;
  if (at == lines.size()) return 1;
  if (lines[at].column > column) {
    const auto used = item_lines(lines.subspan(at - 1), column + 1) - 1;
    code(lines.subspan(at, used));
    return at + used;
  }
  // A quoted one: every line begins with the same mark.
  const auto quote = source_[lines[at].begin];
  if (!is_punctuation_byte(quote) || at == 1) return 1;
  auto stop = at;
  while (stop < lines.size() && !lines[stop].blank() && source_[lines[stop].begin] == quote) ++stop;
  code(lines.subspan(at, stop - at));
  return stop;
}

Result<Document> RstReader::run(const FrontMatter& front, const ReadOptions& options, std::string_view shown) {
  auto lines = split_source(source_);
  if (front.end > 0) {
    TRY(tell_front_matter(shown, front, options, walker_));
    for (auto& line : lines) {
      if (line.begin >= front.end) break;
      line.begin = line.end;
    }
  }
  body(lines, 0);
  return walker_.finish();
}

Result<Document> read_rst(std::string_view source, const ReadOptions& options) {
  const Prepared prepared(source, options);
  auto front = find_front_matter(prepared.shown());
  // Two lines of dashes around one of text are a title.
  const auto head = prepared.shown().substr(0, front.end);
  if (front.end > 0 && !front.toml && (head.find(':') == std::string_view::npos || front.end < 9)) front = {};
  RstReader reader(prepared, options);
  return reader.run(front, options, prepared.shown());
}

}  // namespace chiron::prose
