// CUE, as far as it is data: fields with labels and paths (a: b: 1), structs that unify, lists, strings in all their
// forms, bytes, numbers with multipliers. What has to be evaluated (types, references, disjunctions, defaults,
// comprehensions, imports) is refused by its name. Hidden fields and definitions are left out, as in its JSON.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "engines/policy/inputs/object_builder.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::inputs {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A value that others may still unify with: nothing yet, a struct, or a finished value.
struct Node {
  struct Entry {
    std::string name;
    Span name_span;
    bool shown = true;
    std::unique_ptr<Node> value;
  };
  bool is_struct = false;
  bool has_value = false;
  Value value;
  std::vector<Entry> entries;
  std::unordered_map<std::string, std::size_t> positions;
  Span span;
};

class CueReader {
 public:
  CueReader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<Value> read() {
    Node root;
    root.span = {0, static_cast<std::uint32_t>(text_.size())};
    TRY(package());
    TRY(declarations(root, '\0', 0));
    if (!root.has_value) root.is_struct = true;
    return finished(root);
  }

 private:
  struct Label {
    std::string name;
    Span span;
    bool shown = true;
  };

  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Span from(std::size_t begin) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
  }
  [[nodiscard]] std::unexpected<Error> wrong(std::size_t offset, std::string message) const {
    return syntax_error("cue", text_, options_, offset, std::move(message));
  }
  // What has no value without an evaluator of the language.
  [[nodiscard]] std::unexpected<Error> refused(std::size_t offset, std::string_view what) const {
    const auto at = static_cast<std::uint32_t>(std::min(offset, text_.size()));
    return fail(ErrorKind::unsupported, "cue.unsupported",
                format("{} of CUE are not evaluated, only data is read", what), place_of(text_, options_, {at, at}),
                "export the file to JSON and test that");
  }

  // Blanks and comments; line ends too where `lines` says so. Whether there was a line end.
  bool space(bool lines) {
    bool ended = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '/' && peek(1) == '/')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == ' ' || c == '\t' || c == '\r')
        ++at_;
      else if (c == '\n' && lines)
        ended = true, ++at_;
      else
        break;
    }
    return ended;
  }

  [[nodiscard]] std::string_view word_at(std::size_t at) const {
    std::size_t end = at;
    if (end < text_.size() && text_[end] == '_' && end + 1 < text_.size() && text_[end + 1] == '#') end += 2;
    if (end < text_.size() && text_[end] == '#') ++end;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    return text_.substr(at, end - at);
  }

  Result<void> package() {
    space(true);
    if (word_at(at_) == "package" && (peek(7) == ' ' || peek(7) == '\t')) {
      at_ += 7;
      space(false);
      at_ += word_at(at_).size();
      space(true);
    }
    if (word_at(at_) == "import" && (peek(6) == ' ' || peek(6) == '\t' || peek(6) == '"' || peek(6) == '('))
      return refused(at_, "imports");
    return {};
  }

  Result<void> attributes() {
    while (true) {
      space(false);
      if (peek() != '@' || !is_letter(peek(1))) return {};
      const std::size_t begin = at_++;
      at_ += word_at(at_).size();
      if (peek() != '(') return wrong(begin, "expected ( behind an attribute's name");
      std::size_t open = 0;
      do {
        if (at_ >= text_.size()) return wrong(begin, "attribute not closed");
        if (text_[at_] == '(') ++open;
        if (text_[at_] == ')') --open;
        ++at_;
      } while (open > 0);
    }
  }

  // Fields and embedded values up to `close`, which is taken.
  Result<void> declarations(Node& into, char close, std::size_t depth) {
    const std::size_t begin = at_;
    if (depth > kBlockDepth) return too_deep(text_, options_, at_);
    while (true) {
      space(true);
      if (peek() == ',') {
        ++at_;
        continue;
      }
      if (at_ >= text_.size()) {
        if (close != '\0') return wrong(begin == 0 ? 0 : begin - 1, "struct not closed");
        return {};
      }
      if (close != '\0' && peek() == close) {
        ++at_;
        return {};
      }
      if (text_.substr(at_).starts_with("...")) {
        at_ += 3;
      } else if (peek() == '@') {
        TRY(attributes());
      } else {
        TRY(declaration(into, depth));
      }
      const bool ended = space(true);
      if (!ended && at_ < text_.size() && peek() != ',' && peek() != close)
        return wrong(at_, "expected a comma or a line's end between fields");
    }
  }

  Result<void> declaration(Node& into, std::size_t depth) {
    const std::size_t begin = at_;
    const auto label = TRY(label_before_colon());
    if (!label) {
      // No field: an embedded value.
      const std::string_view word = word_at(begin);
      if (word == "if") return refused(begin, "conditions");
      if (word == "for") return refused(begin, "comprehensions");
      if (word == "let") return refused(begin, "let clauses");
      return value(into, depth + 1);
    }
    auto [slot, fresh] = into.positions.try_emplace(label->name + (label->shown ? "" : " "), into.entries.size());
    if (into.has_value && !into.is_struct) return wrong(begin, "fields beside a value that is no struct");
    into.is_struct = true;
    if (fresh) {
      into.entries.push_back({label->name, label->span, label->shown, std::make_unique<Node>()});
      into.entries.back().value->span = label->span;
    }
    Node& child = *into.entries[slot->second].value;
    space(true);
    // a: b: 1
    if (at_ < text_.size() && peek() != '{' && peek() != '[') {
      const std::size_t saved = at_;
      const auto inner = TRY(label_before_colon());
      at_ = saved;
      if (inner) {
        if (depth > kBlockDepth) return too_deep(text_, options_, at_);
        return declaration(child, depth + 1);
      }
    }
    TRY(value(child, depth + 1));
    return attributes();
  }

  // A label with its colon, taken; nothing (and nothing taken) where there is none.
  Result<std::optional<Label>> label_before_colon() {
    const std::size_t begin = at_;
    Label label;
    if (peek() == '"' || (peek() == '#' && (peek(1) == '"' || peek(1) == '#'))) {
      Value name = TRY(string());
      label.name = name.as_string();
      label.span = name.span;
    } else if (peek() == '[' || peek() == '(') {
      return std::optional<Label>();
    } else {
      const std::string_view word = word_at(at_);
      if (word.empty() || is_digit(word.front())) return std::optional<Label>();
      at_ += word.size();
      label.name = std::string(word);
      label.span = from(begin);
      label.shown = word.front() != '_' && word.front() != '#';
    }
    space(false);
    if ((peek() == '?' || peek() == '!') && peek(1) == ':') return refused(begin, "constraints of optional fields");
    if (peek() != ':') {
      at_ = begin;
      return std::optional<Label>();
    }
    ++at_;
    return std::optional(std::move(label));
  }

  // A value, unified with what the node holds; several with & between.
  Result<void> value(Node& into, std::size_t depth) {
    if (depth > kBlockDepth) return too_deep(text_, options_, at_);
    while (true) {
      space(true);
      const std::size_t begin = at_;
      if (peek() == '{') {
        if (into.has_value && !into.is_struct) return wrong(begin, "conflicting values: a struct and another value");
        ++at_;
        into.is_struct = true;
        if (into.entries.empty()) into.span.begin = static_cast<std::uint32_t>(begin);
        TRY(declarations(into, '}', depth + 1));
        into.span.end = static_cast<std::uint32_t>(at_);
      } else {
        Value made = TRY(plain(depth));
        if (into.is_struct) return wrong(begin, "conflicting values: a struct and another value");
        if (into.has_value && !(into.value == made)) return wrong(begin, "conflicting values for one field");
        if (!into.has_value) {
          into.span = made.span;
          into.value = std::move(made);
        }
      }
      into.has_value = true;
      const std::size_t end = at_;
      space(false);
      const char c = peek();
      if (c == '&') {
        ++at_;
        continue;
      }
      if (c == '|') return refused(at_, "disjunctions");
      if (std::string_view("+-*/<>=!.([").find(c) != std::string_view::npos && c != '\0' &&
          !(c == '/' && peek(1) == '/'))
        return refused(at_, "calculations");
      at_ = end;
      return {};
    }
  }

  Result<Value> plain(std::size_t depth) {
    const std::size_t begin = at_;
    const char c = peek();
    if (at_ >= text_.size()) return wrong(at_, "expected a value, found the end of the file");
    if (c == '[') return list(depth);
    if (c == '"' || c == '\'' || (c == '#' && std::string_view("\"'#").find(peek(1)) != std::string_view::npos))
      return string();
    if (is_digit(c) || (c == '.' && is_digit(peek(1))) ||
        ((c == '-' || c == '+') && (is_digit(peek(1)) || peek(1) == '.')))
      return number();
    if (c == '*') return refused(begin, "defaults");
    if (c == '<' || c == '>' || c == '=' || c == '!') return refused(begin, "bounds");
    if (c == '(' || c == '-' || c == '+') return refused(begin, "calculations");
    const std::string_view word = word_at(at_);
    if (word.empty()) return wrong(begin, "expected a value");
    at_ += word.size();
    Value made;
    if (word == "true" || word == "false") {
      made = Value(word == "true");
    } else if (word != "null") {
      for (const std::string_view type :
           {"string", "bytes", "bool", "int", "uint", "float", "number", "_", "int8", "int16", "int32", "int64",
            "uint8", "uint16", "uint32", "uint64", "float32", "float64"})
        if (word == type) return refused(begin, format("types ({})", word));
      return refused(begin, format("references ({})", word));
    }
    made.span = from(begin);
    return made;
  }

  Result<Value> list(std::size_t depth) {
    const std::size_t begin = at_++;
    Value made = Value::array();
    while (true) {
      space(true);
      if (at_ >= text_.size()) return wrong(begin, "list not closed");
      if (peek() == ']') break;
      if (text_.substr(at_).starts_with("...")) {
        at_ += 3;
        space(true);
        if (peek() != ']') return refused(at_, "types of a list's further elements");
        break;
      }
      if (word_at(at_) == "for" || word_at(at_) == "if") return refused(at_, "comprehensions");
      Node item;
      item.span = from(at_);
      TRY(value(item, depth + 1));
      made.items().push_back(finished(item));
      space(true);
      if (peek() == ',')
        ++at_;
      else if (peek() != ']')
        return wrong(at_, "expected , or ] in a list");
    }
    ++at_;
    made.span = from(begin);
    return made;
  }

  Result<Value> number() {
    const std::size_t begin = at_;
    std::string sign;
    if (peek() == '-' || peek() == '+') {
      if (peek() == '-') sign = "-";
      ++at_;
    }
    const std::size_t first = at_;
    const std::string_view prefix = text_.substr(at_, 2);
    if (prefix == "0x" || prefix == "0X" || prefix == "0o" || prefix == "0b") return based(begin, sign, prefix[1]);
    while (is_digit(peek()) || peek() == '_' || peek() == '.' || peek() == 'e' || peek() == 'E' ||
           ((peek() == '-' || peek() == '+') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E')))
      ++at_;
    std::string digits(text_.substr(first, at_ - first));
    std::erase(digits, '_');
    const bool whole = digits.find_first_of(".eE") == std::string::npos;
    if (whole && digits.size() > 1 && digits.front() == '0') return wrong(begin, "a number with a leading zero");
    static constexpr std::string_view kUnits = "KMGTP";
    const auto unit = kUnits.find(peek());
    const bool scaled = peek() != '\0' && unit != std::string_view::npos;
    double factor = 1;
    if (scaled) {
      ++at_;
      const bool binary = peek() == 'i';
      if (binary) ++at_;
      factor = std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(unit + 1));
    }
    if (is_letter(peek())) return wrong(begin, "malformed number");
    if (whole && !scaled) return Value::number(sign + digits, from(begin));
    const auto number = text::parse_double(digits.starts_with('.') ? "0" + digits : digits);
    if (!number || !std::isfinite(*number)) return wrong(begin, "malformed number");
    const double result = (sign.empty() ? 1 : -1) * *number * factor;
    const bool integer = scaled && std::abs(result) < 9e18 && result == std::floor(result);
    Value made = integer ? Value(static_cast<std::int64_t>(result)) : Value(result);
    made.span = from(begin);
    return made;
  }

  Result<Value> based(std::size_t begin, const std::string& sign, char letter) {
    at_ += 2;
    const std::uint64_t base = letter == 'o' ? 8 : letter == 'b' ? 2 : 16;
    std::uint64_t whole = 0;
    std::size_t digits = 0;
    for (; is_digit(peek()) || is_letter(peek()); ++at_) {
      const char c = peek();
      if (c == '_') continue;
      const std::uint64_t digit = is_digit(c)            ? static_cast<std::uint64_t>(c - '0')
                                  : c >= 'a' && c <= 'f' ? static_cast<std::uint64_t>(c - 'a' + 10)
                                  : c >= 'A' && c <= 'F' ? static_cast<std::uint64_t>(c - 'A' + 10)
                                                         : 99;
      if (digit >= base || whole > (UINT64_MAX - digit) / base) return wrong(begin, "malformed number");
      whole = whole * base + digit;
      ++digits;
    }
    if (digits == 0) return wrong(begin, "a number without digits");
    return Value::number(sign + std::to_string(whole), from(begin));
  }

  // "…", '…', """…""", '''…''', each also between numbers of #, which then stand behind the backslash of escapes.
  Result<Value> string() {
    const std::size_t begin = at_;
    while (peek() == '#') ++at_;
    const std::string hashes(at_ - begin, '#');
    const char quote = peek();
    if (quote != '"' && quote != '\'') return wrong(begin, "expected a string");
    const bool lines = peek(1) == quote && peek(2) == quote;
    const std::string close = std::string(lines ? 3 : 1, quote) + hashes;
    at_ += lines ? 3 : 1;
    if (lines) {
      if (peek() == '\r') ++at_;
      if (peek() != '\n') return wrong(at_, "expected a line's end behind the opening quotes");
    }
    std::string out;
    std::vector<std::size_t> starts;  // of lines in `out`, for taking their indentation off
    while (!text_.substr(at_).starts_with(close)) {
      const char c = peek();
      if (at_ >= text_.size() || (c == '\n' && !lines)) return wrong(begin, "string not closed");
      if (c == '\n') starts.push_back(out.size() + 1);
      if (c == '\\' && text_.substr(at_ + 1).starts_with(hashes)) {
        TRY(escape(out, hashes.size(), quote));
      } else {
        if (c != '\r' || !lines || peek(1) != '\n') out += c;
        ++at_;
      }
    }
    at_ += close.size();
    if (lines) TRY(outdent(out, starts, begin));
    if (quote == '\'') return bytes(out, begin);
    return string_value(out, begin, at_);
  }

  // The white space before the closing quotes stands before every line and does not count.
  Result<void> outdent(std::string& out, const std::vector<std::size_t>& starts, std::size_t begin) const {
    const std::string indent = out.substr(starts.back());
    if (indent.find_first_not_of(" \t") != std::string::npos)
      return wrong(begin, "the closing quotes of a string over lines stand on a line of their own");
    std::string made;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      std::string line = out.substr(starts[i], starts[i + 1] - starts[i] - 1);
      if (line.starts_with(indent))
        line.erase(0, indent.size());
      else if (!line.empty())
        return wrong(begin, "a line of the string has less white space before it than its closing quotes");
      made += (i == 0 ? "" : "\n") + line;
    }
    out = std::move(made);
    return {};
  }

  Result<void> escape(std::string& out, std::size_t hashes, char quote) {
    const std::size_t begin = at_;
    at_ += 1 + hashes;
    const char c = peek();
    ++at_;
    if (c == '(') return refused(begin, "insertions into strings");
    const std::string_view names = "abfnrtv\\/", meanings = "\a\b\f\n\r\t\v\\/";
    if (const auto known = names.find(c); c != '\0' && known != std::string_view::npos) {
      out += meanings[known];
      return {};
    }
    if (c == quote) {
      out += c;
      return {};
    }
    const std::size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : c == 'x' && quote == '\'' ? 2 : 0;
    const std::string spelt(text_.substr(std::min(at_, text_.size()), digits));
    if (digits == 0 || spelt.size() != digits || spelt.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
      return wrong(begin, "unknown escape in a string");
    at_ += digits;
    const auto point = static_cast<char32_t>(std::strtoul(spelt.c_str(), nullptr, 16));
    if (digits == 2) {
      out += static_cast<char>(point);
    } else {
      if (point > 0x10ffff || (point >= 0xD800 && point < 0xE000))
        return wrong(begin, "an escape that is no character");
      utf8::append(out, point);
    }
    return {};
  }

  // As JSON has them: base64.
  Value bytes(std::string_view content, std::size_t begin) const { return string_value(base64(content), begin, at_); }

  // The recursion is as deep as the source, which is bounded.
  static Value finished(Node& node) {
    if (!node.is_struct) return std::move(node.value);
    Value made = Value::object();
    made.span = node.span;
    for (auto& entry : node.entries) {
      if (!entry.shown) continue;
      Value value = finished(*entry.value);
      made.span.begin = std::min(made.span.begin, entry.name_span.begin);
      made.span.end = std::max(made.span.end, value.span.end);
      made.members().push_back({entry.name, entry.name_span, std::move(value)});
    }
    return made;
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> read_cue(std::string_view text, const ReadOptions& options) { return CueReader(text, options).read(); }

}  // namespace chiron::policy::inputs
