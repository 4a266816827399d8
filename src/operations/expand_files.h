// Paths and wildcards of a request as files on disk, built ones too: what git ignores is found as well.
#pragma once
#include <string>
#include <vector>

#include "core/context.h"

namespace chiron {

// Absolute, each once, in the order of `patterns` and sorted within one. A path without wildcards is taken as it
// stands; a wildcard may match nothing.
[[nodiscard]] Result<std::vector<std::string>> expand_files(const std::vector<std::string>& patterns, Context& context);

}  // namespace chiron
