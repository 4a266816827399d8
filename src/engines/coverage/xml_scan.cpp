#include "engines/coverage/xml_scan.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "engines/coverage/limits.h"
#include "foundation/base/limits.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::coverage {

namespace {

constexpr std::size_t kChunkBytes = 512 * 1024;

// What a byte may be part of.
enum : std::uint8_t { kName = 1, kSpace = 2, kValue = 4 };
constexpr auto kClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] |= kName;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] |= kName;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] |= kName;
  for (const char c : {'-', '_', '.', ':'}) table[static_cast<std::size_t>(c)] |= kName;
  for (const char c : {' ', '\t', '\n', '\r'}) table[static_cast<std::size_t>(c)] |= kSpace;
  // Values without anything to decode, normalise or check: quotes end them, the rest of ASCII stands for itself.
  for (int c = 0x20; c < 0x7f; ++c)
    if (c != '"' && c != '\'' && c != '&' && c != '<') table[static_cast<std::size_t>(c)] |= kValue;
  return table;
}();
bool is(char c, std::uint8_t mask) { return (kClass[static_cast<unsigned char>(c)] & mask) != 0; }

// memmem, because string_view::find stops at every "<".
std::size_t find_in(std::string_view text, std::string_view wanted) {
  const auto* found = static_cast<const char*>(::memmem(text.data(), text.size(), wanted.data(), wanted.size()));
  return found == nullptr ? std::string_view::npos : static_cast<std::size_t>(found - text.data());
}

// Whether "<" and the byte stand next to each other: searched for by the byte, which is rare.
bool holds_markup(std::string_view text, char second) {
  for (auto at = text.find(second); at != std::string_view::npos; at = text.find(second, at + 1))
    if (at > 0 && text[at - 1] == '<') return true;
  return false;
}

// Whether nothing in a comment or declaration needs to be judged: encodings and control characters do.
bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is(c, kSpace) || (c >= 0x20 && c < 0x7f); });
}

enum class Step { ok, more, not_plain, stopped };

// What stands between "<!DOCTYPE" and ">": a name, and where it comes from (XML 1.0, productions 28, 75, 12). Other
// forms, and broken ones, are for the library.
bool is_plain_doctype(std::string_view text) {
  const auto blank = [&] {
    const auto end = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(end);
    return end > 0;
  };
  const auto word = [&] {
    std::size_t end = 0;
    while (end < text.size() && is(text[end], kName) && text[end] != ':') ++end;
    const auto found = text.substr(0, end);
    text.remove_prefix(end);
    return found;
  };
  const auto quoted = [&](bool is_public) {
    if (!blank() || text.empty() || (text[0] != '"' && text[0] != '\'')) return false;
    const auto close = text.find(text[0], 1);
    if (close == std::string_view::npos) return false;
    const auto inside = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    constexpr std::string_view kPublic = "()+,/=?;!*#@$% ";
    return !is_public || std::ranges::all_of(
                             inside, [&](char c) { return is(c, kName) || kPublic.find(c) != std::string_view::npos; });
  };
  if (!blank()) return false;
  const auto name = word();
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || name[0] == '-' || name[0] == '.') return false;
  if (!blank()) return text.empty();
  const auto origin = word();
  if (origin == "PUBLIC" ? !quoted(true) || !quoted(false) : origin == "SYSTEM" ? !quoted(false) : !origin.empty())
    return false;
  blank();
  return text.empty();
}

class Scanner {
 public:
  Scanner(Input& input, ScanSink& sink) : input_(input), sink_(sink), text_wanted_(sink.wants_text()) {}

  Result<Scan> run() {
    buffer_.resize(kChunkBytes);
    TRY(fill());
    if (std::string_view(buffer_.data(), end_).starts_with("\xEF\xBB\xBF")) at_ = 3;
    for (;;) {
      const auto step = next();
      if (step == Step::ok) continue;
      if (step == Step::not_plain) return Scan::not_plain;
      if (step == Step::stopped) return Scan::stopped;
      if (at_end_) break;
      TRY(fill());
      if (too_long_) return Scan::not_plain;
    }
    // Only white space may be left, every element closed, and one root seen.
    for (std::size_t i = at_; i < end_; ++i)
      if (!is(buffer_[i], kSpace)) return Scan::not_plain;
    return names_.empty() && root_seen_ ? Scan::done : Scan::not_plain;
  }

