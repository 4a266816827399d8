// One pass from left to right. What ends a construct is searched for once a kind: the next end of a kind does not
// depend on where the search began, so a paragraph takes linear time.
#include "engines/prose/asciidoc_inline.h"

#include <algorithm>
#include <array>

#include "engines/prose/html_tokens.h"
#include "engines/prose/markup_text.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

constexpr unsigned kFormatting = 8;  // formatting inside of formatting; deeper marks are text
constexpr std::size_t kNone = std::string_view::npos;

enum class Macro : std::uint8_t { link, reference, image, key, button, menu, footnote, passthrough, hidden, shown };
struct Known {
  std::string_view name;
  Macro macro;
};
constexpr Known kMacros[] = {
    {"link", Macro::link},         {"mailto", Macro::link},
    {"xref", Macro::reference},    {"image", Macro::image},
    {"icon", Macro::hidden},       {"kbd", Macro::key},
    {"btn", Macro::button},        {"menu", Macro::menu},
    {"footnote", Macro::footnote}, {"footnoteref", Macro::footnote},
    {"pass", Macro::passthrough},  {"stem", Macro::hidden},
    {"latexmath", Macro::hidden},  {"asciimath", Macro::hidden},
    {"indexterm", Macro::hidden},  {"indexterm2", Macro::shown},
    {"anchor", Macro::hidden},     {"linkgit", Macro::hidden},
};

class Inline {
 public:
  // Nothing behind `end` is looked at.
  Inline(const Run& run, Walker& walker, std::size_t end)
      : run_(run), walker_(walker), text_(run.text().substr(0, end)) {}

  void read(std::size_t begin, std::size_t end, unsigned depth) {
    auto plain = begin;
    auto at = begin;
    while (at < end) {
      const auto c = text_[at];
      if (!kSpecial[static_cast<unsigned char>(c)]) {
        ++at;
        continue;
      }
      begin_ = begin;
      plain_ = plain;
      end_ = end;
      depth_ = depth;
      const auto after = construct(at, c);
      if (after > at) {
        at = plain = after;
      } else {
        // What is no markup here is none for the rest of its row either.
        const bool row = c == '*' || c == '_' || c == '`' || c == '#' || c == '+';
        ++at;
        while (row && at < end && text_[at] == c) ++at;
      }
    }
    if (end > plain) run_.tell(walker_, plain, end);
  }

  std::vector<std::pair<std::size_t, std::size_t>> footnotes;

 private:
  static constexpr std::array<bool, 256> kSpecial = [] {
    std::array<bool, 256> special{};
    for (const unsigned char c : {'*', '_', '`', '#', '^', '~', '+', '{', '<', '[', '(', ':', '\\', '&', '"', '\''}) {
      special[c] = true;
    }
    return special;
  }();

  // The offset behind the construct, or `at` where there is none.
  std::size_t construct(std::size_t at, char c) {
    switch (c) {
      case '\\':
        return escape(at);
      case '&':
        return entity(at);
      case '{':
        return attribute(at);
      case '<':
        return text_.substr(at).starts_with("<<") ? cross_reference(at) : angle(at);
      case '(':
        return text_.substr(at).starts_with("((") ? index_term(at) : at;
      case '[':
        return bracket(at);
      case ':':
        return macro(at);
      case '+':
        return plus(at);
      case '"':
      case '\'':
        return quoted(at, c);
      case '^':
      case '~':
        return script(at, c);
      default:
        return formatting(at, c, {});
    }
  }

  void flush(std::size_t to) {
    if (to > plain_) run_.tell(walker_, plain_, to);
  }

  // The next `needle` at `from` or later, remembered in `slot`.
  std::size_t find(std::size_t slot, std::string_view needle, std::size_t from) {
    auto& known = next_[slot];
    if (known.from <= from && known.found >= from) return known.found;
    known = {from, text_.find(needle, from)};
    return known.found;
  }
  std::size_t find_inside(std::size_t slot, std::string_view needle, std::size_t from) {
    const auto found = find(slot, needle, from);
    return found != kNone && found + needle.size() <= end_ ? found : kNone;
  }

