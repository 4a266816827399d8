// The drop-in name conftest: test, verify, parse, fmt, doc, reformat; other commands are refused by name.
#include "surfaces/dropin/conftest.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "engines/policy/gate/document.h"
#include "engines/policy/gate/files.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/io/files.h"
#include "operations/policy_tool.h"
#include "surfaces/dropin/flags.h"

namespace chiron {

namespace {

namespace gate = policy::gate;
using dropin::FlagKind;
using dropin::Flags;
using dropin::FlagSpec;

constexpr std::array kFlags = {
    FlagSpec{"policy", 'p', FlagKind::list},
    FlagSpec{"namespace", 'n', FlagKind::list},
    FlagSpec{"all-namespaces"},
    FlagSpec{"data", 'd', FlagKind::list},
    FlagSpec{"output", 'o', FlagKind::text},
    FlagSpec{"parser", 0, FlagKind::text},
    FlagSpec{"combine"},
    FlagSpec{"ignore", 0, FlagKind::text},
    FlagSpec{"fail-on-warn"},
    FlagSpec{"no-fail"},
    FlagSpec{"trace"},
    FlagSpec{"no-color"},
    FlagSpec{"quiet"},
    FlagSpec{"strict"},
    FlagSpec{"suppress-exceptions"},
    FlagSpec{"show-builtin-errors"},
    FlagSpec{"capabilities", 0, FlagKind::text},
    FlagSpec{"rego-version", 0, FlagKind::text},
    FlagSpec{"update", 'u', FlagKind::list},
    FlagSpec{"report", 'r', FlagKind::text},
    FlagSpec{"config-file", 'c', FlagKind::text},
    FlagSpec{"proto-file-dirs", 0, FlagKind::list},
    FlagSpec{"junit-hide-message"},
    FlagSpec{"tls"},
    FlagSpec{"help", 'h'},
    FlagSpec{"check"},
    FlagSpec{"version", 'v'},
};

constexpr std::array kDocumentFlags = {
    FlagSpec{"outDir", 'o', FlagKind::text},
    FlagSpec{"template", 't', FlagKind::text},
    FlagSpec{"help", 'h'},
};

constexpr std::string_view kUsage =
    "Test your configuration files using Open Policy Agent\n\n"
    "Usage:\n  conftest [command]\n\n"
    "Available Commands:\n"
    "  doc         Generate documentation of policies\n"
    "  fmt         Format Rego files\n"
    "  parse       Print out structured data from your input files\n"
    "  reformat    Print results of `test --output json` in another form\n"
    "  test        Test your configuration files using Open Policy Agent\n"
    "  verify      Verify Rego unit tests\n\n"
    "Flags:\n  -h, --help      help for conftest\n  -v, --version   version for conftest\n";

// conftest.toml beside the user, or the file named; then CONFTEST_… of the environment.
Result<void> read_configuration(Flags& flags) {
  for (const auto& spec : kFlags) {
    std::string name = "CONFTEST_" + text::to_upper_ascii(text::replace_all(spec.name, "-", "_"));
    if (const char* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
      std::vector<std::string> values;
      for (auto part : text::split(value, spec.kind == FlagKind::list ? ',' : '\0')) values.emplace_back(part);
      flags.set_default(spec.name, std::move(values));
    }
  }
  const bool named = flags.given("config-file");
  const std::string file = flags.text("config-file", "conftest.toml");
  if (!io::exists(file)) {
    if (named)
      return fail(ErrorKind::io, "io.not-found", format("read config: open {}: no such file or directory", file));
    return {};
  }
  doc::ReadOptions options;
  options.file = file;
  const auto text = TRY(io::read_file(file, limits::kConfigBytes));
  const auto config = TRY(doc::parse_toml(text, options));
  if (!config.is_object()) return {};
  for (const auto& member : config.members()) {
    std::vector<std::string> values;
    auto take = [&](const doc::Value& value) {
      if (value.is_boolean()) values.emplace_back(value.as_boolean() ? "true" : "false");
      if (value.is_string() || value.is_number()) values.push_back(value.as_string());
    };
    if (member.value.is_array())
      for (const auto& item : member.value.items()) take(item);
    else
      take(member.value);
    flags.set_default(member.name, std::move(values));
  }
  return {};
}

// --update: policies copied from a local path (file://… or file::…); other sources are refused by name.
Result<void> update_policies(const std::vector<std::string>& sources, const std::string& target) {
  for (const auto& source : sources) {
    std::string path;
    for (std::string_view prefix : {"file://", "file::"})
      if (source.starts_with(prefix)) path = source.substr(prefix.size());
    if (path.empty() && io::exists(source)) path = source;
    if (path.empty())
      return fail(ErrorKind::unsupported, "policy.update",
                  format("fetching policies from {} is not supported: name a local path as file://PATH", source));
    TRY(io::make_folders(target));
    if (!io::is_folder(path)) {
      TRY(io::write_file_atomic(io::join_path(target, io::file_name(path)), TRY(io::read_file(path))));
      continue;
    }
    for (const auto& entry : TRY(io::walk(path))) {
      const auto to = io::join_path(target, entry.path);
      if (entry.type == io::EntryType::folder) {
        TRY(io::make_folders(to));
      } else if (entry.type == io::EntryType::file) {
        TRY(io::make_folders(std::string(io::parent_path(to))));
        TRY(io::write_file_atomic(to, TRY(io::read_file(io::join_path(path, entry.path)))));
      }
    }
  }
  return {};
}

Result<std::vector<std::string>> allowed_builtins(const std::string& file) {
  const auto capabilities = doc::parse_json(TRY(io::read_file(file, limits::kConfigBytes)));
  if (!capabilities)
    return fail(ErrorKind::config, "policy.capabilities", format("{}: {}", file, capabilities.error().message));
  std::vector<std::string> names;
  if (const auto* list = capabilities->find("builtins"); list != nullptr && list->is_array())
    for (const auto& builtin : list->items()) names.emplace_back(builtin.string_or("name", ""));
  return names;
}

Result<gate::Options> gate_options(const Flags& flags) {
  gate::Options options;
  const std::string version = flags.text("rego-version", "v1");
  if (version != "v0" && version != "v1")
    return fail(ErrorKind::usage, "usage.value", format("invalid rego-version \"{}\": v0 or v1", version));
  options.version = version == "v0" ? policy::RegoVersion::v0 : policy::RegoVersion::v1;
  options.strict = flags.on("strict");
  options.strict_builtin_errors = flags.on("show-builtin-errors");
  options.trace = flags.on("trace");
  options.time_ns = static_cast<std::int64_t>(std::time(nullptr)) * 1'000'000'000;
  if (flags.given("capabilities")) options.allowed_builtins = TRY(allowed_builtins(flags.text("capabilities")));
  return options;
}

gate::OutputOptions output_options(const Flags& flags, const DropInContext& context) {
  gate::OutputOptions options;
  options.form = flags.text("output", "stdout");
  options.colour = context.terminal && !flags.on("no-color") && std::getenv("NO_COLOR") == nullptr;
  options.suppress_exceptions = flags.on("suppress-exceptions");
  options.trace = flags.on("trace");
  return options;
}

Result<int> run_test(Flags& flags, DropInContext& context) {
  if (flags.operands().empty())
    return fail(ErrorKind::usage, "usage.arguments", "requires at least 1 arg(s), only received 0");
  const auto policies = flags.list("policy", {"policy"});
  if (flags.given("update")) TRY(update_policies(flags.list("update"), policies.front()));
  const auto paths = TRY(gate::find_inputs(flags.operands(), flags.text("ignore")));
  auto sources = gate::load_policies(policies, gate::Tests::leave_out);
  if (!sources)
    return fail(ErrorKind::input, "policy.load", "running test: load: loading policies: " + sources.error().message);
  auto made =
      gate::Gate::create(std::move(*sources), TRY(gate::load_data(flags.list("data"))), TRY(gate_options(flags)));
  if (!made) return fail(ErrorKind::input, "policy.load", "running test: load: " + made.error().message);
  const auto inputs = gate::load_inputs(paths, flags.text("parser"), flags.list("proto-file-dirs"), context.read_input);
  if (!inputs)
    return fail(inputs.error().kind, inputs.error().code,
                "running test: parse configurations: " + to_string(inputs.error()));
  const auto namespaces = flags.on("all-namespaces")
                              ? (*made)->namespaces()
                              : gate::match_namespaces(**made, flags.list("namespace", {"main"}));
  auto checked = flags.on("combine") ? (*made)->check_combined(*inputs, namespaces, &context.cancel)
                                     : (*made)->check(*inputs, namespaces, context.pool, &context.cancel);
  if (!checked) return fail(checked.error().kind, checked.error().code, "running test: " + to_string(checked.error()));
  const auto totals = gate::totals(*checked);
  const bool silent = flags.on("quiet") && totals.failures + totals.warnings + totals.exceptions == 0;
  if (!silent) context.out.write(gate::print_results(*checked, output_options(flags, context)));
  if (flags.on("no-fail")) return 0;
  if (flags.on("fail-on-warn")) return totals.failures > 0 ? 2 : totals.warnings > 0 ? 1 : 0;
  return totals.failures > 0 ? 1 : 0;
}

// The report of single tests that --report prints.
std::string unit_report(const std::vector<gate::Gate::UnitTest>& tests) {
  using Status = gate::Gate::UnitTest::Status;
  std::string failures, summary;
  std::size_t passed = 0, failed = 0, errors = 0, skipped = 0;
  std::string file;
  const std::string rule(80, '-');
  for (const auto& test : tests) {
    const std::string_view verdict = test.status == Status::passed    ? "PASS"
                                     : test.status == Status::failed  ? "FAIL"
                                     : test.status == Status::skipped ? "SKIPPED"
                                                                      : "ERROR";
    passed += test.status == Status::passed;
    failed += test.status == Status::failed;
    errors += test.status == Status::errored;
    skipped += test.status == Status::skipped;
    if (test.file != file) summary += test.file + ":\n";
    file = test.file;
    std::string line = format("{}.{}: {} (0s)\n", test.package, test.name, verdict);
    if (!test.error.empty()) line += "  " + test.error + "\n";
    summary += line;
    if (!test.printed.empty()) {
      summary += "\n";
      for (const auto& printed : test.printed) summary += "  " + printed + "\n";
      summary += "\n";
    }
    if (test.status == Status::failed || test.status == Status::errored)
      failures += line + "\n" + test.trace + (test.trace.empty() ? "" : "\n");
  }
  std::string out;
  if (!failures.empty()) out = "FAILURES\n" + rule + "\n" + failures + "SUMMARY\n" + rule + "\n";
  out += summary + rule + "\n";
  if (passed > 0) out += format("PASS: {}/{}\n", passed, tests.size());
  if (failed > 0) out += format("FAIL: {}/{}\n", failed, tests.size());
  if (skipped > 0) out += format("SKIPPED: {}/{}\n", skipped, tests.size());
  if (errors > 0) out += format("ERROR: {}/{}\n", errors, tests.size());
  return out;
}

Result<int> run_verify(Flags& flags, DropInContext& context) {
  if (flags.given("report") && flags.given("output") && flags.text("output") != "stdout")
    return fail(ErrorKind::usage, "usage.report", "report flag is supported with stdout only");
  const auto policies = flags.list("policy", {"policy"});
  auto sources = gate::load_policies(policies, gate::Tests::include);
  if (!sources)
    return fail(ErrorKind::input, "policy.load",
                "running verification: load: loading policies: " + sources.error().message);
  auto made =
      gate::Gate::create(std::move(*sources), TRY(gate::load_data(flags.list("data"))), TRY(gate_options(flags)));
  if (!made) return fail(ErrorKind::input, "policy.load", "running verification: load: " + made.error().message);
  const auto patterns = flags.list("namespace");
  auto wanted = [&](std::string_view name) {
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const std::string& pattern) { return text::glob_match(pattern, name); });
  };
  const auto tests = (*made)->unit_tests(wanted, &context.cancel, flags.text("report"));
  using Status = gate::Gate::UnitTest::Status;
  std::vector<gate::FileResult> results;
  for (const auto& test : tests) {
    if (test.status == Status::errored && flags.on("show-builtin-errors"))
      return fail(ErrorKind::input, "policy.evaluation", "running verification: " + test.error);
    gate::FileResult result;
    result.file = test.file;
    result.name_space = test.package.substr(test.package.starts_with("data.") ? 5 : 0);
    gate::Outcome outcome;
    outcome.message = test.package + "." + test.name;
    if (!test.error.empty()) outcome.message += ": " + test.error;
    if (test.status == Status::passed)
      result.successes = 1;
    else if (test.status == Status::skipped)
      result.skipped.push_back(outcome);
    else
      result.failures.push_back(outcome);
    gate::Query query;
    query.text = outcome.message;
    query.passed = test.status == Status::passed;
    query.printed = test.printed;
    if (flags.on("trace")) query.traces = (*made)->rule_values({}, &context.cancel);
    result.queries.push_back(std::move(query));
    results.push_back(std::move(result));
  }
  const auto totals = gate::totals(results);
  if (flags.given("report")) {
    context.out.write(unit_report(tests));
    return totals.failures > 0 ? 1 : 0;
  }
  auto options = output_options(flags, context);
  options.show_skipped = true;
  if (!(flags.on("quiet") && totals.failures == 0)) context.out.write(gate::print_results(results, options));
  return totals.failures > 0 ? 1 : 0;
}

