// Markdown by md4c, whose text pointers lie in the source, so that places are exact. What md4c does not know
// (front matter, footnotes, display mathematics, ignored ranges) is blanked in a copy of equal length first, so that
// every offset stays what it is.
#include <md4c.h>

#include <algorithm>
#include <cstring>

#include "engines/prose/frontmatter.h"
#include "engines/prose/html_tokens.h"
#include "engines/prose/reader.h"

namespace chiron::prose {

namespace {

constexpr const char* kHeadings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};

struct Reading {
  std::string_view source;  // what is shown
  std::string_view parsed;  // what md4c reads: the same length
  const std::vector<Range>* dropped;
  Walker* walker;
  std::uint32_t last = 0;  // source end of the last text told
  Range html{0, 0};        // pending raw HTML
  unsigned image_depth = 0;
  MappedText alt;
  Range alt_source{0, 0};
  bool in_html_block = false;

  void flush_html() {
    if (html.end <= html.begin) return;
    const auto range = html;
    html = {0, 0};
    tell_html(source, range.begin, range.end, *walker);
    last = range.end;
  }

  [[nodiscard]] bool inside(const char* text) const {
    return text >= parsed.data() && text <= parsed.data() + parsed.size();
  }

  void tell(std::uint32_t begin, std::uint32_t end) {
    if (!dropped->empty()) {
      auto at = std::partition_point(dropped->begin(), dropped->end(), [&](const Range& r) { return r.end <= begin; });
      for (; at != dropped->end() && at->begin < end; ++at) {
        if (at->begin > begin) walker->text(begin, at->begin);
        begin = std::max(begin, at->end);
      }
    }
    if (begin < end) walker->text(begin, end);
    last = std::max(last, end);
  }

