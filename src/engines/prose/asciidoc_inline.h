// Inline markup of AsciiDoc: formatting, macros, references, passthroughs.
#pragma once
#include <vector>

#include "engines/prose/lines.h"

namespace chiron::prose {

// Tells the text inline; then each footnote in it as a paragraph of its own, once `close` has ended the block.
void tell_asciidoc_inline(const Run& run, Walker& walker, std::string_view tag);

// What the brackets of an image hold: its alternative text, or an empty range.
[[nodiscard]] Range alternative_of(std::string_view source, std::uint32_t begin, std::uint32_t end);

}  // namespace chiron::prose