 private:
  Result<void> fill() {
    if (at_ != 0) {
      std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
      end_ -= at_;
      base_ += at_;
      at_ = 0;
    }
    if (end_ == buffer_.size()) {
      if (buffer_.size() >= limits::kXmlTagBytes) {
        too_long_ = true;
        return {};
      }
      buffer_.resize(buffer_.size() * 2);
    }
    const auto got = TRY(input_.read(std::span(buffer_.data() + end_, buffer_.size() - end_)));
    at_end_ = got == 0;
    end_ += got;
    return {};
  }

  // One piece of markup with the text before it. `at_` moves only past what was taken.
  Step next() {
    if (!skip_to_.empty()) return skip();
    const char* begin = buffer_.data() + at_;
    const char* end = buffer_.data() + end_;
    const auto* open = static_cast<const char*>(std::memchr(begin, '<', static_cast<std::size_t>(end - begin)));
    if (open == nullptr) return Step::more;
    if (open + 1 >= end) return Step::more;
    std::size_t taken = 0;
    Step step = Step::ok;
    if (open[1] == '/')
      step = end_tag(open, end, taken);
    else if (open[1] == '?')
      step = instruction(open, end, taken);
    else if (open[1] == '!')
      step = declaration(open, end, taken);
    else
      return start_tag(begin, open, end);
    if (step != Step::ok) return step;
    const auto text_step = text(begin, open);
    if (text_step != Step::ok) return text_step;
    if (open[1] == '/') {
      const auto closed = close_element();
      if (closed != Step::ok) return closed;
    }
    at_ += static_cast<std::size_t>(open - begin) + taken;
    return Step::ok;
  }

  Step text(const char* begin, const char* end) {
    const char* first = begin;
    while (first < end && is(*first, kSpace)) ++first;
    if (first == end) return Step::ok;
    if (names_.empty()) return Step::not_plain;
    if (std::memchr(first, '>', static_cast<std::size_t>(end - first)) != nullptr) return Step::not_plain;
    std::string_view raw(begin, static_cast<std::size_t>(end - begin));
    if (raw.find('\r') != std::string_view::npos) return Step::not_plain;
    if (!decode(raw, true)) return Step::not_plain;
    if (text_wanted_ && !sink_.text(raw)) return Step::stopped;
    return Step::ok;
  }

  Step start_tag(const char* text_begin, const char* open, const char* end) {
    const char* p = open + 1;
    const char* name_begin = p;
    while (p < end && is(*p, kName)) ++p;
    if (p == end) return Step::more;
    const std::string_view name(name_begin, static_cast<std::size_t>(p - name_begin));
    if (name.empty() || name[0] == '-' || name[0] == '.' || (name[0] >= '0' && name[0] <= '9')) return Step::not_plain;
    attributes_.clear();
    scratch_used_ = 0;
    bool empty_element = false;
    for (;;) {
      const char* before = p;
      while (p < end && is(*p, kSpace)) ++p;
      if (p == end) return Step::more;
      if (*p == '>') {
        ++p;
        break;
      }
      if (*p == '/') {
        if (p + 1 == end) return Step::more;
        if (p[1] != '>') return Step::not_plain;
        p += 2;
        empty_element = true;
        break;
      }
      if (p == before) return Step::not_plain;
      const auto step = attribute(p, end);
      if (step != Step::ok) return step;
    }
    const auto text_step = text(text_begin, open);
    if (text_step != Step::ok) return text_step;
    if (names_.empty()) {
      if (root_seen_) return Step::not_plain;
      root_seen_ = true;
    }
    if (names_.size() >= chiron::limits::kXmlDepth) return Step::not_plain;
    const auto offset = base_ + static_cast<std::uint64_t>(open - buffer_.data());
    if (!sink_.begin_element(name, attributes_, offset)) return Step::stopped;
    if (empty_element) {
      if (!sink_.end_element(name)) return Step::stopped;
    } else {
      push(name);
      if (sink_.skip_content()) skip_to_ = "</" + std::string(name);
    }
    at_ = static_cast<std::size_t>(p - buffer_.data());
    return Step::ok;
  }

