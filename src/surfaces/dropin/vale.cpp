// The drop-in name `vale`.
#include "engines/prose/vale.h"

#include <cstdlib>

#include "surfaces/dropin/dropin.h"

namespace chiron {

int run_vale_drop_in(std::span<const std::string> arguments, DropInContext& context);

int run_vale_drop_in(std::span<const std::string> arguments, DropInContext& context) {
  prose::ValeRequest request;
  request.arguments.assign(arguments.begin(), arguments.end());
  for (const auto* name : {"VALE_CONFIG_PATH", "VALE_STYLES_PATH", "HOME"}) {
    if (const char* value = std::getenv(name); value != nullptr) request.environment.emplace_back(name, value);
  }
  // Standard input is the text where no file, text or command is named.
  request.read_input = context.read_input;
  request.colour = context.terminal && std::getenv("NO_COLOR") == nullptr;
  const auto run = prose::run_vale(request, context.pool);
  context.out.write(run.output);
  context.err.write(run.error_output);
  return run.exit_code;
}

}  // namespace chiron
