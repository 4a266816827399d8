#include "foundation/io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "foundation/base/format.h"
#include "foundation/io/file_reader.h"

namespace chiron::io {

namespace {

// Closes a descriptor at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno_error("write", path, errno));
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Error errno_error(std::string_view action, std::string_view path, int error_number) {
  std::string code = "io.failed";
  std::string next;
  switch (error_number) {
    case ENOENT:
      code = "io.not-found";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = "io.permission";
      break;
    case EPIPE:
      code = kReaderGone;
      break;
    case ENOSPC:
    case EDQUOT:
      code = "io.full";
      next = "Free some space and run again.";
      break;
    case EISDIR:
      code = "io.is-folder";
      break;
    case ENOTDIR:
      code = "io.not-folder";
      break;
    case ELOOP:
      code = "io.link-loop";
      break;
    default:
      break;
  }
  return {ErrorKind::io, code, format("failed to {} {}: {}", action, path, std::strerror(error_number)), {}, {}, next};
}

Result<std::string> read_descriptor(int descriptor, std::uint64_t max_bytes) {
  std::string content;
  std::size_t used = 0;
  for (;;) {
    if (content.size() - used < 64 * 1024) content.resize(std::max<std::size_t>(content.size() * 2, 128 * 1024));
    const auto got = ::read(descriptor, content.data() + used, content.size() - used);
    if (got < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno_error("read", "the input", errno));
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > max_bytes)
      return fail(ErrorKind::limit, "limit.size", format("the input is longer than {} bytes", max_bytes));
  }
  content.resize(used);
  return content;
}

namespace {

// Opens what can be read to its end.
Result<int> open_readable(const std::string& path, struct stat& info) {
  // Non-blocking, so that a FIFO given by mistake is an error and not a hang.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return std::unexpected(errno_error("open", path, errno));
  if (::fstat(file.get(), &info) != 0) return std::unexpected(errno_error("read", path, errno));
  if (S_ISDIR(info.st_mode)) return std::unexpected(errno_error("read", path, EISDIR));
  if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || S_ISBLK(info.st_mode))
    return fail(ErrorKind::io, "io.not-file", format("failed to read {}: it is not a regular file", path));
  return file.release();
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes) {
  struct stat info{};
  const Descriptor file(TRY(open_readable(path, info)));
  if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) > max_bytes)
    return fail(ErrorKind::limit, "limit.size",
                format("{} has {} bytes; at most {} are read", path, info.st_size, max_bytes));
  std::string content;
  content.resize(static_cast<std::size_t>(S_ISREG(info.st_mode) ? info.st_size : 0) + 1);
  std::size_t used = 0;
  for (;;) {
    if (used == content.size()) content.resize(content.size() * 2 + 4096);
    const auto got = ::read(file.get(), content.data() + used, content.size() - used);
    if (got < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno_error("read", path, errno));
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > max_bytes)
      return fail(ErrorKind::limit, "limit.size", format("{} is longer than {} bytes", path, max_bytes));
  }
  content.resize(used);
  return content;
}

Result<FileReader> FileReader::open(const std::string& path) {
  struct stat info{};
  FileReader reader;
  reader.descriptor_ = TRY(open_readable(path, info));
  if (!S_ISREG(info.st_mode))
    return fail(ErrorKind::io, "io.not-file", format("failed to read {}: it is not a regular file", path));
  reader.size_bytes_ = static_cast<std::uint64_t>(info.st_size);
  return reader;
}

FileReader::FileReader(FileReader&& other) noexcept
    : size_bytes_(other.size_bytes_), descriptor_(std::exchange(other.descriptor_, -1)), failed_(other.failed_) {}

FileReader& FileReader::operator=(FileReader&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  size_bytes_ = other.size_bytes_;
  failed_ = other.failed_;
  return *this;
}

