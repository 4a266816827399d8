// GitHub's workflow commands: ::error file=a.c,line=1,col=2,title=T::message, with %25 %0A %0D (and %3A %2C in
// properties) escaped.
#include "engines/intake/intake.h"
#include "foundation/base/text.h"

namespace chiron::intake {

namespace {

std::string unescape(std::string_view text) {
  std::string out = text::replace_all(text, "%0D", "\r");
  out = text::replace_all(out, "%0A", "\n");
  out = text::replace_all(out, "%3A", ":");
  out = text::replace_all(out, "%2C", ",");
  return text::replace_all(out, "%25", "%");
}

std::uint32_t number(std::string_view text) {
  const auto value = text::parse_unsigned(text).value_or(0);
  return value > 0x7FFFFFFF ? 0 : static_cast<std::uint32_t>(value);
}

}  // namespace

Result<Taken> read_github(std::string_view text, const Options& options) {
  Taken taken;
  for (auto line : text::split_lines(text)) {
    line = text::trim(line);
    if (!line.starts_with("::")) continue;
    line.remove_prefix(2);
    const auto end = line.find("::");
    if (end == std::string_view::npos) continue;
    const auto head = line.substr(0, end);
    const auto space = head.find(' ');
    const auto command = head.substr(0, space);
    Finding finding;
    if (command == "error")
      finding.level = Level::error;
    else if (command == "warning")
      finding.level = Level::warning;
    else if (command == "notice")
      finding.level = Level::note;
    else
      continue;
    finding.message = unescape(line.substr(end + 2));
    std::string title;
    if (space != std::string_view::npos)
      for (const auto pair : text::split(head.substr(space + 1), ',')) {
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = text::trim(pair.substr(0, equals));
        const auto value = unescape(pair.substr(equals + 1));
        if (name == "file")
          finding.place.file = workspace_path(value, options);
        else if (name == "line")
          finding.place.line = number(value);
        else if (name == "endLine")
          finding.place.end_line = number(value);
        else if (name == "col")
          finding.place.column = number(value);
        else if (name == "endColumn")
          finding.place.end_column = number(value);
        else if (name == "title")
          title = value;
      }
    finding.rule = rule_id(options.gate, title.empty() ? std::string(command) : title);
    if (taken.findings.size() == kMaxFindings)
      return fail(ErrorKind::limit, "limit.findings", options.source + " holds more findings than are taken");
    taken.findings.push_back(std::move(finding));
  }
  return taken;
}

}  // namespace chiron::intake
