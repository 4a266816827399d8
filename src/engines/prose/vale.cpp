#include "engines/prose/vale.h"

#include <algorithm>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

struct Flags {
  std::string output = "CLI";
  std::string config;
  std::string filter;
  std::string glob = "*";
  std::string extension = ".txt";
  std::string min_level;
  std::string path;
  bool sort = false, normalize = false, relative = false, no_exit = false, no_wrap = false, ignore_syntax = false,
       no_global = false, version = false, help = false;
  std::vector<std::string> rest;
};

std::unexpected<Error> usage(std::string message) {
  return fail(ErrorKind::usage, "prose.usage", std::move(message), Place{}, "see vale --help");
}

Result<Flags> parse_flags(const std::vector<std::string>& arguments) {
  Flags flags;
  struct Text {
    std::string_view name;
    std::string* value;
  };
  struct Switch {
    std::string_view name;
    bool* value;
  };
  const Text texts[] = {{"output", &flags.output}, {"config", &flags.config}, {"filter", &flags.filter},
                        {"glob", &flags.glob},     {"ext", &flags.extension}, {"minAlertLevel", &flags.min_level},
                        {"path", &flags.path}};
  const Switch switches[] = {
      {"sort", &flags.sort},           {"normalize", &flags.normalize}, {"relative", &flags.relative},
      {"no-exit", &flags.no_exit},     {"no-wrap", &flags.no_wrap},     {"ignore-syntax", &flags.ignore_syntax},
      {"no-global", &flags.no_global}, {"version", &flags.version},     {"help", &flags.help}};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--") {
      flags.rest.insert(flags.rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (argument == "-v") argument = "--version";
    if (argument == "-h") argument = "--help";
    if (!argument.starts_with("--")) {
      flags.rest.emplace_back(argument);
      continue;
    }
    const auto equals = argument.find('=');
    const auto name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    bool known = false;
    for (const auto& text : texts) {
      if (text.name != name) continue;
      known = true;
      if (equals != std::string_view::npos) {
        *text.value = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        *text.value = arguments[++i];
      } else {
        return usage(format("flag needs an argument: --{}", name));
      }
    }
    for (const auto& flag : switches) {
      if (flag.name != name) continue;
      known = true;
      *flag.value = equals == std::string_view::npos || argument.substr(equals + 1) == "true";
    }
    if (known) continue;
    if (name == "built" || name == "sources" || name == "mode-rev-compat" || name == "mode-compat") {
      return fail(ErrorKind::unsupported, "prose.unsupported", format("--{} is not supported", name));
    }
    return usage(format("unknown flag: --{}", name));
  }
  return flags;
}

constexpr std::string_view kHelp =
    R"(vale - check prose against style rules

Usage:
  vale [options] [input...]
  vale [options] [command] [arguments...]

Options:
      --config FILE          the configuration file
      --ext EXT              the format of standard input, or of every file (default ".txt")
      --filter EXPRESSION    which rules run
      --glob PATTERN         which files are looked at
      --ignore-syntax        every file as plain lines
      --minAlertLevel LEVEL  suggestion, warning or error
      --no-exit              end with 0 whatever was found
      --no-global            leave out the user's own configuration
      --no-wrap              messages on one line
      --normalize            "/" between the parts of paths
      --output STYLE         CLI, line, JSON or a template file (default "CLI")
      --relative             paths relative to the current folder
      --sort                 files by name
  -v, --version

Commands:
  fix ALERT                  what the action of an alert (JSON, or a file of it) makes of its match
  ls-config                  the configuration as it was read
  ls-metrics FILE            what a file is counted to
  ls-vars, ls-dirs           environment variables and folders
)";

ValeRun failed(const Error& error) {
  ValeRun run;
  run.exit_code = 2;
  std::string context = "vale";
  if (error.code == "prose.styles-missing") context = "loadStyles";
  if (error.code == "prose.config-missing") context = ".vale.ini not found";
  if (error.code == "prose.vocabulary") context = "vocab";
  if (error.code == "prose.usage") context = "flags";
  if (error.code == "prose.rule-missing") context = "loadStyles";
  const bool placed = error.place && error.place->line > 0 && error.kind == ErrorKind::config && context == "vale";
  std::string title = placed ? format("E201 Invalid value provided [{}]:", to_string(*error.place))
                             : format("E100 [{}] Runtime error", context);
  run.error_output = title + "\n\n" + error.message + "\n";
  if (!placed && error.place && error.place->line > 0) run.error_output += to_string(*error.place) + "\n";
  for (const auto& note : error.notes) run.error_output += note + "\n";
  if (!error.next.empty()) run.error_output += error.next + "\n";
  run.error_output += "\nExecution stopped with code 1.\n";
  return run;
}

