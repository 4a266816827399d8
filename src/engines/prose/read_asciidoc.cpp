// The blocks of AsciiDoc.
#include <algorithm>

#include "engines/prose/asciidoc_inline.h"
#include "engines/prose/asciidoc_reader.h"
#include "engines/prose/html_tokens.h"
#include "engines/prose/markup_text.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

constexpr const char* kHeadings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};

// The mark of a line that delimits a block: '-' listing, '.' literal, '=' example, '*' sidebar, '_' quotation,
// '+' passthrough, '/' comment, '~' open, '`' fenced; 0 for any other line.
char delimiter(std::string_view line) {
  if (line == "--") return '~';
  if (line.starts_with("```")) {
    return line.find_first_of(" `", 3) == std::string_view::npos ? '`' : '\0';
  }
  if (line.size() < 4 || std::string_view("-.=*_+/").find(line[0]) == std::string_view::npos) return 0;
  return line.find_first_not_of(line[0]) == std::string_view::npos ? line[0] : '\0';
}

bool is_block_attributes(std::string_view line) {
  if (!line.starts_with('[') || !line.ends_with(']') || line.size() < 2) return false;
  if (line.size() == 2) return true;
  const auto c = line[1];
  return c == '[' ? line.ends_with("]]")
                  : is_word_byte(c) || std::string_view(".:#%{,\"'").find(c) != std::string_view::npos;
}

// ":name: value", ":!name:": an attribute of the document.
bool is_attribute_entry(std::string_view line) {
  if (line.size() < 3 || line[0] != ':' || (!is_word_byte(line[1]) && line[1] != '!')) return false;
  for (std::size_t at = 2; at < line.size() && at < 256; ++at) {
    if (line[at] == ':') return at + 1 == line.size() || is_space_byte(line[at + 1]);
    if (!is_word_byte(line[at]) && line[at] != '-' && line[at] != '!') return false;
  }
  return false;
}

bool is_comment(std::string_view line) { return line.starts_with("//") && !line.starts_with("///"); }

// "ifdef::name[]" and the like, "include::file[]".
bool is_directive(std::string_view line, std::string_view name) {
  return line.starts_with(name) && line.substr(name.size()).starts_with("::") && line.ends_with(']');
}

std::string_view admonition(std::string_view line) {
  for (const std::string_view label : {"NOTE: ", "TIP: ", "IMPORTANT: ", "WARNING: ", "CAUTION: "}) {
    if (line.starts_with(label)) return label;
  }
  return {};
}

bool is_code_style(std::string_view style) {
  constexpr std::string_view kCode[] = {"source", "listing", "literal",   "stem",     "latexmath", "asciimath",
                                        "pass",   "comment", "ditaa",     "plantuml", "graphviz",  "mermaid",
                                        "subs",   "a2s",     "blockdiag", "vega"};
  return std::find(std::begin(kCode), std::end(kCode), style) != std::end(kCode);
}

}  // namespace

bool is_table_border(std::string_view line) {
  return line.size() >= 4 && std::string_view("|,:!").find(line[0]) != std::string_view::npos &&
         line.find_first_not_of('=', 1) == std::string_view::npos;
}

AsciidocReader::AsciidocReader(const Prepared& prepared, const ReadOptions& options)
    : source_(prepared.parsed()), walker_(prepared.shown(), options) {}

// Conditions and what is included: their lines say nothing. Which branch holds is not known here, so all are read.
void AsciidocReader::preprocess(std::vector<Line>& lines) {
  std::size_t kept = 0;
  for (auto line : lines) {
    const auto own = text(line);
    if (line.column == 0 && !own.empty() && (own[0] == 'i' || own[0] == 'e')) {
      const bool condition = is_directive(own, "ifdef") || is_directive(own, "ifndef");
      if (condition || is_directive(own, "ifeval") || is_directive(own, "endif")) {
        // "ifdef::name[text]"
        const auto open = own.find('[');
        if (!condition || open + 2 >= own.size()) continue;
        line.begin += static_cast<std::uint32_t>(open + 1);
        --line.end;
      } else if (is_directive(own, "include")) {
        line.begin = line.end;
      }
    }
    lines[kept++] = line;
  }
  lines.resize(kept);
}

