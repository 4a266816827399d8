// From the command line to an operation and its request, by the operations' descriptions.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/operation.h"
#include "operations/globals.h"

namespace chiron::cli {

struct Command {
  const Operation* operation = nullptr;  // nullptr: none named
  std::shared_ptr<void> request;
  Globals globals;
  std::string topic;  // the words asked help for, where no operation is named ("coverage")
  // A field of that name was given on the command line.
  std::vector<std::string> given;
};

// `arguments` without the program's name. Errors: "usage.command", "usage.flag", "usage.value", "usage.argument".
[[nodiscard]] Result<Command> parse_command_line(std::span<const std::string> arguments, const Registry& registry);

}  // namespace chiron::cli
