// Where text is streamed to: a file, a descriptor, a string.
//
// Writing is buffered and returns nothing, so that writers stay readable: the first error is kept, what follows it is
// dropped, and finish() returns it. A full disk is therefore an error of finish(), never a silent half of a file.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "foundation/base/result.h"

namespace chiron::io {

class Output {
 public:
  virtual ~Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text) {
    buffer_.append(text);
    if (buffer_.size() >= kBufferBytes) flush();
  }
  void put(char c) {
    buffer_.push_back(c);
    if (buffer_.size() >= kBufferBytes) flush();
  }
  // For appenders that take a string; call flush_if_full() now and then.
  [[nodiscard]] std::string& buffer() { return buffer_; }
  void flush_if_full() {
    if (buffer_.size() >= kBufferBytes) flush();
  }
  // Hands what is buffered to the destination.
  void flush();
  // True once a write failed: long writers stop early.
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  // Flushes, completes and returns the first error. Call once, at the end.
  [[nodiscard]] Result<void> finish();

 protected:
  Output() = default;
  // Takes all of `text`, or says why not.
  [[nodiscard]] virtual Result<void> write_all(std::string_view text) = 0;
  [[nodiscard]] virtual Result<void> complete() { return {}; }

 private:
  static constexpr std::size_t kBufferBytes = 64 * 1024;
  std::string buffer_;
  std::optional<Error> error_;
};

// Appends to a string of the caller's, which must outlive the output.
class StringOutput final : public Output {
 public:
  explicit StringOutput(std::string& target) : target_(target) {}

 private:
  Result<void> write_all(std::string_view text) override;
  std::string& target_;
};

// An open descriptor (standard output), which stays open. `name` is for errors.
class DescriptorOutput final : public Output {
 public:
  DescriptorOutput(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

 private:
  Result<void> write_all(std::string_view text) override;
  int descriptor_;
  std::string name_;
};

// A file that appears whole or not at all: written beside `path`, renamed over it by finish(), removed without it.
// A device or pipe (/dev/stdout) is written directly.
class FileOutput final : public Output {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FileOutput>> create(const std::string& path);
  ~FileOutput() override;

 private:
  FileOutput() = default;
  Result<void> write_all(std::string_view text) override;
  Result<void> complete() override;
  int descriptor_ = -1;
  std::string path_;
  std::string temporary_;  // "" where written directly, or once renamed
};

}  // namespace chiron::io
