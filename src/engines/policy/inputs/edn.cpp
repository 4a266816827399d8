// EDN, Clojure's notation, as Conftest shows it: maps with keyword, number or other keys are objects whose member names
// are the keys as printed (":key"), vectors and lists are arrays, strings are strings, and every other value is a
// string as Go prints it (":keyword", "5432", "true", "<nil>", "map[…:true]" for a set).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "engines/policy/inputs/object_builder.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == '\f' || c == '\v'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view(".*+!-_?$%&=<>:#/'").find(c) != std::string_view::npos;
}

// A value, and how Go prints it where it stands inside a set or as a key.
struct Printed {
  Value value;
  std::string text;
};

// Doubles as Go's %v: the shortest digits, with an exponent from 1e6 on and below 1e-4.
std::string go_double(double number) {
  if (number == 0) return std::signbit(number) ? "-0" : "0";
  std::string shortest;
  for (int digits = 1; digits <= 17; ++digits) {
    char buffer[48];
    const int written = std::snprintf(buffer, sizeof buffer, "%.*e", digits - 1, number);
    shortest.assign(buffer, static_cast<std::size_t>(std::max(written, 0)));
    if (text::parse_double(shortest) == number) break;
  }
  const auto e = shortest.find('e'), point = shortest.find('.');
  const long exponent = std::strtol(shortest.c_str() + e + 1, nullptr, 10);
  if (exponent < -4 || exponent >= 6) return shortest;
  const long places = std::max(0L, static_cast<long>(point == std::string::npos ? 0 : e - point - 1) - exponent);
  return format("{:.{}f}", number, places);
}

class EdnReader {
 public:
  EdnReader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  // The first value; what follows is not read, as there.
  Result<Value> read() {
    TRY(space(0));
    if (at_ >= text_.size()) return wrong(at_, "no value found");
    return std::move(TRY(value(0)).value);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Span from(std::size_t begin) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
  }
  [[nodiscard]] std::unexpected<Error> wrong(std::size_t offset, std::string message) const {
    return syntax_error("edn", text_, options_, offset, std::move(message));
  }
  [[nodiscard]] Printed plain(std::string text, std::size_t begin) const {
    Printed made;
    made.value = string_value(text, begin, at_);
    made.text = std::move(text);
    return made;
  }

  // White space, comments and discarded values (#_ value).
  Result<void> space(std::size_t depth) {
    while (at_ < text_.size()) {
      if (is_space(peek())) {
        ++at_;
      } else if (peek() == ';') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (peek() == '#' && peek(1) == '_') {
        if (depth > kBlockDepth) return too_deep(text_, options_, at_);
        at_ += 2;
        TRY(space(depth + 1));
        if (at_ >= text_.size()) return wrong(at_, "unexpected end of EDN input after #_");
        TRY(value(depth + 1));
      } else {
        break;
      }
    }
    return {};
  }

  Result<Printed> value(std::size_t depth) {
    if (depth > kBlockDepth) return too_deep(text_, options_, at_);
    const std::size_t begin = at_;
    const char c = peek();
    if (c == '{') return map(depth);
    if (c == '[' || c == '(') return sequence(c == '[' ? ']' : ')', depth);
    if (c == '"') {
      std::string content = TRY(string());
      return plain(std::move(content), begin);
    }
    if (c == '\\') return character();
    if (c == ':') {
      ++at_;
      while (is_name(peek())) ++at_;
      const std::string_view name = text_.substr(begin, at_ - begin);
      if (name.size() == 1 || name[1] == ':' || name[1] == '/') return wrong(begin, "malformed keyword");
      return plain(std::string(name), begin);
    }
    if (c == '#' && peek(1) == '{') return set(depth);
    if (c == '#') return tagged(depth);
    if (is_digit(c) || ((c == '-' || c == '+') && is_digit(peek(1)))) return number();
    if (is_name(c) && c != '\'') {
      while (is_name(peek())) ++at_;
      const std::string_view name = text_.substr(begin, at_ - begin);
      return plain(name == "nil" ? std::string("<nil>") : std::string(name), begin);
    }
    return wrong(begin, at_ >= text_.size() ? "unexpected end of EDN input" : "unexpected character");
  }

  Result<Printed> map(std::size_t depth) {
    const std::size_t begin = at_++;
    ObjectBuilder object;
    std::vector<std::pair<std::string, std::string>> printed;
    while (true) {
      TRY(space(depth));
      if (at_ >= text_.size()) return wrong(begin, "map not closed");
      if (peek() == '}') break;
      const std::size_t key_begin = at_;
      const Printed key = TRY(value(depth + 1));
      const Span key_span = from(key_begin);
      TRY(space(depth));
      if (peek() == '}' || at_ >= text_.size()) return wrong(key_begin, "map with a key that has no value");
      Printed inner = TRY(value(depth + 1));
      if (want_print_) printed.emplace_back(key.text, inner.text);
      object.set(key.text, key_span, std::move(inner.value));
    }
    ++at_;
    Printed made;
    made.value = object.take(from(begin));
    made.text = go_map(printed);
    return made;
  }