  Step attribute(const char*& p, const char* end) {
    const char* name_begin = p;
    while (p < end && is(*p, kName)) ++p;
    if (p == end) return Step::more;
    const std::string_view name(name_begin, static_cast<std::size_t>(p - name_begin));
    if (name.empty() || name[0] == '-' || name[0] == '.' || (name[0] >= '0' && name[0] <= '9')) return Step::not_plain;
    if (*p != '=') return Step::not_plain;
    ++p;
    if (p == end) return Step::more;
    const char quote = *p;
    if (quote != '"' && quote != '\'') return Step::not_plain;
    const char* value_begin = ++p;
    while (p < end && is(*p, kValue)) ++p;
    if (p == end) return Step::more;
    std::string_view value(value_begin, static_cast<std::size_t>(p - value_begin));
    if (*p != quote) {
      const auto* close = static_cast<const char*>(std::memchr(p, quote, static_cast<std::size_t>(end - p)));
      if (close == nullptr) return Step::more;
      value = std::string_view(value_begin, static_cast<std::size_t>(close - value_begin));
      p = close;
      if (!decode(value, false)) return Step::not_plain;
    }
    ++p;
    for (const auto& other : attributes_)
      if (other.name.size() == name.size() && other.name == name) return Step::not_plain;
    attributes_.push_back({name, value});
    return Step::ok;
  }

