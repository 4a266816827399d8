// HCL 1, the language of Terraform before 0.12 and of older Consul, Nomad and Vault files, as Conftest shows it: a
// block is an entry of a list under its first word, with a level of objects and lists for every label; so is an object
// that is assigned. "${…}" in strings stays as it is written.
#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Hcl1Reader {
 public:
  Hcl1Reader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<Value> read() {
    Value root = Value::object();
    TRY(members(root, '\0', 0));
    root.span = {0, static_cast<std::uint32_t>(text_.size())};
    return root;
  }

 private:
  struct Key {
    std::string text;
    Span span;
  };

  [[nodiscard]] std::unexpected<Error> wrong(std::size_t offset, std::string message) const {
    return syntax_error("hcl1", text_, options_, offset, std::move(message));
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Span from(std::size_t begin) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
  }

  // White space and comments.
  Result<void> space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (c == '#' || (c == '/' && peek(1) == '/')) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '/' && peek(1) == '*') {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return wrong(at_, "comment not terminated");
        at_ = end + 2;
      } else {
        break;
      }
    }
    return {};
  }

  // key = value, or key "label" … { … }, up to `close` or the end of the file.
  Result<void> members(Value& into, char close, std::size_t depth) {
    if (depth > kHclDepth)
      return fail(ErrorKind::limit, "limit.depth", format("nested deeper than {} levels", kHclDepth));
    while (true) {
      TRY(space());
      if (peek() == ',') {  // between the members of an object
        ++at_;
        continue;
      }
      if (at_ >= text_.size()) {
        if (close != '\0') return wrong(at_, "object expected closing RBRACE got: EOF");
        return {};
      }
      if (close != '\0' && peek() == close) return {};
      TRY(member(into, depth));
    }
  }

  Result<void> member(Value& into, std::size_t depth) {
    std::vector<Key> keys;
    while (true) {
      TRY(space());
      if (peek() == '=' || peek() == '{') break;
      const std::size_t begin = at_;
      if (peek() == '"') {
        Key key;
        key.text = TRY(string());
        key.span = from(begin);
        keys.push_back(std::move(key));
      } else if (is_letter(peek())) {
        while (is_letter(peek()) || is_digit(peek()) || peek() == '-' || peek() == '.') ++at_;
        keys.push_back({std::string(text_.substr(begin, at_ - begin)), from(begin)});
      } else {
        return wrong(at_, keys.empty() ? "expected a key: a name or a string"
                                       : "expected \"=\", \"{\" or a further label after a key");
      }
    }
    if (keys.empty()) return wrong(at_, "expected a key before this");
    if (peek() == '=') {
      if (keys.size() > 1) return wrong(at_, "only one key may stand before \"=\"");
      ++at_;
      TRY(space());
      const bool object = peek() == '{';
      Value made = TRY(value(depth + 1));
      if (!object) {
        set_member(into, keys[0].text, keys[0].span, std::move(made));
        return {};
      }
      add(into, keys[0], std::move(made));
      return {};
    }
    Value made = TRY(value(depth + 1));
    // Each label but the last outermost one wraps the block in an object of its own, in a list.
    for (std::size_t i = keys.size(); i > 1; --i) {
      Value wrapped = Value::object();
      wrapped.span = {keys[i - 1].span.begin, made.span.end};
      add(wrapped, keys[i - 1], std::move(made));
      made = std::move(wrapped);
    }
    add(into, keys[0], std::move(made));
    return {};
  }

  // Behind what the name has already.
  static void add(Value& into, const Key& key, Value made) {
    for (auto& member : into.members()) {
      if (member.name != key.text || !member.value.is_array()) continue;
      member.value.span.end = made.span.end;
      member.value.items().push_back(std::move(made));
      return;
    }
    Value list = Value::array();
    list.span = made.span;
    list.items().push_back(std::move(made));
    set_member(into, key.text, key.span, std::move(list));
  }

  Result<Value> value(std::size_t depth) {
    if (depth > kHclDepth)
      return fail(ErrorKind::limit, "limit.depth", format("nested deeper than {} levels", kHclDepth));
    const std::size_t begin = at_;
    const char c = peek();
    if (c == '"') {
      const std::string text = TRY(string());
      return string_value(text, begin, at_);
    }
    if (c == '<' && peek(1) == '<') return heredoc();
    if (c == '{') {
      ++at_;
      Value object = Value::object();
      TRY(members(object, '}', depth));
      ++at_;
      object.span = from(begin);
      return object;
    }
    if (c == '[') return list(depth);
    if (c == '-' || c == '+' || is_digit(c) || c == '.') return number();
    if (is_letter(c)) {
      while (is_letter(peek()) || is_digit(peek())) ++at_;
      const std::string_view word = text_.substr(begin, at_ - begin);
      if (word == "true" || word == "false") {
        Value made(word == "true");
        made.span = from(begin);
        return made;
      }
      return wrong(begin, format("Unknown token: {} (write a string in quotes)", word));
    }
    return wrong(begin, at_ >= text_.size() ? "expected a value, found the end of the file" : "expected a value");
  }

  Result<Value> list(std::size_t depth) {
    const std::size_t begin = at_++;
    Value made = Value::array();
    bool separated = true;
    while (true) {
      TRY(space());
      if (at_ >= text_.size()) return wrong(begin, "list not terminated");
      if (peek() == ']') break;
      if (peek() == ',') {
        if (separated) return wrong(at_, "expected an element of the list before the comma");
        separated = true;
        ++at_;
        continue;
      }
      if (!separated) return wrong(at_, "error parsing list, expected comma or list end");
      made.items().push_back(TRY(value(depth + 1)));
      separated = false;
    }
    ++at_;
    made.span = from(begin);
    return made;
  }

  Result<Value> number() {
    const std::size_t begin = at_;
    const bool negative = peek() == '-';
    if (peek() == '-' || peek() == '+') ++at_;
    const std::size_t digits = at_;
    while (is_digit(peek()) || is_letter(peek()) || peek() == '.' ||
           ((peek() == '-' || peek() == '+') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E')))
      ++at_;
    std::string spelt(text_.substr(digits, at_ - digits));
    if (spelt.starts_with("0x") || spelt.starts_with("0X")) {
      if (spelt.size() == 2) return wrong(begin, "a number without digits");
      std::uint64_t whole = 0;
      for (const char c : std::string_view(spelt).substr(2)) {
        const int digit = is_digit(c)            ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0 || whole > (std::uint64_t{1} << 58)) return wrong(begin, "malformed number");
        whole = whole * 16 + static_cast<std::uint64_t>(digit);
      }
      spelt = std::to_string(whole);
    } else if (spelt.size() > 1 && spelt[0] == '0' && spelt.find_first_not_of("01234567") == std::string::npos) {
      std::uint64_t whole = 0;
      for (const char c : spelt) {
        if (whole > (std::uint64_t{1} << 58)) return wrong(begin, "malformed number");
        whole = whole * 8 + static_cast<std::uint64_t>(c - '0');
      }
      spelt = std::to_string(whole);
    } else {
      if (spelt.starts_with('.')) spelt.insert(0, "0");
      std::size_t i = 0;
      auto run = [&] {
        const std::size_t first = i;
        while (i < spelt.size() && is_digit(spelt[i])) ++i;
        return i > first;
      };
      bool good = run();
      if (good && i < spelt.size() && spelt[i] == '.') good = (++i, run());
      if (good && i < spelt.size() && (spelt[i] == 'e' || spelt[i] == 'E')) {
        ++i;
        if (i < spelt.size() && (spelt[i] == '-' || spelt[i] == '+')) ++i;
        good = run();
      }
      if (!good || i != spelt.size()) return wrong(begin, "malformed number");
    }
    return Value::number((negative ? "-" : "") + spelt, from(begin));
  }

  // "…": escapes, and ${…} with quotes of its own inside.
  Result<std::string> string() {
    const std::size_t begin = at_++;
    std::string out;
    std::size_t braces = 0;
    while (true) {
      if (at_ >= text_.size()) return wrong(begin, "literal not terminated");
      const char c = text_[at_];
      if (braces > 0) {
        if (c == '{') ++braces;
        if (c == '}') --braces;
        out += c;
        ++at_;
        continue;
      }
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '\n') return wrong(begin, "literal not terminated");
      if (c == '$' && peek(1) == '{') {
        braces = 1;
        out += "${";
        at_ += 2;
        continue;
      }
      if (c != '\\') {
        out += c;
        ++at_;
        continue;
      }
      TRY(escape(out));
    }
  }

  Result<void> escape(std::string& out) {
    const std::size_t begin = at_;
    const char c = peek(1);
    at_ += 2;
    const std::string_view names = "abfnrtv\\\"", meanings = "\a\b\f\n\r\t\v\\\"";
    if (const std::size_t found = names.find(c); c != '\0' && found != std::string_view::npos) {
      out += meanings[found];
      return {};
    }
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : is_digit(c) ? 3 : 0;
    if (digits == 0) return wrong(begin, "illegal char escape");
    const std::uint32_t base = is_digit(c) ? 8 : 16;
    if (base == 8) --at_;
    std::uint32_t point = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const char d = peek();
      const std::uint32_t digit = is_digit(d)            ? static_cast<std::uint32_t>(d - '0')
                                  : d >= 'a' && d <= 'f' ? static_cast<std::uint32_t>(d - 'a' + 10)
                                  : d >= 'A' && d <= 'F' ? static_cast<std::uint32_t>(d - 'A' + 10)
                                                         : 99;
      if (digit >= base) return wrong(begin, "illegal char escape");
      point = point * base + digit;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return wrong(begin, "illegal char escape");
    utf8::append(out, point);
    return {};
  }

  // <<WORD … WORD; with <<- the least indentation of its lines is taken off.
  Result<Value> heredoc() {
    const std::size_t begin = at_;
    at_ += 2;
    const bool indented = peek() == '-';
    if (indented) ++at_;
    const std::size_t line_end = text_.find('\n', at_);
    if (line_end == std::string_view::npos) return wrong(begin, "heredoc not terminated");
    const std::string_view word = text::trim(text_.substr(at_, line_end - at_));
    if (word.empty()) return wrong(begin, "zero-length heredoc anchor");
    std::vector<std::string_view> lines;
    std::size_t at = line_end + 1;
    while (true) {
      if (at >= text_.size()) return wrong(begin, format("heredoc not terminated: no line {}", word));
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      std::string_view line = text_.substr(at, end - at);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (text::trim(line) == word) {
        at_ = end;
        break;
      }
      lines.push_back(line);
      at = end + 1;
    }
    std::size_t shared = indented && !lines.empty() ? std::string_view::npos : 0;
    for (const std::string_view line : lines) {
      const std::size_t spaces = std::min(line.find_first_not_of(" \t"), line.size());
      shared = std::min(shared, spaces);
    }
    std::string out;
    for (const std::string_view line : lines) out += std::string(line.substr(std::min(shared, line.size()))) + "\n";
    return string_value(out, begin, at_);
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> read_hcl1(std::string_view text, const ReadOptions& options) { return Hcl1Reader(text, options).read(); }

}  // namespace chiron::policy::inputs
