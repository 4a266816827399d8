// The command gate: any program the team already runs, its output read as findings.
#include <algorithm>
#include <cstring>

#include "engines/intake/intake.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct CommandRequest {
  std::string run;
  std::vector<std::string> arguments;
  std::vector<std::string> reads;
  std::string folder = ".";
  std::vector<std::string> environment;
  std::vector<std::string> inputs;
  std::vector<std::string> success = {"0"};
  std::string level = "warning";
  std::int64_t output_mib = 64;
};

// One report to read: "gnu" (the output), "sarif:out.sarif" (a file), "junit:build/**/*.xml" (files).
struct Source {
  intake::Form form;
  std::string file;  // "" for the output
};

std::optional<std::string> check_reads(std::string_view text) {
  const auto colon = text.find(':');
  if (!intake::parse_form(text.substr(0, colon))) {
    const auto nearest = text::nearest(text.substr(0, colon), {"gnu", "sarif", "junit", "github", "checkstyle"});
    return format(
        "\"{}\" names no form{}; forms are gnu, sarif, junit, github and checkstyle, each alone for the output "
        "or with a file, as sarif:out.sarif",
        text, nearest ? format(" (did you mean {}?)", *nearest) : std::string());
  }
  if (colon + 1 == text.size()) return format("\"{}\" names no file behind the colon", text);
  return std::nullopt;
}

std::optional<std::string> check_success(std::string_view text) {
  const auto code = text::parse_unsigned(text);
  if (code && *code <= 255) return std::nullopt;
  return format("\"{}\" is no exit code, which is a number from 0 to 255", text);
}

std::optional<std::string> check_environment(std::string_view text) {
  const auto equals = text.find('=');
  if (equals != std::string_view::npos && equals != 0) return std::nullopt;
  return format("\"{}\" is not NAME=VALUE", text);
}

// The fields' checks have seen every text before.
std::vector<Source> parse_sources(const std::vector<std::string>& reads) {
  std::vector<Source> sources;
  for (const auto& text : reads) {
    const auto colon = text.find(':');
    if (const auto form = intake::parse_form(std::string_view(text).substr(0, colon)))
      sources.push_back({*form, colon == std::string::npos ? "" : text.substr(colon + 1)});
  }
  return sources;
}

Result<void> check_command(const void* pointer) {
  const auto& request = *static_cast<const CommandRequest*>(pointer);
  if (request.run.empty() != request.arguments.empty()) return {};
  return fail(ErrorKind::config, "command.run",
              request.run.empty() ? "a command needs run or arguments" : "a command takes run or arguments, not both",
              {}, "For example: run = \"make lint\"");
}

std::string last_lines(std::string_view text, std::size_t count) {
  constexpr std::size_t kTailBytes = 8 * 1024;
  if (text.size() > kTailBytes) text = text.substr(text.size() - kTailBytes);
  auto lines = text::split_lines(text);
  while (!lines.empty() && text::trim(lines.back()).empty()) lines.pop_back();
  std::string out;
  for (std::size_t i = lines.size() > count ? lines.size() - count : 0; i < lines.size(); ++i)
    out += (out.empty() ? "" : "\n") + utf8::sanitize(lines[i]);
  return out;
}

class CommandRun {
 public:
  CommandRun(const CommandRequest& request, Context& context) : request_(request), context_(context) {
    gate_ = context.gate.empty() ? "command" : context.gate;
    folder_ = io::normalize_path(io::join_path(context.workspace.root(), request.folder));
  }

  Result<Response> run() {
    TRY(check_command(&request_));
    const auto sources = parse_sources(request_.reads);
    // A report of an earlier run must not be taken for this one's.
    for (const auto& source : sources)
      if (!source.file.empty()) TRY(remove_old(source.file));
    const auto result = TRY(start());
    if (result.reason == io::ExitReason::cancelled) return fail(ErrorKind::interrupted, "interrupted", "interrupted");
    if (result.reason == io::ExitReason::signalled)
      return fail(ErrorKind::io, "command.signalled",
                  format("{} was ended by signal {} ({})\n{}", shown(), result.signal, strsignal(result.signal),
                         last_lines(result.output, 10)));
    // A shell's words for "not found" and "not executable".
    if (!request_.run.empty() && (result.exit_code == 127 || result.exit_code == 126))
      return fail(ErrorKind::io, "command.not-found",
                  format("{} could not be started\n{}", shown(), last_lines(result.output, 5)), {},
                  "Install the program, or correct the gate's run.");
    for (const auto& source : sources) TRY(take(source, result));
    judge(result);
    return std::move(response_);
  }

