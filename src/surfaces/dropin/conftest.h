// The drop-in name conftest.
#pragma once
#include "surfaces/dropin/dropin.h"

namespace chiron {

int run_conftest(std::span<const std::string> arguments, DropInContext& context);

}  // namespace chiron