  std::size_t escape(std::size_t at) {
    if (at + 1 >= end_) return at;
    const auto next = text_[at + 1];
    if (!kSpecial[static_cast<unsigned char>(next)] || next == '\\') {
      // A backslash before a macro: "\https://…", "\link:…".
      auto stop = at + 1;
      while (stop < end_ && stop < at + 16 && is_word_byte(text_[stop])) ++stop;
      if (stop == at + 1 || stop >= end_ || text_[stop] != ':') return at;
      flush(at);
      run_.tell(walker_, at + 1, stop + 1);
      return stop + 1;
    }
    flush(at);
    auto stop = at + 2;
    while (stop < end_ && text_[stop] == next) ++stop;
    run_.tell(walker_, at + 1, stop);
    return stop;
  }

  std::size_t entity(std::size_t at) {
    const auto found = decode_entity(text_, at);
    if (found.length == 0 || at + found.length > end_) return at;
    flush(at);
    run_.replace(walker_, found.shown, at, at + found.length);
    return at + found.length;
  }

  std::size_t attribute(std::size_t at) {
    auto stop = at + 1;
    while (stop < end_ && stop < at + 128 && (is_word_byte(text_[stop]) || text_[stop] == '-' || text_[stop] == ':'))
      ++stop;
    if (stop == at + 1 || stop >= end_ || text_[stop] != '}') return at;
    flush(at);
    run_.mask(walker_, at, stop + 1);
    return stop + 1;
  }

  void link(std::size_t begin, std::size_t end, std::string address) {
    const Attribute href{"href", std::move(address), {}};
    walker_.open("a", {&href, 1});
    nested(begin, end);
    walker_.close("a");
  }

  void nested(std::size_t begin, std::size_t end) {
    const auto keep = std::array{begin_, plain_, end_};
    const auto depth = depth_;
    if (depth < kFormatting) {
      read(begin, end, depth + 1);
    } else {
      run_.tell(walker_, begin, end);
    }
    begin_ = keep[0], plain_ = keep[1], end_ = keep[2], depth_ = depth;
  }

  std::size_t cross_reference(std::size_t at) {
    const auto close = find_inside(0, ">>", at + 2);
    if (close == kNone || close == at + 2 || is_space_byte(text_[at + 2])) return at + 0;
    flush(at);
    const auto comma = text_.substr(at + 2, close - at - 2).find(',');
    if (comma == kNone) {
      run_.mask(walker_, at, close + 2);
    } else {
      link(skip_blanks(at + 3 + comma, close), close, "");
    }
    return close + 2;
  }

  // "<https://…>": the address; an old-style callout or a comparison is text.
  std::size_t angle(std::size_t at) {
    const auto rest = text_.substr(at + 1, std::min<std::size_t>(end_ - at - 1, 12));
    if (!rest.starts_with("http:") && !rest.starts_with("https:") && !rest.starts_with("ftp:") &&
        !rest.starts_with("mailto:") && !rest.starts_with("irc:")) {
      return at;
    }
    const auto close = find_inside(1, ">", at);
    if (close == kNone || stop_after(at) < close) return at;
    flush(at);
    run_.mask(walker_, at + 1, close);
    return close + 1;
  }

  std::size_t index_term(std::size_t at) {
    const bool hidden = text_.substr(at).starts_with("(((");
    const auto close = find_inside(hidden ? 2 : 3, hidden ? ")))" : "))", at + 2);
    if (close == kNone) return at;
    flush(at);
    if (!hidden) nested(at + 2, close);
    return close + (hidden ? 3 : 2);
  }

  // "[[anchor]]", or "[.role]" before formatted text.
  std::size_t bracket(std::size_t at) {
    if (text_.substr(at).starts_with("[[")) {
      const auto close = find_inside(4, "]]", at + 2);
      if (close == kNone || !(is_word_byte(text_[at + 2]) || text_[at + 2] == '[' || text_[at + 2] == ':')) return at;
      flush(at);
      const bool bibliography = text_[at + 2] == '[';
      return close + (bibliography && close + 2 < end_ && text_[close + 2] == ']' ? 3 : 2);
    }
    const auto close = find_inside(5, "]", at + 1);
    if (close == kNone || close + 1 >= end_ || close == at + 1) return at;
    const auto mark = text_[close + 1];
    if (mark != '*' && mark != '_' && mark != '`' && mark != '#') return at;
    if (at > begin_ && is_word_byte(text_[at - 1]) && (close + 2 >= end_ || text_[close + 2] != mark)) return at;
    auto classes = std::string(text_.substr(at + 1, close - at - 1));
    if (classes.size() > 256) return at;
    std::replace(classes.begin(), classes.end(), '.', ' ');
    bracket_at_ = at;
    const auto after = formatting(close + 1, mark, classes);
    bracket_at_ = kNone;
    return after == close + 1 ? at : after;
  }

