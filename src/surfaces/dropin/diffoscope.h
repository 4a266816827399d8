// diffoscope as a drop-in name.
#pragma once
#include "surfaces/dropin/dropin.h"

namespace chiron {

int run_diffoscope(std::span<const std::string> arguments, DropInContext& context);

}  // namespace chiron
