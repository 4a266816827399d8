// A named stretch of bytes that no reader takes apart further: its differing bytes with windows around them.
#pragma once
#include <string_view>

#include "engines/compare/comparer.h"

namespace chiron::compare {

// Adds a child of `out` where the pieces differ, and returns it; `at_a`/`at_b` lie in `out`'s bytes.
Difference* compare_piece(std::string_view name, std::string_view format, ByteView a, ByteView b, Range at_a,
                          Range at_b, Context& context, Difference& out);

}  // namespace chiron::compare
