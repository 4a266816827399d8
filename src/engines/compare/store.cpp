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
    TRY(grow((wanted + kPage - 1) / kPage * kPage));
  }
  return data_ + size_;
}

Result<void> Store::grow(std::uint64_t capacity) {
  if (descriptor_ < 0) {
    if (!budget_.reserve(capacity - capacity_)) return move_to_file(capacity);
    void* moved = data_ == nullptr
                      ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : ::mremap(data_, capacity_, capacity, MREMAP_MAYMOVE);
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
  const auto capacity = (size_ + kPage - 1) / kPage * kPage;
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
