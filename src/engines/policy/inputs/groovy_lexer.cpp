// Groovy's tokens. Strings with "${…}" are several: GStringBegin up to the dollar, the tokens of what is inserted,
// GStringPart between two insertions, GStringEnd. A slash begins a string where no operand stands before it.
#include <algorithm>
#include <array>

#include "engines/policy/inputs/groovy.h"
#include "foundation/base/format.h"

namespace chiron::policy::inputs::groovy {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

struct Mark {
  std::string_view text;
  std::string_view kind;
};
// Longer marks before those they begin with.
constexpr auto kMarks = std::to_array<Mark>({
    {">>>=", "UShrAssign"},
    {"<=>", "Spaceship"},
    {"===", "Identical"},
    {"!==", "NotIdentical"},
    {"==~", "RegexMatch"},
    {"**=", "PowerAssign"},
    {"<<=", "ShlAssign"},
    {">>=", "ShrAssign"},
    {"...", "Ellipsis"},
    {"..<", "RangeExclusive"},
    {"++", "Increment"},
    {"--", "Decrement"},
    {"**", "Power"},
    {"->", "Arrow"},
    {"=~", "RegexFind"},
    {"==", "Equal"},
    {"!=", "NotEqual"},
    {"<=", "LessEqual"},
    {">=", "GreaterEqual"},
    {"&&", "And"},
    {"||", "Or"},
    {"+=", "PlusAssign"},
    {"-=", "MinusAssign"},
    {"*=", "StarAssign"},
    {"/=", "SlashAssign"},
    {"%=", "PercentAssign"},
    {"&=", "BitAndAssign"},
    {"|=", "BitOrAssign"},
    {"^=", "BitXorAssign"},
    {"?:", "Elvis"},
    {"?.", "SafeDot"},
    {"*.", "SpreadDot"},
    {".&", "MethodPointer"},
    {".@", "FieldAccess"},
    {"..", "Range"},
    {"<<", "Shl"},
    {"(", "LParen"},
    {")", "RParen"},
    {"[", "LBracket"},
    {"]", "RBracket"},
    {"{", "LBrace"},
    {"}", "RBrace"},
    {",", "Comma"},
    {";", "Semicolon"},
    {".", "Dot"},
    {":", "Colon"},
    {"?", "Question"},
    {"=", "Assign"},
    {"<", "Less"},
    {">", "Greater"},
    {"+", "Plus"},
    {"-", "Minus"},
    {"*", "Star"},
    {"/", "Slash"},
    {"%", "Percent"},
    {"!", "Not"},
    {"~", "BitNot"},
    {"&", "BitAnd"},
    {"|", "BitOr"},
    {"^", "BitXor"},
    {"@", "At"},
});

constexpr auto kKeywords = std::to_array<std::string_view>(
    {"abstract", "as",        "assert",    "boolean",  "break", "byte",       "case",         "catch",     "char",
     "class",    "continue",  "def",       "default",  "do",    "double",     "else",         "enum",      "extends",
     "final",    "finally",   "float",     "for",      "if",    "implements", "import",       "in",        "instanceof",
     "int",      "interface", "long",      "native",   "new",   "package",    "private",      "protected", "public",
     "return",   "short",     "static",    "strictfp", "super", "switch",     "synchronized", "this",      "throw",
     "throws",   "trait",     "transient", "try",      "void",  "volatile",   "while"});

// A string that is being read, or the insertion in it.
struct Quote {
  std::string_view mark;   // what ends it: ", """, /, /$
  std::size_t begin = 0;   // of the token
  std::size_t braces = 0;  // open inside the insertion
  bool first = true;       // no insertion yet
};

class Lexer {
 public:
  Lexer(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    if (text_.substr(at_).starts_with("#!")) skip_line();
  }

