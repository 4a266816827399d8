#include "engines/testing/nearest.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace chiron::testing {

namespace {

// The version of the file that its record is read from: that of the text, else the one recorded last.
std::optional<std::uint32_t> version_of(const CoverageMap& map, const std::string& path, std::string_view text) {
  const auto digest = describe_source(path, text).digest;
  std::optional<std::uint32_t> found;
  for (std::uint32_t i = 0; i < map.sources().size(); ++i) {
    if (map.sources()[i].path != path) continue;
    found = i;
    if (map.sources()[i].digest == digest) break;
  }
  return found;
}

std::uint32_t distance(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

}  // namespace

std::vector<NearTest> nearest_tests(const CoverageMap& map, const std::string& path, std::string_view text,
                                    std::uint32_t line, std::size_t count) {
  const auto version = version_of(map, path, text);
  if (!version) return {};
  // Of functions within each other the innermost begins last.
  CodeFunction within;
  for (const auto& function : map.sources()[*version].functions)
    if (function.first <= line && line <= function.last && function.first >= within.first) within = function;
  std::unordered_map<std::uint32_t, NearTest> near_of_set;
  for (std::uint32_t i = 0; i < map.sets().size(); ++i) {
    const auto& set = map.sets()[i];
    if (set.source != *version || set.lines.empty()) continue;
    const auto after = std::ranges::lower_bound(set.lines, line);
    auto nearest = after != set.lines.end() ? *after : set.lines.back();
    if (after != set.lines.begin() && distance(*(after - 1), line) <= distance(nearest, line)) nearest = *(after - 1);
    near_of_set[i] = {{}, nearest, within.last != 0 && within.first <= nearest && nearest <= within.last};
  }
  std::vector<NearTest> found;
  for (const auto& [test, sets] : map.tests())
    for (const auto set : sets)
      if (const auto near = near_of_set.find(set); near != near_of_set.end()) {
        found.push_back(near->second);
        found.back().test = test;
      }
  const auto rank = [&](const NearTest& near) {
    return std::tuple(!near.same_function, distance(near.line, line), std::string_view(near.test));
  };
  const auto kept = std::min(count, found.size());
  std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(kept), {}, rank);
  found.resize(kept);
  return found;
}

}  // namespace chiron::testing