// The lines below of the document's title up to an empty one: authors and revision.
void AsciidocReader::header(std::vector<Line>& lines) {
  std::size_t at = 0;
  while (at < lines.size() && (lines[at].blank() || is_comment(text(lines[at])) ||
                               is_attribute_entry(text(lines[at])) || is_block_attributes(text(lines[at])))) {
    ++at;
  }
  if (at == lines.size() || !text(lines[at]).starts_with("= ")) return;
  std::size_t dropped = 0;
  for (++at; at < lines.size() && !lines[at].blank() && dropped < 2; ++at) {
    const auto own = text(lines[at]);
    if (is_comment(own) || is_attribute_entry(own)) continue;
    // A line that is already something else: a file without an empty line below its title.
    if (own[0] == '=' || own[0] == '[' || own[0] == '.' || delimiter(own) != 0) break;
    lines[at].begin = lines[at].end;
    ++dropped;
  }
}

void AsciidocReader::code(Lines lines) {
  walker_.open("pre");
  const Run run(source_, lines);
  run.tell(walker_, 0, run.text().size());
  walker_.close("pre");
}

void AsciidocReader::title(const Above& above, const char* tag) {
  if (above.title.empty()) return;
  tell_asciidoc_inline(Run(source_, above.title), walker_, tag);
}

void AsciidocReader::close_items(Container& in, std::size_t keep) {
  while (in.items.size() > keep) {
    walker_.close(in.items.back().tag);
    in.items.pop_back();
  }
}

void AsciidocReader::blocks(Lines lines, char table_separator) {
  if (depth_ >= limits::kAsciidocNesting) return;
  ++depth_;
  Container in;
  in.lines = lines;
  in.table_separator = table_separator;
  while (in.at < lines.size()) block(in);
  close_items(in, 0);
  --depth_;
}

void AsciidocReader::block(Container& in) {
  if (line_without_text(in) || attributes(in)) return;
  // A block that is not joined to an item by "+" ends the lists, unless it is an item or indented.
  const auto start = in.at;
  const auto leave_lists = [&] {
    if (!in.attached) close_items(in, 0);
    in.attached = false;
  };
  const auto& line = in.lines[in.at];
  bool done = false;
  if (line.column == 0) {
    if (delimiter(text(line)) != 0 || is_table_border(text(line))) {
      // A title with a line of dashes below of it was seen at the title.
      leave_lists();
      done = delimited(in) || table(in);
    } else if (section(in)) {
      done = true;
    } else if (text(line).find("::") != std::string_view::npos && block_macro(in)) {
      done = true;
    }
  }
  if (!done) done = list_item(in) || description(in);
  if (!done) {
    const bool literal = line.column > 0 && in.after_blank && in.above.style.empty();
    if (!(literal && !in.items.empty())) leave_lists();
    in.attached = false;
    paragraph(in, in.at, false);
  }
  if (in.at == start) ++in.at;
  in.above = {};
  in.after_blank = false;
}

// Empty lines, comments, attributes of the document, breaks, the joint "+".
bool AsciidocReader::line_without_text(Container& in) {
  const auto& line = in.lines[in.at];
  const auto own = text(line);
  if (line.blank()) {
    in.after_blank = true;
    ++in.at;
    return true;
  }
  if (line.column != 0) return false;
  if (is_comment(own)) {
    walker_.comment(own.substr(2));
    ++in.at;
    return true;
  }
  if (own == "+") {
    in.attached = !in.items.empty();
    in.after_blank = true;
    ++in.at;
    return true;
  }
  if (is_attribute_entry(own)) {
    while (in.at + 1 < in.lines.size() && text(in.lines[in.at]).ends_with(" \\")) ++in.at;
    ++in.at;
    return true;
  }
  if (own == "'''" || own == "<<<" || own == "---" || own == "***" || own == "- - -" || own == "* * *") {
    close_items(in, 0);
    walker_.open("hr");
    ++in.at;
    return true;
  }
  return false;
}

