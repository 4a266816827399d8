// A source excerpt laid out for a screen of fixed-width cells: tabs widened, hostile characters made visible, the
// marked range given in cells.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.h"

namespace chiron {

// Text that is safe to print on a terminal: control characters and those that reverse or hide text (bidirectional
// controls, zero-width ones) appear as <U+202E>; ill-formed bytes as U+FFFD. Newlines stay where `keep_newlines`.
[[nodiscard]] std::string printable(std::string_view text, bool keep_newlines = false);

struct ExcerptLine {
  std::uint32_t number = 0;
  std::string text;
  std::size_t mark_begin = 0;  // cells; an empty range marks nothing
  std::size_t mark_end = 0;
};

// The lines of the finding's excerpt. Lines wider than `width` cells are cut around the mark, with "…" where cut.
[[nodiscard]] std::vector<ExcerptLine> lay_out_excerpt(const Finding& finding, std::size_t width);

}  // namespace chiron