std::string with_tabs(const std::string& json) {
  std::string out;
  for (auto line : text::split_lines(json)) {
    std::size_t spaces = 0;
    while (spaces < line.size() && line[spaces] == ' ') ++spaces;
    out.append(spaces / 2, '\t').append(line.substr(spaces)).push_back('\n');
  }
  return out;
}

Result<int> run_parse(Flags& flags, DropInContext& context) {
  if (flags.operands().empty())
    return fail(ErrorKind::usage, "usage.arguments", "requires at least 1 arg(s), only received 0");
  const auto paths = TRY(gate::find_inputs(flags.operands(), flags.text("ignore")));
  const auto inputs =
      TRY(gate::load_inputs(paths, flags.text("parser"), flags.list("proto-file-dirs"), context.read_input));
  std::vector<std::pair<std::string, doc::Value>> parsed;
  for (const auto& input : inputs) {
    parsed.emplace_back(input.file, TRY(policy::parse_input(input.format, input.text, input.options())));
  }
  std::ranges::stable_sort(parsed, {}, [](const auto& entry) { return entry.first; });
  doc::Value out;
  if (flags.on("combine")) {
    out = doc::Value::array();
    for (auto& [path, value] : parsed) {
      doc::Value entry = doc::Value::object();
      entry.set("path", doc::Value(path));
      entry.set("contents", std::move(value));
      out.push(std::move(entry));
    }
  } else if (parsed.size() == 1) {
    out = std::move(parsed.front().second);
  } else {
    out = doc::Value::object();
    for (auto& [path, value] : parsed) out.set(path, std::move(value));
  }
  context.out.write(
      with_tabs(doc::write_json_pretty(doc::parse_json(doc::write_json_canonical(out)).value_or(out), 2)));
  return 0;
}

