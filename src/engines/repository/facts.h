// What git and the file system say of files: staged, modified, changed against a base, and when.
#pragma once
#include <map>
#include <set>

#include "engines/repository/context.h"

namespace chiron::repository {

class Facts {
 public:
  // Asks git about these files (relative to the folder, as all paths here).
  [[nodiscard]] static Result<Facts> gather(const Source& source, const std::vector<std::string>& paths);

  // The members that every file of the context has, "path" first.
  [[nodiscard]] std::vector<doc::Member> of(const std::string& path) const;
  // Seconds since the epoch of a file's last change; nothing where nobody knows.
  [[nodiscard]] std::optional<std::int64_t> time_s(const std::string& path) const;
  // Files that git knows and the folder lacks.
  [[nodiscard]] const std::vector<std::string>& deleted() const { return deleted_; }
  // The member "git" of the context; null without git, and so are its members that are not known.
  [[nodiscard]] doc::Value repository() const;

 private:
  struct Time {
    std::int64_t seconds = 0;
    std::string_view source;  // "commit", "boundary" (of a shallow clone: the file may be older), "file"
  };
  explicit Facts(const Source& source) : source_(source) {}
  [[nodiscard]] Result<void> ask_status();
  [[nodiscard]] Result<void> ask_times(const std::vector<std::string>& paths);
  void read_times(std::string_view log);
  [[nodiscard]] Result<void> ask_changes();
  [[nodiscard]] std::string below(std::string_view path) const;  // from the repository's root to the folder's

  const Source& source_;
  std::set<std::string, std::less<>> staged_, modified_, untracked_, changed_;
  std::vector<std::string> deleted_;
  std::map<std::string, Time, std::less<>> times_;
  std::optional<std::int64_t> head_time_s_;
  const git::Status* status_ = nullptr;
};

// "2024-05-01T12:00:00Z"
[[nodiscard]] std::string to_rfc3339(std::int64_t seconds);
// The seconds of an RFC 3339 time or date; nothing for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace chiron::repository
