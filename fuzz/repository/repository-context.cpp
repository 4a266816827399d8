// Every reader of the context on any bytes: the first byte chooses the file's name.
#include "engines/repository/context.h"
#include "foundation/doc/json.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace chiron;
  static const std::vector<std::string> names = {
      "package.json",  "package-lock.json", "pnpm-lock.yaml",  "yarn.lock",        "pyproject.toml",
      "Pipfile",       "Pipfile.lock",      "requirements.in", "uv.lock",          "poetry.lock",
      "Cargo.toml",    "Cargo.lock",        "go.mod",          "go.sum",           "composer.json",
      "composer.lock", "Gemfile",           "Gemfile.lock",    "bom.json",         "bom.xml",
      "a.spdx",        ".gitlab-ci.yml",    "action.yml",      "requirements.txt", ".github/workflows/a.yml"};
  if (size == 0) return 0;
  const auto& name = names[bytes[0] % names.size()];
  repository::Source source;
  source.files = {name};
  source.now_s = 1'700'000'000;
  source.read = [&](const std::string&, std::uint64_t) -> Result<std::string> {
    return std::string(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  };
  const auto context = repository::describe(source);
  if (!context) __builtin_trap();  // what cannot be read is told in the document
  (void)doc::write_json(*context);
  return 0;
}
