// Loading policies and data from files and folders.
#include "engines/policy/loader.h"

#include <algorithm>

#include "engines/policy/bundle/bundle.h"
#include "foundation/base/large_pages.h"
#include "foundation/base/text.h"
#include "foundation/doc/json_stream.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/file_reader.h"
#include "foundation/io/files.h"

namespace chiron::policy {
namespace {

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(), [&](std::string_view suffix) { return name.ends_with(suffix); });
}

bool ignored(const std::vector<std::string>& patterns, std::string_view path) {
  const std::string_view name = io::file_name(path);
  for (const std::string& pattern : patterns) {
    if (text::glob_match(pattern, name) || text::glob_match(pattern, path)) return true;
    // A folder's name leaves out everything below it.
    for (const std::string_view part : text::split(path, '/')) {
      if (text::glob_match(pattern, part)) return true;
    }
  }
  return false;
}

struct Loading {
  Policy& policy;
  const LoadOptions& options;
  LoadProblem problem;

  // A folder that is a bundle holds what its manifest permits, and nothing else.
  void check_roots(const std::string& folder, std::size_t first_module) {
    const std::string file = io::join_path(folder, ".manifest");
    if (!io::exists(file)) return;
    const auto text = io::read_file(file);
    const auto manifest = text ? read_manifest(*text) : Result<BundleManifest>(std::unexpected(text.error()));
    if (!manifest) {
      problem.message = "bundle " + folder + ": " + manifest.error().message;
      return;
    }
    for (std::size_t i = first_module; i < policy.modules().size(); ++i) {
      const ast::Module& module = *policy.modules()[i];
      std::string path, name;
      for (const ast::Term* part : module.package->items.subspan(1)) {
        path += (path.empty() ? "" : "/") + std::string(part->text);
        name += (name.empty() ? "" : ".") + std::string(part->text);
      }
      if (within_roots(*manifest, path)) continue;
      problem.message = "bundle " + folder + ": manifest roots [" + text::join(manifest->roots, " ") +
                        "] do not permit 'package " + name + "' in module '" + module.file + "'";
      return;
    }
  }

  void file(const std::string& path, const std::string& shown, const std::vector<std::string>& below) {
    const std::string_view name = io::file_name(path);
    const bool module = name.ends_with(".rego");
    const bool document = ends_with_any(name, {".json", ".yaml", ".yml"});
    if (!module && !document) {
      if (below.empty() && !options.bundle) problem.message = shown + ": unrecognized file";
      return;
    }
    if ((module && options.skip_modules) || (document && options.skip_data)) return;
    const auto unreadable = [&](const Error& error) {
      problem.message =
          "open " + shown + ": " + (error.code == "io.not-found" ? "no such file or directory" : error.message);
    };
    if (module) {
      auto text = io::read_file(path);
      if (!text) return unreadable(text.error());
      PolicyErrors errors = policy.add_module(shown, std::move(*text));
      problem.errors.insert(problem.errors.end(), errors.begin(), errors.end());
      return;
    }
    auto value = load_file(policy.store(), path);
    if (!value) {
      if (value.error().kind == ErrorKind::io) return unreadable(value.error());
      problem.message = shown + ": " + value.error().message;
      return;
    }
    if (auto added = policy.add_data_at(below, *value); !added) problem.message = shown + ": merge error";
  }
};

}  // namespace

namespace {

doc::ReadOptions document_options(std::string_view name) {
  doc::ReadOptions options;
  options.file = std::string(name);
  options.allow_duplicate_keys = name.ends_with(".json");
  return options;
}

}  // namespace

Result<Value> load_document(Store& store, std::string_view name, std::string_view text) {
  const doc::ReadOptions read = document_options(name);
  if (name.ends_with(".json")) {
    ValueBuilder builder(store);
    TRY(doc::read_json(text, builder, read));
    return builder.take();
  }
  const doc::Value parsed = TRY(doc::parse_yaml(text, read));
  return store.from_document(parsed);
}

namespace {
constexpr std::uint64_t kLargeDocument = std::uint64_t{4} << 20;
}

Result<Value> load_file(Store& store, const std::string& path) {
  if (auto file = io::FileReader::open(path); file && path.ends_with(".json")) {
    // The values of a document take about as much as its text, the lists they are gathered in as much again.
    if (file->size_bytes() >= kLargeDocument) expect_heap(static_cast<std::size_t>(file->size_bytes()) * 4);
    ValueBuilder builder(store);
    const bool read =
        doc::stream_json([&](std::span<char> into) { return file->read(into); }, builder, document_options(path));
    if (read && !file->failed()) return builder.take();
  }
  return load_document(store, path, TRY(io::read_file(path)));
}

LoadProblem load_paths(Policy& policy, const std::vector<std::string>& paths, const LoadOptions& options) {
  Loading loading{policy, options, {}};
  std::size_t files = 0;
  for (const std::string& given : paths) {
    std::string path = given;
    std::vector<std::string> prefix;
    if (path.starts_with("file://")) path.erase(0, 7);
    if (const std::size_t colon = path.find(':'); colon != std::string::npos && colon > 0 && !io::exists(path)) {
      for (const std::string_view part : text::split(std::string_view(path).substr(0, colon), '.'))
        prefix.emplace_back(part);
      if (!prefix.empty() && prefix[0] == "data") prefix.erase(prefix.begin());
      path.erase(0, colon + 1);
    }
    if (!io::exists(path)) {
      loading.problem.message = "stat " + path + ": no such file or directory";
      return loading.problem;
    }
    const std::string shown = path.starts_with("./") ? path.substr(2) : path;
    if (!io::is_folder(path)) {
      if (ignored(options.ignore, path)) continue;
      loading.file(path, shown, prefix);
      if (!loading.problem.message.empty()) return loading.problem;
      continue;
    }
    const std::size_t first_module = policy.modules().size();
    const auto entries = io::walk(path, [&](const io::Entry& entry) {
      return !io::file_name(entry.path).starts_with(".") && !ignored(options.ignore, entry.path);
    });
    if (!entries) {
      loading.problem.message = entries.error().message;
      return loading.problem;
    }
    for (const io::Entry& entry : *entries) {
      if (entry.type != io::EntryType::file || io::file_name(entry.path).starts_with(".") ||
          ignored(options.ignore, entry.path))
        continue;
      if (++files > loader_limits::kFiles) {
        loading.problem.message = path + ": more than " + std::to_string(loader_limits::kFiles) + " files";
        return loading.problem;
      }
      const std::string_view name = io::file_name(entry.path);
      const bool module = name.ends_with(".rego");
      if (!module && !ends_with_any(name, {".json", ".yaml", ".yml"})) continue;
      if (options.bundle && !module && name != "data.json" && name != "data.yaml" && name != "data.yml") continue;
      std::vector<std::string> below = prefix;
      const std::string_view folder = io::parent_path(entry.path);
      if (!folder.empty()) {
        for (const std::string_view part : text::split(folder, '/')) below.emplace_back(part);
      }
      loading.file(io::join_path(path, entry.path),
                   options.short_names ? "/" + entry.path : io::join_path(shown, entry.path), below);
      if (!loading.problem.message.empty()) return loading.problem;
    }
    if (options.bundle) loading.check_roots(shown, first_module);
    if (!loading.problem.message.empty()) return loading.problem;
  }
  return loading.problem;
}

}  // namespace chiron::policy
