// See store.h. Pages come straight from mmap, so growing is mremap (no copy) and memory is returned when freed.
#include "engines/compare/store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kHugePage = 2 << 20;
constexpr std::uint64_t kHugeFrom = 2 * kHugePage;  // stores from this size on are made of huge pages

std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

// Anonymous memory, `old` grown to `capacity` or new. Large ones begin where a huge page does and ask for such: a page
// fault for each 4 KiB costs as much as decoding what fills them.
void* map_memory(void* old, std::uint64_t old_capacity, std::uint64_t capacity) {
  if (capacity < kHugeFrom) {
    return old == nullptr ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                          : ::mremap(old, old_capacity, capacity, MREMAP_MAYMOVE);
  }
  void* space =
      ::mmap(nullptr, capacity + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return space;
  const auto begin = reinterpret_cast<std::uintptr_t>(space);
  const auto first = rounded_up(begin, kHugePage);
  if (first > begin) ::munmap(space, first - begin);
  if (const auto behind = begin + kHugePage - first; behind > 0) {
    ::munmap(reinterpret_cast<void*>(first + capacity), behind);
  }
  void* data = reinterpret_cast<void*>(first);
  if (old != nullptr) {
    void* moved = ::mremap(old, old_capacity, capacity, MREMAP_MAYMOVE | MREMAP_FIXED, data);
    if (moved == MAP_FAILED) ::munmap(data, capacity);
    data = moved;
  }
  // Advice only: without huge pages it is slower and else the same.
  if (data != MAP_FAILED) (void)::madvise(data, capacity, MADV_HUGEPAGE);
  return data;
}

// A file without a name: gone with its descriptor, whatever happens to us.
int open_unnamed() {
  const char* folder = std::getenv("TMPDIR");
  if (folder == nullptr || *folder == '\0') folder = "/tmp";
  const int descriptor = ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;
  auto name = std::string(folder) + "/chiron-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Store::~Store() {
  if (data_ != nullptr) ::munmap(data_, capacity_);
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  } else {
    budget_.release(capacity_);
  }
}

Result<char*> Store::room(std::uint64_t bytes) {
  // What was filled since the last call is counted, what is asked for now has to fit what is left.
  if (size_ > counted_ || bytes > 0) {
    const bool granted = budget_.count_decoded(size_ - counted_);
    if (!granted || bytes > budget_.decoded_left()) {
      return std::unexpected(Error{ErrorKind::limit,
                                   "limit.decoded",
                                   format("decoded data passed the limit of {} bytes", budget_.limits().decoded_bytes),
                                   {},
                                   {},
                                   "raise --max-decoded if this is no decompression bomb"});
    }
    counted_ = size_;
  }
  if (budget_.stopped()) return std::unexpected(budget_.stop_error());
  if (size_ + bytes > capacity_) {
    const auto wanted = std::max(size_ + bytes, size_ < (16u << 20) ? size_ * 2 : size_ + size_ / 2);
    TRY(grow(rounded_up(wanted, wanted < kHugeFrom ? kPage : kHugePage)));
  }
  return data_ + size_;
}

Result<void> Store::grow(std::uint64_t capacity) {
  if (descriptor_ < 0) {
    if (!budget_.reserve(capacity - capacity_)) return move_to_file(capacity);
    void* moved = map_memory(data_, capacity_, capacity);
    if (moved == MAP_FAILED) {
      budget_.release(capacity - capacity_);
      return move_to_file(capacity);
    }
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
    return {};
  }
  if (const int failure = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(capacity)); failure != 0) {
    return std::unexpected(io::errno_error("grow", "a temporary file for decoded data", failure));
  }
  void* moved = ::mremap(data_, capacity_, capacity, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return std::unexpected(io::errno_error("map", "a temporary file for decoded data", errno));
  data_ = static_cast<char*>(moved);
  capacity_ = capacity;
  return {};
}

Result<void> Store::move_to_file(std::uint64_t capacity) {
  const int descriptor = open_unnamed();
  if (descriptor < 0) return std::unexpected(io::errno_error("create", "a temporary file for decoded data", errno));
  // Space is taken at once, so that a full disk is an error here and not a signal while writing.
  const int failure = ::posix_fallocate(descriptor, 0, static_cast<off_t>(capacity));
  void* mapped =
      failure != 0 ? MAP_FAILED : ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) {
    const int code = failure != 0 ? failure : errno;
    ::close(descriptor);
    return std::unexpected(io::errno_error("map", "a temporary file for decoded data", code));
  }
  if (size_ > 0) std::memcpy(mapped, data_, size_);
  if (data_ != nullptr) ::munmap(data_, capacity_);
  budget_.release(capacity_);
  data_ = static_cast<char*>(mapped);
  capacity_ = capacity;
  descriptor_ = descriptor;
  return {};
}

void Store::shrink() {
  const auto capacity = rounded_up(size_, kPage);
  if (data_ == nullptr || capacity == capacity_) return;
  if (capacity == 0) {
    ::munmap(data_, capacity_);
    data_ = nullptr;
  } else {
    data_ = static_cast<char*>(::mremap(data_, capacity_, capacity, 0));
  }
  if (descriptor_ < 0) budget_.release(capacity_ - capacity);
  capacity_ = capacity;
}

}  // namespace chiron::compare
