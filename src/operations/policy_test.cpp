// chiron policy test: files against policies. Every deny, violation and warn rule of a namespace is asked about every
// file.
#include <algorithm>

#include "engines/policy/gate/files.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/operations.h"

namespace chiron {

namespace {

namespace gate = policy::gate;

struct PolicyTestRequest {
  std::vector<std::string> files;
  std::vector<std::string> policies;
  std::vector<std::string> namespaces;
  bool all_namespaces = false;
  std::vector<std::string> data;
  bool combine = false;
  std::string parser;
  std::string ignore;
  std::string form = "findings";
  bool strict = false;
  bool strict_builtin_errors = false;
  bool v0_compatible = false;
  std::vector<std::string> allow_net;
  std::int64_t timeout_s = 0;
};

std::vector<std::string> absolute(const std::vector<std::string>& paths, const Context& context) {
  std::vector<std::string> out;
  for (const auto& path : paths) out.push_back(path == "-" ? path : context.absolute(path));
  return out;
}

// In a gate the files are patterns over the workspace, limited to what changed.
Result<std::vector<std::string>> input_paths(const PolicyTestRequest& request, Context& context) {
  if (context.gate.empty()) return gate::find_inputs(absolute(request.files, context), request.ignore);
  // A name without a wildcard that is not there is a mistake, not a gate with nothing to do.
  for (const auto& name : request.files)
    if (name.find_first_of("*?[{") == std::string::npos &&
        !context.workspace.file_system().exists(context.workspace.absolute(name)))
      return fail(ErrorKind::config, "policy.no-files", format("files names {}, which is not there", name), {},
                  "Correct the name, or write a glob.");
  std::vector<std::string> paths;
  for (const auto& path : TRY(context.workspace.files_matching(request.files))) {
    if (const auto& change = context.workspace.change(); change && !change->touches(path, 0)) continue;
    if (request.files.empty() || policy::is_input_file(path) || !request.parser.empty())
      paths.push_back(context.workspace.absolute(path));
  }
  return paths;
}

Finding finding_of(const gate::FileResult& result, const gate::Outcome& outcome, Level level, const Context& context) {
  Finding finding;
  finding.rule = format("policy/{}.{}", result.name_space, outcome.rule);
  finding.level = level;
  finding.message = outcome.message;
  finding.place = outcome.place;
  finding.place.file =
      context.workspace.relative(outcome.loc_file.empty() ? result.file : context.absolute(outcome.loc_file));
  if (!outcome.loc_file.empty()) {
    finding.place = Place{.file = finding.place.file};
    finding.place.line = static_cast<std::uint32_t>(std::max<std::int64_t>(0, outcome.loc_line));
  }
  finding.evidence = outcome.metadata;
  return finding;
}

Result<Response> run_policy_test(const PolicyTestRequest& request, Context& context) {
  Response response;
  const auto policies = request.policies.empty() ? std::vector<std::string>{"policy"} : request.policies;
  const auto paths = TRY(input_paths(request, context));
  if (paths.empty()) {
    response.skipped = "no file matches";
    return response;
  }
  gate::Options options;
  options.version = request.v0_compatible ? policy::RegoVersion::v0 : policy::RegoVersion::v1;
  options.strict = request.strict;
  options.strict_builtin_errors = request.strict_builtin_errors;
  options.allow_net = request.allow_net;
  options.timeout = std::chrono::seconds(request.timeout_s);
  options.time_ns = context.now() * 1'000'000'000;
  auto sources = TRY(gate::load_policies(absolute(policies, context), gate::Tests::leave_out));
  for (auto& source : sources) {
    response.inputs.push_back(context.workspace.relative(source.path));
    source.path = response.inputs.back();
  }
  auto data = TRY(gate::load_data(absolute(request.data, context)));
  for (const auto& file : data) response.inputs.push_back(context.workspace.relative(file.path));
  const auto made = TRY(gate::Gate::create(std::move(sources), std::move(data), std::move(options)));
  const auto inputs = TRY(gate::load_inputs(paths, request.parser, context.read_input));
  for (const auto& input : inputs) response.inputs.push_back(context.workspace.relative(input.file));
  const auto namespaces = request.all_namespaces ? made->namespaces()
                                                 : gate::match_namespaces(*made, request.namespaces.empty()
                                                                                     ? std::vector<std::string>{"main"}
                                                                                     : request.namespaces);
  const auto results = TRY(request.combine ? made->check_combined(inputs, namespaces, &context.cancel)
                                           : made->check(inputs, namespaces, context.pool, &context.cancel));
  const auto totals = gate::totals(results);
  response.metrics.push_back({"policy.tests", static_cast<double>(totals.tests()), ""});
  response.metrics.push_back({"policy.failures", static_cast<double>(totals.failures), ""});
  for (const auto& result : results) {
    for (const auto& outcome : result.failures)
      response.findings.push_back(finding_of(result, outcome, Level::error, context));
    for (const auto& outcome : result.warnings)
      response.findings.push_back(finding_of(result, outcome, Level::warning, context));
    for (const auto& query : result.queries)
      for (const auto& line : query.printed) response.notices.push_back(line);
  }
  if (context.gate.empty() && request.form != "findings") {
    gate::OutputOptions output;
    output.form = request.form;
    output.colour = context.colour;
    response.output = gate::print_results(results, output);
    response.exit_code = totals.failures > 0 ? 1 : 0;
  }
  return response;
}

std::vector<Rule> policy_rules() {
  Rule rule;
  rule.id = "policy/main.deny";
  rule.name = "PolicyViolation";
  rule.summary = "A file breaks a rule of the policies";
  rule.help = "The rule's id names its namespace and its name in the policies: policy/NAMESPACE.RULE.";
  rule.level = Level::error;
  return {rule};
}

std::optional<std::string> detect(Context& context) {
  const auto policies = context.workspace.files_matching({"policy/**.rego", "policy/*.rego"});
  if (!policies || policies->empty()) return std::nullopt;
  // Only what there is: a name without its file is an error of the gate.
  std::string files;
  for (const std::string pattern : {"*.tf", "*.yaml", "*.yml", "**/Dockerfile"}) {
    const auto found = context.workspace.files_matching({pattern});
    if (found && !found->empty()) files += (files.empty() ? "\"" : ", \"") + pattern + "\"";
  }
  if (files.empty()) return std::nullopt;
  return "policy = [\"policy\"]\nfiles = [" + files + "]\n";
}

}  // namespace

Operation policy_test_operation() {
  using R = PolicyTestRequest;
  auto made = operation<R>(
      "policy test", "Test configuration files against policies",
      Fields<R>()
          .add("files", &R::files,
               {.help = "Files and folders to test; in chiron.toml patterns of files",
                .placeholder = "FILE",
                .example = "deployment.yaml",
                .positional = true,
                .required = true})
          .add("policy", &R::policies,
               {.help = "Policies: .rego files and folders of them (policy unless told)",
                .placeholder = "PATH",
                .letter = 'p',
                .is_path = true})
          .add("namespace", &R::namespaces,
               {.help = "Packages whose rules count (main unless told); wildcards are taken",
                .placeholder = "NAME",
                .letter = 'n'})
          .add("all-namespaces", &R::all_namespaces, {.help = "The rules of every package count"})
          .add("data", &R::data,
               {.help = "Files and folders of data for the policies",
                .placeholder = "PATH",
                .letter = 'd',
                .is_path = true})
          .add("combine", &R::combine, {.help = "Test all files together, as a list of path and contents"})
          .add("parser", &R::parser,
               {.help = "Read every file in this format", .placeholder = "FORMAT", .example = "yaml"})
          .add("ignore", &R::ignore,
               {.help = "Leave out files of folders whose path the expression matches", .placeholder = "REGEX"})
          .add("form", &R::form,
               {.help = "Print findings, or results in one of Conftest's forms",
                .fallback = "findings",
                .choices = {"findings", "stdout", "json", "tap", "table", "junit", "github", "azuredevops", "sarif"},
                .scope = FieldScope::command_line})
          .add("strict", &R::strict, {.help = "Unused variables and imports in policies are errors"})
          .add("strict-builtin-errors", &R::strict_builtin_errors,
               {.help = "An error of a built-in function ends the test"})
          .add("v0-compatible", &R::v0_compatible, {.help = "Read policies as Rego v0"})
          .add("allow-net", &R::allow_net, {.help = "Hosts that policies may look up", .placeholder = "HOST"})
          .add("timeout", &R::timeout_s,
               {.help = "Seconds one evaluation may take (0: no bound)", .fallback = "0", .minimum = 0})
          .take(),
      run_policy_test);
  made.examples = {{"chiron policy test deployment.yaml", "test a file against the policies in ./policy"},
                   {"chiron policy test --form junit -p rules infra/", "a folder against rules/, as JUnit"}};
  made.prints_findings = true;
  GateFacet facet;
  facet.since = "only files that changed are tested";
  facet.rules = policy_rules;
  facet.detect = detect;
  made.gate = facet;
  made.gate_name = "policy";
  return made;
}

}  // namespace chiron