  [[nodiscard]] bool opens(std::size_t at, char mark) const {
    const auto first = bracket_at_ != kNone ? bracket_at_ : at;
    if (first <= begin_) return true;
    const auto before = text_[first - 1];
    if (is_word_byte(before) && before != '_') return false;
    if (before == '_' && mark != '_') return false;
    if (std::string_view("&;:}").find(before) != kNone) return false;
    return mark != '`' || (before != '"' && before != '\'' && before != '`');
  }

  [[nodiscard]] bool closes(std::size_t after, char mark) const {
    if (after >= text_.size()) return true;
    const auto c = text_[after];
    if (is_word_byte(c)) return false;
    return mark != '`' || (c != '"' && c != '\'' && c != '`');
  }

  // The next mark that may close a constrained construct.
  std::size_t find_constrained(std::size_t slot, char mark, std::size_t from) {
    auto& known = next_[slot];
    if (known.from <= from && known.found >= from) return known.found;
    auto found = text_.find(mark, from);
    while (found != kNone &&
           (is_space_byte(text_[found - 1]) || text_[found - 1] == '\\' || !closes(found + 1, mark))) {
      found = text_.find(mark, found + 1);
    }
    known = {from, found};
    return found;
  }

  std::size_t formatting(std::size_t at, char mark, const std::string& classes) {
    const char* tag = mark == '*'       ? "strong"
                      : mark == '_'     ? "em"
                      : mark == '`'     ? "code"
                      : classes.empty() ? "mark"
                                        : "span";
    const std::size_t slot = mark == '*' ? 6 : mark == '_' ? 8 : mark == '`' ? 10 : 12;
    std::size_t open = at;
    std::size_t begin = 0;
    std::size_t end = kNone;
    const char twice[] = {mark, mark, 0};
    if (at + 1 < end_ && text_[at + 1] == mark) {
      begin = at + 2;
      end = begin < end_ ? find_inside(slot, twice, begin + 1) : kNone;
    }
    std::size_t after = end + 2;
    if (end == kNone) {
      if (!opens(at, mark) || at + 2 >= end_ || is_space_byte(text_[at + 1]) || text_[at + 1] == mark) return at;
      begin = at + 1;
      end = find_constrained(slot + 1, mark, at + 2);
      if (end == kNone || end >= end_) return at;
      after = end + 1;
    }
    if (bracket_at_ != kNone) open = bracket_at_;
    bracket_at_ = kNone;
    flush(open);
    const Attribute attribute{"class", classes, {}};
    if (classes.empty()) {
      walker_.open(tag);
    } else {
      walker_.open(tag, {&attribute, 1});
    }
    if (mark == '`') {
      auto from = begin;
      auto to = end;
      if (to - from > 2 && text_[from] == '+' && text_[to - 1] == '+') ++from, --to;
      run_.tell(walker_, from, to);
    } else {
      nested(begin, end);
    }
    walker_.close(tag);
    return after;
  }

  std::size_t script(std::size_t at, char mark) {
    const char needle[] = {mark, 0};
    const auto close = find_inside(mark == '^' ? 14 : 15, needle, at + 1);
    if (close == kNone || close == at + 1 || stop_after(at + 1) < close) return at;
    const auto* tag = mark == '^' ? "sup" : "sub";
    flush(at);
    walker_.open(tag);
    run_.tell(walker_, at + 1, close);
    walker_.close(tag);
    return close + 1;
  }

