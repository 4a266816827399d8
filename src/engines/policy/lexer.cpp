// The scanner of Rego.
#include "engines/policy/lexer.h"

#include "foundation/base/utf8.h"

namespace chiron::policy {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view token_name(Token token) {
  switch (token) {
    case Token::illegal:
      return "illegal";
    case Token::end:
      return "eof";
    case Token::identifier:
      return "identifier";
    case Token::number:
      return "number";
    case Token::string:
    case Token::raw_string:
      return "string";
    case Token::template_start:
    case Token::raw_template_start:
      return "template-string-part";
    case Token::left_bracket:
      return "[";
    case Token::right_bracket:
      return "]";
    case Token::left_brace:
      return "{";
    case Token::right_brace:
      return "}";
    case Token::left_paren:
      return "(";
    case Token::right_paren:
      return ")";
    case Token::comma:
      return ",";
    case Token::colon:
      return ":";
    case Token::plus:
      return "plus";
    case Token::minus:
      return "minus";
    case Token::multiply:
      return "mul";
    case Token::divide:
      return "div";
    case Token::remainder:
      return "rem";
    case Token::bit_and:
      return "and";
    case Token::bit_or:
      return "or";
    case Token::unify:
      return "eq";
    case Token::equal:
      return "equal";
    case Token::assign:
      return "assign";
    case Token::not_equal:
      return "neq";
    case Token::greater:
      return "gt";
    case Token::less:
      return "lt";
    case Token::greater_equal:
      return "gte";
    case Token::less_equal:
      return "lte";
    case Token::dot:
      return ".";
    case Token::semicolon:
      return ";";
  }
  return "";
}

Lexeme Lexer::next(std::uint32_t offset, Comments* comments) const {
  Lexeme result;
  const auto size = static_cast<std::uint32_t>(text_.size());
  std::uint32_t i = offset;
  for (; i < size; ++i) {
    const char c = text_[i];
    if (c == '\n') {
      result.after_space = result.after_line = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      result.after_space = true;
    } else if (c == '#') {
      const std::uint32_t begin = i;
      while (i < size && text_[i] != '\n') ++i;
      std::uint32_t end = i;
      if (end > begin && text_[end - 1] == '\r') --end;
      if (comments != nullptr) comments->comment(begin, end);
      result.after_space = true;
      --i;
    } else {
      break;
    }
  }
  result.begin = i;
  if (i >= size) {
    result.token = Token::end;
    result.begin = result.end = size;
    return result;
  }
  const char c = text_[i];
  auto peek = [&](std::uint32_t ahead) { return i + ahead < size ? text_[i + ahead] : '\0'; };
  auto finish = [&](Token token, std::uint32_t length) {
    result.token = token;
    result.end = i + length;
    return result;
  };
  auto illegal = [&](const char* problem, std::uint32_t end) {
    result.token = Token::illegal;
    result.problem = problem;
    result.end = end;
    return result;
  };

  if (is_letter(c)) {
    std::uint32_t length = 1;
    while (is_letter(peek(length)) || is_digit(peek(length))) ++length;
    return finish(Token::identifier, length);
  }
  if (is_digit(c)) {
    std::uint32_t length = 1;
    if (c == '0' && is_digit(peek(1))) return illegal("illegal number format", i + 2);
    while (is_digit(peek(length))) ++length;
    if (peek(length) == '.' && is_digit(peek(length + 1))) {
      ++length;
      while (is_digit(peek(length))) ++length;
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
      std::uint32_t exponent = length + 1;
      if (peek(exponent) == '+' || peek(exponent) == '-') ++exponent;
      if (!is_digit(peek(exponent))) return illegal("illegal number format", i + exponent);
      while (is_digit(peek(exponent))) ++exponent;
      length = exponent;
    }
    if (is_letter(peek(length))) return illegal("illegal number format", i + length);
    return finish(Token::number, length);
  }
  if (c == '"') {
    for (std::uint32_t at = i + 1; at < size; ++at) {
      if (text_[at] == '"') return finish(Token::string, at + 1 - i);
      if (text_[at] == '\n') break;
      if (text_[at] == '\\') ++at;
    }
    return illegal("non-terminated string", i + 1);
  }
  if (c == '`') {
    const std::size_t close = text_.find('`', i + 1);
    if (close == std::string_view::npos) return illegal("non-terminated string", i + 1);
    return finish(Token::raw_string, static_cast<std::uint32_t>(close) + 1 - i);
  }
  switch (c) {
    case '$':
      if (peek(1) == '"') return finish(Token::template_start, 2);
      if (peek(1) == '`') return finish(Token::raw_template_start, 2);
      return illegal("illegal $ character", i + 1);
    case '[':
      return finish(Token::left_bracket, 1);
    case ']':
      return finish(Token::right_bracket, 1);
    case '{':
      return finish(Token::left_brace, 1);
    case '}':
      return finish(Token::right_brace, 1);
    case '(':
      return finish(Token::left_paren, 1);
    case ')':
      return finish(Token::right_paren, 1);
    case ',':
      return finish(Token::comma, 1);
    case ';':
      return finish(Token::semicolon, 1);
    case '+':
      return finish(Token::plus, 1);
    case '-':
      return finish(Token::minus, 1);
    case '*':
      return finish(Token::multiply, 1);
    case '/':
      return finish(Token::divide, 1);
    case '%':
      return finish(Token::remainder, 1);
    case '&':
      return finish(Token::bit_and, 1);
    case '|':
      return finish(Token::bit_or, 1);
    case '.':
      return finish(Token::dot, 1);
    case ':':
      return peek(1) == '=' ? finish(Token::assign, 2) : finish(Token::colon, 1);
    case '=':
      return peek(1) == '=' ? finish(Token::equal, 2) : finish(Token::unify, 1);
    case '!':
      return peek(1) == '=' ? finish(Token::not_equal, 2) : illegal("illegal ! character", i + 1);
    case '<':
      return peek(1) == '=' ? finish(Token::less_equal, 2) : finish(Token::less, 1);
    case '>':
      return peek(1) == '=' ? finish(Token::greater_equal, 2) : finish(Token::greater, 1);
    default:
      break;
  }
  return illegal(nullptr, i + utf8::decode(text_, i).length);
}

bool unquote(std::string_view literal, std::string& out, std::size_t& bad) {
  const std::string_view text = literal.substr(1, literal.size() - 2);
  out.clear();
  auto four = [&](std::size_t at, char32_t& point) {
    if (at + 4 > text.size()) return false;
    point = 0;
    for (std::size_t d = 0; d < 4; ++d) {
      const int value = hex_value(text[at + d]);
      if (value < 0) return false;
      point = point * 16 + static_cast<char32_t>(value);
    }
    return true;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\\') {
      if (static_cast<unsigned char>(c) < 0x20) {
        bad = i + 1;
        return false;
      }
      out += c;
      continue;
    }
    bad = i + 1;
    if (++i >= text.size()) return false;
    switch (text[i]) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        char32_t point = 0;
        if (!four(i + 1, point)) return false;
        i += 4;
        if (point >= 0xd800 && point < 0xdc00) {
          char32_t low = 0;
          if (i + 2 < text.size() && text[i + 1] == '\\' && text[i + 2] == 'u' && four(i + 3, low) && low >= 0xdc00 &&
              low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            i += 6;
          } else {
            point = 0xfffd;
          }
        } else if (point >= 0xdc00 && point < 0xe000) {
          point = 0xfffd;
        }
        utf8::append(out, point);
        break;
      }
      default:
        return false;
    }
  }
  return true;
}

}  // namespace chiron::policy
