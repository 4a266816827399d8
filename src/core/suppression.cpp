#include "core/suppression.h"

#include <algorithm>
#include <set>

#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

namespace chiron {

namespace {

constexpr std::string_view kMarker = "chiron: allow ";

// How a file's comments begin: source code in many ways; text and markup in one, so that what they quote is no comment
// (reports of Chiron's own among them); JSON not at all.
std::optional<std::string_view> markup_opener(std::string_view file) {
  const std::pair<std::string_view, std::string_view> known[] = {
      {".md", "<!--"}, {".markdown", "<!--"}, {".html", "<!--"}, {".htm", "<!--"}, {".xml", "<!--"}, {".svg", "<!--"},
      {".rst", ".."},  {".adoc", "//"},       {".org", "#"},     {".txt", ""},     {".json", ""},    {".sarif", ""}};
  const auto extension = io::extension(file);
  for (const auto& [ending, opener] : known)
    if (extension == ending) return opener;
  return std::nullopt;
}

// Whether what stands before the marker opens a comment there.
bool opens_comment(std::string_view before, std::optional<std::string_view> markup) {
  before = text::trim(before);
  if (markup) return !markup->empty() && before.ends_with(*markup);
  for (const auto opener : {"//", "#", "/*", "<!--", "--", ";", "%", "\"\"\"", "///", "//!"})
    if (before.ends_with(opener)) return true;
  return before == "*" || before == "REM";
}

bool is_rule_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' ||
         c == '.' || c == '_' || c == ':';
}

}  // namespace

std::vector<Allow> find_allows(std::string_view text, const std::string& file) {
  std::vector<Allow> allows;
  auto at = text.find(kMarker);
  if (at == std::string_view::npos) return allows;
  const utf8::LineIndex lines(text);
  std::set<std::uint32_t> alone_lines;
  const auto markup = markup_opener(file);
  for (; at != std::string_view::npos; at = text.find(kMarker, at + 1)) {
    const auto line = lines.line_of(at);
    const auto line_text = lines.line_text(line);
    const auto in_line = at - lines.line_start(line);
    const auto before = line_text.substr(0, in_line);
    if (!opens_comment(before, markup)) continue;
    const auto rest = line_text.substr(std::min(in_line + kMarker.size(), line_text.size()));
    std::size_t length = 0;
    while (length < rest.size() && is_rule_character(rest[length])) ++length;
    if (length == 0) continue;
    Allow allow;
    allow.rule = rest.substr(0, length);
    auto reason = text::trim(rest.substr(length));
    for (const auto closer : {"-->", "*/", "\"\"\""})
      if (reason.ends_with(closer))
        reason = text::trim(reason.substr(0, reason.size() - std::string_view(closer).size()));
    allow.reason = reason;
    allow.line = line;
    // Alone on its line it speaks of the next line that is not another allow.
    auto start = text::trim(before);
    for (const auto opener : {"//!", "///", "//", "#", "/*", "<!--", "--", ";", "%", "*", ".."})
      if (start == opener) start = {};
    const bool alone = start.empty();
    allow.target_line = alone ? line + 1 : line;
    if (alone) alone_lines.insert(line);
    allow.place = lines.place(file, at, at + kMarker.size() + length);
    allows.push_back(std::move(allow));
  }
  for (auto& allow : allows)
    while (allow.target_line > allow.line && alone_lines.contains(allow.target_line)) ++allow.target_line;
  return allows;
}

void apply_allows(Report& report, std::unordered_map<std::string, std::vector<Allow>>& allows_by_file) {
  std::erase_if(report.findings, [&](const Finding& finding) {
    const auto found = allows_by_file.find(finding.place.file);
    if (found == allows_by_file.end()) return false;
    bool allowed = false;
    for (auto& allow : found->second) {
      if (allow.rule != finding.rule || allow.reason.empty()) continue;
      const auto last = std::max(finding.place.line, finding.place.end_line);
      // A finding without a line is allowed from anywhere in its file.
      if (finding.place.line != 0 && (allow.target_line < finding.place.line || allow.target_line > last) &&
          allow.line != finding.place.line)
        continue;
      allow.used = true;
      allowed = true;
    }
    if (allowed)
      for (auto& gate : report.gates)
        if (gate.gate == finding.gate) ++gate.suppressed;
    return allowed;
  });
}

std::vector<Rule> suppression_rules() {
  return {
      {"chiron/unused-allow",
       "UnusedAllow",
       "An allow comment takes no finding out.",
       "The finding it was written for is gone, or the rule's name is misspelt. A stale comment hides the next finding "
       "on its "
       "line. Remove it.",
       Level::warning,
       "",
       {}},
      {"chiron/allow-without-reason",
       "AllowWithoutReason",
       "An allow comment gives no reason.",
       "An exception that nobody can explain later cannot be reviewed. Write why after the rule: "
       "`chiron: allow RULE the generated table is checked elsewhere`. Without a reason the comment takes nothing out.",
       Level::warning,
       "",
       {}},
      {"chiron/unused-baseline",
       "UnusedBaseline",
       "An entry of the baseline matches no finding.",
       "The finding was fixed. Remove the entry (`chiron check --write-baseline` writes the file anew), so that the "
       "finding "
       "cannot come back unseen.",
       Level::note,
       "",
       {}},
      {"chiron/expired-baseline",
       "ExpiredBaseline",
       "An entry of the baseline has expired, its finding counts again.",
       "The time that was given to fix the finding is over. Fix it, or give the entry a new date with a reason.",
       Level::warning,
       "",
       {}},
  };
}

}  // namespace chiron
