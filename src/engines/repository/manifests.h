// Dependency manifests and lock files of npm, Python, Cargo, Go, Composer and Bundler.
#pragma once
#include <optional>

#include "engines/repository/file.h"

namespace chiron::repository {

struct Dependency {
  std::string name;         // as the ecosystem compares names
  std::string requirement;  // in the spelling that the lock file uses for it, "" for any
  std::string scope;        // runtime, development, optional, peer, build
  bool local = false;       // from a folder or a repository: what a lock file says of it differs by tool
  doc::Value place;
};

struct Manifest {
  std::string ecosystem, name;
  std::optional<bool> application;      // is delivered as it is, so that its lock file counts; nothing where unknown
  std::vector<std::string> lock_names;  // beside it or above
  std::vector<Dependency> dependencies;
};

struct Lock {
  std::string ecosystem, tool;
  Names packages;  // versions by name
  // The requirements it was made for, by the manifest's folder relative to the lock file's ("." its own, "*" any); the
  // requirement "*any*" stands for one that the file does not note.
  std::map<std::string, Names> requirements;
  // Whether a manifest of another folder counts only where `requirements` knows the folder.
  bool lists_folders = false;
};

// By the file's name, where a reader knows it.
using ManifestReader = Result<Manifest> (*)(const File&);
using LockReader = Result<Lock> (*)(const File&);
[[nodiscard]] ManifestReader manifest_reader(std::string_view path);
[[nodiscard]] LockReader lock_reader(std::string_view path);

// The member names of both in the context, after those of every file.
[[nodiscard]] std::vector<doc::Member> to_members(const Manifest& manifest);
[[nodiscard]] std::vector<doc::Member> to_members(const Lock& lock);

[[nodiscard]] Result<Manifest> read_package_json(const File& file);
[[nodiscard]] Result<Lock> read_package_lock(const File& file);
[[nodiscard]] Result<Lock> read_pnpm_lock(const File& file);
[[nodiscard]] Result<Lock> read_yarn_lock(const File& file);
[[nodiscard]] Result<Manifest> read_pyproject(const File& file);
[[nodiscard]] Result<Manifest> read_pipfile(const File& file);
[[nodiscard]] Result<Manifest> read_requirements_in(const File& file);
[[nodiscard]] Result<Lock> read_requirements_txt(const File& file);
[[nodiscard]] Result<Lock> read_pipfile_lock(const File& file);
[[nodiscard]] Result<Lock> read_python_lock(const File& file);  // poetry.lock, uv.lock, pdm.lock
[[nodiscard]] Result<Manifest> read_cargo_toml(const File& file);
[[nodiscard]] Result<Lock> read_cargo_lock(const File& file);
[[nodiscard]] Result<Manifest> read_go_mod(const File& file);
[[nodiscard]] Result<Lock> read_go_sum(const File& file);
[[nodiscard]] Result<Manifest> read_composer_json(const File& file);
[[nodiscard]] Result<Lock> read_composer_lock(const File& file);
[[nodiscard]] Result<Manifest> read_gemfile(const File& file);
[[nodiscard]] Result<Lock> read_gemfile_lock(const File& file);

// "Foo.Bar_baz" as "foo-bar-baz".
[[nodiscard]] std::string python_name(std::string_view name);
// The parts of a requirement in one order and without white space: "< 3, >= 2" as "<3,>=2".
[[nodiscard]] std::string sorted_requirement(std::string_view requirement);

}  // namespace chiron::repository
