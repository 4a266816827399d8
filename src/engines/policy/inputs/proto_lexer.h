// Words, numbers, strings and marks: the common ground of .proto files and of the text format.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "engines/policy/inputs/formats.h"

namespace chiron::policy::proto {

enum class TokenKind : std::uint8_t { end, word, number, string, mark };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  // as written
  std::string content;    // a string's, without quotes and escapes
  doc::Span span;
};

// Of one token ahead. `hash_comments`: # begins a comment (text format), else // and /* */ do (.proto).
class Lexer {
 public:
  Lexer(std::string_view format, std::string_view text, const doc::ReadOptions& options, bool hash_comments)
      : format_(format), text_(text), options_(options), hash_comments_(hash_comments) {}

  // Reads the next token into current().
  [[nodiscard]] Result<void> advance();
  [[nodiscard]] const Token& current() const { return current_; }
  [[nodiscard]] bool at(std::string_view text) const {
    return current_.text == text && (current_.kind == TokenKind::word || current_.kind == TokenKind::mark);
  }
  [[nodiscard]] std::unexpected<Error> wrong(std::string message, std::string next = {}) const {
    return wrong_at(current_.span, std::move(message), std::move(next));
  }
  [[nodiscard]] std::unexpected<Error> wrong_at(doc::Span span, std::string message, std::string next = {}) const {
    return inputs::syntax_error(format_, text_, options_, span.begin, std::move(message), std::move(next));
  }
  [[nodiscard]] std::unexpected<Error> too_deep() const {
    return inputs::too_deep(text_, options_, current_.span.begin);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Result<void> space();
  [[nodiscard]] Result<void> string(char quote);
  [[nodiscard]] Result<void> escape(std::string& out);

  std::string_view format_;
  std::string_view text_;
  const doc::ReadOptions& options_;
  bool hash_comments_;
  std::size_t at_ = 0;
  Token current_;
};

}  // namespace chiron::policy::proto
