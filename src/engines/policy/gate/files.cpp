// Finding and reading policies, data and inputs.
#include "engines/policy/gate/files.h"

#include <re2/re2.h>

#include <algorithm>

#include "engines/policy/inputs/proto_schema.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::policy::gate {

namespace {

// Files below a folder (or the file itself) whose name `takes` accepts, sorted.
template <class Takes>
Result<std::vector<std::string>> files_at(const std::string& path, Takes takes) {
  if (!io::is_folder(path)) {
    if (!io::exists(path))
      return fail(ErrorKind::io, "io.not-found", format("stat {}: no such file or directory", path));
    return std::vector<std::string>{path};
  }
  std::vector<std::string> files;
  for (const auto& entry : TRY(io::walk(path)))
    if (entry.type != io::EntryType::folder && takes(entry.path)) files.push_back(io::join_path(path, entry.path));
  return files;
}

}  // namespace

Result<std::vector<SourceFile>> load_policies(const std::vector<std::string>& paths, Tests tests) {
  std::vector<SourceFile> sources;
  std::vector<std::string> all;
  for (const auto& path : paths) {
    auto files = files_at(path, [&](std::string_view name) {
      return name.ends_with(".rego") && (tests == Tests::include || !name.ends_with("_test.rego"));
    });
    if (!files)
      return fail(ErrorKind::input, "policy.none",
                  format("no policies found in [{}]: {}", text::join(paths, " "), files.error().message));
    all.insert(all.end(), files->begin(), files->end());
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const auto& file : all)
    sources.push_back({io::normalize_path(file), TRY(io::read_file(file, gate_limits::kPolicyBytes))});
  if (sources.empty())
    return fail(ErrorKind::input, "policy.none", format("no policies found in [{}]", text::join(paths, " ")));
  return sources;
}

Result<std::vector<SourceFile>> load_data(const std::vector<std::string>& paths) {
  std::vector<SourceFile> sources;
  for (const auto& path : paths) {
    const auto files = TRY(files_at(path, [](std::string_view name) {
      const auto extension = io::extension(name);
      return extension == ".json" || extension == ".yaml" || extension == ".yml";
    }));
    for (const auto& file : files) sources.push_back({file, TRY(io::read_file(file))});
  }
  return sources;
}

Result<std::vector<std::string>> find_inputs(const std::vector<std::string>& paths, const std::string& ignore) {
  std::optional<re2::RE2> pattern;
  if (!ignore.empty()) {
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    pattern.emplace(ignore, quiet);
    if (!pattern->ok())
      return fail(ErrorKind::usage, "policy.ignore", format("given regexp couldn't be parsed: {}", pattern->error()));
  }
  auto ignored = [&](const std::string& path) { return pattern && re2::RE2::PartialMatch(path, *pattern); };
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    if (path.empty()) continue;
    if (path == "-" || !io::is_folder(path)) {
      if (path != "-" && !io::exists(path))
        return fail(ErrorKind::io, "io.not-found", format("get file info: stat {}: no such file or directory", path));
      if (!ignored(path)) inputs.push_back(path);
      continue;
    }
    for (const auto& entry : TRY(io::walk(path))) {
      std::string file = io::join_path(path, entry.path);
      if (entry.type == io::EntryType::file && !ignored(file) && is_input_file(entry.path))
        inputs.push_back(std::move(file));
    }
  }
  if (inputs.empty()) return fail(ErrorKind::usage, "policy.no-files", "no files found");
  return inputs;
}

Result<std::vector<Gate::Input>> load_inputs(const std::vector<std::string>& paths, const std::string& parser,
                                             const std::vector<std::string>& proto_folders,
                                             const std::function<Result<std::string>()>& read_standard_input) {
  std::vector<Gate::Input> inputs;
  std::shared_ptr<const proto::Schema> messages;
  if (!proto_folders.empty()) messages = std::make_shared<const proto::Schema>(TRY(proto::load_schema(proto_folders)));
  for (const auto& path : paths) {
    Gate::Input input;
    input.messages = messages;
    input.file = path;
    input.format = TRY(parser.empty() ? input_format_of(path) : parse_input_format(parser));
    input.text = TRY(path == "-" ? read_standard_input() : io::read_file(path));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::vector<std::string> match_namespaces(const Gate& gate, const std::vector<std::string>& patterns) {
  std::vector<std::string> matched;
  auto add = [&](const std::string& name) {
    if (std::ranges::find(matched, name) == matched.end()) matched.push_back(name);
  };
  const auto known = gate.namespaces();
  for (const auto& pattern : patterns) {
    if (pattern.find_first_of("*?[{") == std::string::npos) {
      add(pattern);
      continue;
    }
    for (const auto& name : known)
      if (text::glob_match(pattern, name)) add(name);
  }
  return matched;
}

}  // namespace chiron::policy::gate