  static std::string go_map(std::vector<std::pair<std::string, std::string>>& entries) {
    std::ranges::sort(entries);
    std::string text = "map[";
    for (std::size_t i = 0; i < entries.size(); ++i)
      text += (i == 0 ? "" : " ") + entries[i].first + ":" + entries[i].second;
    return text + "]";
  }

  Result<Printed> sequence(char close, std::size_t depth) {
    const std::size_t begin = at_++;
    Printed made;
    made.value = Value::array();
    made.text = "[";
    while (true) {
      TRY(space(depth));
      if (at_ >= text_.size()) return wrong(begin, close == ']' ? "vector not closed" : "list not closed");
      if (peek() == close) break;
      Printed inner = TRY(value(depth + 1));
      if (want_print_) made.text += (made.text.size() == 1 ? "" : " ") + inner.text;
      made.value.items().push_back(std::move(inner.value));
    }
    ++at_;
    made.text += "]";
    made.value.span = from(begin);
    return made;
  }

  Result<Printed> set(std::size_t depth) {
    const std::size_t begin = at_;
    at_ += 2;
    const bool outer = std::exchange(want_print_, true);
    std::vector<std::pair<std::string, std::string>> printed;
    while (true) {
      TRY(space(depth));
      if (at_ >= text_.size()) return wrong(begin, "set not closed");
      if (peek() == '}') break;
      printed.emplace_back(TRY(value(depth + 1)).text, "true");
    }
    ++at_;
    want_print_ = outer;
    std::ranges::sort(printed);
    const auto repeated = std::ranges::unique(printed);
    printed.erase(repeated.begin(), repeated.end());
    return plain(go_map(printed), begin);
  }

  // #tag value. An instant is printed as Go prints a time, base64 as its bytes, others as a pair.
  Result<Printed> tagged(std::size_t depth) {
    const std::size_t begin = at_++;
    while (is_name(peek())) ++at_;
    const std::string tag(text_.substr(begin + 1, at_ - begin - 1));
    if (tag.empty() || is_digit(tag.front())) return wrong(begin, "malformed tag");
    TRY(space(depth));
    const std::size_t inner_begin = at_;
    const bool is_text = peek() == '"';
    const bool outer = std::exchange(want_print_, true);
    Printed inner = TRY(value(depth + 1));
    want_print_ = outer;
    if (tag == "inst") {
      if (!is_text) return wrong(inner_begin, "an instant is a string");
      auto time = go_time(inner.text);
      if (!time) return wrong(inner_begin, format("\"{}\" is no time of RFC 3339", inner.text));
      return plain(std::move(*time), begin);
    }
    if (tag == "base64") {
      if (!is_text) return wrong(inner_begin, "base64 is a string");
      auto bytes = go_bytes(inner.text);
      if (!bytes) return wrong(inner_begin, "malformed base64");
      return plain(std::move(*bytes), begin);
    }
    return plain("#" + tag + " " + inner.text, begin);
  }

  // 2032-01-01T12:20:50.52Z → 2032-01-01 12:20:50.52 +0000 UTC
  static std::optional<std::string> go_time(std::string_view text) {
    const std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return std::nullopt;
    std::size_t at = shape.size();
    std::string fraction;
    if (text[at] == '.') {
      const std::size_t first = at++;
      while (at < text.size() && is_digit(text[at])) ++at;
      if (at == first + 1) return std::nullopt;
      fraction = text.substr(first, std::min<std::size_t>(at - first, 10));
      while (fraction.ends_with('0')) fraction.pop_back();
      if (fraction == ".") fraction.clear();
    }
    const std::string moment = format("{} {}{}", text.substr(0, 10), text.substr(11, 8), fraction);
    const std::string_view zone = text.substr(at);
    if (zone == "Z") return moment + " +0000 UTC";
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
    for (const std::size_t i : {1, 2, 4, 5})
      if (!is_digit(zone[i])) return std::nullopt;
    std::string offset(zone);
    offset.erase(3, 1);
    if (offset == "+0000" || offset == "-0000") return moment + " +0000 UTC";
    return format("{} {} {}", moment, offset, offset);
  }

