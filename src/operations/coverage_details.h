// What `chiron coverage diff` tells of a change beyond its numbers: whose lines are uncovered, and which tests come
// nearest to them.
#pragma once
#include <string>

#include "core/context.h"
#include "engines/coverage/blame.h"

namespace chiron::coverage_details {

// A table of the measured lines by author or commit; `revision` is what git is asked about, "" for the working tree.
[[nodiscard]] Result<std::string> shares(const coverage::DiffCoverage& coverage, const std::string& root,
                                         const std::string& revision, coverage::ShareBy by, Context& context);

// A line for each run of uncovered lines, with the tests that `chiron test --coverage` saw nearest to it.
// Errors: "coverage.no-record" where there is no such record.
[[nodiscard]] Result<std::string> nearest_tests(const coverage::DiffCoverage& coverage, const std::string& root,
                                                Context& context);

}  // namespace chiron::coverage_details
