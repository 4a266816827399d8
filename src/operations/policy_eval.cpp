// chiron policy eval: one query over policies, data and an input.
#include "operations/operations.h"
#include "operations/policy_response.h"

namespace chiron {
namespace {

Result<Response> run(const PolicyEvalRequest& request, Context& context) {
  PolicyToolContext tool = policy_context(context);
  return policy_response(policy_eval(request, tool));
}

}  // namespace

Operation policy_eval_operation() {
  using R = PolicyEvalRequest;
  Operation made = operation<R>(
      "policy eval", "Evaluate a Rego query",
      Fields<R>()
          .add("query", &R::query,
               {.help = "The query, unless --stdin",
                .placeholder = "QUERY",
                .example = "data.main.deny",
                .positional = true})
          .add("data", &R::data,
               {.help = "Policies and data: files, folders, or prefix:path",
                .placeholder = "PATH",
                .letter = 'd',
                .is_path = true})
          .add("bundle", &R::bundles, {.help = "Bundle folders", .placeholder = "PATH", .letter = 'b', .is_path = true})
          .add("input", &R::input,
               {.help = "The input document, JSON or YAML", .placeholder = "FILE", .letter = 'i', .is_path = true})
          .add("import", &R::imports,
               {.help = "Imports for the query", .placeholder = "PATH", .example = "data.catalog"})
          .add("package", &R::package,
               {.help = "Package whose rules the query may name", .placeholder = "PACKAGE", .example = "main"})
          .add("show", &R::format,
               {.help = "Form of the result",
                .fallback = "json",
                .choices = {"json", "values", "bindings", "pretty", "raw", "discard", "source"},
                .letter = 'f'})
          .add("ignore", &R::ignore, {.help = "Patterns of file names to leave out", .placeholder = "GLOB"})
          .add("allow-net", &R::allow_net,
               {.help = "Hosts that built-ins may talk to; none unless named", .placeholder = "HOST"})
          .add("fail", &R::fail, {.help = "Exit with 1 where the query is undefined"})
          .add("fail-defined", &R::fail_defined, {.help = "Exit with 1 where the query is defined"})
          .add("strict-builtin-errors", &R::strict_builtin_errors, {.help = "Errors of built-ins end the evaluation"})
          .add("strict", &R::strict, {.help = "Refuse unused imports and variables"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .add("stdin", &R::stdin_query, {.help = "Read the query from standard input"})
          .add("stdin-input", &R::stdin_input, {.help = "Read the input from standard input"})
          .add("pretty-limit", &R::pretty_limit,
               {.help = "Characters of a cell in a table", .fallback = "80", .minimum = 1})
          .add("partial", &R::partial, {.help = "Evaluate what does not hang on unknowns; show the rest", .letter = 'p'})
          .add("unknowns", &R::unknowns,
               {.help = "Documents that are unknown to --partial; the input unless named",
                .placeholder = "PATH",
                .example = "data.users",
                .letter = 'u'})
          .add("disable-inlining", &R::disable_inlining,
               {.help = "Rules that --partial keeps as rules", .placeholder = "PATH", .example = "data.main.allow"})
          .add("shallow-inlining", &R::shallow_inlining, {.help = "Inline no rule that hangs on unknowns"})
          .add("trace", &R::explain,
               {.help = "Steps of the evaluation to show",
                .fallback = "off",
                .choices = {"off", "notes", "fails", "full", "debug"}})
          .add("var-values", &R::var_values, {.help = "Show the values of variables in the trace"})
          .add("schema", &R::schema,
               {.help = "JSON Schema of the input, or a folder of schemas that annotations name",
                .placeholder = "PATH",
                .is_path = true})
          .add("timeout-ms", &R::timeout_ms,
               {.help = "Milliseconds the evaluation may take, 0 for no bound", .fallback = "0", .minimum = 0})
          .add("max-steps", &R::max_steps,
               {.help = "Operations the evaluation may take, 0 for no bound", .fallback = "0", .minimum = 0})
          .take(),
      run);
  made.examples = {
      {"chiron policy eval -d policy.rego -i input.json data.main.deny", "what the policy denies of an input"},
      {"chiron policy eval '1 + 2'", "a query by itself"}};
  return made;
}

}  // namespace chiron
