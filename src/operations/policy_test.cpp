// chiron policy test: files against policies. Every deny, violation and warn rule of a namespace is asked about every
// file, and where it is asked for about the repository; the rules of a pack about the repository alone.
#include <algorithm>

#include "engines/policy/gate/files.h"
#include "engines/policy/inputs/proto_schema.h"
#include "engines/policy/pack/pack.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/operations.h"
#include "operations/repository_context.h"

namespace chiron {

namespace {

namespace gate = policy::gate;

struct PolicyTestRequest {
  std::vector<std::string> files;
  std::vector<std::string> policies;
  std::vector<std::string> namespaces;
  bool all_namespaces = false;
  bool context = false;
  std::vector<std::string> packs;
  std::string base;
  std::int64_t window_days = 90;
  std::vector<std::string> data;
  bool combine = false;
  std::string parser;
  std::vector<std::string> proto_file_dirs;
  std::string ignore;
  std::string form = "findings";
  bool explain = false;
  bool strict = false;
  bool strict_builtin_errors = false;
  bool v0_compatible = false;
  std::vector<std::string> allow_net;
  std::int64_t timeout_s = 0;
  [[nodiscard]] bool asks_repository() const { return context || !packs.empty(); }
};

// As the input of policies is named where it is no file.
constexpr std::string_view kContextName = "context";

std::vector<std::string> absolute(const std::vector<std::string>& paths, const Context& context) {
  std::vector<std::string> out;
  for (const auto& path : paths) out.push_back(path == "-" ? path : context.absolute(path));
  return out;
}

// In a gate the files are patterns over the workspace, limited to what changed.
Result<std::vector<std::string>> input_paths(const PolicyTestRequest& request, Context& context) {
  if (request.files.empty()) return std::vector<std::string>{};
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

// The conditions that held, as evidence.
doc::Value because_document(const gate::Outcome& outcome, const std::function<std::string(const std::string&)>& shown) {
  const auto put = [&](doc::Value& into, const Place& place, const std::string& file) {
    into.set("file", doc::Value(file)).set("line", doc::Value(place.line)).set("column", doc::Value(place.column));
  };
  auto list = doc::Value::array();
  for (const auto& because : outcome.because) {
    auto condition = doc::Value::object();
    condition.set("condition", doc::Value(because.text));
    put(condition, because.place, because.place.file);
    auto reads = doc::Value::array();
    for (const auto& reading : because.readings) {
      auto read = doc::Value::object();
      read.set("path", doc::Value(reading.path)).set("value", doc::Value(reading.value));
      if (!reading.place.file.empty()) put(read, reading.place, shown(reading.place.file));
      reads.push(std::move(read));
    }
    condition.set("reads", std::move(reads));
    list.push(std::move(condition));
  }
  return list;
}

Finding finding_of(const gate::FileResult& result, const gate::Outcome& outcome, Level level, const Context& context) {
  const bool of_repository = result.file == kContextName;
  // What a policy says of the repository is relative to the workspace, as all of its input is.
  const auto file = [&](const std::string& path) {
    return of_repository ? path : context.workspace.relative(context.absolute(path));
  };
  Finding finding;
  finding.rule = policy::pack::finding_rule(result.name_space, outcome.rule);
  finding.level = level;
  finding.message = outcome.message;
  finding.place = outcome.place;
  if (!outcome.loc_file.empty()) {
    const auto number = [](std::int64_t n) {
      return static_cast<std::uint32_t>(std::clamp<std::int64_t>(n, 0, UINT32_MAX));
    };
    finding.place = Place{.file = file(outcome.loc_file)};
    finding.place.line = number(outcome.loc_line);
    finding.place.column = number(outcome.loc_column);
  } else if (!of_repository) {
    finding.place.file = context.workspace.relative(result.file);
  }
  finding.related = gate::related_places(outcome.metadata);
  for (auto& related : finding.related) related.place.file = file(related.place.file);
  finding.evidence = outcome.metadata;
  if (!outcome.because.empty()) finding.evidence.set("because", because_document(outcome, file));
  for (const auto& because : outcome.because) {
    finding.related.push_back({because.place, "holds: " + because.text});
    for (const auto& reading : because.readings) {
      if (reading.place.file.empty()) continue;
      finding.related.push_back({reading.place, reading.path + " = " + reading.value});
      finding.related.back().place.file = file(reading.place.file);
    }
  }
  return finding;
}

// Policies of the user's; none where a pack is all that is asked for.
Result<std::vector<gate::SourceFile>> user_policies(const PolicyTestRequest& request, const Context& context,
                                                    Response& response) {
  auto paths = request.policies;
  if (paths.empty()) {
    if (!request.packs.empty() && request.files.empty() && !request.context) return std::vector<gate::SourceFile>{};
    paths = {"policy"};
  }
  auto sources = TRY(gate::load_policies(absolute(paths, context), gate::Tests::leave_out));
  for (auto& source : sources) {
    response.inputs.push_back(context.workspace.relative(source.path));
    source.path = response.inputs.back();
  }
  return sources;
}

Result<std::unique_ptr<gate::Gate>> make_gate(const PolicyTestRequest& request, Context& context, Response& response) {
  gate::Options options;
  options.version = request.v0_compatible ? policy::RegoVersion::v0 : policy::RegoVersion::v1;
  options.strict = request.strict;
  options.explain = request.explain;
  options.strict_builtin_errors = request.strict_builtin_errors;
  options.allow_net = request.allow_net;
  options.timeout = std::chrono::seconds(request.timeout_s);
  options.time_ns = context.now() * 1'000'000'000;
  auto sources = TRY(user_policies(request, context, response));
  for (const auto& name : request.packs)
    for (auto& source : policy::pack::sources(name)) sources.push_back(std::move(source));
  auto data = TRY(gate::load_data(absolute(request.data, context)));
  for (const auto& file : data) response.inputs.push_back(context.workspace.relative(file.path));
  return gate::Gate::create(std::move(sources), std::move(data), std::move(options));
}

// The repository, asked the rules of packs and, where the request says so, those of `namespaces`.
Result<std::vector<gate::FileResult>> check_repository(const PolicyTestRequest& request, const gate::Gate& made,
                                                       std::vector<std::string> namespaces, Context& context) {
  if (!request.context) namespaces.clear();
  for (const auto& name : request.packs)
    for (const auto& name_space : policy::pack::namespaces(name))
      if (std::ranges::find(namespaces, name_space) == namespaces.end()) namespaces.push_back(name_space);
  gate::Gate::Input input;
  input.file = kContextName;
  input.text = doc::write_json(TRY(repository_context(context, request.base, request.window_days)));
  input.format = policy::InputFormat::json;
  input.places = gate::InputPlaces::stated;
  const std::vector<gate::Gate::Input> inputs{std::move(input)};
  auto results = TRY(made.check(inputs, namespaces, context.pool, &context.cancel));
  if (request.explain) made.explain(results, inputs, &context.cancel);
  return results;
}

void add_findings(const std::vector<gate::FileResult>& results, const Context& context, Response& response) {
  for (const auto& result : results) {
    for (const auto& outcome : result.failures)
      response.findings.push_back(finding_of(result, outcome, Level::error, context));
    for (const auto& outcome : result.warnings)
      response.findings.push_back(finding_of(result, outcome, Level::warning, context));
    for (const auto& query : result.queries)
      for (const auto& line : query.printed) response.notices.push_back(line);
  }
}

Result<void> check_request(const PolicyTestRequest& request) {
  if (request.files.empty() && !request.asks_repository())
    return fail(ErrorKind::config, "policy.no-files", "there is nothing to test", {},
                "Name files, or ask about the repository with context or pack.");
  return {};
}

Result<Response> run_policy_test(const PolicyTestRequest& request, Context& context) {
  TRY(check_request(request));
  Response response;
  const auto paths = TRY(input_paths(request, context));
  if (paths.empty() && !request.asks_repository()) {
    response.skipped = "no file matches";
    return response;
  }
  const auto made = TRY(make_gate(request, context, response));
  const auto inputs =
      TRY(gate::load_inputs(paths, request.parser, absolute(request.proto_file_dirs, context), context.read_input));
  for (const auto& input : inputs) response.inputs.push_back(context.workspace.relative(input.file));
  for (const auto& file : TRY(policy::proto::schema_files(absolute(request.proto_file_dirs, context))))
    response.inputs.push_back(context.workspace.relative(file));
  const auto namespaces = request.all_namespaces ? made->namespaces()
                                                 : gate::match_namespaces(*made, request.namespaces.empty()
                                                                                     ? std::vector<std::string>{"main"}
                                                                                     : request.namespaces);
  std::vector<gate::FileResult> results;
  if (!inputs.empty())
    results = TRY(request.combine ? made->check_combined(inputs, namespaces, &context.cancel)
                                  : made->check(inputs, namespaces, context.pool, &context.cancel));
  if (request.explain) made->explain(results, inputs, &context.cancel);
  if (request.asks_repository())
    std::ranges::move(TRY(check_repository(request, *made, namespaces, context)), std::back_inserter(results));
  const auto totals = gate::totals(results);
  response.metrics.push_back({"policy.tests", static_cast<double>(totals.tests()), ""});
  response.metrics.push_back({"policy.failures", static_cast<double>(totals.failures), ""});
  add_findings(results, context, response);
  if (!request.packs.empty()) response.rules = policy::pack::rules();
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
  std::vector<Rule> rules{rule};
  rules.insert(rules.end(), policy::pack::rules().begin(), policy::pack::rules().end());
  return rules;
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
                .positional = true})
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
          .add("context", &R::context, {.help = "Test the repository too, as policy context shows it"})
          .add("pack", &R::packs,
               {.help = "Test the repository with policies that come with the program",
                .placeholder = "NAME",
                .example = "default",
                .choices = {"default"}})
          .add("base", &R::base,
               {.help = "The revision that files of the repository are compared with (--since's unless told)",
                .placeholder = "REV",
                .example = "origin/main"})
          .add("window-days", &R::window_days,
               {.help = "Days that a bill of materials stays fresh, 0 for no window",
                .fallback = "90",
                .placeholder = "DAYS",
                .minimum = 0,
                .maximum = 100000})
          .add("data", &R::data,
               {.help = "Files and folders of data for the policies",
                .placeholder = "PATH",
                .letter = 'd',
                .is_path = true})
          .add("combine", &R::combine, {.help = "Test all files together, as a list of path and contents"})
          .add("parser", &R::parser,
               {.help = "Read every file in this format", .placeholder = "FORMAT", .example = "yaml"})
          .add("proto-file-dirs", &R::proto_file_dirs,
               {.help = "Folders of the .proto files that define the messages of textproto files",
                .placeholder = "PATH",
                .is_path = true})
          .add("ignore", &R::ignore,
               {.help = "Leave out files of folders whose path the expression matches", .placeholder = "REGEX"})
          .add("form", &R::form,
               {.help = "Print findings, or results in one of Conftest's forms",
                .fallback = "findings",
                .choices = {"findings", "stdout", "json", "tap", "table", "junit", "github", "azuredevops", "sarif"},
                .scope = FieldScope::command_line})
          .add("explain", &R::explain,
               {.help = "Say for each finding which conditions of its rule held, and what they read"})
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
                   {"chiron policy test --form junit -p rules infra/", "a folder against rules/, as JUnit"},
                   {"chiron policy test --pack default", "the repository: workflows, lock files, bills of materials"}};
  made.prints_findings = true;
  GateFacet facet;
  facet.since = "only files that changed are tested; of the repository what is found on changed lines counts";
  facet.check = [](const void* given) { return check_request(*static_cast<const R*>(given)); };
  facet.rules = policy_rules;
  facet.detect = detect;
  made.gate = facet;
  made.gate_name = "policy";
  return made;
}

}  // namespace chiron