  void line_break() {
    const auto at = parsed.find('\n', last);
    if (at == std::string_view::npos) return;
    const auto place = static_cast<std::uint32_t>(at);
    walker->replaced("\n", place, place + 1);
    last = place + 1;
  }
};

std::string attribute_text(const MD_ATTRIBUTE& attribute) {
  std::string value;
  for (std::size_t i = 0; attribute.substr_offsets[i] < attribute.size; ++i) {
    const auto begin = attribute.substr_offsets[i];
    const auto part = std::string_view(attribute.text + begin, attribute.substr_offsets[i + 1] - begin);
    if (attribute.substr_types[i] == MD_TEXT_ENTITY) {
      value += decode_entities(part);
    } else {
      value += part;
    }
  }
  return value;
}

int enter_block(MD_BLOCKTYPE type, void* detail, void* user) {
  auto& reading = *static_cast<Reading*>(user);
  reading.flush_html();
  auto& walker = *reading.walker;
  switch (type) {
    case MD_BLOCK_QUOTE:
      walker.open("blockquote");
      break;
    case MD_BLOCK_UL:
      walker.open("ul");
      break;
    case MD_BLOCK_OL:
      walker.open("ol");
      break;
    case MD_BLOCK_LI:
      walker.open("li");
      break;
    case MD_BLOCK_HR:
      walker.open("hr");
      break;
    case MD_BLOCK_H:
      walker.open(kHeadings[static_cast<MD_BLOCK_H_DETAIL*>(detail)->level - 1]);
      break;
    case MD_BLOCK_CODE:
      walker.open("pre");
      break;
    case MD_BLOCK_HTML:
      reading.in_html_block = true;
      break;
    case MD_BLOCK_P:
      walker.open("p");
      break;
    case MD_BLOCK_TABLE:
      walker.open("table");
      break;
    case MD_BLOCK_TR:
      walker.open("tr");
      break;
    case MD_BLOCK_TH:
      walker.open("th");
      break;
    case MD_BLOCK_TD:
      walker.open("td");
      break;
    default:
      break;
  }
  return 0;
}

int leave_block(MD_BLOCKTYPE type, void* detail, void* user) {
  auto& reading = *static_cast<Reading*>(user);
  reading.flush_html();
  auto& walker = *reading.walker;
  switch (type) {
    case MD_BLOCK_QUOTE:
      walker.close("blockquote");
      break;
    case MD_BLOCK_UL:
      walker.close("ul");
      break;
    case MD_BLOCK_OL:
      walker.close("ol");
      break;
    case MD_BLOCK_LI:
      walker.close("li");
      break;
    case MD_BLOCK_H:
      walker.close(kHeadings[static_cast<MD_BLOCK_H_DETAIL*>(detail)->level - 1]);
      break;
    case MD_BLOCK_CODE:
      walker.close("pre");
      break;
    case MD_BLOCK_HTML:
      reading.in_html_block = false;
      break;
    case MD_BLOCK_P:
      walker.close("p");
      break;
    case MD_BLOCK_TABLE:
      walker.close("table");
      break;
    case MD_BLOCK_TR:
      walker.close("tr");
      break;
    case MD_BLOCK_TH:
      walker.close("th");
      break;
    case MD_BLOCK_TD:
      walker.close("td");
      break;
    default:
      break;
  }
  return 0;
}

int enter_span(MD_SPANTYPE type, void* detail, void* user) {
  auto& reading = *static_cast<Reading*>(user);
  reading.flush_html();
  auto& walker = *reading.walker;
  if (type == MD_SPAN_IMG) {
    if (reading.image_depth++ == 0) {
      reading.alt.clear();
      reading.alt_source = {0, 0};
    }
    return 0;
  }
  if (reading.image_depth != 0) return 0;
  switch (type) {
    case MD_SPAN_EM:
      walker.open("em");
      break;
    case MD_SPAN_STRONG:
      walker.open("strong");
      break;
    case MD_SPAN_CODE:
      walker.open("code");
      break;
    case MD_SPAN_DEL:
      walker.open("del");
      break;
    case MD_SPAN_A: {
      Attribute href;
      href.name = "href";
      href.value = attribute_text(static_cast<MD_SPAN_A_DETAIL*>(detail)->href);
      walker.open("a", {&href, 1});
      break;
    }
    default:
      break;
  }
  return 0;
}

int leave_span(MD_SPANTYPE type, void*, void* user) {
  auto& reading = *static_cast<Reading*>(user);
  reading.flush_html();
  auto& walker = *reading.walker;
  if (type == MD_SPAN_IMG) {
    if (--reading.image_depth == 0 && !reading.alt.empty()) {
      Attribute alt;
      alt.name = "alt";
      alt.value = reading.alt.text();
      alt.source = reading.alt_source;
      walker.open("img", {&alt, 1});
    }
    return 0;
  }
  if (reading.image_depth != 0) return 0;
  switch (type) {
    case MD_SPAN_EM:
      walker.close("em");
      break;
    case MD_SPAN_STRONG:
      walker.close("strong");
      break;
    case MD_SPAN_CODE:
      walker.close("code");
      break;
    case MD_SPAN_DEL:
      walker.close("del");
      break;
    case MD_SPAN_A:
      walker.close("a");
      break;
    default:
      break;
  }
  return 0;
}

int on_text(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user) {
  auto& reading = *static_cast<Reading*>(user);
  const bool placed = reading.inside(text);
  const auto begin = placed ? static_cast<std::uint32_t>(text - reading.parsed.data()) : reading.last;
  const auto end = placed ? begin + size : begin;
  if (type == MD_TEXT_HTML) {
    if (!placed) return 0;
    if (reading.html.end <= reading.html.begin) {
      reading.html = {begin, end};
    } else if (reading.in_html_block || reading.html.end == begin) {
      reading.html.end = end;
    } else {
      reading.flush_html();
      reading.html = {begin, end};
    }
    return 0;
  }
  reading.flush_html();
  if (reading.image_depth != 0) {
    if (placed) {
      if (reading.alt.empty()) reading.alt_source.begin = begin;
      reading.alt_source.end = end;
      reading.alt.append(reading.source, begin, end);
    }
    return 0;
  }
  switch (type) {
    case MD_TEXT_SOFTBR:
    case MD_TEXT_BR:
      reading.line_break();
      break;
    case MD_TEXT_ENTITY:
      if (placed) {
        const auto entity = decode_entity(reading.source, begin);
        if (entity.length == size) {
          reading.walker->replaced(entity.shown, begin, end);
          reading.last = end;
        } else {
          reading.tell(begin, end);
        }
      }
      break;
    case MD_TEXT_NULLCHAR:
      break;
    default:
      if (placed) {
        reading.tell(begin, end);
      } else if (size == 1 && (*text == '\n' || *text == ' ')) {
        reading.line_break();  // a line end inside a code span, shown as a space
      }
  }
  return 0;
}

void blank(std::string& text, std::uint32_t begin, std::uint32_t end, char filler) {
  for (auto i = begin; i < end; ++i) {
    if (text[i] != '\n') text[i] = filler;
  }
}

// `[^name]:` at the start of a line, and every `[^name]` of a name so defined: dropped from the text.
void find_footnotes(std::string_view source, std::vector<Range>& dropped) {
  std::vector<std::string_view> defined;
  std::vector<Range> marks;
  for (auto at = source.find("[^"); at != std::string_view::npos; at = source.find("[^", at + 1)) {
    auto stop = at + 2;
    while (stop < source.size() && source[stop] != ']' && source[stop] != '\n' && source[stop] != ' ') ++stop;
    if (stop >= source.size() || source[stop] != ']' || stop == at + 2) continue;
    auto line = at;
    while (line > 0 && source[line - 1] == ' ' && at - line < 4) --line;
    const bool starts_line = line == 0 || source[line - 1] == '\n';
    const bool definition = starts_line && at - line < 4 && stop + 1 < source.size() && source[stop + 1] == ':';
    if (definition) defined.push_back(source.substr(at + 2, stop - at - 2));
    auto end = stop + (definition ? 2 : 1);
    while (definition && end < source.size() && source[end] == ' ') ++end;
    marks.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = stop;
  }
  std::sort(defined.begin(), defined.end());
  for (const auto& mark : marks) {
    const auto text = source.substr(mark.begin + 2);
    if (std::binary_search(defined.begin(), defined.end(), text.substr(0, text.find(']')))) dropped.push_back(mark);
  }
}

// `$$ … $$`: not prose.
void find_display_math(std::string_view source, std::vector<Range>& math) {
  for (auto at = source.find("$$"); at != std::string_view::npos;) {
    const auto stop = source.find("$$", at + 2);
    if (stop == std::string_view::npos) return;
    // A formula does not go on over an empty line.
    if (const auto gap = source.find("\n\n", at); gap != std::string_view::npos && gap < stop) {
      at = stop;
      continue;
    }
    math.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(stop + 2)});
    at = source.find("$$", stop + 2);
  }
}

}  // namespace

