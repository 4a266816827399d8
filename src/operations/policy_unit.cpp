// chiron policy unit: unit tests written in Rego.
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run(const PolicyUnitRequest& request, Context& context) {
  PolicyToolContext tool = policy_context(context);
  return policy_response(policy_unit(request, tool));
}

}  // namespace

Operation policy_unit_operation() {
  using R = PolicyUnitRequest;
  Operation made = operation<R>(
      "policy unit", "Run the unit tests of policies",
      Fields<R>()
          .add("path", &R::paths,
               {.help = "Policies, their tests and data", .placeholder = "PATH", .positional = true, .is_path = true})
          .add("show", &R::format,
               {.help = "Form of the report", .fallback = "pretty", .choices = {"pretty", "json"}, .letter = 'f'})
          .add("verbose", &R::verbose, {.help = "Show passing tests too", .letter = 'v'})
          .add("trace", &R::explain,
               {.help = "Steps of failed tests that --verbose shows",
                .fallback = "fails",
                .choices = {"off", "notes", "fails", "full", "debug"}})
          .add("var-values", &R::var_values, {.help = "Show the values of variables in the trace"})
          .add("run", &R::run, {.help = "Only tests whose full name matches", .placeholder = "REGEX", .letter = 'r'})
          .add("bundle", &R::bundle, {.help = "The paths are bundles", .letter = 'b'})
          .add("coverage", &R::coverage, {.help = "Report which lines ran, as JSON", .letter = 'c'})
          .add("conditions", &R::conditions,
               {.help = "Report the conditions that never held or never failed (with --coverage in its JSON)"})
          .add("threshold", &R::threshold,
               {.help = "Least coverage in percent", .fallback = "0", .minimum = 0, .maximum = 100})
          .add("timeout-ms", &R::timeout_ms, {.help = "Milliseconds a test may take", .fallback = "5000", .minimum = 1})
          .add("count", &R::count, {.help = "Times to run each test", .fallback = "1", .minimum = 1, .maximum = 100000})
          .add("exit-zero-on-skipped", &R::exit_zero_on_skipped,
               {.help = "Skipped tests are no failure", .letter = 'z'})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .take(),
      run);
  made.examples = {
      {"chiron policy unit policies/", "run every test_ rule below a folder"},
      {"chiron policy unit --conditions policies/", "and show which conditions the tests do not try both ways"}};
  return made;
}

}  // namespace chiron