// A page NAME.md for every folder of policies that is named.
Result<int> run_document(const Flags& flags) {
  if (flags.operands().empty())
    return fail(ErrorKind::usage, "usage.arguments", "doc needs the folders of the policies to document");
  const std::string folder = flags.text("outDir", ".");
  std::string page;
  if (flags.given("template")) page = TRY(io::read_file(flags.text("template"), limits::kConfigBytes));
  for (const std::string& path : flags.operands()) {
    const auto policies = TRY(gate::load_policies({path}, gate::Tests::leave_out));
    const std::string text = TRY(gate::document_policies(policies, page));
    std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    const std::string name = whole.filename().string();
    TRY(io::write_file_atomic(io::join_path(folder, name + ".md"), text));
  }
  return 0;
}

// Every policy below the paths, in place; with --check only whether all are as the formatter leaves them.
Result<int> run_fmt(Flags& flags, DropInContext& context) {
  PolicyFormatRequest request;
  request.paths = flags.operands();
  if (request.paths.empty())
    return fail(ErrorKind::usage, "usage.arguments", "requires at least 1 arg(s), only received 0");
  const bool check = flags.on("check");
  request.list = check;
  request.fail = check;
  request.write = !check;
  request.v0_compatible = flags.text("rego-version", "v1") == "v0";
  PolicyToolContext tool{context.pool, &context.cancel, context.read_input};
  const PolicyToolResult result = policy_format(request, tool);
  if (result.exit_code == 0) return 0;
  if (check && !result.out.empty())
    return fail(ErrorKind::input, "policy.format", "files not formatted: " + result.out);
  return fail(ErrorKind::input, "policy.format", result.err.substr(0, result.err.find_last_not_of('\n') + 1));
}