// An absolute path as seen from a folder; any other one as it is.
std::string relative_to(const std::string& folder, const std::string& path) {
  if (!path.starts_with('/')) return path;
  const auto clean = io::normalize_path(path);
  auto base = folder;
  std::string up;
  while (base != "/" && !clean.starts_with(base + "/")) {
    if (clean == base) return up.empty() ? "." : up.substr(0, up.size() - 1);
    base = std::string(io::parent_path(base));
    if (base.empty()) base = "/";
    up += "../";
  }
  return up + clean.substr(base == "/" ? 1 : base.size() + 1);
}

class Vale {
 public:
  Vale(const ValeRequest& request, task::Pool& pool) : request_(request), pool_(pool) {}

  Result<ValeRun> run() {
    flags_ = TRY(parse_flags(request_.arguments));
    ValeRun result;
    if (flags_.version) {
      result.output = "vale version " + request_.version + "\n";
      return result;
    }
    if (flags_.help) {
      result.output = kHelp;
      return result;
    }
    if (!flags_.min_level.empty() && !parse_severity(flags_.min_level)) {
      return usage(format("--minAlertLevel must be suggestion, warning or error, not '{}'", flags_.min_level));
    }
    if (!flags_.rest.empty()) {
      const auto& command = flags_.rest[0];
      if (command == "ls-config" || command == "dc") {
        result.output = print_config(TRY(config()));
        return result;
      }
      if (command == "ls-metrics") return metrics();
      if (command == "fix") return fix();
      if (command == "ls-vars") {
        for (const auto* name : {"VALE_CONFIG_PATH", "VALE_STYLES_PATH"}) {
          std::string value = "(not set)";
          for (const auto& [key, text] : request_.environment) {
            if (key == name) value = text;
          }
          result.output += format("{} {}\n", name, value);
        }
        return result;
      }
      if (command == "ls-dirs") {
        const auto read = TRY(config());
        for (const auto& path : read.styles_paths) result.output += "StylesPath " + path + "\n";
        for (const auto& file : read.files) result.output += ".vale.ini " + file + "\n";
        return result;
      }
      if (command == "sync" || command == "host-install" || command == "host-uninstall") {
        return fail(ErrorKind::unsupported, "prose.unsupported",
                    format("'{}' fetches from the network, which is not done here", command), Place{},
                    "name local folders or zip files in Packages");
      }
    }
    return lint();
  }

 private:
  Result<Config> config() {
    ConfigRequest wanted;
    wanted.path = flags_.config;
    wanted.start = io::current_folder();
    wanted.ignore_global = flags_.no_global;
    wanted.min_level = flags_.min_level;
    wanted.environment = request_.environment;
    return read_config(wanted);
  }

  Result<ValeRun> metrics() {
    if (flags_.rest.size() != 2) return usage("ls-metrics: one argument expected");
    if (!io::exists(flags_.rest[1])) return usage("file not found");
    Config plain;
    plain.base_styles = plain.styles = {"Vale"};
    const auto linter = TRY(Linter::create(std::move(plain)));
    const auto content = TRY(io::read_file(flags_.rest[1], limits::kSourceBytes));
    ValeRun result;
    result.output = print_metrics(TRY(linter->read(flags_.rest[1], content)));
    return result;
  }

