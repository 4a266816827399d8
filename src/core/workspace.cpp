#include "core/workspace.h"

#include <algorithm>
#include <mutex>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron {

namespace {

class RealFileSystem final : public FileSystem {
 public:
  Result<std::string> read(const std::string& path) override { return io::read_file(path); }
  bool exists(const std::string& path) override { return io::exists(path); }
  Result<std::vector<std::string>> list(const std::string& root) override {
    const auto entries = TRY(io::walk(root, [](const io::Entry& entry) {
      const auto name = io::file_name(entry.path);
      return name != ".git" && name != ".chiron";
    }));
    std::vector<std::string> files;
    for (const auto& entry : entries)
      if (entry.type == io::EntryType::file || entry.type == io::EntryType::symlink) files.push_back(entry.path);
    return files;
  }
};

class MemoryFileSystem final : public FileSystem {
 public:
  explicit MemoryFileSystem(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  Result<std::string> read(const std::string& path) override {
    const auto found = files_.find(path);
    if (found == files_.end()) return std::unexpected(io::errno_error("open", path, ENOENT));
    return found->second;
  }
  bool exists(const std::string& path) override {
    const auto next = files_.lower_bound(path);
    return next != files_.end() && (next->first == path || next->first.starts_with(path + "/"));
  }
  Result<std::vector<std::string>> list(const std::string& root) override {
    std::vector<std::string> files;
    for (const auto& [path, content] : files_)
      if (path.starts_with(root + "/")) files.push_back(path.substr(root.size() + 1));
    return files;
  }

 private:
  std::map<std::string, std::string> files_;
};

// A pattern without "/" names a file (or folder) anywhere; one that ends in "/" names a folder and all below.
bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.starts_with("./")) pattern.remove_prefix(2);
  if (pattern.ends_with('/')) return text::glob_match(std::string(pattern) + "**", path);
  if (pattern.find('/') == std::string_view::npos) {
    if (text::glob_match(pattern, io::file_name(path))) return true;
    return path.find('/') != std::string_view::npos && (text::glob_match("**/" + std::string(pattern) + "/**", path));
  }
  return text::glob_match(pattern, path) || text::glob_match(std::string(pattern) + "/**", path);
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view path) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches(pattern, path); });
}

}  // namespace

std::unique_ptr<FileSystem> make_real_file_system() { return std::make_unique<RealFileSystem>(); }
std::unique_ptr<FileSystem> make_memory_file_system(std::map<std::string, std::string> files) {
  return std::make_unique<MemoryFileSystem>(std::move(files));
}

const git::ChangedFile* Change::find(std::string_view path) const {
  const auto found =
      std::ranges::lower_bound(files, path, {}, [](const git::ChangedFile& f) -> std::string_view { return f.path; });
  return found != files.end() && found->path == path ? &*found : nullptr;
}

bool Change::touches(std::string_view path, std::uint32_t line, std::uint32_t end_line) const {
  const auto* file = find(path);
  if (file == nullptr) return false;
  if (line == 0) return true;
  const auto last = std::max(line, end_line);
  return std::ranges::any_of(file->lines,
                             [&](const git::LineRange& range) { return range.first <= last && line <= range.last; });
}

struct Workspace::Lazy {
  std::mutex mutex;
  std::optional<Result<git::Repository>> repository;
  std::optional<Result<std::vector<std::string>>> files;
};

Workspace::Workspace(std::string root, std::unique_ptr<FileSystem> files)
    : root_(std::move(root)), files_(std::move(files)), lazy_(std::make_unique<Lazy>()) {}

Workspace::~Workspace() = default;

Result<std::unique_ptr<Workspace>> Workspace::discover(const std::string& folder, std::unique_ptr<FileSystem> files) {
  std::string git_root;
  for (std::string at = folder;; at = io::parent_path(at)) {
    if (files->exists(io::join_path(at, "chiron.toml"))) return std::make_unique<Workspace>(at, std::move(files));
    if (git_root.empty() && files->exists(io::join_path(at, ".git"))) git_root = at;
    if (at == "/" || at.empty()) break;
  }
  return std::make_unique<Workspace>(git_root.empty() ? folder : git_root, std::move(files));
}

