// What changed between two texts, character by character, for people to read in colour.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace chiron::policy {

struct TextChange {
  enum class Kind : unsigned char { same, removed, added };
  Kind kind = Kind::same;
  std::u32string text;
  bool operator==(const TextChange&) const = default;
};
// A short script that makes `to` of `from`; parts next to one another differ in kind. Long texts that have little in
// common are told as removed and added whole.
[[nodiscard]] std::vector<TextChange> text_changes(std::string_view from, std::string_view to);
// Removed in red, added in green, as escape sequences of a terminal.
[[nodiscard]] std::string coloured(const std::vector<TextChange>& changes);

}  // namespace chiron::policy
