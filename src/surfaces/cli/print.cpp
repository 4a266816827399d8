#include "surfaces/cli/print.h"

#include <unistd.h>

#include <set>

#include "core/history.h"
#include "core/reporters/excerpt.h"
#include "core/reporters/reporter.h"
#include "core/version.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

namespace chiron::cli {

namespace {

struct Target {
  ReportFormat format;
  std::string file;
};

Result<Target> parse_target(const std::string& text) {
  const auto colon = text.find(':');
  if (colon != std::string::npos)
    if (const auto format = parse_report_format(std::string_view(text).substr(0, colon));
        format && colon + 1 < text.size())
      return Target{*format, text.substr(colon + 1)};
  if (const auto format = report_format_of_file(text)) return Target{*format, text};
  return fail(ErrorKind::usage, "usage.value", format("--output {} names no form of report", text), {},
              "Write FORMAT:FILE, for example sarif:out.json.");
}

// A command's own findings as a report of one gate.
Report loose_report(const Command& command, Response& response, Context& context) {
  Report report;
  report.tool_version = version();
  report.workspace = context.workspace.name();
  report.revision = context.workspace.revision();
  report.fail_level = parse_level(command.globals.fail_level).value_or(Level::none);
  if (context.workspace.change()) report.base_revision = context.workspace.change()->base;
  GateResult gate;
  gate.gate = gate_kind(*command.operation);
  gate.metrics = std::move(response.metrics);
  if (!response.skipped.empty()) {
    gate.status = GateStatus::skipped;
    gate.reason = response.skipped;
  }
  for (auto& finding : response.findings)
    if (finding.gate.empty()) finding.gate = gate.gate;
  report.findings = std::move(response.findings);
  report.rules = std::move(response.rules);
  report.gates.push_back(std::move(gate));
  finish_report(report, [&](const std::string& file) -> std::optional<std::string> {
    auto text = context.workspace.read(file);
    if (!text) return std::nullopt;
    return *std::move(text);
  });
  return report;
}

// A reader of standard output that left early has what it wanted: neither the files nor the exit code suffer.
Result<void> finish_output(io::Output& output) {
  if (auto written = output.finish(); !written && written.error().code != io::kReaderGone) return written;
  return {};
}

int exit_code_of(const Report& report) {
  switch (report.verdict) {
    case Verdict::pass:
      return 0;
    case Verdict::findings:
      return 1;
    case Verdict::could_not_run:
      return 2;
  }
  return 2;
}

}  // namespace

Result<void> check_outputs(const Globals& globals) {
  for (const auto& text : globals.outputs) TRY(parse_target(text));
  return {};
}

Result<int> print_response(const Command& command, Response response, Context& context, const Terminal& terminal) {
  const auto& globals = command.globals;
  for (const auto& notice : response.notices)
    if (!globals.quiet) std::fprintf(stderr, "%s\n", notice.c_str());
  io::DescriptorOutput out(1, "standard output");
  if (response.output) out.write(*response.output);
  if (!command.operation->prints_findings) {
    TRY(finish_output(out));
    return response.exit_code.value_or(0);
  }
  const auto exit_code = response.exit_code;
  auto timeline = std::move(response.timeline);
  const bool printed = response.output.has_value();
  const auto before = std::move(response.before);
  const auto report = response.report ? *std::move(response.report) : loose_report(command, response, context);
  ReporterOptions options;
  options.colour = use_colour(globals.color, terminal.out_is_terminal);
  options.hyperlinks = options.colour && terminal.out_is_terminal;
  options.width = terminal.width;
  options.quiet = globals.quiet;
  options.root_uri = "file://" + context.workspace.root() + "/";
  options.before = before ? &*before : nullptr;
  options.title = std::move(response.title);
  options.details_url = std::move(response.details_url);
  options.blob_url = std::move(response.blob_url);
  options.max_findings = response.shown_findings;
  const auto* times = timeline ? &*timeline : nullptr;
  // Only the page draws the trend, and reading it takes longer than a check that is cached; so it is read when needed.
  constexpr std::int64_t kTrendRuns = 60;
  std::optional<Trend> trend;
  const auto load_trend = [&](ReportFormat format) {
    if (format != ReportFormat::html || trend || response.history_file.empty()) return;
    auto read = read_trend(response.history_file, kTrendRuns);
    if (!read) {
      std::fprintf(stderr, "history: %s\n", read.error().message.c_str());
      return;
    }
    trend = *std::move(read);
    options.trend = &*trend;
  };
  const auto format_asked = parse_report_format(globals.format).value_or(ReportFormat::terminal);
  if (!printed) {
    load_trend(format_asked);
    TRY(write_report(format_asked, report, times, out, options));
  }
  TRY(finish_output(out));
  for (const auto& text : globals.outputs) {
    const auto target = TRY(parse_target(text));
    const auto path = target.file == "-" ? "/dev/stdout" : context.absolute(target.file);
    TRY(io::make_folders(std::string(io::parent_path(path))));
    const auto file = TRY(io::FileOutput::create(path));
    load_trend(target.format);
    auto file_options = options;
    file_options.colour = file_options.hyperlinks = false;
    TRY(write_report(target.format, report, times, *file, file_options));
    TRY(finish_output(*file));
  }
  return exit_code.value_or(exit_code_of(report));
}

void print_error(const Error& error, bool colour) {
  std::string text = colour ? "\x1b[1;31merror\x1b[0m" : "error";
  text += ": ";
  if (error.place && !to_string(*error.place).empty()) text += to_string(*error.place) + ": ";
  text += error.message + "\n";
  if (error.place && error.place->line != 0 && !error.place->file.empty()) {
    if (const auto source = io::read_file(error.place->file, limits::kConfigBytes)) {
      const utf8::LineIndex lines(*source);
      const auto line = lines.line_text(error.place->line);
      if (!line.empty() && line.size() <= 400) {
        const auto number = std::to_string(error.place->line);
        const auto before = utf8::display_width(line.substr(
            0, lines.offset_of(error.place->line, error.place->column) - lines.line_start(error.place->line)));
        text += format("  {} | {}\n  {} | {}{}\n", number, printable(text::replace_all(line, "\t", " ")),
                       std::string(number.size(), ' '), std::string(before, ' '), "^");
      }
    }
  }
  for (const auto& note : error.notes) text += "  note: " + note + "\n";
  if (!error.next.empty()) text += "  " + error.next + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int exit_code_of(const Error& error) { return error.kind == ErrorKind::interrupted ? 130 : 2; }

}  // namespace chiron::cli
