// Comma separated values as lines of a source.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "engines/prose/lines.h"

namespace chiron::prose {

// Calls `tell` with the lines of each field, without its quotation marks, and whether it is the last of its row.
void csv_fields(std::string_view source, std::span<const Line> lines, char separator,
                const std::function<void(std::vector<Line>& field, bool line_ends)>& tell);

}  // namespace chiron::prose
