// GNU's form of messages, as compilers, linters and grep-like tools print it:
//   file:line:column: error: message [-Wrule]
//   file:line: message
//   file: error: message
//   program: error: message
// with clang's and gcc's notes as related places. Lines of another form are passed over: they are the program's talk.
#include "engines/intake/intake.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

namespace chiron::intake {

namespace {

struct Line {
  std::string_view file;
  std::uint32_t line = 0, column = 0;
  std::string_view rest;
};

std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= '0' && text[length] <= '9') ++length;
  const auto number = text::parse_unsigned(text.substr(0, length));
  if (length == 0 || !number || *number > 0x7FFFFFFF) return std::nullopt;
  text.remove_prefix(length);
  return static_cast<std::uint32_t>(*number);
}

// The first ":NUMBER" followed by ":", ".", "-" or " " after a non-empty name decides where the name ends; a Windows
// drive's colon is passed over because no number follows it. "a.c(12,3): " is the form of MSVC and TypeScript.
std::optional<Line> parse_line(std::string_view text) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != ':' && text[i] != '(') continue;
    Line line;
    line.file = text.substr(0, i);
    auto rest = text.substr(i + 1);
    const auto number = take_number(rest);
    if (!number) continue;
    line.line = *number;
    if (text[i] == '(') {
      if (rest.starts_with(',')) {
        rest.remove_prefix(1);
        if (const auto column = take_number(rest)) line.column = *column;
      }
      if (!rest.starts_with("):")) continue;
      line.rest = text::trim(rest.substr(2));
      return line;
    }
    if (rest.starts_with(':') || rest.starts_with('.')) {
      auto after = rest.substr(1);
      if (const auto column = take_number(after);
          column && (after.starts_with(':') || after.starts_with('-') || after.starts_with(' '))) {
        line.column = *column;
        // A range "12.3-4:" or "12:3-5:" ends at the next colon.
        const auto colon = after.find(':');
        if (colon == std::string_view::npos && !after.starts_with(' ')) continue;
        line.rest = text::trim(after.starts_with(' ') ? after : after.substr(colon + 1));
        return line;
      }
    }
    if (!rest.starts_with(':')) continue;
    line.rest = text::trim(rest.substr(1));
    return line;
  }
  return std::nullopt;
}

struct Severity {
  Level level;
  bool is_note = false;
};

// Takes "error:", "fatal error:", "warning:", "E501 " and the like from the front of the message.
std::optional<Severity> take_severity(std::string_view& rest) {
  const std::pair<std::string_view, Severity> words[] = {
      {"fatal error", {Level::error}},   {"internal compiler error", {Level::error}},
      {"error", {Level::error}},         {"warning", {Level::warning}},
      {"style", {Level::note}},          {"performance", {Level::warning}},
      {"portability", {Level::warning}}, {"information", {Level::note}},
      {"info", {Level::note}},           {"note", {Level::note, true}},
      {"remark", {Level::note}},         {"suggestion", {Level::note}}};
  const auto lower = text::to_lower_ascii(rest.substr(0, 30));
  for (const auto& [word, severity] : words) {
    if (!lower.starts_with(word)) continue;
    auto after = rest.substr(word.size());
    // "error TS2304: …", "warning C4996: …", "error[E0308]: …"
    if (!after.starts_with(':') && !after.starts_with(' ') && !after.starts_with('[')) continue;
    if (after.starts_with(':')) after.remove_prefix(1);
    rest = text::trim(after);
    return severity;
  }
  return std::nullopt;
}

// "NAME: error: message" of a file as a whole, or of a program. Only a word for the severity makes a message of it:
// without a line number nothing else tells it from talk.
std::optional<Line> parse_unnumbered(std::string_view text) {
  for (std::size_t colon = text.find(": "); colon != std::string_view::npos; colon = text.find(": ", colon + 1)) {
    if (colon == 0) continue;
    auto rest = text.substr(colon + 2);
    const auto all = rest;
    if (!take_severity(rest) || !all.substr(0, all.size() - rest.size()).contains(':')) continue;
    return Line{text.substr(0, colon), 0, 0, all};
  }
  return std::nullopt;
}

// A name that stands before a message is a file's where it looks like one or is one; "/usr/bin/ld" and "make" are
// programs, whose messages are about no file.
bool names_file(std::string_view name, const Options& options) {
  if (name.find(' ') == std::string_view::npos && name.starts_with('/') &&
      !(std::string(name).starts_with(options.root + "/")))
    return false;
  if (io::exists(io::join_path(options.folder, name))) return true;
  if (name.find(' ') != std::string_view::npos) return false;
  return name.find_first_of("./") != std::string_view::npos && !name.ends_with('.');
}

