// Regular expressions as styles write them (.NET's dialect as regexp2 has it), run by PCRE2 with its JIT compiler.
//
// Words, digits and case are Unicode's (UCP). Look-behind of variable length, which PCRE2 lacks, is taken out of the
// pattern and checked by a callout against the text before the place.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::prose {

namespace limits {
inline constexpr std::size_t kPatternBytes = 1u << 20;
inline constexpr std::uint32_t kMatchSteps = 5'000'000;  // of one search; more is an error of the rule
inline constexpr std::size_t kLookBehindBytes = 1024;    // how far a variable look-behind reaches back
inline constexpr std::size_t kLookBehinds = 64;          // in one pattern
}  // namespace limits

// Begin and end of each group in bytes; kUnset where a group took no part.
struct Match {
  static constexpr std::size_t kUnset = static_cast<std::size_t>(-1);
  std::vector<std::size_t> bounds;
  [[nodiscard]] std::size_t begin(std::size_t group = 0) const { return bounds[2 * group]; }
  [[nodiscard]] std::size_t end(std::size_t group = 0) const { return bounds[2 * group + 1]; }
  [[nodiscard]] std::size_t groups() const { return bounds.size() / 2; }
};

class Pattern {
 public:
  // Errors: "prose.pattern" with what is wrong and where in the pattern; "limit.size".
  [[nodiscard]] static Result<Pattern> compile(std::string_view text);
  Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  [[nodiscard]] bool empty() const { return impl_ == nullptr; }
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] std::size_t group_count() const;  // without the whole match
  [[nodiscard]] std::string_view group_name(std::size_t group) const;

  // The next match at or after `from`. Safe from several threads. Text that is not valid UTF-8 never matches; a search
  // past limits::kMatchSteps matches nothing.
  [[nodiscard]] bool search(std::string_view subject, std::size_t from, Match& match) const;
  [[nodiscard]] bool found_in(std::string_view subject) const;
  // Each match from left to right, none overlapping; after an empty one the search goes on a character further.
  void each(std::string_view subject, const std::function<void(const Match&)>& visit) const;
  [[nodiscard]] std::vector<Match> find_all(std::string_view subject) const;
  // Replaces matches (all, or the first `limit`), "$1" "${name}" "$$" in the replacement standing for groups.
  [[nodiscard]] std::string replace(std::string_view subject, std::string_view replacement,
                                    std::size_t limit = 0) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The text with everything escaped that a pattern would read as syntax.
[[nodiscard]] std::string quote_pattern(std::string_view text);

}  // namespace chiron::prose
