// One function an operation, each in a file of its own; registry.cpp lists them.
#pragma once
#include "core/operation.h"

namespace chiron {

Operation explain_operation();
Operation completion_operation();
Operation schema_operation();
Operation reference_operation();

}  // namespace chiron
