// package.json, package-lock.json, pnpm-lock.yaml and both forms of yarn.lock.
#include "engines/repository/manifests.h"
#include "foundation/base/text.h"
#include "foundation/doc/yaml.h"

namespace chiron::repository {

namespace {

constexpr std::pair<std::string_view, std::string_view> kSections[] = {{"dependencies", "runtime"},
                                                                       {"devDependencies", "development"},
                                                                       {"optionalDependencies", "optional"},
                                                                       {"peerDependencies", "peer"}};

bool is_local(std::string_view requirement) {
  for (const std::string_view prefix : {"file:", "link:", "workspace:", "portal:", "git",
                                        "http:", "https:", "npm:", "catalog:", "patch:", "./", "../", "/"})
    if (requirement.starts_with(prefix)) return true;
  return requirement.find('/') != std::string_view::npos;  // owner/repository
}

Names requirements_of(const doc::Value& package) {
  Names names;
  for (const auto& [section, scope] : kSections)
    for (const auto& member : members_of(package.find(section))) add_name(names, member.name, text_of(&member.value));
  return names;
}

// "@scope/name@^1.0", "name@npm:^1.0": the name and what follows its "@".
std::pair<std::string_view, std::string_view> split_descriptor(std::string_view text) {
  const auto mark = text.find('@', 1);
  if (mark == std::string_view::npos) return {text, {}};
  auto range = text.substr(mark + 1);
  if (range.starts_with("npm:")) range.remove_prefix(4);
  return {text.substr(0, mark), range};
}

std::string_view unquoted(std::string_view text) {
  text = text::trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

void add_descriptors(Lock& lock, std::string_view key, std::string_view version) {
  for (const auto each : text::split(key, ',')) {
    const auto [name, range] = split_descriptor(unquoted(each));
    if (name.empty()) continue;
    add_name(lock.packages, name, version);
    add_name(lock.requirements["*"], name, range);
  }
}

}  // namespace

Result<Manifest> read_package_json(const File& file) {
  const auto root = TRY(file.json());
  Manifest manifest;
  manifest.ecosystem = "npm";
  manifest.name = root.string_or("name", "");
  manifest.application = root.boolean_or("private", false);
  manifest.lock_names = {"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"};
  const auto* resolutions = root.find("resolutions");  // of yarn: another range takes the place of the one asked for
  for (const auto& [section, scope] : kSections)
    for (const auto& member : members_of(root.find(section))) {
      const auto requirement = text_of(&member.value);
      const bool resolved = resolutions != nullptr && resolutions->find(member.name) != nullptr;
      manifest.dependencies.push_back({member.name, requirement, std::string(scope), resolved || is_local(requirement),
                                       file.place(member.name_span)});
    }
  return manifest;
}

Result<Lock> read_package_lock(const File& file) {
  const auto root = TRY(file.json());
  Lock lock;
  lock.ecosystem = "npm";
  lock.tool = "npm";
  lock.lists_folders = true;
  for (const auto& [path, name_span, package] : members_of(root.find("packages"))) {
    const auto folder = path.rfind("node_modules/");
    if (folder == std::string::npos) {
      lock.requirements[path.empty() ? "." : path] = requirements_of(package);
      continue;
    }
    const auto name = package.string_or("name", std::string_view(path).substr(folder + 13));
    add_name(lock.packages, path.find("node_modules/") == folder ? std::string_view(path).substr(folder + 13) : name,
             package.string_or("version", ""));
  }
  // The first form of the file has the packages alone.
  if (root.find("packages") == nullptr) {
    for (const auto& member : members_of(root.find("dependencies")))
      add_name(lock.packages, member.name, member.value.string_or("version", ""));
  }
  return lock;
}

Result<Lock> read_pnpm_lock(const File& file) {
  // Newer versions write a document of their own settings first.
  doc::ReadOptions options;
  options.file = file.path();
  const auto documents = TRY(doc::parse_yaml_all(file.text(), options));
  Lock lock;
  lock.ecosystem = "npm";
  lock.tool = "pnpm";
  lock.lists_folders = true;
  if (documents.empty()) return lock;
  const auto& root = documents.back();
  const auto read_importer = [&](const std::string& folder, const doc::Value& importer) {
    auto& names = lock.requirements[folder];
    for (const auto& member : members_of(importer.find("specifiers")))
      add_name(names, member.name, text_of(&member.value));
    for (const auto& [section, scope] : kSections)
      for (const auto& member : members_of(importer.find(section)))
        if (const auto* specifier = member.value.find("specifier")) add_name(names, member.name, text_of(specifier));
    // What is overridden is noted with the range of the override.
    for (const auto& member : members_of(root.find("overrides")))
      if (names.contains(member.name)) add_name(names, member.name, "*any*");
  };
  if (const auto* importers = root.find("importers")) {
    for (const auto& member : members_of(importers)) read_importer(member.name, member.value);
  } else {
    read_importer(".", root);
  }
  for (const auto& member : members_of(root.find("packages"))) {
    // "/name/1.0.0", "/name@1.0.0", "name@1.0.0(peer@2)"
    std::string_view key = member.name;
    if (key.starts_with('/')) key.remove_prefix(1);
    key = key.substr(0, key.find('('));
    auto mark = key.find('@', 1);
    if (mark == std::string_view::npos) mark = key.rfind('/');
    if (mark == std::string_view::npos) continue;
    add_name(lock.packages, key.substr(0, mark), key.substr(mark + 1));
  }
  return lock;
}

Result<Lock> read_yarn_lock(const File& file) {
  Lock lock;
  lock.ecosystem = "npm";
  lock.tool = "yarn";
  if (file.text().find("__metadata:") != std::string_view::npos) {
    const auto root = TRY(file.yaml());
    for (const auto& member : members_of(&root))
      if (member.name != "__metadata") add_descriptors(lock, member.name, text_of(member.value.find("version")));
    return lock;
  }
  std::string key;
  for (const auto line : text::split_lines(file.text())) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.front() != ' ') {
      if (!line.ends_with(':')) return fail(ErrorKind::input, "context.lock", "a line that is no entry of a yarn.lock");
      key = line.substr(0, line.size() - 1);
    } else if (line.starts_with("  version ")) {
      add_descriptors(lock, key, unquoted(line.substr(10)));
    }
  }
  return lock;
}

}  // namespace chiron::repository
