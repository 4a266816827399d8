// composer.json and composer.lock.
#include "engines/repository/manifests.h"
#include "foundation/base/text.h"

namespace chiron::repository {

namespace {

// The platform is no package: php, ext-json, lib-curl, composer-plugin-api.
bool is_platform(std::string_view name) { return name.find('/') == std::string_view::npos; }

}  // namespace

Result<Manifest> read_composer_json(const File& file) {
  const auto root = TRY(file.json());
  Manifest manifest;
  manifest.ecosystem = "composer";
  manifest.name = root.string_or("name", "");
  manifest.application = root.string_or("type", "library") == "project";
  manifest.lock_names = {"composer.lock"};
  for (const auto& [section, scope] : {std::pair{"require", "runtime"}, std::pair{"require-dev", "development"}})
    for (const auto& member : members_of(root.find(section))) {
      if (is_platform(member.name)) continue;
      manifest.dependencies.push_back(
          {text::to_lower_ascii(member.name), text_of(&member.value), scope, false, file.place(member.name_span)});
    }
  return manifest;
}

Result<Lock> read_composer_lock(const File& file) {
  const auto root = TRY(file.json());
  Lock lock;
  lock.ecosystem = "composer";
  lock.tool = "composer";
  for (const char* section : {"packages", "packages-dev"})
    for (const auto& package : items_of(root.find(section))) {
      const auto version = text_of(package.find("version"));
      add_name(lock.packages, text::to_lower_ascii(package.string_or("name", "")), version);
      // A requirement of a name that others provide or replace is met by them.
      for (const char* other : {"provide", "replace"})
        for (const auto& member : members_of(package.find(other)))
          add_name(lock.packages, text::to_lower_ascii(member.name), version);
    }
  return lock;
}

}  // namespace chiron::repository