bool AsciidocReader::attributes(Container& in) {
  const auto& line = in.lines[in.at];
  const auto own = text(line);
  if (line.column != 0) return false;
  if (own.size() > 1 && own[0] == '.' && own[1] != '.' && !is_space_byte(own[1])) {
    Line shown = line;
    ++shown.begin;
    in.above.title = {shown};
    ++in.at;
    return true;
  }
  if (!is_block_attributes(own)) return false;
  ++in.at;
  if (own.starts_with("[[")) return true;
  const auto list = own.substr(1, own.size() - 2);
  bool first = true;
  for (std::size_t at = 0; at <= list.size();) {
    // Commas between quotation marks separate nothing.
    auto stop = at;
    bool quoted = false;
    while (stop < list.size() && (quoted || list[stop] != ',')) quoted ^= list[stop++] == '"';
    const auto part = text::trim(list.substr(at, stop - at));
    const auto equals = part.find('=');
    if (equals != std::string_view::npos) {
      const auto key = text::trim(part.substr(0, equals));
      auto value = text::trim(part.substr(equals + 1));
      if (value.size() > 1 && value[0] == '"' && value.ends_with('"')) value = value.substr(1, value.size() - 2);
      if (key == "cols") in.above.columns = value;
      if (key == "options" || key == "opts") in.above.options += "," + std::string(value);
      if (key == "separator") in.above.separator = value;
      if (key == "format") in.above.format = value;
      if (key == "role") in.above.classes += " " + std::string(value);
    } else if (first) {
      // style#id.role%option
      auto mark = '\0';
      for (std::size_t i = 0; i < part.size();) {
        const auto next = std::min(part.find_first_of("#.%", i), part.size());
        const auto word = part.substr(i, next - i);
        if (mark == 0) in.above.style = word;
        if (mark == '.') in.above.classes += " " + std::string(word);
        if (mark == '%') in.above.options += "," + std::string(word);
        mark = next < part.size() ? part[next] : '\0';
        i = next + 1;
      }
    }
    first = false;
    at = stop + 1;
  }
  return true;
}

bool AsciidocReader::section(Container& in) {
  const auto& line = in.lines[in.at];
  auto own = text(line);
  const auto mark = own[0];
  if (mark == '=' || mark == '#') {
    const auto level = own.find_first_not_of(mark);
    if (level == std::string_view::npos || level > 6 || !is_space_byte(own[level])) return false;
    Line shown = line;
    shown.begin += static_cast<std::uint32_t>(own.find_first_not_of(" \t", level));
    // "== Title ==" closes with the same marks.
    own = text(shown);
    const auto last = own.find_last_not_of(mark);
    if (last != std::string_view::npos && own.size() - 1 - last == level && is_space_byte(own[last])) {
      shown.end = shown.begin + static_cast<std::uint32_t>(last);
    }
    close_items(in, 0);
    tell_asciidoc_inline(Run(source_, {&shown, 1}), walker_, kHeadings[level - 1]);
    ++in.at;
    return true;
  }
  // Two lines: a title and its underline.
  if (in.at + 1 >= in.lines.size() || in.lines[in.at + 1].column != 0) return false;
  const auto under = text(in.lines[in.at + 1]);
  constexpr std::string_view kUnder = "=-~^+";
  if (under.size() < 2 || kUnder.find(under[0]) == std::string_view::npos ||
      under.find_first_not_of(under[0]) != std::string_view::npos ||
      !is_word_byte(own[0] == '"' ? own.back() : own[0])) {
    return false;
  }
  const auto width = utf8::count(own);
  if (width > under.size() + 1 || under.size() > width + 1) return false;
  close_items(in, 0);
  tell_asciidoc_inline(Run(source_, {&line, 1}), walker_, kHeadings[kUnder.find(under[0])]);
  in.at += 2;
  return true;
}

bool AsciidocReader::delimited(Container& in) {
  const auto own = text(in.lines[in.at]);
  const auto mark = delimiter(own);
  if (mark == 0) return false;
  const auto closing = mark == '`' ? own.substr(0, own.find_first_not_of('`')) : own;
  auto stop = in.at + 1;
  while (stop < in.lines.size() && text(in.lines[stop]) != closing) ++stop;
  const auto content = in.lines.subspan(in.at + 1, stop - in.at - 1);
  const auto above = std::move(in.above);
  in.at = std::min(stop + 1, in.lines.size());
  delimited_content(in, content, mark, above);
  return true;
}

void AsciidocReader::delimited_content(Container& in, Lines content, char mark, const Above& above) {
  if (mark == '/' || above.style == "comment") {
    if (!content.empty()) walker_.comment(source_.substr(content[0].begin, content.back().end - content[0].begin));
    return;
  }
  const Attribute attribute{"class", above.classes, {}};
  walker_.open("div", {&attribute, 1});
  title(above, "div");
  if (mark == '+' && !is_code_style(above.style)) {
    if (!content.empty()) tell_html(walker_.source(), content[0].begin, content.back().end, walker_);
  } else if (mark == '-' || mark == '.' || mark == '`' || mark == '+' || is_code_style(above.style)) {
    code(content);
  } else if (mark == '_' || above.style == "quote" || above.style == "verse") {
    walker_.open("blockquote");
    if (above.style == "verse") {
      tell_asciidoc_inline(Run(source_, content), walker_, "p");
    } else {
      blocks(content, in.table_separator);
    }
    walker_.close("blockquote");
  } else {
    blocks(content, in.table_separator);
  }
  walker_.close("div");
}

