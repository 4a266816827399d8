// chiron policy fmt: the layout of policies.
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run(const PolicyFormatRequest& request, Context& context) {
  PolicyToolContext tool = policy_context(context);
  return policy_response(policy_format(request, tool));
}

}  // namespace

Operation policy_fmt_operation() {
  using R = PolicyFormatRequest;
  Operation made = operation<R>(
      "policy fmt", "Lay policies out, as OPA's formatter does",
      Fields<R>()
          .add("path", &R::paths,
               {.help = "Policies: files and folders; standard input without any",
                .placeholder = "PATH",
                .positional = true,
                .is_path = true})
          .add("write", &R::write, {.help = "Write the files in place", .letter = 'w'})
          .add("list", &R::list, {.help = "Only list files that would change", .letter = 'l'})
          .add("diff", &R::diff, {.help = "Only show what would change", .letter = 'd'})
          .add("fail", &R::fail, {.help = "Exit with 2 where a file would change"})
          .add("no-check-result", &R::no_check_result, {.help = "Do not parse what was formatted"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read and write Rego v0"})
          .add("v0-v1", &R::v0_v1, {.help = "Read Rego v0 and write what both versions take"})
          .add("drop-v0-imports", &R::drop_v0_imports, {.help = "Leave out imports that v1 has no need of"})
          .take(),
      run);
  made.examples = {{"chiron policy fmt --write policies/", "every policy below a folder, in place"},
                   {"chiron policy fmt --list --fail policies/", "as a check"}};
  return made;
}

}  // namespace chiron
