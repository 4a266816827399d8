// Gemfile and Gemfile.lock. A Gemfile is a program: only gems that it names with literal strings are seen.
#include <algorithm>

#include "engines/repository/manifests.h"
#include "foundation/base/text.h"

namespace chiron::repository {

namespace {

// The string literals that stand, parted by commas, at the start of `text`; `rest` is what follows them.
std::vector<std::string> literals_of(std::string_view text, std::string_view& rest) {
  std::vector<std::string> found;
  for (;;) {
    text = text::trim(text);
    if (text.empty() || (text.front() != '"' && text.front() != '\'')) break;
    const auto end = text.find(text.front(), 1);
    if (end == std::string_view::npos) break;
    found.emplace_back(text.substr(1, end - 1));
    text = text::trim(text.substr(end + 1));
    if (!text.starts_with(',')) break;
    text.remove_prefix(1);
  }
  rest = text;
  return found;
}

// "1.2" means "= 1.2".
std::string requirement_of(std::vector<std::string> parts) {
  for (auto& part : parts) {
    const auto trimmed = text::trim(part);
    if (!trimmed.empty() && trimmed.front() >= '0' && trimmed.front() <= '9') part = "=" + std::string(trimmed);
  }
  return sorted_requirement(text::join(parts, ","));
}

}  // namespace

Result<Manifest> read_gemfile(const File& file) {
  Manifest manifest;
  manifest.ecosystem = "bundler";
  manifest.lock_names = {"Gemfile.lock"};
  manifest.application = true;
  std::size_t row = 0;
  std::vector<std::string> blocks;  // scopes of `group … do`, "" for other blocks
  for (const auto line : text::split_lines(file.text())) {
    ++row;
    auto words = text::trim(line);
    if (words.starts_with("gemspec")) manifest.application = false;  // a library in development
    if (words.ends_with(" do")) {
      const bool grouped = words.starts_with("group ");
      const bool in_use = words.find(":production") != std::string_view::npos;
      blocks.emplace_back(grouped && !in_use ? "development" : "");
    } else if (words == "end" && !blocks.empty()) {
      blocks.pop_back();
    }
    if (!words.starts_with("gem ") && !words.starts_with("gem(")) continue;
    std::string_view rest;
    auto literals = literals_of(words.substr(4), rest);
    if (literals.empty()) continue;
    Dependency dependency;
    dependency.name = literals[0];
    literals.erase(literals.begin());
    dependency.requirement = requirement_of(std::move(literals));
    for (const std::string_view key : {"path:", "git:", "github:", ":path", ":git", "gist:", "bitbucket:"})
      dependency.local = dependency.local || rest.find(key) != std::string_view::npos;
    const bool in_group = std::ranges::find(blocks, "development") != blocks.end();
    dependency.scope = in_group || rest.find("group:") != std::string_view::npos ? "development" : "runtime";
    // Who depends on a platform or a condition may be left out of the lock file.
    if (rest.find("platform") != std::string_view::npos || rest.find("install_if") != std::string_view::npos ||
        rest.find(" if ") != std::string_view::npos || rest.find(" unless ") != std::string_view::npos)
      dependency.scope = "optional";
    dependency.place = file.place_of_line(row);
    manifest.dependencies.push_back(std::move(dependency));
  }
  return manifest;
}

Result<Lock> read_gemfile_lock(const File& file) {
  Lock lock;
  lock.ecosystem = "bundler";
  lock.tool = "bundler";
  auto& requirements = lock.requirements["."];
  std::string_view section;
  // "    name (1.2.3)" below specs:, "  name (~> 1.0)" or "  name!" below DEPENDENCIES.
  for (const auto line : text::split_lines(file.text())) {
    if (line.empty()) continue;
    if (line.front() != ' ') {
      section = text::trim(line);
      continue;
    }
    const auto depth = line.find_first_not_of(' ');
    auto words = text::trim(line);
    const auto open = words.find(" (");
    auto name = words.substr(0, open);
    if (name.ends_with('!')) name.remove_suffix(1);
    auto inside = open == std::string_view::npos ? std::string_view() : words.substr(open + 2);
    inside = inside.substr(0, inside.find(')'));
    if (section == "DEPENDENCIES" && depth == 2) {
      add_name(requirements, name, sorted_requirement(inside));
    } else if (depth == 4 && open != std::string_view::npos) {
      add_name(lock.packages, name, inside);
    }
  }
  return lock;
}

}  // namespace chiron::repository
