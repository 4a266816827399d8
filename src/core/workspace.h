// The folder under check: its root, its files, and what git says of it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/git/git.h"

namespace chiron {

// What is read and written goes through this, so that tests can run on a tree in memory.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) = 0;  // absolute path, bounded
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  // Every file below `root`, relative, sorted; .git and .chiron left out, .gitignore not asked.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& root) = 0;
};
[[nodiscard]] std::unique_ptr<FileSystem> make_real_file_system();
// Paths are absolute.
[[nodiscard]] std::unique_ptr<FileSystem> make_memory_file_system(std::map<std::string, std::string> files);

// The lines that count when a run is limited to a change.
struct Change {
  std::string base;                     // the commit compared with
  std::vector<git::ChangedFile> files;  // by path relative to the workspace's root
  [[nodiscard]] const git::ChangedFile* find(std::string_view path) const;
  // Whether that line (1-based) was added or changed; line 0 asks for the file.
  [[nodiscard]] bool touches(std::string_view path, std::uint32_t line, std::uint32_t end_line = 0) const;
};

class Workspace {
 public:
  // The nearest folder at or above `folder` with a chiron.toml, else the git root, else `folder` itself.
  [[nodiscard]] static Result<std::unique_ptr<Workspace>> discover(const std::string& folder,
                                                                   std::unique_ptr<FileSystem> files);
  // A workspace with that root, as given.
  Workspace(std::string root, std::unique_ptr<FileSystem> files);
  ~Workspace();

  [[nodiscard]] const std::string& root() const { return root_; }  // absolute, no "/" at the end
  [[nodiscard]] std::string name() const;                          // the root's last part
  [[nodiscard]] FileSystem& file_system() { return *files_; }

  // Patterns of [workspace] include/exclude.
  void set_filters(std::vector<std::string> include, std::vector<std::string> exclude);
  // Files by include, exclude and .gitignore, relative to the root, sorted. Found once, then remembered.
  [[nodiscard]] Result<const std::vector<std::string>*> files();
  // Those that match one of the globs (text::glob_match; a pattern without "/" matches the name in any folder).
  [[nodiscard]] Result<std::vector<std::string>> files_matching(const std::vector<std::string>& patterns);

  [[nodiscard]] Result<std::string> read(const std::string& relative_path);
  [[nodiscard]] std::string absolute(std::string_view relative_path) const;
  // A path below the root relative to it; others stay absolute.
  [[nodiscard]] std::string relative(std::string_view absolute_path) const;

  // Git facts, asked once; an error where this is no repository.
  [[nodiscard]] Result<const git::Repository*> repository();
  // HEAD's commit with "+" where files differ from it, "" without git.
  [[nodiscard]] std::string revision();

  // Limits the run to what changed since the merge base with `revision`.
  [[nodiscard]] Result<void> limit_to_change(const std::string& revision);
  // Nothing where the run is not limited.
  [[nodiscard]] const std::optional<Change>& change() const { return change_; }

 private:
  struct Lazy;
  std::string root_;
  std::unique_ptr<FileSystem> files_;
  std::vector<std::string> include_, exclude_;
  std::unique_ptr<Lazy> lazy_;
  std::optional<Change> change_;
};

}  // namespace chiron