  // "`text`" with quotation marks around: typographic ones.
  std::size_t quoted(std::size_t at, char mark) {
    if (at + 3 >= end_ || text_[at + 1] != '`' || is_space_byte(text_[at + 2])) return at;
    if (at > begin_ && is_word_byte(text_[at - 1])) return at;
    const char needle[] = {'`', mark, 0};
    const auto close = find_inside(mark == '"' ? 16 : 17, needle, at + 2);
    if (close == kNone || close == at + 2) return at;
    flush(at);
    run_.replace(walker_, mark == '"' ? "\xE2\x80\x9C" : "\xE2\x80\x98", at, at + 2);
    nested(at + 2, close);
    run_.replace(walker_, mark == '"' ? "\xE2\x80\x9D" : "\xE2\x80\x99", close, close + 2);
    return close + 2;
  }

  // Passthroughs "+text+", "++text++", "+++html+++", and the hard line break " +".
  std::size_t plus(std::size_t at) {
    std::size_t length = 1;
    while (length < 3 && at + length < end_ && text_[at + length] == '+') ++length;
    if (length == 1) {
      const bool line_ends = at + 1 >= end_ || text_[at + 1] == '\n';
      if (line_ends && at > begin_ && text_[at - 1] == ' ') {
        flush(at - 1);
        return at + 1;
      }
      if (!opens(at, '+') || at + 2 >= end_ || is_space_byte(text_[at + 1])) return at;
      const auto close = find_constrained(18, '+', at + 2);
      if (close == kNone || close >= end_) return at;
      flush(at);
      run_.tell(walker_, at + 1, close);
      return close + 1;
    }
    const auto close = find_inside(length == 2 ? 19 : 20, std::string_view("+++").substr(0, length), at + length);
    if (close == kNone || close == at + length) return at;
    flush(at);
    if (length == 2) {
      run_.tell(walker_, at + 2, close);
    } else {
      raw(at + 3, close);
    }
    return close + length;
  }

  // HTML that goes through as it is.
  void raw(std::size_t begin, std::size_t end) {
    const auto range = run_.source(begin, end);
    tell_html(walker_.source(), range.begin, range.end, walker_);
  }

  // The next white space.
  std::size_t stop_after(std::size_t from) {
    auto& known = next_[21];
    if (known.from <= from && known.found >= from) return known.found;
    known = {from, std::min(text_.find_first_of(" \t\n", from), text_.size())};
    return known.found;
  }

  [[nodiscard]] std::size_t skip_blanks(std::size_t from, std::size_t to) const {
    while (from < to && is_space_byte(text_[from])) ++from;
    return from;
  }

  // "name:target[content]" and addresses; `at` is at the colon.
  std::size_t macro(std::size_t at) {
    auto begin = at;
    while (begin > plain_ && at - begin < 12 && is_word_byte(text_[begin - 1])) --begin;
    const auto name = text_.substr(begin, at - begin);
    if (name.empty() || (begin > plain_ && is_word_byte(text_[begin - 1]))) return at;
    const auto found =
        std::find_if(std::begin(kMacros), std::end(kMacros), [&](const Known& known) { return known.name == name; });
    if (found == std::end(kMacros)) return address(at);
    const auto open = find_inside(22, "[", at + 1);
    if (open == kNone || open > stop_after(at + 1)) return at;
    auto close = find_inside(5, "]", open + 1);
    while (close != kNone && text_[close - 1] == '\\') close = find_inside(5, "]", close + 1);
    if (close == kNone) return at;
    // Brackets inside of a footnote or a passthrough.
    flush(begin);
    auto from = open + 1;
    auto to = close;
    switch (found->macro) {
      case Macro::link:
        label(from, to, std::string(text_.substr(at + 1, open - at - 1)), at + 1, open);
        break;
      case Macro::reference:
        label(from, to, "", at + 1, open);
        break;
      case Macro::image: {
        const auto range = run_.source(from, to);
        const auto alt = alternative_of(walker_.source(), range.begin, range.end);
        MappedText content;
        content.append(walker_.source(), alt.begin, alt.end);
        walker_.alternative(std::move(content));
        break;
      }
      case Macro::key:
        walker_.open("kbd");
        run_.tell(walker_, from, to);
        walker_.close("kbd");
        break;
      case Macro::button:
        walker_.open("b");
        run_.tell(walker_, from, to);
        walker_.close("b");
        break;
      case Macro::menu:
        run_.tell(walker_, at + 1, open);
        if (to > from) {
          run_.replace(walker_, " > ", open, open + 1);
          run_.tell(walker_, from, to);
        }
        break;
      case Macro::footnote:
        if (name == "footnoteref") {
          const auto comma = text_.substr(from, to - from).find(',');
          from = comma == kNone ? to : from + comma + 1;
        }
        if (to > from) footnotes.emplace_back(skip_blanks(from, to), to);
        break;
      case Macro::passthrough:
        raw(from, to);
        break;
      case Macro::shown:
        nested(from, to);
        break;
      case Macro::hidden:
        if (name != "indexterm" && name != "anchor" && name != "icon") run_.mask(walker_, begin, close + 1);
        break;
    }
    return close + 1;
  }

