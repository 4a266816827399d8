// Names of the arguments and results of built-ins, as type errors show them.
#pragma once
#include <string_view>

namespace chiron::policy {

struct ArgumentNames {
  std::string_view builtin;
  std::string_view names;         // of the arguments, then of the result, separated by commas
  std::string_view descriptions;  // in the same order, separated by bars; empty where there is none
};
// Empty names where the built-in is not listed.
[[nodiscard]] ArgumentNames argument_names(std::string_view builtin);

}  // namespace chiron::policy