 private:
  [[nodiscard]] std::string shown() const {
    return request_.run.empty() ? text::join(request_.arguments, " ") : request_.run;
  }

  Result<std::vector<std::string>> files_of(const std::string& pattern) const {
    std::vector<std::string> files;
    if (pattern.find_first_of("*?[{") == std::string::npos) {
      const auto path = io::join_path(folder_, pattern);
      if (io::exists(path)) files.push_back(path);
      return files;
    }
    if (!io::is_folder(folder_)) return files;
    const auto entries =
        TRY(io::walk(folder_, [](const io::Entry& entry) { return io::file_name(entry.path) != ".git"; }));
    for (const auto& entry : entries)
      if (entry.type == io::EntryType::file && text::glob_match(pattern, entry.path))
        files.push_back(io::join_path(folder_, entry.path));
    return files;
  }

  Result<void> remove_old(const std::string& pattern) const {
    for (const auto& path : TRY(files_of(pattern))) {
      std::error_code error;
      std::filesystem::remove(path, error);
      if (error) return std::unexpected(io::errno_error("remove the old report", path, error.value()));
    }
    return {};
  }

  Result<io::ProcessResult> start() {
    io::ProcessSpec spec;
    spec.arguments =
        request_.run.empty() ? request_.arguments : std::vector<std::string>{"/bin/sh", "-c", request_.run};
    spec.working_folder = folder_;
    spec.merge_streams = true;
    spec.max_output_bytes = static_cast<std::uint64_t>(request_.output_mib) << 20;
    for (const auto& pair : request_.environment) {
      const auto equals = pair.find('=');
      spec.environment.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    if (const auto& change = context_.workspace.change()) spec.environment.emplace_back("CHIRON_SINCE", change->base);
    std::uint64_t lines = 0;
    spec.on_output = [&](std::string_view piece, bool) {
      lines += static_cast<std::uint64_t>(std::ranges::count(piece, '\n'));
      context_.events.progress(gate_, lines, 0, "lines of output");
    };
    if (!io::is_folder(folder_)) return std::unexpected(io::errno_error("run in the folder", folder_, ENOENT));
    return io::run_process(spec, &context_.cancel);
  }

  intake::Options options(const std::string& source) const {
    return {gate_, folder_, context_.workspace.root(), source, parse_level(request_.level).value_or(Level::warning)};
  }

  Result<void> take(const Source& source, const io::ProcessResult& result) {
    if (source.file.empty()) {
      if (result.dropped_bytes != 0)
        return fail(ErrorKind::limit, "limit.output",
                    format("{} printed {} bytes more than the {} MiB that are read", shown(), result.dropped_bytes,
                           request_.output_mib),
                    {}, "Raise output-mib, or have the program write a file and read that.");
      auto text = std::string_view(result.output);
      // Machine forms on standard output may follow a line of talk.
      if (source.form == intake::Form::sarif) text = text.substr(std::min(text.find('{'), text.size()));
      if (source.form == intake::Form::junit || source.form == intake::Form::checkstyle)
        text = text.substr(std::min(text.find('<'), text.size()));
      return add(TRY(intake::read(source.form, text, options("the output of " + shown()))));
    }
    const auto files = TRY(files_of(source.file));
    if (files.empty())
      return fail(ErrorKind::io, "command.no-report",
                  format("{} wrote no {} (exit code {})\n{}", shown(), source.file, result.exit_code,
                         last_lines(result.output, 10)),
                  {}, "Correct reads, or the program's options.");
    for (const auto& path : files) {
      const auto file = TRY(io::MappedFile::open(path));
      TRY(add(TRY(intake::read(source.form, file.bytes(), options(context_.workspace.relative(path))))));
    }
    return {};
  }

  Result<void> add(intake::Taken taken) {
    std::ranges::move(taken.findings, std::back_inserter(response_.findings));
    std::ranges::move(taken.rules, std::back_inserter(response_.rules));
    for (auto& metric : taken.metrics) {
      const auto known = std::ranges::find(response_.metrics, metric.name, &Metric::name);
      if (known != response_.metrics.end())
        known->value += metric.value;
      else
        response_.metrics.push_back(std::move(metric));
    }
    return {};
  }

  // A program that failed without a finding that says why fails the gate with the end of its output.
  void judge(const io::ProcessResult& result) {
    if (result.exit_code != 0) response_.metrics.push_back({"exit-code", static_cast<double>(result.exit_code), ""});
    const bool success =
        std::ranges::find(request_.success, std::to_string(result.exit_code)) != request_.success.end();
    const bool explained =
        std::ranges::any_of(response_.findings, [](const Finding& f) { return f.level == Level::error; });
    if (success || explained) return;
    Finding finding;
    finding.rule = "command/failed";
    finding.level = Level::error;
    finding.message = format("{} ended with exit code {}", shown(), result.exit_code);
    const auto tail = last_lines(result.output, 15);
    if (!tail.empty()) finding.evidence.set("output", doc::Value(tail));
    if (!tail.empty()) finding.message += "\n" + std::string(text::trim(tail));
    response_.findings.push_back(std::move(finding));
    response_.rules.push_back(command_rule());
  }

 public:
  static Rule command_rule() {
    return {"command/failed",
            "CommandFailed",
            "A command of the gate failed and reported no error of its own.",
            "The command's exit code is not among `success` and its output holds no error in the form that `reads` "
            "names. The end of "
            "its output is part of the finding.",
            Level::error,
            "",
            {}};
  }

 private:
  const CommandRequest& request_;
  Context& context_;
  std::string gate_, folder_;
  Response response_;
};

Result<Response> run_command(const CommandRequest& request, Context& context) {
  return CommandRun(request, context).run();
}

Result<std::optional<std::vector<std::string>>> command_inputs(const void* pointer, Context& context) {
  const auto& request = *static_cast<const CommandRequest*>(pointer);
  if (request.inputs.empty()) return std::nullopt;
  return TRY(context.workspace.files_matching(request.inputs));
}

}  // namespace

