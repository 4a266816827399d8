// See same_blocks.h.
#include "engines/compare/same_blocks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "foundation/task/pool.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kBlock = 64 * 1024;        // one fact
constexpr std::size_t kBuffer = 256 * 1024;      // one read; two of them stay in a core's cache
constexpr std::size_t kPiece = 4 * 1024 * 1024;  // a task
constexpr std::size_t kSmallest = 1024 * 1024;   // files below are mapped as cheaply as they are read

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] bool opened() const { return value_ >= 0; }
  [[nodiscard]] bool read(char* into, std::size_t length, std::size_t offset) const {
    while (length > 0) {
      const auto got = ::pread(value_, into, length, static_cast<off_t>(offset));
      if (got <= 0) return false;
      into += got;
      offset += static_cast<std::size_t>(got);
      length -= static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  int value_;
};

}  // namespace

void SameBlocks::learn(const std::string& path_a, const std::string& path_b, ByteView a, ByteView b, task::Pool& pool,
                       const Budget& budget) {
  if (a.size() != b.size() || a.size() < kSmallest) return;
  const Descriptor file_a(path_a), file_b(path_b);
  if (!file_a.opened() || !file_b.opened()) return;
  a_ = a, b_ = b;
  same_.assign((a.size() + kBlock - 1) / kBlock, 0);
  pool.for_each((a.size() + kPiece - 1) / kPiece, [&](std::size_t piece) {
    static thread_local const auto buffer = std::make_unique<char[]>(2 * kBuffer);
    char* const left = buffer.get();
    char* const right = left + kBuffer;
    const auto end = std::min(a.size(), (piece + 1) * kPiece);
    for (auto at = piece * kPiece; at < end && !budget.stopped(); at += kBuffer) {
      const auto length = std::min(kBuffer, end - at);
      if (!file_a.read(left, length, at) || !file_b.read(right, length, at)) return;
      for (std::size_t block = 0; block < length; block += kBlock) {
        const auto size = std::min(kBlock, length - block);
        same_[(at + block) / kBlock] = std::memcmp(left + block, right + block, size) == 0;
      }
    }
  });
}

std::size_t SameBlocks::known(const char* a, const char* b, std::size_t length) const {
  if (same_.empty() || a < a_.data() || a >= a_.data() + a_.size()) return 0;
  const auto offset = static_cast<std::size_t>(a - a_.data());
  if (b != b_.data() + offset) return 0;
  auto block = offset / kBlock;
  while (block < same_.size() && same_[block] != 0 && block * kBlock < offset + length) ++block;
  const auto end = std::min(block * kBlock, a_.size());
  return end <= offset ? 0 : std::min(length, end - offset);
}

}  // namespace chiron::compare
