#include "engines/coverage/mapping.h"

#include <algorithm>
#include <map>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

std::string to_unix_path(std::string_view path) {
  std::string slashes(path);
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  return io::normalize_path(slashes);
}

namespace {

bool is_absolute(std::string_view path) {
  return path.starts_with('/') || (path.size() > 2 && path[1] == ':' && path[2] == '/');
}

bool ends_with_path(std::string_view path, std::string_view tail) {
  return path.size() > tail.size() && path.ends_with(tail) && path[path.size() - tail.size() - 1] == '/';
}

// Code of the system and of packages is in many reports, and nobody expects it in the repository.
bool is_foreign(std::string_view path) {
  for (const auto* folder : {"/usr/", "/opt/", "/Library/", "/nix/"})
    if (path.starts_with(folder)) return true;
  for (const auto* folder : {"/site-packages/", "/dist-packages/", "/node_modules/", "/.cargo/", "/.rustup/", "/.m2/"})
    if (path.find(folder) != std::string_view::npos) return true;
  return path.starts_with('<');  // "<string>" and the like
}

// Names that two paths share at their ends.
std::size_t common_names(std::string_view a, std::string_view b) {
  std::size_t names = 0;
  while (!a.empty() && !b.empty() && io::file_name(a) == io::file_name(b)) {
    ++names;
    const auto cut_a = a.find_last_of('/'), cut_b = b.find_last_of('/');
    a = a.substr(0, cut_a == std::string_view::npos ? 0 : cut_a);
    b = b.substr(0, cut_b == std::string_view::npos ? 0 : cut_b);
  }
  return names;
}

// The one of the candidates that shares the most with the path: at least a folder and the name, and more than any
// other.
std::string_view nearest(std::string_view path, const std::vector<std::string_view>& candidates) {
  std::size_t most = 1;
  std::string_view best;
  for (const auto candidate : candidates) {
    const auto names = common_names(path, candidate);
    if (names < most) continue;
    best = names > most ? candidate : std::string_view{};
    most = names;
  }
  return best;
}

// What maps a path to a file of the same name, with as little said as possible: "--map /build=lib".
std::string map_advice(std::string_view path, std::string_view candidate) {
  auto from = path.find_last_of('/'), to = candidate.find_last_of('/');
  auto before = path.substr(0, from == std::string_view::npos ? 0 : from);
  auto after = candidate.substr(0, to == std::string_view::npos ? 0 : to);
  while (!before.empty() && !after.empty() && io::file_name(before) == io::file_name(after)) {
    from = before.find_last_of('/'), to = after.find_last_of('/');
    before = before.substr(0, from == std::string_view::npos ? 0 : from);
    after = after.substr(0, to == std::string_view::npos ? 0 : to);
  }
  return format("map it with --map {}={}", before.empty() ? "/" : before, after.empty() ? "." : after);
}

// "/a/b" below "/a" -> "b"
std::optional<std::string> below(std::string_view path, std::string_view folder) {
  if (folder.empty()) return std::nullopt;
  if (folder == "/") return std::string(path.substr(1));
  if (path.size() > folder.size() + 1 && path.starts_with(folder) && path[folder.size()] == '/')
    return std::string(path.substr(folder.size() + 1));
  return std::nullopt;
}

}  // namespace

ReportIndex::ReportIndex(const Report& report, const MapOptions& options) : report_(report), options_(options) {
  for (const auto& file : report.files) add_exact(file);
  if (options.repository_files != nullptr) map_by_suffix();
}

void ReportIndex::add_exact(const SourceFile& file) {
  const auto path = to_unix_path(file.path);
  const auto add = [&](auto& index, std::string key) {
    auto& files = index[std::move(key)];
    if (std::find(files.begin(), files.end(), &file) == files.end()) files.push_back(&file);
  };
  for (const auto& [from, to] : options_.prefixes) {
    const auto prefix = to_unix_path(from);
    const auto rest = path == prefix ? std::optional<std::string>("") : below(path, prefix);
    if (rest) add(absolute_, io::normalize_path(io::join_path(io::join_path(options_.root, to), *rest)));
  }
  if (is_absolute(path)) {
    add(absolute_, path);
    for (const auto& alias : options_.root_aliases)
      if (const auto rest = below(path, alias)) add(absolute_, io::join_path(options_.root, *rest));
    return;
  }
  for (const auto& source : report_.source_roots) {
    const auto joined = to_unix_path(io::join_path(to_unix_path(source), path));
    if (!is_absolute(joined)) {
      add(relative_, io::normalize_path(io::join_path(options_.cwd, joined)));
      add(relative_, io::normalize_path(io::join_path(options_.root, joined)));
      continue;
    }
    add(absolute_, joined);
    for (const auto& alias : options_.root_aliases)
      if (const auto rest = below(joined, alias)) add(absolute_, io::join_path(options_.root, *rest));
    for (const auto& [from, to] : options_.prefixes)
      if (const auto rest = below(joined, to_unix_path(from)))
        add(absolute_, io::normalize_path(io::join_path(io::join_path(options_.root, to), *rest)));
  }
  if (report_.format == Format::jacoco) {
    for (const auto& root : options_.source_roots) {
      add(relative_, io::normalize_path(io::join_path(io::join_path(options_.root, root), path)));
      add(relative_, io::normalize_path(io::join_path(io::join_path(options_.cwd, root), path)));
    }
    return;
  }
  add(relative_, io::normalize_path(io::join_path(options_.cwd, path)));
  add(relative_, io::normalize_path(io::join_path(options_.root, path)));
}

