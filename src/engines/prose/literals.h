// What a regular expression needs: literals of which any text that it matches must hold at least one. Rules whose
// literals are not in a text are not run on it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::prose {

// In a literal: what stands beside is no letter, digit or "_" if what stands here is one ("\\b" of a pattern).
inline constexpr char kWordEdge = '\b';

// ASCII literals in lower case, "0" for any digit and " " for any white space, with kWordEdge where the pattern asks
// for one; empty where nothing is certain. The pattern may be case-insensitive or not: the literals are looked for
// without regard to case. They hold for texts that is_plain_for_literals() is true of.
[[nodiscard]] std::vector<std::string> required_literals(std::string_view pattern);

inline constexpr std::string_view kBeyondLiterals = "(?![\\x00-\\x7F])[\\d\\s]|[\\x{212A}\\x{17F}]";

// Finds which sets of literals occur in a text, in one pass (Aho-Corasick over folded ASCII).
class LiteralScanner {
 public:
  // Set i is rule i's literals.
  explicit LiteralScanner(const std::vector<std::vector<std::string>>& sets);
  // Sets found[i] for every set with a literal in `text`; tells whether all of it is ASCII.
  bool scan(std::string_view text, std::vector<std::uint8_t>& found) const;

 private:
  static constexpr std::uint32_t kHasOutput = 1u << 31;
  struct Output {
    std::uint32_t set = 0;
    std::uint32_t length = 0;
    bool edge_before = false;
    bool edge_after = false;
  };
  void add(std::string_view literal, std::uint32_t set);

  std::vector<std::uint8_t> classes_;  // of each byte; 0 for bytes in no literal
  std::size_t width_ = 1;              // classes
  std::vector<std::uint32_t> next_;    // by row and class the next row, with kHasOutput where a literal ends
  std::vector<std::vector<Output>> output_;
};

}  // namespace chiron::prose
