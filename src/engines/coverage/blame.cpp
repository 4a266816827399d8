#include "engines/coverage/blame.h"

#include <algorithm>
#include <unordered_map>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::coverage {

namespace {

constexpr std::size_t kShortId = 12;

// "<id> <line before> <line now> [<lines of the group>]": the id is one of SHA-1 or SHA-256.
bool is_group_header(std::string_view line) {
  const auto space = line.find(' ');
  return (space == 40 || space == 64) &&
         line.substr(0, space).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string name_of(const Commit& commit, ShareBy by) {
  if (!commit.committed()) return "not committed yet";
  if (by == ShareBy::author) return utf8::sanitize(commit.author + " " + commit.mail);
  return utf8::sanitize(format("{} {} ({})", commit.id.substr(0, kShortId), commit.summary, commit.author));
}

}  // namespace

Result<Blame> parse_blame(std::string_view output) {
  Blame blame;
  std::unordered_map<std::string_view, std::size_t> known;
  std::size_t current = 0;
  std::uint32_t number = 0;
  for (const auto line : text::split_lines(output)) {
    if (line.starts_with('\t')) {
      if (number == 0) return fail(ErrorKind::input, "coverage.blame", "git blame gave a line without its commit");
      blame.lines[number] = current;
      number = 0;
    } else if (number == 0 && is_group_header(line)) {
      const auto parts = text::split(line, ' ');
      const auto now = parts.size() > 2 ? text::parse_unsigned(parts[2]) : std::nullopt;
      if (!now || *now == 0 || *now > UINT32_MAX)
        return fail(ErrorKind::input, "coverage.blame", "git blame gave a line without its number");
      number = static_cast<std::uint32_t>(*now);
      const auto [place, is_new] = known.emplace(parts[0], blame.commits.size());
      if (is_new) blame.commits.push_back({std::string(parts[0]), {}, {}, {}});
      current = place->second;
    } else if (number == 0) {
      return fail(ErrorKind::input, "coverage.blame", "git blame gave what is not its format");
    } else if (line.starts_with("author ")) {
      blame.commits[current].author = line.substr(7);
    } else if (line.starts_with("author-mail ")) {
      blame.commits[current].mail = line.substr(12);
    } else if (line.starts_with("summary ")) {
      blame.commits[current].summary = line.substr(8);
    }
  }
  return blame;
}

std::vector<Share> share_coverage(const DiffCoverage& coverage, const std::map<std::string, Blame>& blames,
                                  ShareBy by) {
  std::map<std::string, Share> shares;
  for (const auto& file : coverage.files) {
    const auto blame = blames.find(file.path);
    if (blame == blames.end()) continue;
    for (const auto line : file.measured) {
      const auto found = blame->second.lines.find(line);
      if (found == blame->second.lines.end()) continue;
      auto& share = shares[name_of(blame->second.commits[found->second], by)];
      ++share.lines;
      if (std::ranges::binary_search(file.uncovered, line)) ++share.uncovered;
    }
  }
  std::vector<Share> sorted;
  for (auto& [who, share] : shares) {
    share.who = who;
    sorted.push_back(std::move(share));
  }
  std::ranges::stable_sort(sorted, [](const Share& a, const Share& b) {
    return std::pair(b.uncovered, b.lines) < std::pair(a.uncovered, a.lines);
  });
  return sorted;
}

std::string print_shares(const std::vector<Share>& shares) {
  std::string out = format("{:>7} {:>9} {:>8}  {}\n", "lines", "uncovered", "covered", "by");
  for (const auto& share : shares)
    out += format("{:>7} {:>9} {:>7.1f}%  {}\n", share.lines, share.uncovered,
                  100.0 * static_cast<double>(share.lines - share.uncovered) / static_cast<double>(share.lines),
                  share.who);
  return out;
}

}  // namespace chiron::coverage
