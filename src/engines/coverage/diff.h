// Unified diffs: which lines of which files are new. Read in pieces, so that a diff may be as large as it likes.
//
// Understood are git's own diffs (quoted names, renames, copies, modes, binary files, merges with several parents,
// any or no prefix) and plain `diff -u`. Counts in hunk headers are not relied upon: hand-made diffs lie.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::coverage {

struct ChangedLine {
  std::uint32_t number = 0;
  std::uint64_t content =
      0;  // hash of the text without surrounding white space; 0 for a line without letters or digits
  bool operator==(const ChangedLine&) const = default;
};

struct DiffFile {
  std::string path;      // as it is now (a deleted file's: as it was)
  std::string old_path;  // where renamed or copied, else the same
  bool added = false, deleted = false, binary = false;
  std::vector<ChangedLine> new_lines;      // ascending within a hunk
  std::vector<ChangedLine> removed_lines;  // numbered as in the old file
  // Removed lines numbered from the start of their hunk in the new file, as diff-cover counts them.
  std::vector<std::uint32_t> removed_at_new;
};

class DiffReader {
 public:
  explicit DiffReader(std::string name);
  // Errors: "diff.syntax", "limit.diff".
  [[nodiscard]] Result<void> feed(std::string_view piece);
  // Whether there was anything but white space so far: text without a single file is no diff.
  [[nodiscard]] bool saw_text() const { return saw_text_; }
  [[nodiscard]] Result<std::vector<DiffFile>> finish();

 private:
  Result<void> take_line(std::string_view line);
  Result<void> take_hunk_header(std::string_view line);
  Result<void> take_hunk_line(std::string_view line);
  Result<void> start_file(std::string_view header);
  Result<void> start_plain_file(std::string_view line);
  void take_header_line(std::string_view line);
  DiffFile& file() { return files_.back(); }
  std::unexpected<Error> wrong(std::string what) const;

  enum class State { outside, header, hunk };
  std::string name_;
  std::string partial_;  // a line whose end has not come yet
  std::vector<DiffFile> files_;
  State state_ = State::outside;
  bool git_ = false;       // the current file has a "diff --git" line
  bool named_by_ = false;  // a surer line than the header named the file
  bool saw_text_ = false;
  unsigned parents_ = 1;
  std::uint64_t old_left_ = 0, new_left_ = 0;
  std::uint32_t old_at_ = 0, new_at_ = 0, removed_at_ = 0;
  std::uint64_t line_number_ = 0, lines_kept_ = 0;
  std::string plain_old_;
};

[[nodiscard]] Result<std::vector<DiffFile>> read_diff(std::string_view text, std::string name = "diff");

// A path as git spells it: in double quotes with C escapes where it has unusual bytes.
[[nodiscard]] std::string unquote_path(std::string_view spelt);

}  // namespace chiron::coverage