  // The text of a link, without the attributes behind it; an empty one shows the target.
  void label(std::size_t from, std::size_t to, std::string address, std::size_t target, std::size_t target_end) {
    from = skip_blanks(from, to);
    const auto content = text_.substr(from, to - from);
    if (content.starts_with('"')) {
      const auto close = content.find('"', 1);
      if (close != kNone) {
        to = from + close;
        ++from;
      }
    } else if (const auto equals = content.find('='); equals != kNone) {
      const auto comma = content.substr(0, equals).rfind(',');
      if (comma != kNone) {
        to = from + comma;
      } else if (content.find_first_of(" \"") > equals || content.substr(0, equals).find(' ') == kNone) {
        to = from;
      }
    }
    if (to > from && text_[to - 1] == '^') --to;
    if (to > from) return link(from, to, std::move(address));
    walker_.open("a");
    run_.mask(walker_, target, target_end);
    walker_.close("a");
  }

  std::size_t address(std::size_t at) {
    const auto found = find_address(text_.substr(0, end_), at, plain_);
    if (found.end == 0) return at;
    flush(found.begin);
    if (found.end < end_ && text_[found.end] == '[') {
      const auto close = find_inside(5, "]", found.end + 1);
      if (close != kNone) {
        label(found.end + 1, close, std::string(text_.substr(found.begin, found.end - found.begin)), found.begin,
              found.end);
        return close + 1;
      }
    }
    walker_.open("a");
    run_.mask(walker_, found.begin, found.end);
    walker_.close("a");
    return found.end;
  }

  struct Next {
    std::size_t from = 1;
    std::size_t found = 0;  // never >= from: nothing known
  };
  const Run& run_;
  Walker& walker_;
  std::string_view text_;
  std::size_t begin_ = 0;  // of what is being read
  std::size_t plain_ = 0;
  std::size_t end_ = 0;
  unsigned depth_ = 0;
  std::size_t bracket_at_ = kNone;  // of the role before the formatting looked at
  std::array<Next, 24> next_;
};

}  // namespace

Range alternative_of(std::string_view source, std::uint32_t begin, std::uint32_t end) {
  while (begin < end && is_space_byte(source[begin])) ++begin;
  auto content = source.substr(begin, end - begin);
  if (content.starts_with('"')) {
    const auto close = content.find('"', 1);
    if (close != kNone) return {begin + 1, begin + static_cast<std::uint32_t>(close)};
  }
  if (const auto named = content.find("alt=");
      named != kNone && (named == 0 || content[named - 1] == ',' || content[named - 1] == ' ')) {
    const auto from = named + 4;
    const bool quote = from < content.size() && (content[from] == '"' || content[from] == '\'');
    const auto close = std::min(content.find(quote ? content[from] : ',', from + 1), content.size());
    return {begin + static_cast<std::uint32_t>(from + (quote ? 1 : 0)), begin + static_cast<std::uint32_t>(close)};
  }
  auto first = content.substr(0, content.find(','));
  if (first.find('=') != kNone) first = {};
  while (!first.empty() && is_space_byte(first.back())) first.remove_suffix(1);
  return {begin, begin + static_cast<std::uint32_t>(first.size())};
}

void tell_asciidoc_inline(const Run& run, Walker& walker, std::string_view tag) {
  Inline reader(run, walker, run.text().size());
  walker.open(tag);
  reader.read(0, run.text().size(), 0);
  walker.close(tag);
  // Notes stand at the end of what they belong to.
  for (const auto& [begin, end] : reader.footnotes) {
    walker.open("p");
    Inline note(run, walker, end);
    note.read(begin, end, kFormatting - 2);
    walker.close("p");
  }
}

}  // namespace chiron::prose
