// Values as YAML text.
#pragma once
#include <string>

#include "engines/policy/value.h"

namespace chiron::policy::functions {

// Ends with a newline. The value's depth must be bounded by the caller.
[[nodiscard]] std::string to_yaml(Value value);

}  // namespace chiron::policy::functions
