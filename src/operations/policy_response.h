// What a policy command gave, as the operation's response.
#pragma once
#include "core/operation.h"
#include "operations/policy_tool.h"

namespace chiron {

[[nodiscard]] inline PolicyToolContext policy_context(Context& context) {
  return {context.pool, &context.cancel, context.read_input};
}
[[nodiscard]] inline Response policy_response(PolicyToolResult result) {
  Response response;
  response.output = std::move(result.out);
  if (!result.err.empty()) {
    if (result.err.ends_with('\n')) result.err.pop_back();
    response.notices.push_back(std::move(result.err));
  }
  response.exit_code = result.exit_code;
  return response;
}

}  // namespace chiron
