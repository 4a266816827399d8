// Parts of speech (Penn Treebank tags) for English: a lexicon of the words that rules hang on, endings for the rest,
// and rules of context. Small on purpose; where it disagrees with a statistical tagger is told in the documentation.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace chiron::prose {

struct TaggedToken {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view tag;
};

class Tagger {
 public:
  Tagger();
  // Tokens of one sentence: words (contractions split: "do" "n't", "it" "'s") and marks.
  [[nodiscard]] std::vector<TaggedToken> tag(std::string_view sentence) const;
  // The tag of a word that follows "to" in a title: a noun's where it is no verb.
  [[nodiscard]] std::string_view tag_after_to(std::string_view word) const;

 private:
  // Tags a word may have, the most likely first, separated by "|".
  [[nodiscard]] std::string_view look_up(std::string_view lower) const;
  std::unordered_map<std::string_view, std::string_view> lexicon_;
};

}  // namespace chiron::prose