std::optional<std::string> ReportIndex::in_repository(std::string_view absolute) const {
  return below(absolute, options_.root);
}

// For every file of the report that no exact key placed: the repository's files that its end names.
void ReportIndex::map_by_suffix() {
  const auto& repository = *options_.repository_files;
  const auto known = [&](std::string_view path) {
    return std::binary_search(repository.begin(), repository.end(), path, std::less<>());
  };
  std::unordered_map<const SourceFile*, bool> placed;
  for (const auto* index : {&absolute_, &relative_}) {
    for (const auto& [key, files] : *index) {
      const auto path = in_repository(key);
      if (!path || !known(*path)) continue;
      for (const auto* file : files) placed[file] = true;
    }
  }
  std::unordered_map<std::string_view, std::vector<std::string_view>> by_name;
  bool indexed = false;
  std::unordered_map<std::string, std::pair<const SourceFile*, bool>> claimed;  // repository path: file, told twice
  for (const auto& file : report_.files) {
    if (placed.contains(&file)) continue;
    if (!indexed) {
      for (const auto& path : repository) by_name[io::file_name(path)].push_back(path);
      indexed = true;
    }
    const auto path = to_unix_path(file.path);
    const auto candidates = by_name.find(io::file_name(path));
    if (candidates == by_name.end()) {
      lost_.push_back({&file, "no file of that name in the repository"});
      continue;
    }
    // A path from another root: the longest end of it that is a file of the repository.
    std::string_view best;
    std::vector<std::string_view> longer;
    for (const auto candidate : candidates->second) {
      if (ends_with_path(path, candidate) && candidate.size() > best.size()) best = candidate;
      if (!is_absolute(path) && ends_with_path(candidate, path)) longer.push_back(candidate);
    }
    // A bare name at the end of an absolute path says too little while other files share it.
    if (!best.empty() && best.find('/') == std::string_view::npos && candidates->second.size() > 1) best = {};
    if (best.empty() && longer.size() == 1) best = longer[0];
    // The whole repository is a folder of what the report's root was, or the other way round.
    if (best.empty() && longer.empty() && !is_foreign(path)) best = nearest(path, candidates->second);
    if (best.empty()) {
      const auto& choices = longer.empty() ? candidates->second : longer;
      std::string named;
      for (std::size_t i = 0; i < choices.size() && i < 3; ++i) named += (i != 0 ? ", " : "") + std::string(choices[i]);
      if (choices.size() > 3) named += format(" and {} more", choices.size() - 3);
      auto reason = longer.size() > 1 ? format("could be {}", named)
                                      : format("lies outside of the repository; the nearest is {}", named);
      if (choices.size() == 1) reason += "; if that is it, " + map_advice(path, choices[0]);
      lost_.push_back({&file, std::move(reason)});
      continue;
    }
    const auto [entry, is_new] = claimed.try_emplace(std::string(best), std::pair(&file, false));
    if (!is_new) {
      entry->second.second = true;
      lost_.push_back({&file, format("{} is claimed by {} as well", best, entry->second.first->path)});
    }
  }
  for (const auto& [path, claim] : claimed) {
    if (claim.second) {
      lost_.push_back({claim.first, format("{} is claimed by another path of the report as well", path)});
      continue;
    }
    suffix_[io::normalize_path(io::join_path(options_.root, path))].push_back(claim.first);
  }
  std::sort(lost_.begin(), lost_.end(), [](const Lost& a, const Lost& b) { return a.file->path < b.file->path; });
}

std::vector<const SourceFile*> ReportIndex::find(std::string_view path) const {
  const auto key = io::normalize_path(io::join_path(options_.root, path));
  for (const auto* index : {&absolute_, &relative_, &suffix_}) {
    const auto found = index->find(key);
    if (found != index->end()) return found->second;
  }
  return {};
}

namespace {

void note_lost(const Report& report, const std::vector<ReportIndex::Lost>& lost, std::vector<std::string>& notes) {
  constexpr std::size_t kShown = 20;
  std::size_t count = 0;
  for (const auto& [file, reason] : lost) {
    if (is_foreign(to_unix_path(file->path))) continue;
    if (++count <= kShown) notes.push_back(format("{}: {} is not mapped: {}", report.name, file->path, reason));
  }
  if (count > kShown) notes.push_back(format("{}: {} more files are not mapped", report.name, count - kShown));
  if (count != 0 && count == report.files.size())
    notes.push_back(report.name + ": none of its files is in the repository; say where they lie with --map FROM=TO");
}

}  // namespace

std::vector<SourceFile> merge_reports(const std::vector<Report>& reports, const MapOptions& options,
                                      std::vector<std::string>& notes) {
  std::map<std::string, SourceFile> merged;
  const auto add = [&](const std::string& path, const SourceFile& file) {
    auto one = file;
    one.path = path;
    normalize(one, Instances::add);
    const auto [entry, is_new] = merged.try_emplace(path);
    if (is_new)
      entry->second = std::move(one);
    else
      merge_into(entry->second, one);
  };
  for (const auto& report : reports) {
    if (options.repository_files == nullptr) {
      for (const auto& file : report.files) add(to_unix_path(file.path), file);
      continue;
    }
    const ReportIndex index(report, options);
    for (const auto& path : *options.repository_files)
      for (const auto* file : index.find(path)) add(path, *file);
    note_lost(report, index.lost(), notes);
  }
  std::vector<SourceFile> files;
  files.reserve(merged.size());
  for (auto& [path, file] : merged) files.push_back(std::move(file));
  return files;
}

}  // namespace chiron::coverage
