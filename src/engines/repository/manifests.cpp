#include "engines/repository/manifests.h"

#include <algorithm>

#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::repository {

ManifestReader manifest_reader(std::string_view path) {
  const auto name = io::file_name(path);
  if (name == "package.json") return read_package_json;
  if (name == "pyproject.toml") return read_pyproject;
  if (name == "Pipfile") return read_pipfile;
  if (name.starts_with("requirements") && name.ends_with(".in")) return read_requirements_in;
  if (name == "Cargo.toml") return read_cargo_toml;
  if (name == "go.mod") return read_go_mod;
  if (name == "composer.json") return read_composer_json;
  if (name == "Gemfile") return read_gemfile;
  return nullptr;
}

LockReader lock_reader(std::string_view path) {
  const auto name = io::file_name(path);
  if (name == "package-lock.json" || name == "npm-shrinkwrap.json") return read_package_lock;
  if (name == "pnpm-lock.yaml") return read_pnpm_lock;
  if (name == "yarn.lock") return read_yarn_lock;
  if (name.starts_with("requirements") && name.ends_with(".txt")) return read_requirements_txt;
  if (name == "Pipfile.lock") return read_pipfile_lock;
  if (name == "poetry.lock" || name == "uv.lock" || name == "pdm.lock") return read_python_lock;
  if (name == "Cargo.lock") return read_cargo_lock;
  if (name == "go.sum") return read_go_sum;
  if (name == "composer.lock") return read_composer_lock;
  if (name == "Gemfile.lock") return read_gemfile_lock;
  return nullptr;
}

std::vector<doc::Member> to_members(const Manifest& manifest) {
  std::vector<doc::Member> members;
  const auto add = [&](std::string_view name, doc::Value value) {
    members.push_back({std::string(name), {}, std::move(value)});
  };
  add("ecosystem", doc::Value(manifest.ecosystem));
  add("name", doc::Value(manifest.name));
  add("application", manifest.application ? doc::Value(*manifest.application) : doc::Value());
  doc::Value names = doc::Value::array();
  for (const auto& name : manifest.lock_names) names.push(doc::Value(name));
  add("lock_names", std::move(names));
  doc::Value list = doc::Value::array();
  for (const auto& dependency : manifest.dependencies) {
    doc::Value item = doc::Value::object();
    item.set("name", doc::Value(dependency.name));
    item.set("requirement", doc::Value(dependency.requirement));
    item.set("scope", doc::Value(dependency.scope));
    item.set("local", doc::Value(dependency.local));
    item.set("place", dependency.place);
    list.push(std::move(item));
  }
  add("dependencies", std::move(list));
  return members;
}

std::vector<doc::Member> to_members(const Lock& lock) {
  std::vector<doc::Member> members;
  members.push_back({"ecosystem", {}, doc::Value(lock.ecosystem)});
  members.push_back({"tool", {}, doc::Value(lock.tool)});
  members.push_back({"packages", {}, to_value(lock.packages)});
  doc::Value requirements = doc::Value::object();
  for (const auto& [folder, names] : lock.requirements) requirements.set(folder, to_value(names));
  members.push_back({"requirements", {}, std::move(requirements)});
  return members;
}

std::string sorted_requirement(std::string_view requirement) {
  std::vector<std::string> parts;
  for (const auto part : text::split(requirement, ',')) {
    std::string packed;
    for (const char c : part)
      if (c != ' ' && c != '\t' && c != '\r') packed += c;
    if (!packed.empty()) parts.push_back(std::move(packed));
  }
  std::ranges::sort(parts);
  return text::join(parts, ",");
}

}  // namespace chiron::repository
