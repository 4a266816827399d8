#include "engines/coverage/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engines/coverage/limits.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

Result<Input> Input::open(const std::string& path) {
  Input input;
  input.name_ = path;
  input.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (input.descriptor_ < 0) return std::unexpected(io::errno_error("open", path, errno));
  struct stat status{};
  if (::fstat(input.descriptor_, &status) != 0) return std::unexpected(io::errno_error("look at", path, errno));
  if (S_ISDIR(status.st_mode)) return std::unexpected(io::errno_error("read", path, EISDIR));
  input.modified_at_s_ = status.st_mtime;
  return input;
}

Input Input::memory(std::string name, std::string_view bytes) {
  Input input;
  input.name_ = std::move(name);
  input.bytes_ = bytes;
  return input;
}

Input::Input(Input&& other) noexcept { *this = std::move(other); }

Input& Input::operator=(Input&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(bytes_, other.bytes_);
  std::swap(at_, other.at_);
  std::swap(taken_, other.taken_);
  std::swap(modified_at_s_, other.modified_at_s_);
  std::swap(loaded_, other.loaded_);
  return *this;
}

Input::~Input() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string> Input::head(std::size_t wanted) {
  if (descriptor_ < 0) return std::string(bytes_.substr(0, wanted));
  std::string bytes(wanted, '\0');
  std::size_t length = 0;
  while (length < wanted) {
    const auto got = ::pread(descriptor_, bytes.data() + length, wanted - length, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(io::errno_error("read", name_, errno));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  bytes.resize(length);
  return bytes;
}

Result<std::size_t> Input::read(std::span<char> buffer) {
  if (descriptor_ < 0) {
    const auto length = std::min(buffer.size(), bytes_.size() - at_);
    if (length != 0) std::memcpy(buffer.data(), bytes_.data() + at_, length);
    at_ += length;
    return length;
  }
  for (;;) {
    const auto got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(io::errno_error("read", name_, errno));
    taken_ += static_cast<std::uint64_t>(got);
    if (taken_ > limits::kReportBytes) {
      return fail(ErrorKind::limit, "limit.size",
                  format("coverage report is larger than {} bytes", limits::kReportBytes), Place{name_},
                  "split the report");
    }
    return static_cast<std::size_t>(got);
  }
}

Result<void> Input::rewind() {
  at_ = 0;
  taken_ = 0;
  if (descriptor_ >= 0 && ::lseek(descriptor_, 0, SEEK_SET) < 0)
    return std::unexpected(io::errno_error("read again", name_, errno));
  return {};
}

Result<std::string_view> Input::whole(std::uint64_t max_bytes) {
  if (descriptor_ < 0 && !loaded_) return bytes_;
  if (!loaded_) {
    TRY(rewind());
    loaded_ = std::make_unique<std::string>();
    for (;;) {
      const auto length = loaded_->size();
      const std::size_t step = std::max<std::size_t>(64 * 1024, length / 2);
      loaded_->resize(length + step);
      const auto got = TRY(read(std::span(loaded_->data() + length, step)));
      loaded_->resize(length + got);
      if (got == 0) break;
      if (loaded_->size() > max_bytes) {
        return fail(ErrorKind::limit, "limit.size", format("coverage report is larger than {} bytes", max_bytes),
                    Place{name_}, "split the report, or convert it to LCOV, which is streamed");
      }
    }
  }
  return std::string_view(*loaded_);
}

LineReader::LineReader(Input& input) : input_(input), buffer_(256 * 1024, '\0') {}

Result<bool> LineReader::next(std::string_view& line) {
  std::size_t searched = begin_;
  for (;;) {
    const auto* found = static_cast<const char*>(
        searched < end_ ? std::memchr(buffer_.data() + searched, '\n', end_ - searched) : nullptr);
    if (found != nullptr || (at_end_ && begin_ < end_)) {
      const std::size_t stop = found != nullptr ? static_cast<std::size_t>(found - buffer_.data()) : end_;
      line = std::string_view(buffer_).substr(begin_, stop - begin_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      begin_ = found != nullptr ? stop + 1 : end_;
      ++number_;
      return true;
    }
    if (at_end_) return false;
    searched = end_;
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      searched -= begin_;
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == buffer_.size()) {
      if (buffer_.size() > limits::kTextLineBytes) {
        return fail(ErrorKind::limit, "limit.size", format("line is longer than {} bytes", limits::kTextLineBytes),
                    Place{input_.name(), number_ + 1}, "is this a text file?");
      }
      buffer_.resize(buffer_.size() * 2);
    }
    const auto got = TRY(input_.read(std::span(buffer_.data() + end_, buffer_.size() - end_)));
    if (got == 0) at_end_ = true;
    end_ += got;
  }
}

}  // namespace chiron::coverage
