// Differences of two texts, line by line, in time near linear in their length: equal ends are cut off, lines that
// occur once on both sides anchor the rest, what lies between is matched by Myers' algorithm with a bound.
#pragma once
#include "engines/compare/budget.h"
#include "engines/compare/difference.h"

namespace chiron::compare {

// Adds the hunks of `a` against `b` (with highlighted words) to `out`. Any bytes are accepted; lines end at "\n".
void diff_text(ByteView a, ByteView b, const Budget& budget, Difference& out);

// As diff_text, as a child named `name` of `parent` with `format`; nothing is added where the texts are equal. For
// listings that a comparer makes (symbols, relocations): line numbers are those of the listing.
Difference* diff_listing(std::string_view name, std::string_view format, ByteView a, ByteView b, const Budget& budget,
                         Difference& parent);

// Whether the bytes read as text: no NUL and few control characters, well-formed UTF-8 or a single-byte encoding.
[[nodiscard]] bool looks_like_text(ByteView bytes);

}  // namespace chiron::compare
