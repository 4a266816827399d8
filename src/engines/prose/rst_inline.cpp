// The recognition rules of the specification, read from left to right once. Every search for an end-string is
// remembered: the next end of a kind does not depend on where the search began, so a paragraph takes linear time.
#include "engines/prose/rst_inline.h"

#include <algorithm>
#include <array>

#include "engines/prose/markup_text.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

enum class Mark : std::uint8_t { emphasis, strong, literal, interpreted, substitution, target };
constexpr std::size_t kMarks = 6;

constexpr std::string_view kEnds[kMarks] = {"*", "**", "``", "`", "|", "`"};

bool is_name_char(char c) { return is_word_byte(c); }

class Inline {
 public:
  Inline(const Run& run, Walker& walker) : run_(run), walker_(walker), text_(run.text()) {}

  void read() {
    while (at_ < text_.size()) {
      const auto c = text_[at_];
      if (!kSpecial[static_cast<unsigned char>(c)]) {
        ++at_;
        continue;
      }
      if (!construct(c)) ++at_;
    }
    flush(text_.size());
  }

 private:
  static constexpr std::array<bool, 256> kSpecial = [] {
    std::array<bool, 256> special{};
    for (const unsigned char c : {'*', '`', '|', '_', '[', '\\', ':'}) special[c] = true;
    return special;
  }();

  bool construct(char c) {
    switch (c) {
      case '\\':
        return escape();
      case '*':
        return text_.substr(at_).starts_with("**") ? span(Mark::strong, "strong") : span(Mark::emphasis, "em");
      case '`':
        return text_.substr(at_).starts_with("``") ? literal() : interpreted(at_, {});
      case '|':
        return substitution();
      case '_':
        return text_.substr(at_).starts_with("_`") ? target() : reference();
      case '[':
        return note();
      default:
        return role() || address();
    }
  }

  void flush(std::size_t to) {
    if (to > plain_) run_.tell(walker_, plain_, to);
    plain_ = to;
  }

  void skip_to(std::size_t to) {
    flush(at_);
    at_ = plain_ = to;
  }

  // A start-string of `length` at `at` may begin inline markup there.
  [[nodiscard]] bool starts(std::size_t at, std::size_t length) const {
    const auto after = at + length;
    if (after >= text_.size() || is_space_byte(text_[after])) return false;
    if (at == 0) return true;
    const auto before = text_[at - 1];
    if (is_space_byte(before)) return true;
    if (static_cast<unsigned char>(before) >= 0x80) return is_opening_punctuation(point_before(text_, at));
    if (std::string_view("'\"([{<-/:").find(before) == std::string_view::npos) return false;
    constexpr std::string_view kOpen = "'\"([{<";
    constexpr std::string_view kClose = "'\")]}>";
    const auto which = kOpen.find(before);
    return which == std::string_view::npos || text_[after] != kClose[which];
  }

  // Inline markup may end at `after`, the offset behind an end-string.
  [[nodiscard]] bool ends(std::size_t after) const {
    if (after >= text_.size()) return true;
    const auto c = text_[after];
    if (is_space_byte(c)) return true;
    if (static_cast<unsigned char>(c) >= 0x80) return is_closing_punctuation(point_at(text_, after));
    return std::string_view("'\")]}>-/\\:.,;!?").find(c) != std::string_view::npos;
  }

  // Escaped by an odd number of backslashes; the markup's own text is not looked at twice, as runs of them are short
  // or start at the last construct.
  [[nodiscard]] bool escaped(std::size_t at, std::size_t from) const {
    std::size_t count = 0;
    while (at > from && text_[at - 1] == '\\' && count < limits::kInlineName) --at, ++count;
    return count % 2 == 1;
  }

  // What stands behind "`" and still belongs to it: "_", "__" or ":role:".
  [[nodiscard]] std::size_t suffix(std::size_t at) const {
    if (text_.substr(at).starts_with("__") && ends(at + 2)) return 2;
    if (text_.substr(at).starts_with("_") && ends(at + 1)) return 1;
    if (text_.substr(at).starts_with(":")) {
      const auto length = role_length(at);
      if (length != 0 && ends(at + length)) return length;
    }
    return 0;
  }

