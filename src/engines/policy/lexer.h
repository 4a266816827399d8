// Tokens of Rego. Keywords that depend on version and imports are the parser's matter: here every word is an
// identifier.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace chiron::policy {

enum class Token : std::uint8_t {
  illegal,
  end,
  identifier,
  number,
  string,
  raw_string,
  template_start,
  raw_template_start,
  left_bracket,
  right_bracket,
  left_brace,
  right_brace,
  left_paren,
  right_paren,
  comma,
  colon,
  plus,
  minus,
  multiply,
  divide,
  remainder,
  bit_and,
  bit_or,
  unify,
  equal,
  assign,
  not_equal,
  greater,
  less,
  greater_equal,
  less_equal,
  dot,
  semicolon
};
// As parse errors name it.
[[nodiscard]] std::string_view token_name(Token token);

struct Lexeme {
  Token token = Token::end;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool after_space = false;       // white space or a comment stands before it
  bool after_line = false;        // … with a line break in it
  const char* problem = nullptr;  // illegal: what is wrong
};

// Scans the token at or after `offset`; comments are reported to the caller through `comment_begin`, one at a time.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  // Called with [begin, end) of every comment passed over, in order; may be null.
  struct Comments {
    virtual ~Comments() = default;
    virtual void comment(std::uint32_t begin, std::uint32_t end) = 0;
  };
  [[nodiscard]] Lexeme next(std::uint32_t offset, Comments* comments) const;

 private:
  std::string_view text_;
};

// The content of a string literal (with its quotes); false where an escape is malformed, `bad` then its offset.
[[nodiscard]] bool unquote(std::string_view literal, std::string& out, std::size_t& bad);

}  // namespace chiron::policy
