// Coverage of all files as one HTML page that needs no network: totals, a table of files that can be filtered and
// sorted, and every source with the count of each line and the ways that were never taken.
#pragma once
#include <string>
#include <vector>

#include "engines/coverage/model.h"
#include "engines/coverage/snippets.h"

namespace chiron::coverage {

// The files are normalized. A source that cannot be read is shown as such, with the numbers of its missing lines.
[[nodiscard]] std::string write_page(const std::vector<SourceFile>& files, const SourceReader& read_source);

}  // namespace chiron::coverage
