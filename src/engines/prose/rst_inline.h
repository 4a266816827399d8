// Inline markup of reStructuredText (specification, "Inline Markup"), told to a walker.
#pragma once
#include "engines/prose/lines.h"

namespace chiron::prose {

// Text of at most this length is looked at for the parts of one construct with a bound of its own: names and addresses.
namespace limits {
inline constexpr std::size_t kInlineName = 1024;
inline constexpr std::size_t kRoleName = 64;
}  // namespace limits

void tell_rst_inline(const Run& run, Walker& walker);

}  // namespace chiron::prose