  // The offset of the end-string of `mark`, searched from `from` on.
  std::size_t find_end(Mark mark, std::size_t from) {
    auto& known = next_[static_cast<std::size_t>(mark)];
    if (known.from <= from && known.found >= from) return known.found;
    const auto end = kEnds[static_cast<std::size_t>(mark)];
    auto found = text_.find(end, from);
    for (; found != std::string_view::npos; found = text_.find(end, found + 1)) {
      auto after = found + end.size();
      if (is_space_byte(text_[found - 1])) continue;
      if (mark != Mark::literal && escaped(found, from)) continue;
      if (mark == Mark::literal || mark == Mark::strong) {
        // The last of a longer row of the same: "```" closes with its last two.
        while (after < text_.size() && text_[after] == end[0]) ++found, ++after;
      } else if (mark == Mark::emphasis && after < text_.size() && text_[after] == '*') {
        ++found;
        continue;
      }
      if (mark == Mark::interpreted) after += suffix(after);
      if (mark == Mark::substitution) {
        if (text_.substr(after).starts_with("__")) {
          after += 2;
        } else if (text_.substr(after).starts_with("_")) {
          ++after;
        }
      }
      if (ends(after)) break;
    }
    known = {from, found};
    return found;
  }

  // Text in which only escapes mean something.
  void tell_escaped(std::size_t begin, std::size_t end) {
    auto from = begin;
    for (auto at = text_.substr(0, end).find('\\', begin); at != std::string_view::npos && at + 1 < end;) {
      run_.tell(walker_, from, at);
      from = at + 1 + (is_space_byte(text_[at + 1]) ? 1 : 0);
      at = text_.substr(0, end).find('\\', at + 2);
    }
    run_.tell(walker_, from, end);
  }

  bool escape() {
    if (at_ + 1 >= text_.size()) return false;
    flush(at_);
    plain_ = at_ + 1 + (is_space_byte(text_[at_ + 1]) ? 1 : 0);
    at_ += 2;
    return true;
  }

  bool span(Mark mark, std::string_view tag) {
    const auto length = kEnds[static_cast<std::size_t>(mark)].size();
    if (!starts(at_, length)) {
      at_ += length;
      return true;
    }
    const auto end = find_end(mark, at_ + length + 1);
    if (end == std::string_view::npos) {
      at_ += length;
      return true;
    }
    flush(at_);
    walker_.open(tag);
    tell_escaped(at_ + length, end);
    walker_.close(tag);
    at_ = plain_ = end + length;
    return true;
  }

  bool literal() {
    const auto end = starts(at_, 2) ? find_end(Mark::literal, at_ + 3) : std::string_view::npos;
    if (end == std::string_view::npos) {
      at_ += 2;
      return true;
    }
    flush(at_);
    // Both names that a configuration may mean.
    walker_.open("code");
    walker_.open("tt");
    run_.tell(walker_, at_ + 2, end);
    walker_.close("tt");
    walker_.close("code");
    at_ = plain_ = end + 2;
    return true;
  }

  [[nodiscard]] std::size_t role_length(std::size_t at) const {
    const auto limit = std::min(text_.size(), at + limits::kRoleName);
    auto stop = at + 1;
    while (stop < limit && (is_name_char(text_[stop]) || std::string_view("-+.:").find(text_[stop]) < 4)) {
      if (text_[stop] == ':' && (stop + 1 >= limit || !is_name_char(text_[stop + 1]))) break;
      ++stop;
    }
    return stop < limit && text_[stop] == ':' && stop > at + 1 ? stop + 1 - at : 0;
  }

  // ":role:`text`".
  bool role() {
    const auto length = role_length(at_);
    if (length == 0 || at_ + length >= text_.size() || text_[at_ + length] != '`' || !starts(at_, length)) return false;
    return interpreted(at_ + length, text_.substr(at_ + 1, length - 2));
  }

  // Interpreted text and phrase references; `open` is the offset of "`".
  bool interpreted(std::size_t open, std::string_view role_name) {
    if (role_name.empty() && !starts(open, 1)) return false;
    if (open + 2 >= text_.size() || is_space_byte(text_[open + 1])) return false;
    const auto end = find_end(Mark::interpreted, open + 2);
    if (end == std::string_view::npos) return false;
    const auto extra = suffix(end + 1);
    if (role_name.empty() && extra > 2) role_name = text_.substr(end + 2, extra - 2);
    const bool is_reference = extra == 1 || extra == 2;
    flush(at_);
    auto begin = open + 1;
    auto stop = end;
    std::string_view address;
    if (text_[stop - 1] == '>') {
      // "text <address>"
      const auto angle = text_.substr(begin, stop - begin).rfind('<');
      if (angle != std::string_view::npos && (angle == 0 || is_space_byte(text_[begin + angle - 1]))) {
        address = text_.substr(begin + angle + 1, stop - begin - angle - 2);
        if (angle == 0) {
          begin += 1;
          stop -= 1;
        } else {
          stop = begin + angle - 1;
          while (stop > begin && is_space_byte(text_[stop - 1])) --stop;
        }
      }
    }
    if (is_reference || (role_name.empty() && !address.empty())) {
      Attribute href{"href", std::string(address), {}};
      walker_.open("a", {&href, 1});
      tell_escaped(begin, stop);
      walker_.close("a");
    } else {
      tell_role(role_name, begin, stop, !address.empty());
    }
    at_ = plain_ = end + 1 + extra;
    return true;
  }

