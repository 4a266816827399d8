#include "foundation/io/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::io {

namespace {

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr int kCancelPollMs = 100;

// Takes all events that are there; whether there were any.
bool drain(int descriptor) {
  alignas(inotify_event) char buffer[16 * 1024];
  bool any = false;
  for (;;) {
    const auto got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return any;
    any = true;
  }
}

}  // namespace

FolderWatch::FolderWatch(FolderWatch&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderWatch& FolderWatch::operator=(FolderWatch&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderWatch::~FolderWatch() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FolderWatch> FolderWatch::create(const std::vector<std::string>& folders) {
  FolderWatch watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const auto refuse = [&] {
    return fail(ErrorKind::limit, "watch.limit", format("the system does not watch {} folders for us", folders.size()),
                {}, "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl.");
  };
  if (watch.descriptor_ < 0) return refuse();
  for (const auto& folder : folders)
    if (::inotify_add_watch(watch.descriptor_, folder.c_str(), kEvents | IN_ONLYDIR) < 0 &&
        (errno == ENOSPC || errno == ENOMEM))
      return refuse();
  return watch;
}

bool FolderWatch::wait(const task::CancelToken& cancel, std::chrono::milliseconds quiet) const {
  bool changed = false;
  while (!cancel.cancelled()) {
    pollfd wanted{descriptor_, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, changed ? static_cast<int>(quiet.count()) : kCancelPollMs);
    if (ready > 0 && drain(descriptor_)) changed = true;
    if (ready == 0 && changed) return true;
  }
  return false;
}

}  // namespace chiron::io
