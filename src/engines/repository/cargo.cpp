// Cargo.toml and Cargo.lock.
#include "engines/repository/manifests.h"

namespace chiron::repository {

namespace {

void add_dependencies(const File& file, const doc::Value* section, std::string_view scope, Manifest& manifest) {
  for (const auto& member : members_of(section)) {
    Dependency dependency;
    dependency.name = member.value.string_or("package", member.name);
    dependency.scope = scope;
    dependency.place = file.place(member.name_span);
    if (member.value.is_string()) {
      dependency.requirement = member.value.as_string();
    } else {
      dependency.requirement = text_of(member.value.find("version"));
      dependency.local = member.value.find("path") != nullptr || member.value.find("git") != nullptr;
    }
    manifest.dependencies.push_back(std::move(dependency));
  }
}

void add_sections(const File& file, const doc::Value& table, Manifest& manifest) {
  add_dependencies(file, table.find("dependencies"), "runtime", manifest);
  add_dependencies(file, table.find("dev-dependencies"), "development", manifest);
  add_dependencies(file, table.find("build-dependencies"), "build", manifest);
}

}  // namespace

Result<Manifest> read_cargo_toml(const File& file) {
  const auto root = TRY(file.toml());
  Manifest manifest;
  manifest.ecosystem = "cargo";
  manifest.lock_names = {"Cargo.lock"};
  if (const auto* package = root.find("package")) manifest.name = package->string_or("name", "");
  if (root.find("bin") != nullptr) manifest.application = true;
  add_sections(file, root, manifest);
  for (const auto& target : members_of(root.find("target"))) add_sections(file, target.value, manifest);
  return manifest;
}

Result<Lock> read_cargo_lock(const File& file) {
  const auto root = TRY(file.toml());
  Lock lock;
  lock.ecosystem = "cargo";
  lock.tool = "cargo";
  for (const auto& package : items_of(root.find("package")))
    add_name(lock.packages, package.string_or("name", ""), package.string_or("version", ""));
  return lock;
}

}  // namespace chiron::repository
