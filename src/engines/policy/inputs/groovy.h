// Groovy source as tokens, and the tree that the reader makes of them.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "engines/policy/inputs/formats.h"

namespace chiron::policy::inputs::groovy {

struct Token {
  std::string_view kind;  // "Identifier", "StringLiteral", "LBrace", …; "EOF" for the last
  std::string_view text;
  std::size_t begin = 0;
  bool on_new_line = false;  // a line ends between the token before and this one

  [[nodiscard]] Span span() const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + text.size())};
  }
};

// Every token, white space and comments apart; the last is EOF.
[[nodiscard]] Result<std::vector<Token>> tokens_of(std::string_view text, const ReadOptions& options);

}  // namespace chiron::policy::inputs::groovy