// "name::target[…]" on a line of its own: a picture's alternative text, else nothing.
bool AsciidocReader::block_macro(Container& in) {
  const auto& line = in.lines[in.at];
  const auto own = text(line);
  std::size_t name = 0;
  while (name < own.size() && name < 32 && is_word_byte(own[name])) ++name;
  if (name == 0 || !own.substr(name).starts_with("::") || !own.ends_with(']')) return false;
  const auto open = own.find('[');
  if (open == std::string_view::npos || own.substr(0, open).find_first_of(" \t") != std::string_view::npos)
    return false;
  if (!in.attached) close_items(in, 0);
  in.attached = false;
  if (own.starts_with("image::")) {
    const auto range =
        alternative_of(walker_.source(), line.begin + static_cast<std::uint32_t>(open + 1), line.end - 1);
    MappedText content;
    content.append(walker_.source(), range.begin, range.end);
    walker_.alternative(std::move(content));
    title(in.above, "figcaption");
  } else {
    title(in.above, "div");
  }
  ++in.at;
  return true;
}

bool AsciidocReader::ends_paragraph(const Line& line, bool in_item) const {
  if (line.blank()) return true;
  const auto own = text(line);
  if (line.column == 0) {
    if (delimiter(own) != 0 || is_table_border(own) || (is_block_attributes(own) && own.size() > 2)) return true;
    if (in_item && own == "+") return true;
  }
  if (!in_item) return false;
  std::string marker;
  return marker_length(line, marker) != 0;
}

void AsciidocReader::paragraph(Container& in, std::size_t from, bool in_item) {
  auto stop = from + 1;
  while (stop < in.lines.size() && !ends_paragraph(in.lines[stop], in_item)) ++stop;
  std::vector<Line> shown;
  shown.reserve(stop - from);
  for (auto i = from; i < stop; ++i) {
    if (in.lines[i].blank()) continue;
    if (i > from && in.lines[i].column == 0 && is_comment(text(in.lines[i]))) continue;
    shown.push_back(in.lines[i]);
  }
  const auto above = std::move(in.above);
  in.above = {};
  const bool literal = !in_item && in.lines[from].column > 0 && above.style.empty();
  in.at = stop;
  if (shown.empty()) return;
  if (in_item) {
    tell_asciidoc_inline(Run(source_, shown), walker_, "p");
    return;
  }
  const Attribute attribute{"class", above.classes, {}};
  walker_.open("div", {&attribute, 1});
  title(above, "div");
  if (literal || is_code_style(above.style)) {
    if (above.style != "comment") code(shown);
  } else {
    const bool quote = above.style == "quote" || above.style == "verse";
    shown[0].begin += static_cast<std::uint32_t>(admonition(text(shown[0])).size());
    if (quote) walker_.open("blockquote");
    tell_asciidoc_inline(Run(source_, shown), walker_, "p");
    if (quote) walker_.close("blockquote");
  }
  walker_.close("div");
}

// The marker of a list's item, and how many bytes stand before its text.
std::size_t AsciidocReader::marker_length(const Line& line, std::string& marker) const {
  const auto own = text(line);
  std::size_t length = 0;
  if (own[0] == '*' || own[0] == '.') {
    length = std::min(own.find_first_not_of(own[0]), own.size());
    if (length > 5) return 0;
    marker = own.substr(0, length);
  } else if (own[0] == '-') {
    length = 1;
    marker = "-";
  } else if (own.starts_with("\xE2\x80\xA2")) {
    length = 3;
    marker = "-";
  } else if (own[0] == '<') {
    length = 1;
    while (length < own.size() && length < 8 && ((own[length] >= '0' && own[length] <= '9') || own[length] == '.'))
      ++length;
    if (length == 1 || length >= own.size() || own[length] != '>') return 0;
    ++length;
    marker = "<1>";
  } else {
    while (length < own.size() && length < 10 && own[length] >= '0' && own[length] <= '9') ++length;
    const bool digits = length > 0;
    if (!digits && length < own.size() && ((own[length] | 32) >= 'a' && (own[length] | 32) <= 'z')) {
      while (length < own.size() && length < 8 &&
             std::string_view("ivxIVX").find(own[length]) != std::string_view::npos)
        ++length;
      const bool roman = length > 0 && length < own.size() && own[length] == ')';
      if (!roman) length = 1;
      if (length >= own.size() || own[length] != (roman ? ')' : '.')) return 0;
      marker = roman ? "i)" : "a.";
    } else {
      marker = "1.";
      if (!digits || length >= own.size() || own[length] != '.') return 0;
    }
    ++length;
  }
  if (length == 0 || length >= own.size() || !is_space_byte(own[length])) return 0;
  return std::min(own.find_first_not_of(" \t", length), own.size());
}

