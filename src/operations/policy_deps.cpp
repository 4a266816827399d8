// chiron policy deps: the documents that a query reads.
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run(const PolicyDepsRequest& request, Context&) { return policy_response(policy_deps(request)); }

}  // namespace

Operation policy_deps_operation() {
  using R = PolicyDepsRequest;
  Operation made = operation<R>(
      "policy deps", "List the documents that a query reads",
      Fields<R>()
          .add("query", &R::query,
               {.help = "The query", .placeholder = "QUERY", .example = "data.main.deny", .positional = true})
          .add("data", &R::data, {.help = "Policies and data", .placeholder = "PATH", .letter = 'd', .is_path = true})
          .add("bundle", &R::bundles, {.help = "Bundle folders", .placeholder = "PATH", .letter = 'b', .is_path = true})
          .add("show", &R::format,
               {.help = "Form of the list", .fallback = "pretty", .choices = {"pretty", "json"}, .letter = 'f'})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .take(),
      run);
  made.examples = {{"chiron policy deps -d policy.rego data.main.deny", "what a rule depends on"}};
  return made;
}

}  // namespace chiron
