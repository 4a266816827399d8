// See file_content.h.
#include "engines/compare/file_content.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>

#include "foundation/io/files.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kRead = 64 * 1024;

struct Mapping {
  void* data;
  std::size_t size;
  Mapping(void* begin, std::size_t length) : data(begin), size(length) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(data, size); }
};

Result<Content> read_to_end(int descriptor, const std::string& path, Budget& budget) {
  auto store = std::make_shared<Store>(budget);
  for (;;) {
    char* room = TRY(store->room(kRead));
    const auto got = ::read(descriptor, room, kRead);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(io::errno_error("read", path, errno));
    if (got == 0) break;
    store->filled(static_cast<std::uint64_t>(got));
  }
  store->shrink();
  const auto bytes = store->bytes();
  return Content{bytes, std::move(store)};
}

Result<Content> content_of(int descriptor, const std::string& path, Budget& budget) {
  struct stat facts{};
  if (::fstat(descriptor, &facts) != 0) return std::unexpected(io::errno_error("read", path, errno));
  if (S_ISREG(facts.st_mode) && facts.st_size > 0) {
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data != MAP_FAILED) {
      auto mapping = std::make_shared<Mapping>(data, size);
      return Content{ByteView(static_cast<const char*>(data), size), std::move(mapping)};
    }
    if (errno != ENODEV) return std::unexpected(io::errno_error("map", path, errno));
  }
  return read_to_end(descriptor, path, budget);
}

}  // namespace

Result<Content> open_file(const std::string& path, Budget& budget) {
  // Without waiting, should it have become a pipe meanwhile; an inherited one has its writer and is waited for.
  const int waiting = is_inherited_pipe(path) ? 0 : O_NONBLOCK;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | waiting);
  if (descriptor < 0) return std::unexpected(io::errno_error("open", path, errno));
  auto content = content_of(descriptor, path, budget);
  ::close(descriptor);
  return content;
}

bool is_inherited_pipe(const std::string& path) {
  if (path != "/dev/stdin" && !path.starts_with("/dev/fd/") && !path.starts_with("/proc/self/fd/")) return false;
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 && S_ISFIFO(facts.st_mode);
}

bool sizes_hold(const std::string& folder) {
  struct statfs facts{};
  return ::statfs(folder.c_str(), &facts) == 0 && facts.f_blocks > 0;
}

}  // namespace chiron::compare
