// diff-cover as a drop-in name; see docs/gates/coverage.md for what it takes.
#pragma once
#include <span>
#include <string>

#include "surfaces/dropin/dropin.h"

namespace chiron {

int diff_cover_tool(std::span<const std::string> arguments, DropInContext& context);

}  // namespace chiron