bool is_code(std::string_view word) {
  // "E501", "W0611", "TS2304", "SC2086", "DL3008"
  std::size_t letters = 0, digits = 0;
  for (const char c : word) {
    if (c >= 'A' && c <= 'Z' && digits == 0)
      ++letters;
    else if (c >= '0' && c <= '9')
      ++digits;
    else
      return false;
  }
  return letters >= 1 && letters <= 6 && digits >= 2 && digits <= 6;
}

// The rule in "[-Wunused]" or "[bugprone-x]" at the end, or a code at the front.
std::string_view take_rule(std::string_view& rest) {
  if (rest.ends_with(']')) {
    const auto open = rest.rfind('[');
    if (open != std::string_view::npos && open > 0) {
      auto rule = rest.substr(open + 1, rest.size() - open - 2);
      if (!rule.empty() && rule.find(' ') == std::string_view::npos) {
        rest = text::trim(rest.substr(0, open));
        if (const auto comma = rule.find(','); comma != std::string_view::npos) rule = rule.substr(0, comma);
        return rule;
      }
    }
  }
  const auto end = rest.find_first_of(" :");
  if (end != std::string_view::npos && is_code(rest.substr(0, end))) {
    const auto rule = rest.substr(0, end);
    rest = text::trim(rest.substr(rest[end] == ':' ? end + 1 : end));
    return rule;
  }
  return {};
}

// Colours and hyperlinks that a program prints although it does not write to a terminal.
std::string without_escapes(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      out += line[i];
      continue;
    }
    if (i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < '@' || line[i] > '~')) ++i;
    } else if (i + 1 < line.size() && line[i + 1] == ']') {
      i += 2;
      while (i < line.size() && line[i] != '\x07' && line[i] != '\x1b') ++i;
      if (i < line.size() && line[i] == '\x1b') ++i;
    }
  }
  return out;
}

}  // namespace

Result<Taken> read_gnu(std::string_view text, const Options& options) {
  constexpr std::size_t kLineBytes = 16 * 1024;
  Taken taken;
  for (const auto raw : text::split_lines(text)) {
    if (raw.size() > kLineBytes) continue;
    std::string cleaned;
    std::string_view shown = raw;
    if (raw.find('\x1b') != std::string_view::npos) shown = cleaned = without_escapes(raw);
    auto line = parse_line(shown);
    const bool numbered = line.has_value();
    if (!numbered) line = parse_unnumbered(shown);
    if (!line || line->rest.empty()) continue;
    // "In file included from a.h:3:" and time stamps are no messages about a file.
    if (line->file.find_first_of("\t\"'<>|") != std::string_view::npos || line->file.starts_with("In file included") ||
        line->file.starts_with(' '))
      continue;
    auto rest = line->rest;
    const auto severity = take_severity(rest);
    // Without a word for the severity only what looks like a path counts, else "12:30:45: started" would be a finding.
    if (!severity &&
        (line->file.find_first_of("./") == std::string_view::npos || line->file.find(' ') != std::string_view::npos))
      continue;
    const bool of_file = numbered || names_file(line->file, options);
    if (!of_file && line->file.find(' ') != std::string_view::npos) continue;
    Place place;  // of no file where a program speaks of itself
    if (of_file) place.file = workspace_path(line->file, options);
    place.line = line->line;
    place.column = line->column;
    const auto rule = take_rule(rest);
    auto message = utf8::sanitize(rest);
    if (!of_file) message = utf8::sanitize(io::file_name(line->file)) + ": " + message;
    if (severity && severity->is_note && !taken.findings.empty()) {
      taken.findings.back().related.push_back({std::move(place), std::move(message)});
      continue;
    }
    if (taken.findings.size() == kMaxFindings)
      return fail(ErrorKind::limit, "limit.findings", options.source + " holds more findings than are taken");
    Finding finding;
    finding.rule = rule_id(options.gate, rule.empty() ? "message" : rule);
    finding.level = severity ? severity->level : options.default_level;
    finding.message = std::move(message);
    finding.place = std::move(place);
    taken.findings.push_back(std::move(finding));
  }
  // Compilers repeat a message of a header for every file that includes it.
  std::vector<Finding> unique;
  for (auto& finding : taken.findings) {
    const bool repeated =
        !unique.empty() && unique.back().place == finding.place && unique.back().message == finding.message;
    if (!repeated) unique.push_back(std::move(finding));
  }
  taken.findings = std::move(unique);
  return taken;
}

}  // namespace chiron::intake
