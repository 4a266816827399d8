// One pass from left to right; where the next end of a kind stands is remembered, so that it takes linear time.
#include "engines/prose/org_inline.h"

#include <algorithm>
#include <array>

#include "engines/prose/markup_text.h"

namespace chiron::prose {

namespace {

constexpr unsigned kEmphasis = 8;  // emphasis inside of emphasis; deeper marks are text
constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kMarks = "*/_+=~";
constexpr const char* kTags[] = {"strong", "em", "u", "del", "code", "code"};

class Inline {
 public:
  Inline(const Run& run, Walker& walker) : run_(run), walker_(walker), text_(run.text()) {}

  void read(std::size_t begin, std::size_t end, unsigned depth) {
    auto plain = begin;
    for (auto at = begin; at < end;) {
      if (!kSpecial[static_cast<unsigned char>(text_[at])]) {
        ++at;
        continue;
      }
      begin_ = begin;
      plain_ = plain;
      end_ = end;
      const auto after = construct(at, depth);
      if (after > at) {
        at = plain = after;
      } else {
        ++at;
      }
    }
    if (end > plain) run_.tell(walker_, plain, end);
  }

 private:
  static constexpr std::array<bool, 256> kSpecial = [] {
    std::array<bool, 256> special{};
    for (const unsigned char c : {'*', '/', '_', '+', '=', '~', '[', '<', '{', '@', ':', '\\'}) special[c] = true;
    return special;
  }();

  std::size_t construct(std::size_t at, unsigned depth) {
    const auto rest = text_.substr(at, end_ - at);
    switch (rest[0]) {
      case '[':
        if (rest.starts_with("[[")) return link(at);
        if (rest.starts_with("[fn:")) return note(at, depth);
        return bracketed(at);
      case '<':
        return angle(at);
      case '{':
        return rest.starts_with("{{{") ? hidden(at, 0, "}}}", 3) : at;
      case '@':
        return rest.starts_with("@@") ? hidden(at, 1, "@@", 2) : at;
      case ':':
        return address(at);
      case '\\':
        if (rest == "\\\\" || rest.starts_with("\\\\\n")) {
          flush(at);
          return at + 2;
        }
        return entity(at);
      default:
        return emphasis(at, depth);
    }
  }

  void flush(std::size_t to) {
    if (to > plain_) run_.tell(walker_, plain_, to);
  }

  std::size_t find(std::size_t slot, std::string_view needle, std::size_t from) {
    auto& known = next_[slot];
    if (!(known.from <= from && known.found >= from)) known = {from, text_.find(needle, from)};
    return known.found != kNone && known.found + needle.size() <= end_ ? known.found : kNone;
  }

  std::size_t hidden(std::size_t at, std::size_t slot, std::string_view close, std::size_t skip) {
    const auto stop = find(slot, close, at + skip);
    if (stop == kNone) return at;
    flush(at);
    run_.mask(walker_, at, stop + close.size());
    return stop + close.size();
  }

  // "[[target][text]]"; a link without a text, an image for one, is an address.
  std::size_t link(std::size_t at) {
    const auto close = find(2, "]]", at + 2);
    if (close == kNone) return at;
    flush(at);
    const auto inside = text_.substr(at + 2, close - at - 2);
    const auto split = inside.find("][");
    const Attribute href{"href", std::string(inside.substr(0, split)), {}};
    walker_.open("a", {&href, 1});
    if (split == kNone) {
      run_.mask(walker_, at + 2, close);
    } else {
      nested(at + 2 + split + 2, close);
    }
    walker_.close("a");
    return close + 2;
  }

  // "[fn:name]", "[fn:name:text]" and "[fn::text]".
  std::size_t note(std::size_t at, unsigned depth) {
    const auto close = find(3, "]", at + 4);
    if (close == kNone) return at;
    flush(at);
    const auto colon = text_.substr(0, close).find(':', at + 4);
    if (colon == kNone || depth >= kEmphasis) {
      run_.mask(walker_, at, close + 1);
    } else {
      nested(colon + 1, close);
    }
    return close + 1;
  }

  // Inactive timestamps "[2024-01-31 Wed]", counters "[1/3]" and "[50%]", citations "[cite:@key]".
  std::size_t bracketed(std::size_t at) {
    const auto close = find(3, "]", at + 1);
    if (close == kNone || close > at + 128) return at;
    const auto inside = text_.substr(at + 1, close - at - 1);
    const bool counter =
        !inside.empty() && inside.find_first_not_of("0123456789/%") == kNone && inside.find_first_of("/%") != kNone;
    if (!counter && !is_date(inside) && !inside.starts_with("cite:") && !inside.starts_with("cite/")) return at;
    flush(at);
    run_.mask(walker_, at, close + 1);
    return close + 1;
  }

