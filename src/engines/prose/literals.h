// What a regular expression needs: literals of which any text that it matches must hold at least one. Rules whose
// literals are not in a text are not run on it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::prose {

// Lower-case ASCII literals, at least two bytes each; empty where nothing is certain. The pattern may be
// case-insensitive or not: the literals are looked for without regard to case.
[[nodiscard]] std::vector<std::string> required_literals(std::string_view pattern);

// Finds which sets of literals occur in a text, in one pass (Aho-Corasick over folded ASCII letters).
class LiteralScanner {
 public:
  // Set i is rule i's literals.
  explicit LiteralScanner(const std::vector<std::vector<std::string>>& sets);
  // Sets found[i] for every set with a literal in `text`.
  void scan(std::string_view text, std::vector<std::uint8_t>& found) const;

 private:
  std::vector<std::uint8_t> classes_;  // of each byte; 0 for bytes in no literal
  std::size_t width_ = 1;              // classes
  std::vector<std::uint32_t> next_;    // state * width + class, the high bit marks states with output
  std::vector<std::vector<std::uint32_t>> output_;
};

}  // namespace chiron::prose