  // Checks a text or value with anything unusual in it; where it holds references, `text` becomes a view of the
  // decoded copy. False where the library has to judge.
  bool decode(std::string_view& text, bool lines_allowed) {
    bool references = false, high = false;
    for (const char c : text) {
      if (c == '&') references = true;
      if (static_cast<unsigned char>(c) >= 0x7f) high = true;
      if (c == '<') return false;
      if (static_cast<unsigned char>(c) < 0x20 && !(lines_allowed && (c == '\n' || c == '\t'))) return false;
    }
    if (high && utf8::find_invalid(text) != std::string_view::npos) return false;
    // U+FFFE, U+FFFF and the like are rare enough to leave to the library.
    if (high && text.find("\xEF\xBF") != std::string_view::npos) return false;
    if (!references) return true;
    if (scratch_used_ == scratch_.size()) scratch_.push_back(std::make_unique<std::string>());
    auto& out = *scratch_[scratch_used_++];
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '&') {
        out += text[i];
        continue;
      }
      const auto semicolon = text.find(';', i);
      if (semicolon == std::string_view::npos) return false;
      const auto name = text.substr(i + 1, semicolon - i - 1);
      if (name == "amp")
        out += '&';
      else if (name == "lt")
        out += '<';
      else if (name == "gt")
        out += '>';
      else if (name == "quot")
        out += '"';
      else if (name == "apos")
        out += '\'';
      else
        return false;  // numbered ones too: rare, and with rules of their own
      i = semicolon;
    }
    text = out;
    return true;
  }

  Step end_tag(const char* open, const char* end, std::size_t& taken) {
    if (names_.empty()) return Step::not_plain;
    const auto& name = names_.back();
    const char* p = open + 2;
    if (static_cast<std::size_t>(end - p) < name.size() + 1) return at_end_ ? Step::not_plain : Step::more;
    if (std::memcmp(p, name.data(), name.size()) != 0) return Step::not_plain;
    p += name.size();
    while (p < end && is(*p, kSpace)) ++p;
    if (p == end) return Step::more;
    if (*p != '>') return Step::not_plain;
    taken = static_cast<std::size_t>(p + 1 - open);
    return Step::ok;
  }

  Step close_element() {
    scratch_used_ = 0;
    const bool go_on = sink_.end_element(names_.back());
    spare_.push_back(std::move(names_.back()));
    names_.pop_back();
    return go_on ? Step::ok : Step::stopped;
  }

  void push(std::string_view name) {
    if (spare_.empty()) {
      names_.emplace_back(name);
      return;
    }
    names_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    names_.back().assign(name);
  }

  Step instruction(const char* open, const char* end, std::size_t& taken) {
    const std::string_view rest(open, static_cast<std::size_t>(end - open));
    const auto close = rest.find("?>");
    if (close == std::string_view::npos) return Step::more;
    if (rest.starts_with("<?xml ") || rest.starts_with("<?xml\t") || rest.starts_with("<?xml\n")) {
      const bool first = base_ + static_cast<std::uint64_t>(open - buffer_.data()) <= 3 && !root_seen_;
      const auto declaration_text = text::to_lower_ascii(rest.substr(0, close));
      const auto encoding = declaration_text.find("encoding");
      if (!first || declaration_text.find("version") == std::string::npos) return Step::not_plain;
      if (encoding != std::string::npos && declaration_text.find("utf-8", encoding) == std::string::npos)
        return Step::not_plain;
    } else {
      return Step::not_plain;  // other instructions are rare
    }
    if (!is_plain_ascii(rest.substr(0, close))) return Step::not_plain;
    taken = close + 2;
    return Step::ok;
  }

  Step declaration(const char* open, const char* end, std::size_t& taken) {
    const std::string_view rest(open, static_cast<std::size_t>(end - open));
    if (rest.size() < 9) return at_end_ ? Step::not_plain : Step::more;
    if (rest.starts_with("<!--")) {
      const auto close = rest.find("--", 4);
      if (close == std::string_view::npos || close + 2 >= rest.size()) return Step::more;
      if (rest[close + 2] != '>' || !is_plain_ascii(rest.substr(0, close))) return Step::not_plain;
      taken = close + 3;
      return Step::ok;
    }
    if (!rest.starts_with("<!DOCTYPE") || root_seen_ || doctype_seen_) return Step::not_plain;
    const auto close = rest.find('>');
    if (close == std::string_view::npos) return Step::more;
    // A "[" opens declarations; a "<" or a ">" within a quoted name is for the library as well.
    if (rest.substr(1, close).find_first_of("[<") != std::string_view::npos) return Step::not_plain;
    if (!is_plain_ascii(rest.substr(0, close)) || !is_plain_doctype(rest.substr(9, close - 9))) return Step::not_plain;
    doctype_seen_ = true;
    taken = close + 1;
    return Step::ok;
  }

  // Jumps to the end tag of the innermost open element.
  Step skip() {
    const std::string_view rest(buffer_.data() + at_, end_ - at_);
    const auto found = find_in(rest, skip_to_);
    const auto passed = rest.substr(0, found == std::string_view::npos ? rest.size() : found);
    // Comments, CDATA and processing instructions could hold the end tag as text.
    if (holds_markup(passed, '!') || holds_markup(passed, '?')) return Step::not_plain;
    if (found == std::string_view::npos) {
      // Keep what may be the beginning of the end tag, or of "<!".
      if (rest.size() > skip_to_.size()) at_ += rest.size() - skip_to_.size();
      return Step::more;
    }
    at_ += found;
    skip_to_.clear();
    return Step::ok;
  }

  Input& input_;
  ScanSink& sink_;
  const bool text_wanted_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;
  std::uint64_t base_ = 0;  // offset of the buffer's start in the input
  bool at_end_ = false, too_long_ = false, root_seen_ = false, doctype_seen_ = false;
  std::vector<std::string> names_, spare_;
  std::vector<doc::XmlAttribute> attributes_;
  std::vector<std::unique_ptr<std::string>> scratch_;
  std::size_t scratch_used_ = 0;
  std::string skip_to_;
};

}  // namespace

Result<Scan> scan_plain_xml(Input& input, ScanSink& sink) { return Scanner(input, sink).run(); }

}  // namespace chiron::coverage