Result<Document> read_markdown(std::string_view source, const ReadOptions& options) {
  std::vector<Range> dropped;
  std::vector<Range> math;
  find_footnotes(source, dropped);
  find_display_math(source, math);
  const auto front = find_front_matter(source);
  std::string work;
  std::string_view parsed = source;
  const bool changed = !dropped.empty() || !math.empty() || front.end > 0 || !options.ignored_blocks.empty() ||
                       !options.ignored_tokens.empty();
  if (changed) {
    work = source;
    for (const auto& range : options.ignored_tokens) blank(work, range.begin, range.end, 'x');
    for (const auto& range : dropped) blank(work, range.begin, range.end, 'x');
    for (const auto& range : math) blank(work, range.begin, range.end, ' ');
    for (const auto& range : options.ignored_blocks) blank(work, range.begin, range.end, ' ');
    blank(work, 0, front.end, ' ');
    parsed = work;
  }
  Walker walker(source, options);
  if (front.end > 0) TRY(tell_front_matter(source, front, options, walker));

  Reading reading{};
  reading.source = source;
  reading.parsed = parsed;
  reading.dropped = &dropped;
  reading.walker = &walker;
  MD_PARSER parser{};
  parser.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_PERMISSIVEAUTOLINKS;
  if (!options.indented_code) parser.flags |= MD_FLAG_NOINDENTEDCODEBLOCKS;
  parser.enter_block = enter_block;
  parser.leave_block = leave_block;
  parser.enter_span = enter_span;
  parser.leave_span = leave_span;
  parser.text = on_text;
  if (md_parse(parsed.data(), static_cast<MD_SIZE>(parsed.size()), &parser, &reading) != 0) {
    return fail(ErrorKind::limit, "prose.markdown", "the Markdown reader ran out of memory");
  }
  reading.flush_html();
  return walker.finish();
}

}  // namespace chiron::prose
