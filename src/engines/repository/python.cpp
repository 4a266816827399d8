// pyproject.toml (project, Poetry, PDM and uv), Pipfile, requirements.in and their lock files.
#include <algorithm>
#include <cctype>

#include "engines/repository/manifests.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::repository {

namespace {

// "name[extra] >=1.0,<2 ; marker", "name @ url": nothing for a line without a name.
std::optional<Dependency> parse_requirement(std::string_view text) {
  text = text::trim(text);
  std::size_t end = 0;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-' ||
                               text[end] == '_' || text[end] == '.'))
    ++end;
  if (end == 0) return std::nullopt;
  Dependency dependency;
  dependency.name = python_name(text.substr(0, end));
  auto rest = text::trim(text.substr(end));
  if (rest.starts_with('[')) rest = text::trim(rest.substr(std::min(rest.find(']'), rest.size() - 1) + 1));
  rest = rest.substr(0, rest.find(';'));
  dependency.local = rest.starts_with('@');
  if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
  if (!dependency.local) dependency.requirement = sorted_requirement(rest);
  return dependency;
}

void add_requirements(const File& file, const doc::Value* list, std::string_view scope, Manifest& manifest) {
  for (const auto& item : items_of(list)) {
    if (!item.is_string()) continue;  // {include-group = "…"}
    auto dependency = parse_requirement(item.as_string());
    if (!dependency) continue;
    dependency->scope = scope;
    dependency->place = file.place(item.span);
    manifest.dependencies.push_back(std::move(*dependency));
  }
}

// Poetry's and Pipfile's tables: name = "^1.0" or name = {version = …, git = …}.
void add_table(const File& file, const doc::Value* table, std::string_view scope, Manifest& manifest) {
  for (const auto& member : members_of(table)) {
    if (member.name == "python") continue;
    Dependency dependency;
    dependency.name = python_name(member.name);
    dependency.scope = scope;
    dependency.place = file.place(member.name_span);
    dependency.requirement =
        member.value.is_string() ? member.value.as_string() : text_of(member.value.find("version"));
    for (const char* key : {"git", "path", "url", "file"})
      dependency.local = dependency.local || member.value.find(key) != nullptr;
    if (member.value.boolean_or("optional", false)) dependency.scope = "optional";
    manifest.dependencies.push_back(std::move(dependency));
  }
}

std::string_view trimmed_comment(std::string_view line) {
  const auto comment = line.find('#');
  if (comment == 0) return {};
  const auto spaced = line.find(" #");
  return text::trim(line.substr(0, spaced));
}

}  // namespace

std::string python_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool mark = c == '-' || c == '_' || c == '.';
    if (mark && !out.empty() && out.back() == '-') continue;
    out += mark ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

Result<Manifest> read_pyproject(const File& file) {
  const auto root = TRY(file.toml());
  Manifest manifest;
  manifest.ecosystem = "python";
  manifest.lock_names = {"uv.lock", "poetry.lock", "pdm.lock"};
  if (const auto* name = at(root, {"project", "name"})) manifest.name = python_name(text_of(name));
  add_requirements(file, at(root, {"project", "dependencies"}), "runtime", manifest);
  for (const auto& extra : members_of(at(root, {"project", "optional-dependencies"})))
    add_requirements(file, &extra.value, "optional", manifest);
  for (const auto& group : members_of(root.find("dependency-groups")))
    add_requirements(file, &group.value, "development", manifest);
  add_requirements(file, at(root, {"tool", "uv", "dev-dependencies"}), "development", manifest);
  if (const auto* poetry = at(root, {"tool", "poetry"})) {
    if (manifest.name.empty()) manifest.name = python_name(poetry->string_or("name", ""));
    // A project that is no package is delivered as it is.
    if (!poetry->boolean_or("package-mode", true)) manifest.application = true;
    // Where both forms are there, Poetry's own adds only where the other says less.
    if (at(root, {"project", "dependencies"}) == nullptr)
      add_table(file, poetry->find("dependencies"), "runtime", manifest);
    add_table(file, poetry->find("dev-dependencies"), "development", manifest);
    for (const auto& group : members_of(poetry->find("group")))
      add_table(file, group.value.find("dependencies"), "development", manifest);
  }
  return manifest;
}

