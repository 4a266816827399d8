// chiron policy parse: the syntax tree of a policy.
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run(const PolicyParseRequest& request, Context&) { return policy_response(policy_parse(request)); }

}  // namespace

Operation policy_parse_operation() {
  using R = PolicyParseRequest;
  Operation made = operation<R>(
      "policy parse", "Show the syntax tree of a policy",
      Fields<R>()
          .add("path", &R::paths, {.help = "The policy", .placeholder = "FILE", .positional = true, .is_path = true})
          .add("show", &R::format,
               {.help = "Form of the tree", .fallback = "pretty", .choices = {"pretty", "json"}, .letter = 'f'})
          .add("json-include", &R::json_include,
               {.help = "Parts of the JSON: -comments leaves comments out, locations says where each node stands",
                .placeholder = "PARTS"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read the policy as Rego v0"})
          .take(),
      run);
  made.examples = {{"chiron policy parse --show json policy.rego", "the tree as JSON"}};
  return made;
}

}  // namespace chiron
