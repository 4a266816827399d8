// Loading policies and data from files and folders, with OPA's rules for where data goes.
#pragma once
#include "engines/policy/engine.h"

namespace chiron::policy {

namespace loader_limits {
inline constexpr std::size_t kFiles = 100'000;
}

struct LoadOptions {
  std::vector<std::string> ignore;  // glob patterns of file or folder names
  // Bundles and `data.json`-only folders: every document is named data.json or data.yaml, at its folder's path.
  bool bundle = false;
  bool short_names = false;  // modules of a folder are named by their paths below it: "/a/b.rego"
  bool skip_data = false;
  bool skip_modules = false;
};

struct LoadProblem {
  PolicyErrors errors;  // parse errors
  std::string message;  // anything else, "file: what"
  [[nodiscard]] bool failed() const { return !errors.empty() || !message.empty(); }
};

// Files are loaded at the root, folders at the paths of their folders; "a.b:path" puts a document below data.a.b.
// Modules are named by their paths as given.
[[nodiscard]] LoadProblem load_paths(Policy& policy, const std::vector<std::string>& paths, const LoadOptions& options);
struct SchemaSet;
// JSON Schemas: of a file, named "schema", or of a folder, each file by its path below it ("schema.a.b").
[[nodiscard]] Result<SchemaSet> load_schemas(const std::string& path);
// One JSON or YAML document; what it is follows from the name (YAML is read where the name says no JSON).
[[nodiscard]] Result<Value> load_document(Store& store, std::string_view name, std::string_view text);
// The same of a file; JSON is not held as text.
[[nodiscard]] Result<Value> load_file(Store& store, const std::string& path);

}  // namespace chiron::policy