  static std::optional<std::string> go_bytes(std::string_view text) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out = "[";
    std::uint32_t bits = 0;
    int held = 0;
    std::size_t digits = 0, padding = 0;
    for (const char c : text) {
      if (c == '\r' || c == '\n') continue;
      if (c == '=') {
        ++padding;
        continue;
      }
      const auto digit = kAlphabet.find(c);
      if (digit == std::string_view::npos || padding > 0) return std::nullopt;
      ++digits;
      bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffff;
      held += 6;
      if (held < 8) continue;
      held -= 8;
      out += (out.size() == 1 ? "" : " ") + std::to_string(bits >> held & 0xff);
    }
    if ((digits + padding) % 4 != 0 || padding > 2) return std::nullopt;
    return out + "]";
  }

  Result<Printed> number() {
    const std::size_t begin = at_;
    if (peek() == '-' || peek() == '+') ++at_;
    const std::size_t digits = at_;
    while (is_digit(peek())) ++at_;
    if (text_[digits] == '0' && at_ > digits + 1) return wrong(begin, "a number with a leading zero");
    bool real = false;
    if (peek() == '.') {
      ++at_;
      real = true;
      if (!is_digit(peek())) return wrong(at_, "expected a digit after the decimal point");
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      real = true;
      if (peek() == '-' || peek() == '+') ++at_;
      if (!is_digit(peek())) return wrong(at_, "expected a digit in the exponent");
      while (is_digit(peek())) ++at_;
    }
    std::string spelt(text_.substr(begin, at_ - begin));
    if (spelt.starts_with('+')) spelt.erase(0, 1);
    const bool large = peek() == 'N' && !real, exact = peek() == 'M';
    if (large || exact) ++at_;
    if (is_name(peek())) return wrong(at_, "unexpected character after a number");
    if (large) return plain(spelt == "-0" ? "0" : spelt, begin);
    if (!real && !exact) {
      const auto whole = text::parse_signed(spelt);
      if (!whole) return wrong(begin, format("the integer {} is out of range", spelt));
      return plain(std::to_string(*whole), begin);
    }
    const auto number = text::parse_double(spelt);
    if (!number || !std::isfinite(*number)) return wrong(begin, format("the number {} is out of range", spelt));
    return plain(go_double(*number), begin);
  }

  // A character is a number for Go: its code point.
  Result<Printed> character() {
    const std::size_t begin = at_++;
    if (at_ >= text_.size() || is_space(peek())) return wrong(begin, "backslash without a character");
    const auto decoded = utf8::decode(text_, at_);
    const std::size_t first = at_;
    at_ += std::max<std::size_t>(decoded.length, 1);
    while (is_name(peek()) && is_name(text_[first])) ++at_;
    const std::string_view name = text_.substr(first, at_ - first);
    static constexpr std::pair<std::string_view, int> kNames[] = {
        {"newline", '\n'}, {"return", '\r'}, {"space", ' '}, {"tab", '\t'}, {"formfeed", '\f'}};
    for (const auto& [known, point] : kNames)
      if (name == known) return plain(std::to_string(point), begin);
    if (name.size() == 5 && name.front() == 'u') {
      auto digits = std::string(name.substr(1));
      if (digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos)
        return plain(std::to_string(std::strtoul(digits.c_str(), nullptr, 16)), begin);
    }
    if (name.size() != std::max<std::size_t>(decoded.length, 1))
      return wrong(begin, format("unknown character \\{}", name));
    return plain(std::to_string(static_cast<std::uint32_t>(decoded.point)), begin);
  }

  Result<std::string> string() {
    const std::size_t begin = at_++;
    std::string out;
    while (true) {
      if (at_ >= text_.size()) return wrong(begin, "string not closed");
      const char c = text_[at_++];
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      const std::string_view names = "bfnrt\\/\"", meanings = "\b\f\n\r\t\\/\"";
      const char escape = peek();
      ++at_;
      if (const auto known = names.find(escape); escape != '\0' && known != std::string_view::npos) {
        out += meanings[known];
      } else if (escape == 'u') {
        const std::string digits(text_.substr(std::min(at_, text_.size()), 4));
        if (digits.size() != 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
          return wrong(at_, "expected four hexadecimal digits");
        at_ += 4;
        const auto point = static_cast<char32_t>(std::strtoul(digits.c_str(), nullptr, 16));
        utf8::append(out, point >= 0xD800 && point < 0xE000 ? U'\uFFFD' : point);
      } else {
        return wrong(at_ - 1, "unknown escape in a string");
      }
    }
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
  bool want_print_ = false;  // inside a set or a tagged value, whose parts are printed
};

}  // namespace

Result<Value> read_edn(std::string_view text, const ReadOptions& options) { return EdnReader(text, options).read(); }

}  // namespace chiron::policy::inputs
