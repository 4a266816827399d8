// chiron policy check: do the policies compile?
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run(const PolicyCheckRequest& request, Context&) { return policy_response(policy_check(request)); }

}  // namespace

Operation policy_check_operation() {
  using R = PolicyCheckRequest;
  Operation made = operation<R>(
      "policy check", "Compile policies and report their errors",
      Fields<R>()
          .add("path", &R::paths,
               {.help = "Policies: files and folders", .placeholder = "PATH", .positional = true, .is_path = true})
          .add("show", &R::format,
               {.help = "Form of the errors", .fallback = "pretty", .choices = {"pretty", "json"}, .letter = 'f'})
          .add("bundle", &R::bundle, {.help = "The paths are bundles", .letter = 'b'})
          .add("strict", &R::strict, {.help = "Refuse unused imports and variables", .letter = 'S'})
          .add("max-errors", &R::max_errors,
               {.help = "Errors reported, 0 for all", .fallback = "10", .minimum = 0, .letter = 'm'})
          .add(
              "capabilities", &R::capabilities,
              {.help = "A capabilities file that lists the built-ins to allow", .placeholder = "FILE", .is_path = true})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .take(),
      run);
  made.examples = {{"chiron policy check policies/", "every policy below a folder"}};
  return made;
}

}  // namespace chiron
