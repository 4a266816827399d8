// A small lexer for the sources in reports: comments, strings, numbers, keywords, names that are called. It knows
// languages by their file names and is never wrong by more than a colour.
#pragma once
#include <string_view>
#include <vector>

namespace chiron::coverage {

struct Token {
  std::string_view css;  // Pygments' short class ("k", "s2", "c1"), "" for plain text
  std::string_view text;
};

// The tokens of each line; no token holds a newline.
[[nodiscard]] std::vector<std::vector<Token>> highlight_lines(std::string_view path, std::string_view code);

// The word after the fence in Markdown; "" for languages that are shown without.
[[nodiscard]] std::string_view markdown_hint(std::string_view path);

}  // namespace chiron::coverage
