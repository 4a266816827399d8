#include "engines/coverage/changes.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {

void sort_unique(std::vector<std::uint32_t>& lines) {
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
}

}  // namespace

std::vector<ChangedFile> combine_diffs(const std::vector<std::vector<DiffFile>>& steps) {
  std::map<std::string, std::vector<std::uint32_t>> lines_of;
  for (const auto& step : steps) {
    for (const auto& file : step) {
      auto& lines = lines_of[file.path];
      if (!lines.empty() && !file.removed_at_new.empty()) {
        auto removed = file.removed_at_new;
        sort_unique(removed);
        std::erase_if(lines,
                      [&](std::uint32_t line) { return std::binary_search(removed.begin(), removed.end(), line); });
      }
      for (const auto& line : file.new_lines) lines.push_back(line.number);
      sort_unique(lines);
    }
  }
  std::vector<ChangedFile> changes;
  changes.reserve(lines_of.size());
  for (auto& [path, lines] : lines_of) changes.push_back({path, std::move(lines), {}});
  std::stable_sort(changes.begin(), changes.end(), [](const ChangedFile& a, const ChangedFile& b) {
    return text::to_lower_ascii(a.path) < text::to_lower_ascii(b.path);
  });
  return changes;
}

void find_moved_lines(std::vector<ChangedFile>& changes, const std::vector<DiffFile>& diff, std::size_t min_block) {
  // Runs of removed lines in order; a moved block is found by its first telling line, then followed.
  struct Removed {
    std::uint64_t content;
    std::uint32_t number;
    std::size_t file;
  };
  std::vector<Removed> removed;
  for (std::size_t i = 0; i < diff.size(); ++i)
    for (const auto& line : diff[i].removed_lines) removed.push_back({line.content, line.number, i});
  if (removed.empty()) return;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < removed.size(); ++i)
    if (removed[i].content != 0) places[removed[i].content].push_back(i);
  std::unordered_map<std::string_view, ChangedFile*> by_path;
  for (auto& change : changes) by_path.emplace(change.path, &change);

  std::vector<bool> used(removed.size(), false);  // one removed line accounts for one moved line
  for (const auto& file : diff) {
    const auto target = by_path.find(file.path);
    if (target == by_path.end()) continue;
    const auto& added = file.new_lines;
    for (std::size_t begin = 0; begin < added.size();) {
      std::size_t best = 0, best_at = 0;
      if (const auto found = places.find(added[begin].content); added[begin].content != 0 && found != places.end()) {
        // Bounded: a line that stands in a thousand places says little about where a block came from.
        const auto tries = std::min<std::size_t>(found->second.size(), 64);
        for (std::size_t t = 0; t < tries; ++t) {
          const auto at = found->second[t];
          std::size_t length = 0;
          while (begin + length < added.size() && at + length < removed.size() && !used[at + length] &&
                 removed[at + length].content == added[begin + length].content &&
                 (length == 0 || (added[begin + length].number == added[begin + length - 1].number + 1 &&
                                  removed[at + length].number == removed[at + length - 1].number + 1 &&
                                  removed[at + length].file == removed[at].file)))
            ++length;
          if (length > best) best = length, best_at = at;
        }
      }
      std::size_t telling = 0;
      for (std::size_t i = 0; i < best; ++i) telling += added[begin + i].content != 0 ? 1 : 0;
      if (telling < min_block) {
        ++begin;
        continue;
      }
      for (std::size_t i = 0; i < best; ++i) {
        used[best_at + i] = true;
        target->second->moved_lines.push_back(added[begin + i].number);
      }
      begin += best;
    }
    sort_unique(target->second->moved_lines);
  }
}

bool fnmatch(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  const auto match_class = [&](std::size_t& at, char c) -> int {
    // Returns 1 matched, 0 not, -1 no class (a lone "[").
    std::size_t i = at + 1;
    const bool negated = i < pattern.size() && pattern[i] == '!';
    if (negated) ++i;
    std::size_t close = i;
    if (close < pattern.size() && pattern[close] == ']') ++close;
    while (close < pattern.size() && pattern[close] != ']') ++close;
    if (close >= pattern.size()) return -1;
    bool matched = false;
    for (; i < close; ++i) {
      if (i + 2 < close && pattern[i + 1] == '-') {
        matched |= static_cast<unsigned char>(pattern[i]) <= static_cast<unsigned char>(c) &&
                   static_cast<unsigned char>(c) <= static_cast<unsigned char>(pattern[i + 2]);
        i += 2;
      } else {
        matched |= pattern[i] == c;
      }
    }
    at = close + 1;
    return matched != negated ? 1 : 0;
  };
  while (t < text.size()) {
    bool advanced = false;
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        star = p++;
        star_text = t;
        continue;
      }
      if (pattern[p] == '[') {
        std::size_t next = p;
        const int result = match_class(next, text[t]);
        if (result == 1)
          p = next, ++t, advanced = true;
        else if (result == -1 && text[t] == '[')
          ++p, ++t, advanced = true;
      } else if (pattern[p] == '?' || pattern[p] == text[t]) {
        ++p, ++t, advanced = true;
      }
    }
    if (advanced) continue;
    if (star == std::string_view::npos) return false;
    p = star + 1;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool PathChoice::chosen(std::string_view path) const {
  if (!include.empty()) {
    bool included = false;
    for (const auto& pattern : include) included = included || text::glob_match(io::normalize_path(pattern), path);
    if (!included) return false;
  }
  if (exclude.empty()) return true;
  const auto name = io::file_name(path);
  const auto absolute = io::normalize_path(io::join_path(cwd, path));
  return std::none_of(exclude.begin(), exclude.end(),
                      [&](const std::string& pattern) { return fnmatch(pattern, name) || fnmatch(pattern, absolute); });
}

}  // namespace chiron::coverage
