// The drop-in name `diffoscope`: its common options, its forms of report, its exit codes (0 equal, 1 different, 2
// trouble). What it takes stands in docs/gates/diff.md; anything else is refused by name.
#include "surfaces/dropin/diffoscope.h"

#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron {

namespace {

enum class Takes : std::uint8_t { nothing, value };
enum class Meaning : std::uint8_t { used, no_effect };

struct Option {
  std::string_view name;
  Takes takes;
  Meaning meaning;
};

// Options without effect here tune what we do not do: external commands, progress bars, line limits of diff(1).
constexpr Option kOptions[] = {
    {"--text", Takes::value, Meaning::used},
    {"--html", Takes::value, Meaning::used},
    {"--json", Takes::value, Meaning::used},
    {"--markdown", Takes::value, Meaning::used},
    {"--text-color", Takes::value, Meaning::used},
    {"--exclude", Takes::value, Meaning::used},
    {"--exclude-directory-metadata", Takes::value, Meaning::used},
    {"--max-report-size", Takes::value, Meaning::used},
    {"--max-text-report-size", Takes::value, Meaning::used},
    {"--max-container-depth", Takes::value, Meaning::used},
    {"--timeout", Takes::value, Meaning::used},
    {"--output-empty", Takes::nothing, Meaning::used},
    {"--new-file", Takes::nothing, Meaning::used},
    {"-N", Takes::nothing, Meaning::used},
    {"--quiet", Takes::nothing, Meaning::no_effect},
    {"--no-progress", Takes::nothing, Meaning::no_effect},
    {"--progress", Takes::nothing, Meaning::no_effect},
    {"--no-default-limits", Takes::nothing, Meaning::no_effect},
    {"--debug", Takes::nothing, Meaning::no_effect},
    {"--exclude-command", Takes::value, Meaning::no_effect},
    {"--fuzzy-threshold", Takes::value, Meaning::no_effect},
    {"--diff-context", Takes::value, Meaning::no_effect},
    {"--max-diff-block-lines", Takes::value, Meaning::no_effect},
    {"--max-diff-block-lines-saved", Takes::value, Meaning::no_effect},
    {"--max-diff-input-lines", Takes::value, Meaning::no_effect},
    {"--max-page-size", Takes::value, Meaning::no_effect},
    {"--max-page-diff-block-lines", Takes::value, Meaning::no_effect},
    {"--max-page-size-child", Takes::value, Meaning::no_effect},
    {"--tool-prefix-binutils", Takes::value, Meaning::no_effect},
};

struct Request {
  std::vector<std::pair<std::string, std::string>> reports;  // option, file
  std::vector<std::string> paths;
  std::string colour = "auto";
  bool output_empty = false;
  bool new_file = false;
  std::uint64_t max_report = 0, max_text = 0;
  compare::Options options;
};

Result<void> take(Request& request, std::string_view name, const std::string& value) {
  const auto number = [&]() -> Result<std::uint64_t> {
    const auto parsed = text::parse_unsigned(value);
    if (!parsed) return fail(ErrorKind::usage, "usage.value", format("{} needs a number, not {}", name, value));
    return *parsed;
  };
  if (name == "--text" || name == "--html" || name == "--json" || name == "--markdown")
    request.reports.emplace_back(name, value);
  else if (name == "--text-color")
    request.colour = value;
  else if (name == "--exclude")
    request.options.exclude.push_back(value);
  else if (name == "--exclude-directory-metadata")
    request.options.folder_times = value == "no";
  else if (name == "--max-report-size")
    request.max_report = TRY(number());
  else if (name == "--max-text-report-size")
    request.max_text = TRY(number());
  else if (name == "--max-container-depth")
    request.options.limits.depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(TRY(number()), 200));
  else if (name == "--timeout")
    request.options.limits.time = std::chrono::seconds(TRY(number()));
  else if (name == "--output-empty")
    request.output_empty = true;
  else if (name == "--new-file" || name == "-N")
    request.new_file = true;
  return {};
}

Result<Request> parse(std::span<const std::string> arguments) {
  Request request;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with('-') || argument == "-") {
      request.paths.emplace_back(argument);
      continue;
    }
    if (argument == "--") {
      request.paths.insert(request.paths.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                           arguments.end());
      break;
    }
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    const auto* found =
        std::find_if(std::begin(kOptions), std::end(kOptions), [&](const Option& o) { return o.name == name; });
    if (found == std::end(kOptions)) {
      return fail(ErrorKind::usage, "usage.flag", format("diffoscope's option {} is not taken", name), {},
                  "docs/gates/diff.md lists what is");
    }
    std::string value;
    if (found->takes == Takes::value) {
      if (equals != std::string_view::npos) {
        value = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        value = arguments[++i];
      } else {
        return fail(ErrorKind::usage, "usage.value", format("{} needs a value", name));
      }
    }
    if (found->meaning == Meaning::used) TRY(take(request, name, value));
  }
  if (request.paths.size() != 2) {
    return fail(ErrorKind::usage, "usage.argument",
                format("diffoscope needs two files or folders, not {}", request.paths.size()));
  }
  return request;
}

std::string print(std::string_view form, const compare::Comparison& comparison, const compare::ReportOptions& options) {
  if (form == "--html") return print_html(comparison, options);
  if (form == "--json") return print_diffoscope_json(comparison, options);
  if (form == "--markdown") return print_markdown(comparison, options);
  return print_text(comparison, options);
}

Result<int> run(std::span<const std::string> arguments, DropInContext& context) {
  if (arguments.size() == 1 && (arguments[0] == "--version" || arguments[0] == "--help" || arguments[0] == "-h")) {
    context.out.write(arguments[0] == "--version"
                          ? "diffoscope 240\n"
                          : "usage: diffoscope [options] path1 path2\n\nOptions: docs/gates/diff.md\n");
    return 0;
  }
  auto request = TRY(parse(arguments));
  request.options.workers = context.pool.workers();
  auto path_a = request.paths[0], path_b = request.paths[1];
  // --new-file: a missing side counts as empty.
  for (auto* path : {&path_a, &path_b}) {
    if (request.new_file && !io::exists(*path)) *path = "/dev/null";
  }
  const auto comparison = TRY(compare::compare_paths(path_a, path_b, request.options, &context.cancel));
  if (comparison.differs || request.output_empty) {
    if (request.reports.empty()) request.reports.emplace_back("--text", "-");
    for (const auto& [form, file] : request.reports) {
      compare::ReportOptions options;
      const bool text = form == "--text";
      options.max_bytes = text && request.max_text > 0 ? request.max_text : request.max_report;
      options.colour =
          text && file == "-" && (request.colour == "always" || (request.colour == "auto" && context.terminal));
      const auto printed = print(form, comparison, options);
      if (file == "-") {
        context.out.write(printed);
      } else {
        TRY(io::write_file_atomic(file, printed));
      }
    }
  }
  return comparison.differs ? 1 : 0;
}

}  // namespace

int run_diffoscope(std::span<const std::string> arguments, DropInContext& context) {
  const auto code = run(arguments, context);
  if (code) return *code;
  context.err.write("diffoscope: error: " + to_string(code.error()) + "\n");
  return 2;
}

}  // namespace chiron
