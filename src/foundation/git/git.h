// What Chiron asks of git, through the `git` program's plumbing: one adapter, so that nothing else starts git.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::git {

// 1-based lines [first, last] of the new side of a file.
struct LineRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool operator==(const LineRange&) const = default;
};

struct ChangedFile {
  std::string path;      // as it is now, relative to the repository's root
  std::string old_path;  // where it was renamed, else the same
  bool added = false;    // did not exist before, or is not tracked yet: every line counts
  bool deleted = false;
  std::vector<LineRange> lines;  // changed or added lines, ascending; empty for deletions and binary files
};

// The working tree against HEAD and the index, as `git status` has it.
struct Status {
  struct Entry {
    std::string path;    // as it is now, relative to the repository's root
    char index = '.';    // '.' unchanged, 'A', 'D', 'M', 'R', 'T', 'U' ...; '?' for an untracked file
    char tree = '.';     // the same for the working tree against the index
    bool merged = true;  // false: in conflict
  };
  std::optional<std::string> head;    // nothing before the first commit
  std::optional<std::string> branch;  // its short name; nothing where HEAD is detached
  std::vector<Entry> entries;         // changed and untracked files; a nested repository ends in "/"
  [[nodiscard]] bool dirty() const { return !entries.empty(); }
};

// A working copy. All calls run git with the user's configuration but no pager, no colour, no prompts, no
// optional locks; paths are bytes (-z), so spaces, newlines and bytes that are no UTF-8 come through.
class Repository {
 public:
  // The repository that holds `folder`. Errors: "git.none" (no repository), "git.missing" (no git program),
  // "git.ownership" (git does not trust it), "git.failed". A plain one is found without starting git, which then
  // gives such errors later.
  [[nodiscard]] static Result<Repository> open(const std::string& folder);

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] bool shallow() const { return shallow_; }
  // Asked once, then remembered. Any thread.
  [[nodiscard]] Result<const Status*> status() const;

  // The commit a name stands for. Errors: "git.revision".
  [[nodiscard]] Result<std::string> resolve(const std::string& revision) const;
  // The best common ancestor with HEAD. Errors: "git.merge-base" (no common history, a shallow clone).
  [[nodiscard]] Result<std::string> merge_base(const std::string& revision) const;
  // What differs between `base` (a commit) and the working tree, untracked files that are not ignored included.
  [[nodiscard]] Result<std::vector<ChangedFile>> changes_since(const std::string& base) const;
  // Tracked files and untracked ones that are not ignored, below `folder` (relative to the root, "" for all), sorted;
  // those that are not there are left out.
  [[nodiscard]] Result<std::vector<std::string>> files(const std::string& folder = {}) const;
  // A file's content at a commit; nothing where it is not there.
  [[nodiscard]] Result<std::optional<std::string>> content_at(const std::string& commit, const std::string& path) const;
  // The raw output of `git` with these arguments; fails where git does.
  [[nodiscard]] Result<std::string> run(std::vector<std::string> arguments) const;

 private:
  struct Asked;
  Repository(std::string root, bool shallow);
  std::string root_;
  bool shallow_ = false;
  std::shared_ptr<Asked> asked_;  // shared by copies, which are of the same working copy
};

}  // namespace chiron::git
