// The explicit table of every operation.
#pragma once
#include "core/operation.h"

namespace chiron {

[[nodiscard]] Registry make_registry();

}  // namespace chiron