  Result<std::vector<Token>> read() {
    while (true) {
      TRY(space());
      if (at_ >= text_.size()) break;
      TRY(next());
    }
    if (!quotes_.empty()) return wrong(text_.size(), "string not closed");
    add("EOF", text_.size(), text_.size());
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(std::size_t offset, std::string message) const {
    return syntax_error("groovy", text_, options_, offset, std::move(message));
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void add(std::string_view kind, std::size_t begin, std::size_t end) {
    tokens_.push_back({kind, text_.substr(begin, end - begin), begin, std::exchange(on_new_line_, false)});
    at_ = end;
  }

  Result<void> space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') on_new_line_ = true;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
        ++at_;
      } else if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
        at_ += peek(1) == '\n' ? 2 : 3;
      } else if (c == '/' && peek(1) == '/') {
        skip_line();
      } else if (c == '/' && peek(1) == '*') {
        const auto close = text_.find("*/", at_ + 2);
        if (close == std::string_view::npos) return wrong(at_, "comment not closed");
        if (text_.substr(at_, close - at_).find('\n') != std::string_view::npos) on_new_line_ = true;
        at_ = close + 2;
      } else {
        break;
      }
    }
    return {};
  }

  // Whether what stands before ends an operand, so that a slash divides.
  [[nodiscard]] bool after_operand() const {
    if (tokens_.empty()) return false;
    const auto kind = tokens_.back().kind;
    for (const std::string_view operand : {"Identifier", "RParen", "RBracket", "RBrace", "StringLiteral", "GStringFull",
                                           "GStringEnd", "SlashyStringLit", "DollarSlashyStringLit", "IntegerLiteral",
                                           "DecimalLiteral", "BooleanLiteral", "NullLiteral", "Increment", "Decrement"})
      if (kind == operand) return true;
    return kind == "Keyword" && (tokens_.back().text == "this" || tokens_.back().text == "super");
  }

  Result<void> next() {
    const std::size_t begin = at_;
    const char c = text_[at_];
    if (is_letter(c) || (c == '$' && peek(1) != '/')) {
      word(begin);
      return {};
    }
    if (is_digit(c)) {
      number(begin);
      return {};
    }
    if (c == '\'') return plain_string(begin);
    if (c == '"') {
      const std::string_view mark = text_.substr(at_).starts_with("\"\"\"") ? "\"\"\"" : "\"";
      at_ += mark.size();
      return string({mark, begin});
    }
    if (c == '$' && peek(1) == '/') {
      at_ += 2;
      return string({"/$", begin});
    }
    if (c == '/' && !after_operand()) {
      ++at_;
      return string({"/", begin});
    }
    for (const auto& mark : kMarks) {
      if (!text_.substr(at_).starts_with(mark.text)) continue;
      if (c == '{' && !quotes_.empty()) ++quotes_.back().braces;
      add(mark.kind, begin, begin + mark.text.size());
      if (c == '}' && !quotes_.empty() && --quotes_.back().braces == 0) {
        Quote quote = quotes_.back();
        quotes_.pop_back();
        quote.begin = at_;
        return string(quote);
      }
      return {};
    }
    return wrong(at_, format("unexpected character {}", c));
  }

  void word(std::size_t begin) {
    std::size_t end = begin;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '$')) ++end;
    const std::string_view text = text_.substr(begin, end - begin);
    const bool member = !tokens_.empty() && (tokens_.back().kind == "Dot" || tokens_.back().kind == "SafeDot");
    std::string_view kind = "Identifier";
    if (!member) {
      if (text == "true" || text == "false") kind = "BooleanLiteral";
      if (text == "null") kind = "NullLiteral";
      if (std::ranges::find(kKeywords, text) != kKeywords.end()) kind = "Keyword";
    }
    add(kind, begin, end);
  }

  void number(std::size_t begin) {
    std::size_t end = begin;
    const bool hex = text_.substr(begin).starts_with("0x") || text_.substr(begin).starts_with("0X");
    bool decimal = false;
    auto at = [&](std::size_t i) { return i < text_.size() ? text_[i] : '\0'; };
    if (hex) end += 2;
    while (true) {
      const char c = at(end);
      if (c == '.' && !hex && !decimal && is_digit(at(end + 1))) {
        decimal = true;
      } else if (!hex && (c == 'e' || c == 'E') &&
                 (is_digit(at(end + 1)) || ((at(end + 1) == '+' || at(end + 1) == '-') && is_digit(at(end + 2))))) {
        decimal = true;
        ++end;
      } else if (!is_digit(c) && !is_letter(c)) {
        break;
      }
      ++end;
    }
    add(decimal ? "DecimalLiteral" : "IntegerLiteral", begin, end);
  }

  Result<void> plain_string(std::size_t begin) {
    const std::string_view mark = text_.substr(begin).starts_with("'''") ? "'''" : "'";
    std::size_t end = begin + mark.size();
    while (!text_.substr(std::min(end, text_.size())).starts_with(mark)) {
      if (end >= text_.size() || (mark.size() == 1 && text_[end] == '\n')) return wrong(begin, "string not closed");
      end += text_[end] == '\\' ? 2 : 1;
    }
    add("StringLiteral", begin, end + mark.size());
    return {};
  }

  // Whether `c` behind a backslash, or a dollar, is taken as it is.
  [[nodiscard]] std::size_t escaped(const Quote& quote) const {
    const char c = peek(), after = peek(1);
    if (quote.mark == "/") return c == '\\' && after == '/' ? 2 : 0;
    if (quote.mark == "/$") return c == '$' && (after == '$' || after == '/') ? 2 : 0;
    return c == '\\' ? 2 : 0;
  }

  // The rest of a string from at_ on, up to its end or the next insertion.
  Result<void> string(Quote quote) {
    while (true) {
      if (at_ >= text_.size()) return wrong(quote.begin, "string not closed");
      if (const std::size_t skip = escaped(quote); skip > 0) {
        at_ = std::min(at_ + skip, text_.size());
        continue;
      }
      if (text_.substr(at_).starts_with(quote.mark)) {
        const std::string_view whole = quote.mark == "/"    ? "SlashyStringLit"
                                       : quote.mark == "/$" ? "DollarSlashyStringLit"
                                                            : "GStringFull";
        add(quote.first ? whole : "GStringEnd", quote.begin, at_ + quote.mark.size());
        return {};
      }
      if (text_[at_] == '\n' && quote.mark == "\"") return wrong(quote.begin, "string not closed");
      if (text_[at_] != '$' || (peek(1) != '{' && !is_letter(peek(1)))) {
        ++at_;
        continue;
      }
      add(quote.first ? "GStringBegin" : "GStringPart", quote.begin, at_ + 1);
      quote.first = false;
      if (peek() == '{') {
        if (quotes_.size() >= kBlockDepth) return too_deep(text_, options_, at_);
        quote.braces = 1;
        quotes_.push_back(quote);
        add("LBrace", at_, at_ + 1);
        return {};
      }
      path();
      quote.begin = at_;
    }
  }

  // $name.member in a string.
  void path() {
    while (true) {
      const std::size_t begin = at_;
      while (is_letter(peek()) || is_digit(peek())) ++at_;
      const std::size_t end = at_;
      add("Identifier", begin, end);
      if (peek() != '.' || !is_letter(peek(1))) return;
      add("Dot", at_, at_ + 1);
    }
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
  bool on_new_line_ = false;
  std::vector<Token> tokens_;
  std::vector<Quote> quotes_;  // strings whose insertion is being read
};

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view text, const ReadOptions& options) {
  return Lexer(text, options).read();
}

}  // namespace chiron::policy::inputs::groovy