  Result<ValeRun> fix() {
    if (flags_.rest.size() != 2) return usage("fix: one argument expected");
    auto text = flags_.rest[1];
    if (io::exists(text)) text = TRY(io::read_file(text, chiron::limits::kConfigBytes));
    const auto json = TRY(doc::parse_json(text));
    Alert alert;
    alert.check = json.string_or("Check", "");
    alert.match = json.string_or("Match", "");
    if (const auto* action = json.find("Action")) {
      alert.action.name = action->string_or("Name", "");
      if (const auto* params = action->find("Params"); params != nullptr && params->is_array()) {
        for (const auto& param : params->items()) {
          if (param.is_string()) alert.action.params.push_back(param.as_string());
        }
      }
    }
    auto read = TRY(config());
    const Rule* rule = nullptr;
    std::unique_ptr<Linter> linter;
    if (alert.action.name == "suggest" && !alert.action.params.empty() && alert.action.params[0] == "spellings") {
      linter = TRY(Linter::create(read));
      rule = linter->rule(alert.check);
      const auto file = read.find_anywhere(text::replace_all(alert.check, ".", "/") + ".yml");
      if (rule == nullptr && !file.empty()) rule = TRY(linter->add_rule(alert.check, file));
    }
    doc::Value suggestions = doc::Value::array();
    std::string problem;
    if (auto solved = solve(alert, rule, read)) {
      for (auto& suggestion : *solved) suggestions.push(doc::Value(std::move(suggestion)));
    } else {
      problem = solved.error().message;
    }
    doc::Value root = doc::Value::object();
    root.set("suggestions", std::move(suggestions)).set("error", doc::Value(problem));
    ValeRun result;
    result.output = doc::write_json_pretty(root, 4) + "\n";
    return result;
  }

  Result<ValeRun> lint() {
    LintOptions options;
    options.filter = flags_.filter;
    options.extension = flags_.extension;
    options.ignore_syntax = flags_.ignore_syntax;
    const auto linter = TRY(Linter::create(TRY(config()), std::move(options)));
    std::vector<FileReport> reports;
    const bool is_text = flags_.rest.size() == 1 && !flags_.rest[0].empty() && !io::exists(flags_.rest[0]);
    if (flags_.rest.empty() || is_text) {
      auto name = flags_.path.empty() ? "stdin" + flags_.extension : flags_.path;
      std::string text;
      if (is_text) {
        text = flags_.rest[0];
      } else if (request_.read_input) {
        text = TRY(request_.read_input());
      }
      reports.push_back(TRY(linter->lint(name, text)));
    } else {
      for (const auto& input : flags_.rest) {
        if (!io::exists(input)) return usage(format("argument '{}' does not exist", input));
      }
      auto files = TRY(collect_files(flags_.rest, *linter, flags_.glob));
      if (flags_.sort) std::sort(files.begin(), files.end());
      std::vector<Result<FileReport>> results(files.size(), FileReport{});
      pool_.for_each(files.size(), [&](std::size_t i) {
        results[i] = [&]() -> Result<FileReport> {
          const auto content = TRY(io::read_file(files[i], limits::kSourceBytes));
          return linter->lint(files[i], content);
        }();
      });
      for (auto& result : results) reports.push_back(TRY(std::move(result)));
    }
    if (flags_.relative) {
      for (auto& report : reports) report.path = relative_to(io::current_folder(), report.path);
    }
    ValeRun result;
    if (flags_.output == "line") {
      result.output = print_lines(reports);
    } else if (flags_.output == "JSON") {
      result.output = print_json(reports);
    } else if (flags_.output == "CLI" || flags_.output.empty()) {
      result.output = print_terminal(reports, !flags_.no_wrap, request_.colour);
    } else {
      const auto file = io::exists(flags_.output) ? flags_.output : linter->config().find_anywhere(flags_.output);
      if (file.empty()) return usage(format("the template '{}' does not exist", flags_.output));
      const auto text = TRY(io::read_file(file, chiron::limits::kConfigBytes));
      result.output = TRY(print_template(reports, text, file));
    }
    for (const auto& report : reports) {
      for (const auto& hit : report.hits) {
        if (hit.alert.severity == Severity::error && !flags_.no_exit) result.exit_code = 1;
      }
    }
    return result;
  }

  const ValeRequest& request_;
  task::Pool& pool_;
  Flags flags_;
};

}  // namespace

ValeRun run_vale(const ValeRequest& request, task::Pool& pool) {
  auto run = Vale(request, pool).run();
  return run ? *std::move(run) : failed(run.error());
}

}  // namespace chiron::prose
