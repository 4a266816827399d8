// go.mod and go.sum.
#include "engines/repository/manifests.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::repository {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto word : text::split(line, ' '))
    for (const auto piece : text::split(word, '\t'))
      if (const auto trimmed = text::trim(piece); !trimmed.empty()) words.push_back(trimmed);
  return words;
}

std::string unquoted(std::string_view word) {
  if (word.size() >= 2 && (word.front() == '"' || word.front() == '`')) word = word.substr(1, word.size() - 2);
  return std::string(word);
}

struct Replacement {
  std::string version;  // that is replaced, "" for all
  std::string target, target_version;
};

}  // namespace

Result<Manifest> read_go_mod(const File& file) {
  Manifest manifest;
  manifest.ecosystem = "go";
  manifest.application = true;  // go refuses to build without the sums
  manifest.lock_names = {"go.sum"};
  std::multimap<std::string, Replacement> replacements;
  std::string block;
  std::size_t row = 0;
  for (auto line : text::split_lines(file.text())) {
    ++row;
    const auto comment = line.find("//");
    const bool indirect = comment != std::string_view::npos && line.substr(comment).find("indirect") < 6;
    line = text::trim(line.substr(0, comment));
    auto words = words_of(line);
    if (words.empty()) continue;
    if (words[0] == ")") {
      block.clear();
      continue;
    }
    std::string verb = block;
    if (block.empty()) {
      verb = words[0];
      words.erase(words.begin());
      if (!words.empty() && words[0] == "(") {
        block = verb;
        continue;
      }
    }
    if (verb == "module" && !words.empty()) manifest.name = unquoted(words[0]);
    if (verb == "require") {
      if (words.size() != 2)
        return fail(ErrorKind::input, "context.manifest", format("line {}: require takes a module and a version", row));
      manifest.dependencies.push_back({unquoted(words[0]), std::string(words[1]), indirect ? "indirect" : "runtime",
                                       false, file.place_of_line(row)});
    }
    if (verb == "replace" && words.size() >= 3) {
      const bool versioned = words[1] != "=>";
      const std::size_t target = versioned ? 3 : 2;
      if (target >= words.size()) continue;
      replacements.emplace(unquoted(words[0]),
                           Replacement{versioned ? std::string(words[1]) : std::string(), unquoted(words[target]),
                                       target + 1 < words.size() ? std::string(words[target + 1]) : std::string()});
    }
  }
  for (auto& dependency : manifest.dependencies)
    for (auto [at, end] = replacements.equal_range(dependency.name); at != end; ++at) {
      const auto& replacement = at->second;
      if (!replacement.version.empty() && replacement.version != dependency.requirement) continue;
      // A folder has no sum.
      dependency.local = replacement.target_version.empty();
      if (dependency.local) break;
      dependency.name = replacement.target;
      dependency.requirement = replacement.target_version;
      break;
    }
  return manifest;
}

Result<Lock> read_go_sum(const File& file) {
  Lock lock;
  lock.ecosystem = "go";
  lock.tool = "go";
  auto& requirements = lock.requirements["."];
  std::size_t row = 0;
  for (const auto line : text::split_lines(file.text())) {
    ++row;
    const auto words = words_of(line);
    if (words.empty()) continue;
    if (words.size() != 3)
      return fail(ErrorKind::input, "context.lock", format("line {}: a sum is a module, a version and a hash", row));
    auto version = words[1];
    const bool of_module_file = version.ends_with("/go.mod");
    if (of_module_file) version.remove_suffix(7);
    add_name(requirements, words[0], version);
    if (!of_module_file) add_name(lock.packages, words[0], version);
  }
  return lock;
}

}  // namespace chiron::repository