std::string Workspace::name() const {
  const auto last = io::file_name(root_);
  return last.empty() ? "root" : std::string(last);
}

void Workspace::set_filters(std::vector<std::string> include, std::vector<std::string> exclude) {
  const std::lock_guard lock(lazy_->mutex);
  include_ = std::move(include);
  exclude_ = std::move(exclude);
  lazy_->files.reset();
}

Result<const std::vector<std::string>*> Workspace::files() {
  const auto repository = this->repository();
  const std::lock_guard lock(lazy_->mutex);
  if (!lazy_->files) {
    auto found = [&]() -> Result<std::vector<std::string>> {
      if (!repository) return files_->list(root_);
      // Paths come relative to git's root; the workspace may be a folder below it.
      const auto below =
          root_ == (*repository)->root() ? std::string() : io::relative_path(root_, (*repository)->root());
      auto listed = (*repository)->files(below);
      // Without git's help every file counts, as outside a repository.
      if (!listed && (listed.error().code == "git.missing" || listed.error().code == "git.ownership"))
        return files_->list(root_);
      if (!listed) return listed;
      auto paths = *std::move(listed);
      if (!below.empty())
        for (auto& path : paths) path.erase(0, below.size() + 1);
      std::erase_if(paths, [&](const std::string& path) { return path.starts_with(".chiron/"); });
      return paths;
    }();
    if (found)
      std::erase_if(*found, [&](const std::string& path) {
        return (!include_.empty() && !matches_any(include_, path)) || matches_any(exclude_, path);
      });
    lazy_->files = std::move(found);
  }
  if (!*lazy_->files) return std::unexpected(lazy_->files->error());
  return &**lazy_->files;
}

Result<std::vector<std::string>> Workspace::files_matching(const std::vector<std::string>& patterns) {
  std::vector<std::string> found;
  for (const auto& path : *TRY(files()))
    if (matches_any(patterns, path)) found.push_back(path);
  return found;
}

Result<std::string> Workspace::read(const std::string& relative_path) { return files_->read(absolute(relative_path)); }

std::string Workspace::absolute(std::string_view relative_path) const {
  return io::normalize_path(io::join_path(root_, relative_path));
}

std::string Workspace::relative(std::string_view absolute_path) const {
  if (absolute_path == root_) return ".";
  if (absolute_path.starts_with(root_) && absolute_path.size() > root_.size() && absolute_path[root_.size()] == '/')
    return std::string(absolute_path.substr(root_.size() + 1));
  return std::string(absolute_path);
}

Result<const git::Repository*> Workspace::repository() {
  const std::lock_guard lock(lazy_->mutex);
  if (!lazy_->repository) lazy_->repository = git::Repository::open(root_);
  if (!*lazy_->repository) return std::unexpected(lazy_->repository->error());
  return &**lazy_->repository;
}

std::string Workspace::revision() {
  const auto repository = this->repository();
  if (!repository) return "";
  const auto status = (*repository)->status();
  if (!status || !(*status)->head) return "";
  return *(*status)->head + ((*status)->dirty() ? "+" : "");
}

Result<void> Workspace::limit_to_change(const std::string& revision) {
  const auto* repository = TRY(this->repository());
  Change change;
  change.base = TRY(repository->merge_base(revision));
  change.files = TRY(repository->changes_since(change.base));
  if (root_ != repository->root()) {
    const auto below = io::relative_path(root_, repository->root()) + "/";
    std::erase_if(change.files, [&](const git::ChangedFile& file) { return !file.path.starts_with(below); });
    for (auto& file : change.files) file.path.erase(0, below.size());
  }
  std::ranges::sort(change.files, {}, &git::ChangedFile::path);
  change_ = std::move(change);
  return {};
}

}  // namespace chiron
