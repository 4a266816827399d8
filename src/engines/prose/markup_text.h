// Small questions about text that inline readers ask.
#pragma once
#include <cstddef>
#include <string_view>

namespace chiron::prose {

[[nodiscard]] inline bool is_space_byte(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\v' || c == '\r';
}
// ASCII letters, digits and "_", and every byte of a letter outside ASCII.
[[nodiscard]] inline bool is_word_byte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' || u >= 0x80;
}
[[nodiscard]] inline bool is_punctuation_byte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u > 32 && u < 127 && !(is_word_byte(c) && c != '_');
}

[[nodiscard]] char32_t point_at(std::string_view text, std::size_t at);
// The code point that ends before `at`, which is not 0.
[[nodiscard]] char32_t point_before(std::string_view text, std::size_t at);
// Outside ASCII: dashes, quotes and brackets, and other punctuation and space, that markup may stand next to.
[[nodiscard]] bool is_opening_punctuation(char32_t point);
[[nodiscard]] bool is_closing_punctuation(char32_t point);

// An address "scheme://…" or "mailto:…" whose colon stands at `colon` of the text, begun at `from` or later.
struct FoundAddress {
  std::size_t begin = 0;
  std::size_t end = 0;  // 0 where it is none
};
[[nodiscard]] FoundAddress find_address(std::string_view text, std::size_t colon, std::size_t from);

}  // namespace chiron::prose