  void tell_role(std::string_view name, std::size_t begin, std::size_t end, bool titled) {
    if (const auto colon = name.rfind(':'); colon != std::string_view::npos) name = name.substr(colon + 1);
    const auto tag = name.empty()                                                                    ? "cite"
                     : name == "emphasis" || name == "dfn" || name == "term"                         ? "em"
                     : name == "strong" || name == "guilabel"                                        ? "strong"
                     : name == "title-reference" || name == "title" || name == "t"                   ? "cite"
                     : name == "sub" || name == "subscript"                                          ? "sub"
                     : name == "sup" || name == "superscript"                                        ? "sup"
                     : name == "abbr" || name == "abbreviation" || name == "ac" || name == "acronym" ? "abbr"
                     : name == "menuselection" || name == "index" || name == "regexp"                ? "span"
                     : titled                                                                        ? "a"
                                                                                                     : "";
    if (*tag != '\0') {
      walker_.open(tag);
      tell_escaped(begin, end);
      walker_.close(tag);
      return;
    }
    // A label, a function, a file: names, no prose.
    walker_.open("code");
    run_.mask(walker_, begin, end);
    walker_.close("code");
  }

  bool substitution() {
    if (!starts(at_, 1)) return false;
    const auto end = find_end(Mark::substitution, at_ + 2);
    if (end == std::string_view::npos) return false;
    auto after = end + 1;
    while (after < text_.size() && after < end + 3 && text_[after] == '_') ++after;
    flush(at_);
    run_.mask(walker_, at_, after);
    at_ = plain_ = after;
    return true;
  }

  bool target() {
    if (!starts(at_, 2)) return false;
    const auto end = find_end(Mark::target, at_ + 3);
    if (end == std::string_view::npos) return false;
    flush(at_);
    tell_escaped(at_ + 2, end);
    at_ = plain_ = end + 1;
    return true;
  }

  // "name_" and "name__": `at_` is at the first underscore.
  bool reference() {
    const auto length = text_.substr(at_).starts_with("__") ? 2u : 1u;
    if (at_ == plain_ || !is_word_byte(text_[at_ - 1]) || text_[at_ - 1] == '_' || !ends(at_ + length)) return false;
    auto begin = at_;
    const auto stop = at_ - std::min(at_ - plain_, limits::kInlineName);
    while (begin > stop) {
      const auto c = text_[begin - 1];
      const bool joins = std::string_view("-._+:").find(c) != std::string_view::npos && begin - 1 > stop &&
                         is_word_byte(text_[begin - 2]) && text_[begin - 2] != '_';
      if (!joins && (!is_word_byte(c) || c == '_')) break;
      --begin;
    }
    if (begin == at_ || !starts(begin, 0)) return false;
    flush(begin);
    walker_.open("a");
    run_.tell(walker_, begin, at_);
    walker_.close("a");
    at_ = plain_ = at_ + length;
    return true;
  }

  // Footnote and citation references: "[1]_", "[#]_", "[*]_", "[Name]_".
  bool note() {
    if (!starts(at_, 1)) return false;
    auto stop = at_ + 1;
    const auto limit = std::min(text_.size(), at_ + limits::kInlineName);
    while (stop < limit && (is_word_byte(text_[stop]) || std::string_view("#*-._+:").find(text_[stop]) < 7)) ++stop;
    if (stop == at_ + 1 || !text_.substr(stop).starts_with("]_") || !ends(stop + 2)) return false;
    flush(at_);
    run_.mask(walker_, at_, stop + 1);
    at_ = plain_ = stop + 2;
    return true;
  }

  // A standalone address.
  bool address() {
    const auto found = find_address(text_, at_, plain_);
    if (found.end == 0) return false;
    flush(found.begin);
    walker_.open("a");
    run_.mask(walker_, found.begin, found.end);
    walker_.close("a");
    at_ = plain_ = found.end;
    return true;
  }

  struct Known {
    std::size_t from = 1;
    std::size_t found = 0;  // never >= from: nothing known
  };
  const Run& run_;
  Walker& walker_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t plain_ = 0;
  std::array<Known, kMarks> next_;
};

}  // namespace

void tell_rst_inline(const Run& run, Walker& walker) { Inline(run, walker).read(); }

}  // namespace chiron::prose
