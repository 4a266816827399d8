#include "foundation/io/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "foundation/io/files.h"

namespace chiron::io {

namespace {

Result<void> write_descriptor(int descriptor, std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno_error("write", name, errno));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

void Output::flush() {
  if (!error_ && !buffer_.empty()) {
    auto written = write_all(buffer_);
    if (!written) error_ = std::move(written).error();
  }
  buffer_.clear();
}

Result<void> Output::finish() {
  flush();
  if (!error_) {
    auto completed = complete();
    if (!completed) error_ = std::move(completed).error();
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

Result<void> StringOutput::write_all(std::string_view text) {
  target_.append(text);
  return {};
}

Result<void> DescriptorOutput::write_all(std::string_view text) { return write_descriptor(descriptor_, text, name_); }

Result<std::unique_ptr<FileOutput>> FileOutput::create(const std::string& path) {
  std::unique_ptr<FileOutput> output(new FileOutput);
  output->path_ = path;
  struct stat existing{};
  std::optional<mode_t> mode;
  if (::stat(path.c_str(), &existing) == 0) {
    if (!S_ISREG(existing.st_mode)) {
      output->descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (output->descriptor_ < 0) return std::unexpected(errno_error("open", path, errno));
      return output;
    }
    mode = existing.st_mode & 07777;
    // Through a symbolic link the target is replaced, not the link.
    if (char* real = ::realpath(path.c_str(), nullptr); real != nullptr) {
      output->path_ = real;
      std::free(real);
    }
  }
  // A name of our own, made with O_EXCL: mkstemp would make a file that only the user can read, and the process's umask
  // cannot be asked for without a moment in which it is changed for every thread.
  static std::atomic<unsigned> counter{0};
  for (int attempt = 0; output->descriptor_ < 0 && attempt < 100; ++attempt) {
    auto name = output->path_ + "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
    output->descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (output->descriptor_ >= 0)
      output->temporary_ = std::move(name);
    else if (errno != EEXIST)
      return std::unexpected(errno_error("create", path, errno));
  }
  if (output->descriptor_ < 0) return std::unexpected(errno_error("create", path, EEXIST));
  if (mode && ::fchmod(output->descriptor_, *mode) != 0)
    return std::unexpected(errno_error("set the mode of", path, errno));
  return output;
}

FileOutput::~FileOutput() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> FileOutput::write_all(std::string_view text) { return write_descriptor(descriptor_, text, path_); }

Result<void> FileOutput::complete() {
  if (!temporary_.empty() && ::fsync(descriptor_) != 0) return std::unexpected(errno_error("write", path_, errno));
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) return std::unexpected(errno_error("write", path_, errno));
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return std::unexpected(errno_error("rename to", path_, errno));
  temporary_.clear();
  return {};
}

}  // namespace chiron::io
