// A report with something of everything that a printed form can stumble over.
#pragma once
#include <map>

#include "core/report.h"

namespace chiron::test {

// Sources of the sample, by file name.
[[nodiscard]] const std::map<std::string, std::string>& sample_sources();
[[nodiscard]] SourceReader sample_reader();
// Finished by finish_report over sample_sources().
[[nodiscard]] Report sample_report();
[[nodiscard]] Timeline sample_timeline();
// An earlier run of the same workspace: some of the findings, and one that is fixed since.
[[nodiscard]] Report sample_before();

}  // namespace chiron::test
