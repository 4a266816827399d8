// Help texts, from the operations' descriptions.
#pragma once
#include <string>

#include "core/operation.h"

namespace chiron::cli {

struct HelpStyle {
  bool colour = false;
  unsigned width = 100;
};

// All commands, a line each, grouped by their first word where they have several.
[[nodiscard]] std::string overview_help(const Registry& registry, const HelpStyle& style);
// The commands of one group ("coverage").
[[nodiscard]] std::string group_help(const Registry& registry, std::string_view group, const HelpStyle& style);
[[nodiscard]] std::string operation_help(const Operation& operation, const HelpStyle& style);

}  // namespace chiron::cli