Result<Manifest> read_pipfile(const File& file) {
  const auto root = TRY(file.toml());
  Manifest manifest;
  manifest.ecosystem = "python";
  manifest.application = true;
  manifest.lock_names = {"Pipfile.lock"};
  add_table(file, root.find("packages"), "runtime", manifest);
  add_table(file, root.find("dev-packages"), "development", manifest);
  return manifest;
}

Result<Manifest> read_requirements_in(const File& file) {
  Manifest manifest;
  manifest.ecosystem = "python";
  manifest.application = true;
  const auto name = io::file_name(file.path());
  manifest.lock_names = {std::string(name.substr(0, name.size() - 3)) + ".txt"};
  std::size_t row = 0;
  for (const auto line : text::split_lines(file.text())) {
    ++row;
    const auto words = trimmed_comment(line);
    if (words.empty() || words.starts_with('-')) continue;  // options
    auto dependency = parse_requirement(words);
    if (!dependency) continue;
    if (words.find("://") != std::string_view::npos) {
      dependency->local = true;
      dependency->requirement.clear();
    }
    dependency->scope = "runtime";
    dependency->place = file.place_of_line(row);
    manifest.dependencies.push_back(std::move(*dependency));
  }
  return manifest;
}

Result<Lock> read_requirements_txt(const File& file) {
  Lock lock;
  lock.ecosystem = "python";
  lock.tool = "pip";
  for (const auto line : text::split_lines(file.text())) {
    auto words = trimmed_comment(line);
    if (words.empty() || words.starts_with('-') || line.starts_with(' ')) continue;
    if (words.ends_with('\\')) words = text::trim(words.substr(0, words.size() - 1));
    auto dependency = parse_requirement(words.substr(0, words.find(" --")));
    if (!dependency) continue;
    std::string_view version = dependency->requirement;
    while (version.starts_with('=')) version.remove_prefix(1);
    add_name(lock.packages, dependency->name, version);
  }
  return lock;
}

Result<Lock> read_pipfile_lock(const File& file) {
  const auto root = TRY(file.json());
  Lock lock;
  lock.ecosystem = "python";
  lock.tool = "pipenv";
  for (const char* section : {"default", "develop"})
    for (const auto& member : members_of(root.find(section))) {
      auto version = member.value.string_or("version", "");
      while (version.starts_with('=')) version.remove_prefix(1);
      add_name(lock.packages, python_name(member.name), version);
    }
  return lock;
}

Result<Lock> read_python_lock(const File& file) {
  const auto root = TRY(file.toml());
  Lock lock;
  lock.ecosystem = "python";
  const auto name = io::file_name(file.path());
  lock.tool = name.substr(0, name.find('.'));
  lock.lists_folders = lock.tool == "uv";
  for (const auto& package : items_of(root.find("package"))) {
    const auto package_name = python_name(package.string_or("name", ""));
    add_name(lock.packages, package_name, text_of(package.find("version")));
    // uv notes the requirements of the projects themselves.
    const auto* source = package.find("source");
    if (lock.tool != "uv" || source == nullptr) continue;
    for (const char* kind : {"virtual", "editable", "directory"}) {
      const auto* folder = source->find(kind);
      if (folder == nullptr) continue;
      auto& names = lock.requirements[text_of(folder)];
      const auto add = [&](const doc::Value* list) {
        for (const auto& item : items_of(list)) {
          // From a folder or a repository: the requirement is not noted.
          bool elsewhere = false;
          for (const char* key : {"git", "url", "path", "directory", "editable", "virtual"})
            elsewhere = elsewhere || item.find(key) != nullptr;
          add_name(names, python_name(item.string_or("name", "")),
                   elsewhere ? "*any*" : sorted_requirement(item.string_or("specifier", "")));
        }
      };
      add(at(package, {"metadata", "requires-dist"}));
      for (const auto& group : members_of(at(package, {"metadata", "requires-dev"}))) add(&group.value);
    }
  }
  return lock;
}

}  // namespace chiron::repository
