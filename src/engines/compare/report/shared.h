// What the report forms share: bounded output, unified diffs, the wording of a finding.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/report/report.h"

namespace chiron::compare {

// Output up to a bound; pieces past it are dropped whole and counted.
class BoundedText {
 public:
  explicit BoundedText(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}
  // False where the piece no longer fits.
  bool add(std::string_view piece);
  void add_always(std::string_view piece) { text_ += piece; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::string take() { return std::move(text_); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  std::uint64_t max_bytes_;
  std::uint64_t dropped_ = 0;
  std::string text_;
};

// One line of a unified diff with its mark.
struct DiffLine {
  char mark = ' ';  // ' ', '-', '+', '@'
  std::string text;
  const std::vector<Highlight>* highlights = nullptr;  // of the tree, where the text was taken unchanged
};
// Hunks, else hex windows, of the node itself; field changes as "name: value" lines.
[[nodiscard]] std::vector<DiffLine> diff_lines(const Difference& node);
[[nodiscard]] std::string unified_diff(const Difference& node);
[[nodiscard]] bool is_field(const Difference& node);
// "412 bytes in 3 places, the first at 0x1f4 (500)"; "" where no extents are known.
[[nodiscard]] std::string extent_text(const Difference& node);
// "3 contents, 5 metadata, 1 only in b" of what is not ignored.
[[nodiscard]] std::string counts_text(const Counts& counts);
// Valid UTF-8 with control characters made visible.
[[nodiscard]] std::string shown(std::string_view text);
// Where in the parent's bytes the node lies: "0x200+446".
[[nodiscard]] std::string place_text(const Difference& node);

}  // namespace chiron::compare
