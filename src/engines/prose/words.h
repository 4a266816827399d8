// Words and sentences of English text, with their places.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engines/prose/document.h"

namespace chiron::prose {

struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Words as a speller looks at them: split at white space, brackets, quotes and end marks stripped, only those with a
// letter.
[[nodiscard]] std::vector<Word> split_words(std::string_view text);

// Sentences, white space at their ends left out. Abbreviations, initials, decimals and ellipses end none.
[[nodiscard]] std::vector<Word> split_sentences(std::string_view text);

// Unicode, by the C++ library's lack of it: classes of code points that prose needs.
[[nodiscard]] bool is_letter(char32_t point);
[[nodiscard]] bool is_upper(char32_t point);
[[nodiscard]] bool is_space(char32_t point);
[[nodiscard]] char32_t to_lower(char32_t point);
[[nodiscard]] char32_t to_upper(char32_t point);
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] bool equal_fold(std::string_view a, std::string_view b);
// First letter upper case; the others lower case if asked for.
[[nodiscard]] std::string to_title(std::string_view word, bool lower_rest);

// What readability formulas count.
struct Measures {
  double words = 0, sentences = 0, characters = 0, syllables = 0, complex_words = 0, long_words = 0,
         polysyllabic_words = 0, paragraphs = 0;
};
[[nodiscard]] Measures measure(std::string_view text);
[[nodiscard]] int count_syllables(std::string_view word);

}  // namespace chiron::prose
