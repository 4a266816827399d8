// chiron policy context: the repository as policies see it.
#include "engines/repository/context.h"
#include "foundation/doc/json.h"
#include "operations/operations.h"
#include "operations/repository_context.h"

namespace chiron {

namespace {

struct PolicyContextRequest {
  std::string base;
  std::int64_t window_days = 90;
};

Result<Response> run_policy_context(const PolicyContextRequest& request, Context& context) {
  Response response;
  response.output = doc::write_json_pretty(TRY(repository_context(context, request.base, request.window_days))) + "\n";
  return response;
}

}  // namespace

Operation policy_context_operation() {
  using R = PolicyContextRequest;
  auto made = operation<R>(
      "policy context", "Show the repository as policies see it",
      Fields<R>()
          .add("base", &R::base,
               {.help = "The revision that files are compared with", .placeholder = "REV", .example = "origin/main"})
          .add("window-days", &R::window_days,
               {.help = "Days that a bill of materials stays fresh, 0 for no window",
                .fallback = "90",
                .placeholder = "DAYS",
                .minimum = 0,
                .maximum = 100000})
          .take(),
      run_policy_context);
  made.description =
      "One JSON document of dependency manifests, lock files, bills of materials, workflows and git's facts. It is the "
      "input of policies with `context = true` in `[gate.policy]`, and of `policy eval` after writing it to a file.";
  made.examples = {{"chiron policy context", "the repository, as JSON"},
                   {"chiron policy context --base origin/main", "and which files changed since"}};
  return made;
}

}  // namespace chiron
