// Tokens of .proto files and of the text format (protobuf.dev: language and text format specifications).
#include "engines/policy/inputs/proto_lexer.h"

#include <algorithm>

#include "foundation/base/utf8.h"

namespace chiron::policy::proto {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
int hex_digit(char c) {
  return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

Result<void> Lexer::space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f') {
      ++at_;
    } else if (hash_comments_ ? c == '#' : c == '/' && peek(1) == '/') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (!hash_comments_ && c == '/' && peek(1) == '*') {
      const auto close = text_.find("*/", at_ + 2);
      const auto begin = static_cast<std::uint32_t>(at_);
      if (close == std::string_view::npos) return wrong_at({begin, begin + 2}, "comment not closed");
      at_ = close + 2;
    } else {
      break;
    }
  }
  return {};
}

Result<void> Lexer::advance() {
  TRY(space());
  const std::size_t begin = at_;
  auto finish = [&](TokenKind kind) {
    current_.kind = kind;
    current_.text = text_.substr(begin, at_ - begin);
    current_.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
  };
  current_.content.clear();
  const char c = peek();
  if (at_ >= text_.size()) {
    finish(TokenKind::end);
  } else if (is_word(c)) {
    while (is_word(peek()) || is_digit(peek())) ++at_;
    finish(TokenKind::word);
  } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    while (is_word(peek()) || is_digit(peek()) || peek() == '.' ||
           ((peek() == '+' || peek() == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E') &&
            !text_.substr(begin, 2).ends_with('x')))
      ++at_;
    finish(TokenKind::number);
  } else if (c == '"' || c == '\'') {
    TRY(string(c));
    finish(TokenKind::string);
  } else {
    ++at_;
    finish(TokenKind::mark);
  }
  return {};
}

Result<void> Lexer::string(char quote) {
  const auto begin = static_cast<std::uint32_t>(at_++);
  while (true) {
    const char c = peek();
    if (at_ >= text_.size() || c == '\n') return wrong_at({begin, begin + 1}, "string not closed");
    ++at_;
    if (c == quote) return {};
    if (c == '\\')
      TRY(escape(current_.content));
    else
      current_.content += c;
  }
}

Result<void> Lexer::escape(std::string& out) {
  const auto begin = static_cast<std::uint32_t>(at_ - 1);
  const char c = peek();
  ++at_;
  const std::string_view names = "abfnrtv\\'\"?", meanings = "\a\b\f\n\r\t\v\\'\"?";
  if (const auto known = names.find(c); c != '\0' && known != std::string_view::npos) {
    out += meanings[known];
    return {};
  }
  std::uint32_t value = 0;
  if (c >= '0' && c <= '7') {
    --at_;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i, ++at_)
      value = value * 8 + static_cast<std::uint32_t>(peek() - '0');
    if (value > 255) return wrong_at({begin, begin + 1}, "an octal escape above 377");
    out += static_cast<char>(value);
    return {};
  }
  const int most = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  int digits = 0;
  while (digits < most && hex_digit(peek()) >= 0) {
    value = value * 16 + static_cast<std::uint32_t>(hex_digit(peek()));
    ++digits;
    ++at_;
  }
  if (digits == 0 || (most > 2 && digits != most)) return wrong_at({begin, begin + 1}, "unknown escape in a string");
  if (most == 2) {
    out += static_cast<char>(value);
  } else {
    if (value > 0x10ffff || (value >= 0xD800 && value < 0xE000))
      return wrong_at({begin, begin + 1}, "an escape that is no character");
    utf8::append(out, value);
  }
  return {};
}

}  // namespace chiron::policy::proto