  static bool is_date(std::string_view text) {
    if (text.size() < 10) return false;
    for (std::size_t i = 0; i < 10; ++i) {
      const bool fits = i == 4 || i == 7 ? text[i] == '-' : text[i] >= '0' && text[i] <= '9';
      if (!fits) return false;
    }
    return true;
  }

  // Timestamps, targets "<<name>>" and addresses "<https://…>".
  std::size_t angle(std::size_t at) {
    const auto rest = text_.substr(at, end_ - at);
    if (rest.starts_with("<<<")) return at;  // a radio target is text
    if (rest.starts_with("<<")) return hidden(at, 4, ">>", 2);
    const auto close = find(5, ">", at + 1);
    if (close == kNone || close > at + 2048) return at;
    const auto inside = text_.substr(at + 1, close - at - 1);
    const auto colon = inside.substr(0, 16).find(':');
    const bool address = colon != kNone && colon > 1 && inside.find_first_of(" \t\n") == kNone;
    if (!is_date(inside) && !address) return at;
    flush(at);
    run_.mask(walker_, at, close + 1);
    return close + 1;
  }

  // "\alpha", "\nbsp{}": a sign, whatever its name says.
  std::size_t entity(std::size_t at) {
    auto stop = at + 1;
    while (stop < end_ && stop < at + 32 && ((text_[stop] | 32) >= 'a' && (text_[stop] | 32) <= 'z')) ++stop;
    if (stop == at + 1 || (stop < end_ && is_word_byte(text_[stop]))) return at;
    if (text_.substr(stop, end_ - stop).starts_with("{}")) stop += 2;
    flush(at);
    run_.mask(walker_, at, stop);
    return stop;
  }

  std::size_t address(std::size_t at) {
    const auto found = find_address(text_.substr(0, end_), at, plain_);
    if (found.end == 0) return at;
    flush(found.begin);
    walker_.open("a");
    run_.mask(walker_, found.begin, found.end);
    walker_.close("a");
    return found.end;
  }

  static bool is_before(char c) { return is_space_byte(c) || std::string_view("-('\"{").find(c) != kNone; }
  static bool is_after(char c) { return is_space_byte(c) || std::string_view("-.,:;!?'\")}[\\").find(c) != kNone; }

  std::size_t emphasis(std::size_t at, unsigned depth) {
    const auto mark = text_[at];
    const auto which = kMarks.find(mark);
    if (at > begin_ && !is_before(text_[at - 1])) return at;
    if (at + 2 >= end_ || is_space_byte(text_[at + 1])) return at;
    auto& known = next_[8 + which];
    if (!(known.from <= at + 2 && known.found >= at + 2)) {
      auto found = text_.find(mark, at + 2);
      while (found != kNone && (is_space_byte(text_[found - 1]) ||
                                (found + 1 < text_.size() && !is_after(text_[found + 1]) &&
                                 (text_[found + 1] == mark || kMarks.find(text_[found + 1]) == kNone)))) {
        found = text_.find(mark, found + 1);
      }
      known = {at + 2, found};
    }
    auto close = known.found;
    // What ends with the emphasis around it.
    if (close != kNone && close >= end_ && end_ - 1 >= at + 2 && text_[end_ - 1] == mark) close = end_ - 1;
    if (close == kNone || close >= end_) return at;
    flush(at);
    walker_.open(kTags[which]);
    if (mark == '=' || mark == '~' || depth >= kEmphasis) {
      run_.tell(walker_, at + 1, close);
    } else {
      nested(at + 1, close, depth + 1);
    }
    walker_.close(kTags[which]);
    return close + 1;
  }

  void nested(std::size_t begin, std::size_t end, unsigned depth = kEmphasis) {
    const auto keep = std::array{begin_, plain_, end_};
    read(begin, end, depth);
    begin_ = keep[0], plain_ = keep[1], end_ = keep[2];
  }

  struct Next {
    std::size_t from = 1;
    std::size_t found = 0;  // never >= from: nothing known
  };
  const Run& run_;
  Walker& walker_;
  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t plain_ = 0;
  std::size_t end_ = 0;
  std::array<Next, 14> next_;
};

}  // namespace

void tell_org_inline(const Run& run, Walker& walker) { Inline(run, walker).read(0, run.text().size(), 0); }

}  // namespace chiron::prose
