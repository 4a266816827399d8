// chiron policy explain and chiron policy bench.
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run_explain(const PolicyExplainRequest& request, Context& context) {
  PolicyToolContext tool = policy_context(context);
  return policy_response(policy_explain(request, tool));
}
Result<Response> run_bench(const PolicyBenchRequest& request, Context& context) {
  PolicyToolContext tool = policy_context(context);
  return policy_response(policy_bench(request, tool));
}

}  // namespace

Operation policy_explain_operation() {
  using R = PolicyExplainRequest;
  Operation made = operation<R>(
      "policy explain", "Show the conditions that made a rule hold, or the first that failed",
      Fields<R>()
          .add("rule", &R::rule,
               {.help = "The rule", .placeholder = "RULE", .example = "data.main.deny", .positional = true})
          .add("data", &R::data,
               {.help = "Policies and data: files, folders, or prefix:path",
                .placeholder = "PATH",
                .letter = 'd',
                .is_path = true})
          .add("bundle", &R::bundles, {.help = "Bundle folders", .placeholder = "PATH", .letter = 'b', .is_path = true})
          .add("input", &R::input,
               {.help = "The input document, JSON or YAML", .placeholder = "FILE", .letter = 'i', .is_path = true})
          .add("show", &R::format,
               {.help = "Form of the explanation", .fallback = "text", .choices = {"text", "json"}, .letter = 'f'})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .add("timeout-ms", &R::timeout_ms,
               {.help = "Milliseconds the evaluation may take, 0 for no bound", .fallback = "0", .minimum = 0})
          .take(),
      run_explain);
  made.examples = {{"chiron policy explain -d policy.rego -i input.json data.main.deny", "why an input is denied"}};
  return made;
}

Operation policy_bench_operation() {
  using R = PolicyBenchRequest;
  Operation made = operation<R>(
      "policy bench", "Measure how long a query takes",
      Fields<R>()
          .add("query", &R::query,
               {.help = "The query", .placeholder = "QUERY", .example = "data.main.deny", .positional = true})
          .add("data", &R::data, {.help = "Policies and data", .placeholder = "PATH", .letter = 'd', .is_path = true})
          .add("bundle", &R::bundles, {.help = "Bundle folders", .placeholder = "PATH", .letter = 'b', .is_path = true})
          .add("input", &R::input,
               {.help = "The input document, JSON or YAML", .placeholder = "FILE", .letter = 'i', .is_path = true})
          .add("import", &R::imports,
               {.help = "Imports for the query", .placeholder = "PATH", .example = "data.catalog"})
          .add("package", &R::package,
               {.help = "Package whose rules the query may name", .placeholder = "PACKAGE", .example = "main"})
          .add("show", &R::format,
               {.help = "Form of the figures",
                .fallback = "pretty",
                .choices = {"pretty", "json", "gobench"},
                .letter = 'f'})
          .add("count", &R::count, {.help = "Times to measure", .fallback = "1", .minimum = 1, .maximum = 1000})
          .add("duration-ms", &R::duration_ms,
               {.help = "Milliseconds each measurement takes", .fallback = "1000", .minimum = 1, .maximum = 600000})
          .add("fail", &R::fail, {.help = "Exit with 1 where the query is undefined"})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .take(),
      run_bench);
  made.examples = {{"chiron policy bench -d policy.rego -i input.json data.main.deny", "time a query"}};
  return made;
}

}  // namespace chiron
