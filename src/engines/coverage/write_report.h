// Merged coverage as text: a table, sources with counts beside them, and the two formats every service reads.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engines/coverage/model.h"

namespace chiron::coverage {

// One line a file and a sum: lines, branches, conditions, functions. The files are normalized.
[[nodiscard]] std::string write_table(const std::vector<SourceFile>& files, bool colour);
// The source with the count of each line, "!" before lines never run and "~" before lines with ways not taken.
[[nodiscard]] std::string write_annotated(const SourceFile& file, std::string_view source, bool colour);
[[nodiscard]] std::string write_lcov(const std::vector<SourceFile>& files);
[[nodiscard]] std::string write_cobertura(const std::vector<SourceFile>& files);
// {"version": 1, "files": [{path, lines: {covered, total, missing: [[first, last]]}, branches…}], "totals": {…}}
[[nodiscard]] std::string write_summary_json(const std::vector<SourceFile>& files);

}  // namespace chiron::coverage
