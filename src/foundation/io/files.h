// Files: bounded reads, mapped reads, atomic writes, walking a tree, temporary folders.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "foundation/base/limits.h"
#include "foundation/base/result.h"

namespace chiron::io {

// Reads at most `max_bytes`; a larger file is "limit.size". Errors: "io.not-found", "io.permission", "io.read".
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes = limits::kDocumentBytes);
// All of standard input (or another descriptor), bounded.
[[nodiscard]] Result<std::string> read_descriptor(int descriptor, std::uint64_t max_bytes = limits::kDocumentBytes);

// Writes to a temporary file beside `path`, syncs, renames over it: a reader sees the old or the new content.
// The mode of an existing file is kept; a symbolic link is followed to its target.
[[nodiscard]] Result<void> write_file_atomic(const std::string& path, std::string_view content);
[[nodiscard]] Result<void> make_folders(const std::string& path);

// A whole file mapped read-only (an empty file gives an empty view). The mapping ends with the object.
class MappedFile {
 public:
  [[nodiscard]] static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }
  // Lets go of the memory of what lies before `offset`; it is read from the file again where it is asked for. For one
  // pass over a file larger than the memory that should be held.
  void discard_before(std::size_t offset) const;

 private:
  MappedFile() = default;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

// A fresh folder below $TMPDIR, removed with everything in it at the end.
class TemporaryFolder {
 public:
  [[nodiscard]] static Result<TemporaryFolder> create(std::string_view name_hint = "chiron");
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  TemporaryFolder() = default;
  std::string path_;
};

enum class EntryType { file, folder, symlink, other };
struct Entry {
  std::string path;  // relative to the walked folder, "/" between parts
  EntryType type;
  std::uint64_t size_bytes;
  std::int64_t mtime_ns;  // since the epoch
  std::uint32_t mode;
};
// Every entry below `folder` in byte order of the paths; symbolic links are not followed. `enter` decides
// whether to go into a folder. Unreadable folders are errors.
[[nodiscard]] Result<std::vector<Entry>> walk(const std::string& folder,
                                              const std::function<bool(const Entry&)>& enter = {});

// Paths, lexically: "a/./b/../c" -> "a/c"; never above a leading "..".
[[nodiscard]] std::string normalize_path(std::string_view path);
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view name);
[[nodiscard]] std::string_view file_name(std::string_view path);
[[nodiscard]] std::string_view parent_path(std::string_view path);  // "" for a bare name
[[nodiscard]] std::string_view extension(std::string_view path);    // ".json", "" if none
[[nodiscard]] std::string relative_path(std::string_view path, std::string_view base);
[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] bool is_folder(const std::string& path);
[[nodiscard]] std::string current_folder();

// "failed to open x: No such file or directory" with the matching code.
// The code of an error about a pipe whose reader has left ("| head"): the reader has what it wanted, so programs end
// quietly.
inline constexpr std::string_view kReaderGone = "io.reader-gone";
[[nodiscard]] Error errno_error(std::string_view action, std::string_view path, int error_number);

}  // namespace chiron::io
