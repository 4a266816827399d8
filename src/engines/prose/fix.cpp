#include "engines/prose/fix.h"

#include <algorithm>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::prose {

std::optional<Replacement> replacement_for(const Hit& hit, const Linter& linter, std::string_view content) {
  const auto& alert = hit.alert;
  if (alert.action.name.empty() || !hit.as_it_stands || alert.placeless) return std::nullopt;
  // A dictionary's suggestions are guesses; a person chooses among them.
  if (alert.action.name == "suggest" && !alert.action.params.empty() && alert.action.params[0] == "spellings")
    return std::nullopt;
  const auto solved = solve(alert, linter.rule(alert.check), linter.config());
  if (!solved || solved->size() != 1 || solved->front() == alert.match) return std::nullopt;
  Replacement edit{hit.place.offset, hit.place.length, solved->front(), alert.check, hit.place.line};
  if (edit.offset + edit.length > content.size()) return std::nullopt;
  if (alert.action.name == "remove" && edit.length > 0) {
    // Of the two blanks around what is removed one goes too.
    const auto end = edit.offset + edit.length;
    const bool before = edit.offset == 0 || content[edit.offset - 1] == ' ' || content[edit.offset - 1] == '\n';
    if (before && end < content.size() && content[end] == ' ') ++edit.length;
  }
  return edit;
}

std::vector<Replacement> replacements(const FileReport& report, const Linter& linter, std::string_view content) {
  std::vector<Replacement> edits;
  for (const auto& hit : report.hits) {
    if (auto edit = replacement_for(hit, linter, content)) edits.push_back(*std::move(edit));
  }
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Replacement& a, const Replacement& b) { return a.offset < b.offset; });
  std::vector<Replacement> kept;
  for (auto& edit : edits) {
    if (!kept.empty() && edit.offset < kept.back().offset + std::max<std::uint64_t>(1, kept.back().length)) continue;
    kept.push_back(std::move(edit));
  }
  return kept;
}

std::string apply(std::string_view content, const std::vector<Replacement>& edits) {
  std::string out;
  std::size_t from = 0;
  for (const auto& edit : edits) {
    out.append(content.substr(from, edit.offset - from)).append(edit.text);
    from = edit.offset + edit.length;
  }
  return out.append(content.substr(from));
}

namespace {

// Lines with their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

void print_line(std::string& out, char mark, std::string_view line) {
  out.push_back(mark);
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

}  // namespace

std::string unified_diff(const std::string& path, std::string_view before, const std::vector<Replacement>& edits) {
  if (edits.empty()) return "";
  constexpr std::size_t kAround = 3;
  const auto old_lines = lines_of(before);
  std::vector<std::size_t> starts;
  std::size_t offset = 0;
  for (const auto line : old_lines) {
    starts.push_back(offset);
    offset += line.size();
  }
  const auto line_at = [&](std::size_t place) {
    return static_cast<std::size_t>(std::upper_bound(starts.begin(), starts.end(), place) - starts.begin()) - 1;
  };
  // Runs of lines that edits touch, with what they become.
  struct Hunk {
    std::size_t first;
    std::size_t last;  // exclusive
    std::vector<Replacement> edits;
  };
  std::vector<Hunk> hunks;
  for (const auto& edit : edits) {
    const auto first = line_at(edit.offset);
    const auto last = line_at(edit.length > 0 ? edit.offset + edit.length - 1 : edit.offset) + 1;
    if (!hunks.empty() && first < hunks.back().last) {
      hunks.back().last = std::max(hunks.back().last, last);
      hunks.back().edits.push_back(edit);
    } else {
      hunks.push_back({first, last, {edit}});
    }
  }
  std::string out = "--- a/" + path + "\n+++ b/" + path + "\n";
  std::ptrdiff_t shift = 0;
  for (std::size_t i = 0; i < hunks.size();) {
    auto end = i + 1;
    while (end < hunks.size() && hunks[end].first <= hunks[end - 1].last + 2 * kAround) ++end;
    const auto low = hunks[i].first > kAround ? hunks[i].first - kAround : 0;
    const auto high = std::min(old_lines.size(), hunks[end - 1].last + kAround);
    std::string body;
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    auto line = low;
    for (auto at = i; at < end; ++at) {
      for (; line < hunks[at].first; ++line, ++old_count, ++new_count) print_line(body, ' ', old_lines[line]);
      const auto begin = starts[hunks[at].first];
      std::string joined;
      for (; line < hunks[at].last; ++line, ++old_count) {
        print_line(body, '-', old_lines[line]);
        joined += old_lines[line];
      }
      auto moved = hunks[at].edits;
      for (auto& edit : moved) edit.offset -= begin;
      const auto changed = prose::apply(joined, moved);
      for (const auto new_line : lines_of(changed)) {
        print_line(body, '+', new_line);
        ++new_count;
      }
    }
    for (; line < high; ++line, ++old_count, ++new_count) print_line(body, ' ', old_lines[line]);
    out +=
        format("@@ -{},{} +{},{} @@\n", low + 1, old_count, static_cast<std::ptrdiff_t>(low) + 1 + shift, new_count) +
        body;
    shift += static_cast<std::ptrdiff_t>(new_count) - static_cast<std::ptrdiff_t>(old_count);
    i = end;
  }
  return out;
}

}  // namespace chiron::prose
