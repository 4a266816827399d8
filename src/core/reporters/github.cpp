// GitHub annotations: workflow commands on standard output (`::error file=…,line=…::message`).
//
// GitHub shows at most 10 errors, 10 warnings and 10 notices of a step and keeps the rest in the log only; so the
// errors come first, and a closing notice says how many there are in all.
#include "core/reporters/reporter.h"
#include "core/reporters/words.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron {

namespace {

constexpr std::uint64_t kShownPerStep = 10;

// Ends a line or a property nowhere but where the command does; other control characters would colour the log.
void append_escaped(std::string& out, std::string_view text, bool property) {
  std::string clean;
  if (utf8::find_invalid(text) != std::string_view::npos) text = clean = utf8::sanitize(text);
  for (const char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      case '\t':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) out += c;
    }
  }
}

std::string_view command_of(Level level) {
  return level == Level::error ? "error" : level == Level::warning ? "warning" : "notice";
}

class Command {
 public:
  Command(io::Output& output, std::string_view name) : output_(output) { output_.write(format("::{}", name)); }
  void property(std::string_view name, std::string_view value) {
    output_.put(first_ ? ' ' : ',');
    first_ = false;
    output_.write(name);
    output_.put('=');
    append_escaped(output_.buffer(), value, true);
  }
  void message(std::string_view text) {
    output_.write("::");
    append_escaped(output_.buffer(), text, false);
    output_.write("\n");
  }

 private:
  io::Output& output_;
  bool first_ = true;
};

void write_finding(io::Output& output, const Finding& finding) {
  const auto& place = finding.place;
  Command command(output, command_of(finding.level));
  if (!place.file.empty()) {
    command.property("file", place.file);
    if (place.line != 0) {
      command.property("line", std::to_string(place.line));
      const bool one_line = place.end_line <= place.line;
      if (!one_line) command.property("endLine", std::to_string(place.end_line));
      // Columns are only understood within one line; GitHub's last column is inclusive.
      if (one_line && place.column != 0) {
        command.property("col", std::to_string(place.column));
        if (place.end_column > place.column + 1) command.property("endColumn", std::to_string(place.end_column - 1));
      }
    }
  }
  command.property("title", finding.rule);
  std::string message = finding.message;
  for (const auto& fix : finding.fixes)
    if (!fix.description.empty()) message += "\nFix: " + fix.description;
  command.message(message);
}

}  // namespace

Result<void> write_github(const Report& report, const Timeline*, io::Output& output, const ReporterOptions&) {
  for (const auto& gate : report.gates) {
    if (gate.status != GateStatus::could_not_run && (gate.status != GateStatus::failed || gate.reason.empty()))
      continue;
    Command command(output, "error");
    command.property("title", format("{} {}", gate.gate, status_words(gate.status)));
    command.message(gate.reason.empty() ? status_words(gate.status) : std::string_view(gate.reason));
  }
  const auto counts = total_counts(report);
  for (const auto* levels : {"error", "warning", "notice"}) {
    for (const auto& finding : report.findings)
      if (command_of(finding.level) == levels && !output.failed()) write_finding(output, finding);
  }
  if (counts.errors > kShownPerStep || counts.warnings > kShownPerStep || counts.notes > kShownPerStep)
    Command(output, "notice")
        .message(format("Chiron found {}; GitHub shows the first {} of each kind, the log and the report have all.",
                        describe(counts), kShownPerStep));
  return {};
}

}  // namespace chiron