Result<int> run_reformat(Flags& flags, DropInContext& context) {
  std::string text;
  if (flags.operands().empty()) {
    text = TRY(context.read_input());
  } else {
    auto read = io::read_file(flags.operands().front());
    if (!read) return fail(ErrorKind::io, "io.read", "failed to open input file: " + read.error().message);
    text = std::move(*read);
  }
  const auto results = TRY(gate::read_results(text));
  auto options = output_options(flags, context);
  if (!flags.given("output")) options.form = "json";
  context.out.write(gate::print_results(results, options));
  return 0;
}

}  // namespace

int run_conftest(std::span<const std::string> arguments, DropInContext& context) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    context.out.write(kUsage);
    return 0;
  }
  if (arguments[0] == "--version" || arguments[0] == "-v" || arguments[0] == "version") {
    context.out.write("Conftest: drop-in of chiron\n");
    return 0;
  }
  const std::string& command = arguments[0];
  auto result = [&]() -> Result<int> {
    if (command == "doc") {
      const auto flags = TRY(Flags::parse(arguments.subspan(1), kDocumentFlags));
      if (!flags.on("help")) return run_document(flags);
      context.out.write(kUsage);
      return 0;
    }
    auto flags = TRY(Flags::parse(arguments.subspan(1), kFlags));
    if (flags.on("help")) {
      context.out.write(kUsage);
      return 0;
    }
    TRY(read_configuration(flags));
    if (command == "test") return run_test(flags, context);
    if (command == "verify") return run_verify(flags, context);
    if (command == "parse") return run_parse(flags, context);
    if (command == "reformat") return run_reformat(flags, context);
    if (command == "fmt") return run_fmt(flags, context);
    for (std::string_view known : {"push", "pull", "plugin", "completion"})
      if (command == known)
        return fail(ErrorKind::unsupported, "dropin.command", format("conftest {} is not supported here", command));
    return fail(ErrorKind::usage, "usage.command", format("unknown command \"{}\" for \"conftest\"", command));
  }();
  if (result) return *result;
  context.err.write("Error: " + to_string(result.error()) + "\n");
  return 1;
}

}  // namespace chiron