bool AsciidocReader::list_item(Container& in) {
  auto& line = in.lines[in.at];
  std::string marker;
  auto length = marker_length(line, marker);
  if (length == 0) return false;
  const auto same =
      std::find_if(in.items.begin(), in.items.end(), [&](const Item& item) { return item.marker == marker; });
  close_items(in, static_cast<std::size_t>(same - in.items.begin()));
  if (in.items.size() >= limits::kAsciidocNesting) close_items(in, in.items.size() - 1);
  in.attached = false;
  if (in.items.empty()) title(in.above, "div");
  in.above = {};
  walker_.open("li");
  in.items.push_back({marker, "li"});
  const auto rest = text(line).substr(length);
  if (rest.starts_with("[ ] ") || rest.starts_with("[x] ") || rest.starts_with("[*] ") || rest.starts_with("[X] ")) {
    length += 4;
  }
  line.begin += static_cast<std::uint32_t>(length);
  paragraph(in, in.at, true);
  return true;
}

// "term:: description", with the description on the same line or below.
bool AsciidocReader::description(Container& in) {
  auto& line = in.lines[in.at];
  const auto own = text(line);
  auto at = std::min(own.find("::"), own.find(";;"));
  while (at != std::string_view::npos) {
    auto stop = at;
    while (stop < own.size() && stop < at + 4 && own[stop] == own[at]) ++stop;
    if (at > 0 && (stop == own.size() || is_space_byte(own[stop]))) break;
    at = std::min(own.find("::", stop), own.find(";;", stop));
  }
  if (at == std::string_view::npos) return false;
  auto stop = at;
  while (stop < own.size() && stop < at + 4 && own[stop] == own[at]) ++stop;
  const auto marker = std::string(own.substr(at, stop - at));
  const auto same =
      std::find_if(in.items.begin(), in.items.end(), [&](const Item& item) { return item.marker == marker; });
  close_items(in, static_cast<std::size_t>(same - in.items.begin()));
  if (in.items.size() >= limits::kAsciidocNesting) close_items(in, in.items.size() - 1);
  in.attached = false;
  if (in.items.empty()) title(in.above, "div");
  in.above = {};
  Line term = line;
  term.end = term.begin + static_cast<std::uint32_t>(at);
  while (term.end > term.begin && is_space_byte(source_[term.end - 1])) --term.end;
  tell_asciidoc_inline(Run(source_, {&term, 1}), walker_, "dt");
  walker_.open("dd");
  in.items.push_back({marker, "dd"});
  const auto content = std::min(own.find_first_not_of(" \t", stop), own.size());
  line.begin += static_cast<std::uint32_t>(content);
  if (!line.blank()) {
    paragraph(in, in.at, true);
    return true;
  }
  // Below, after empty lines: text, indented or not, belongs to the term; anything else is a block of its own.
  ++in.at;
  auto next = in.at;
  while (next < in.lines.size() && in.lines[next].blank()) ++next;
  std::string other;
  if (next < in.lines.size() && !ends_paragraph(in.lines[next], true) && marker_length(in.lines[next], other) == 0 &&
      !is_comment(text(in.lines[next])) && text(in.lines[next]).find("::") == std::string_view::npos &&
      text(in.lines[next])[0] != '=') {
    paragraph(in, next, true);
  }
  return true;
}

Result<Document> AsciidocReader::run(const FrontMatter& front, const ReadOptions& options, std::string_view shown) {
  auto lines = split_source(source_);
  if (front.end > 0) {
    TRY(tell_front_matter(shown, front, options, walker_));
    for (auto& line : lines) {
      if (line.begin >= front.end) break;
      line.begin = line.end;
    }
  }
  preprocess(lines);
  header(lines);
  blocks(lines, '|');
  return walker_.finish();
}

Result<Document> read_asciidoc(std::string_view source, const ReadOptions& options) {
  const Prepared prepared(source, options);
  AsciidocReader reader(prepared, options);
  return reader.run(find_front_matter(prepared.shown()), options, prepared.shown());
}

}  // namespace chiron::prose