FileReader::~FileReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t FileReader::read(std::span<char> into) {
  for (;;) {
    const auto got = ::read(descriptor_, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    failed_ = true;
    return 0;
  }
}

Result<void> make_folders(const std::string& path) {
  if (path.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error && !is_folder(path)) return std::unexpected(errno_error("create the folder", path, error.value()));
  return {};
}

Result<void> write_file_atomic(const std::string& path, std::string_view content) {
  std::string target = path;
  struct stat info{};
  const bool existed = ::stat(path.c_str(), &info) == 0;
  if (existed && S_ISDIR(info.st_mode)) return std::unexpected(errno_error("write", path, EISDIR));
  if (existed && !S_ISREG(info.st_mode)) {
    // A device or pipe (/dev/stdout) cannot be replaced; it is written to.
    const Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (device.get() < 0) return std::unexpected(errno_error("write", path, errno));
    return write_all(device.get(), content, path);
  }
  if (existed) {
    std::error_code error;
    const auto resolved = std::filesystem::canonical(path, error);
    if (!error) target = resolved.string();
  }
  std::string temporary = target + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return std::unexpected(errno_error("write", path, errno));
  const auto give_up = [&](std::string_view action) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return std::unexpected(errno_error(action, path, error_number));
  };
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(file.get(), existed ? info.st_mode & 07777 : 0666 & ~mask);
  if (auto written = write_all(file.get(), content, path); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (::fsync(file.get()) != 0 && errno != EINVAL) return give_up("write");
  if (::close(file.release()) != 0) return give_up("write");
  if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up("rename over");
  return {};
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return std::unexpected(errno_error("open", path, errno));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return std::unexpected(errno_error("read", path, errno));
  if (S_ISDIR(info.st_mode)) return std::unexpected(errno_error("read", path, EISDIR));
  if (!S_ISREG(info.st_mode))
    return fail(ErrorKind::io, "io.not-file", format("failed to read {}: it is not a regular file", path));
  MappedFile mapped;
  if (info.st_size == 0) return mapped;
  void* data = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return std::unexpected(errno_error("map", path, errno));
  mapped.data_ = static_cast<const char*>(data);
  mapped.size_ = static_cast<std::size_t>(info.st_size);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::discard_before(std::size_t offset) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto length = std::min(offset, size_) / page * page;
  // Advice only: where the kernel does not take it, the pages stay.
  if (length != 0) (void)::madvise(const_cast<char*>(data_), length, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

Result<TemporaryFolder> TemporaryFolder::create(std::string_view name_hint) {
  const char* base = std::getenv("TMPDIR");
  std::string path = join_path(base != nullptr && *base != '\0' ? base : "/tmp", name_hint) + ".XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return std::unexpected(errno_error("create the folder", path, errno));
  TemporaryFolder folder;
  folder.path_ = std::move(path);
  return folder;
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<std::vector<Entry>> walk(const std::string& folder, const std::function<bool(const Entry&)>& enter) {
  std::vector<Entry> entries;
  std::vector<std::string> pending{""};
  while (!pending.empty()) {
    const auto relative = std::move(pending.back());
    pending.pop_back();
    const auto path = relative.empty() ? folder : join_path(folder, relative);
    DIR* stream = ::opendir(path.c_str());
    if (stream == nullptr) return std::unexpected(errno_error("open the folder", path, errno));
    const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);
    const int fd = ::dirfd(stream);
    while (const auto* item = ::readdir(stream)) {
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      struct stat info{};
      if (::fstatat(fd, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
      Entry entry;
      entry.path = relative.empty() ? std::string(name) : relative + "/" + std::string(name);
      entry.type = S_ISREG(info.st_mode)   ? EntryType::file
                   : S_ISDIR(info.st_mode) ? EntryType::folder
                   : S_ISLNK(info.st_mode) ? EntryType::symlink
                                           : EntryType::other;
      entry.size_bytes = static_cast<std::uint64_t>(info.st_size);
      entry.mtime_ns = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
      entry.mode = info.st_mode;
      if (entry.type == EntryType::folder && (!enter || enter(entry))) pending.push_back(entry.path);
      entries.push_back(std::move(entry));
    }
  }
  std::ranges::sort(entries, {}, &Entry::path);
  return entries;
}

namespace {

// Most paths are normal already: no part is empty, "." or "..".
bool is_normal_path(std::string_view path) {
  if (path.empty()) return false;
  if (path == "/") return true;
  for (std::size_t at = path[0] == '/' ? 1 : 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

std::string normalize_path(std::string_view path) {
  if (is_normal_path(path)) return std::string(path);
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    auto end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    const auto part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string normal = absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) normal += '/';
    normal += parts[i];
  }
  return normal.empty() ? "." : normal;
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.empty() || name.starts_with('/')) return std::string(name);
  std::string path(folder);
  if (!path.ends_with('/')) path += '/';
  path += name;
  return path;
}

std::string_view file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view parent_path(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view extension(std::string_view path) {
  const auto name = file_name(path);
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view{} : name.substr(dot);
}

std::string relative_path(std::string_view path, std::string_view base) {
  return std::filesystem::path(path).lexically_relative(std::filesystem::path(base)).generic_string();
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

bool is_folder(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string current_folder() {
  std::error_code error;
  auto path = std::filesystem::current_path(error);
  return error ? "." : path.string();
}

}  // namespace chiron::io