Operation command_operation() {
  auto made = operation<CommandRequest>(
      "command", "Run a program and read its output as findings",
      Fields<CommandRequest>()
          .add("run", &CommandRequest::run,
               {.help = "Command line for /bin/sh", .placeholder = "COMMAND", .example = "\"make lint\""})
          .add("arguments", &CommandRequest::arguments,
               {.help = "Program and arguments, without a shell",
                .example = "[\"ruff\", \"check\"]",
                .positional = true})
          .add("reads", &CommandRequest::reads,
               {.help = "What the program reports: gnu, sarif, junit, github or checkstyle for its output, FORM:FILE "
                        "for a file it writes (globs allowed)",
                .placeholder = "FORM[:FILE]",
                .example = "[\"gnu\"]",
                .check = check_reads})
          .add("in", &CommandRequest::folder,
               {.help = "Folder the program runs in, relative to the workspace",
                .fallback = ".",
                .placeholder = "FOLDER"})
          .add("environment", &CommandRequest::environment,
               {.help = "Variables added to the environment",
                .placeholder = "NAME=VALUE",
                .example = "[\"LC_ALL=C\"]",
                .check = check_environment})
          .add("inputs", &CommandRequest::inputs,
               {.help = "Globs of every file the result depends on; with them the result may come from the cache",
                .placeholder = "GLOB",
                .example = "[\"src/**\"]"})
          .add("success", &CommandRequest::success,
               {.help = "Exit codes that are no failure",
                .fallback = "0",
                .placeholder = "CODE",
                .example = "[\"0\", \"1\"]",
                .check = check_success})
          .add("level", &CommandRequest::level,
               {.help = "Level of messages that tell none",
                .fallback = "warning",
                .choices = {"note", "warning", "error"}})
          .add("output-mib", &CommandRequest::output_mib,
               {.help = "MiB of output that are read", .fallback = "64", .minimum = 1, .maximum = 2048})
          .take(),
      run_command);
  made.description =
      "The program runs in the workspace and its report becomes Chiron's: SARIF, JUnit, GNU file:line:col: message, "
      "GitHub annotations "
      "or checkstyle. A program that cannot be started, is ended by a signal, or does not write the report it was to "
      "write is \"could not "
      "run\", never a pass. Report files named by reads are removed before the run. With --since the program finds the "
      "base commit in "
      "CHIRON_SINCE.";
  made.examples = {
      {"chiron command --reads gnu -- gcc -Wall -fsyntax-only src/main.c", "Read a compiler's warnings as findings."}};
  made.prints_findings = true;
  made.gate = GateFacet{};
  made.gate->since =
      "the program runs whole (the base commit is in `CHIRON_SINCE`); findings on unchanged lines do not count.";
  made.gate->rules = [] { return std::vector<Rule>{CommandRun::command_rule()}; };
  made.gate->inputs = command_inputs;
  made.gate->check = check_command;
  return made;
}

}  // namespace chiron
