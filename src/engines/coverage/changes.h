// The changed lines that a run asks about: diffs put together, files chosen by pattern, moved lines told apart.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engines/coverage/diff.h"

namespace chiron::coverage {

struct ChangedFile {
  std::string path;
  std::vector<std::uint32_t> lines;        // ascending, each once
  std::vector<std::uint32_t> moved_lines;  // those of `lines` that only came from elsewhere in the diff
};

// Puts diffs of successive steps together (base to HEAD, HEAD to index, index to working tree) as diff-cover does:
// a later step takes away the lines it removed and adds its own. One diff is taken as it is. In order of the paths
// without regard to case.
[[nodiscard]] std::vector<ChangedFile> combine_diffs(const std::vector<std::vector<DiffFile>>& steps);

// Lines that the same change removed elsewhere: blocks of at least `min_block` lines whose text stands among the
// removed lines, in the same order. They are reported as `moved_lines`.
void find_moved_lines(std::vector<ChangedFile>& changes, const std::vector<DiffFile>& diff, std::size_t min_block = 3);

// Which files count. An include pattern is a glob relative to `cwd` (`**` crosses folders); an exclude pattern is
// matched as fnmatch does ("*" crosses folders too) against the file's name and against its absolute path.
struct PathChoice {
  std::vector<std::string> include, exclude;
  std::string cwd;
  [[nodiscard]] bool chosen(std::string_view path) const;
};

// fnmatch(3) without flags, as Python's fnmatch has it: * ? [seq] [!seq], no escapes.
[[nodiscard]] bool fnmatch(std::string_view pattern, std::string_view text);

}  // namespace chiron::coverage
