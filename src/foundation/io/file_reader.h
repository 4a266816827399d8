// A file that is read piece by piece.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "foundation/base/result.h"

namespace chiron::io {

// A regular file from front to back, piece by piece.
class FileReader {
 public:
  [[nodiscard]] static Result<FileReader> open(const std::string& path);
  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&& other) noexcept;
  ~FileReader();
  // Fills the front of `into` and says how much of it; 0 at the end and where reading failed.
  [[nodiscard]] std::size_t read(std::span<char> into);
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }  // when it was opened

 private:
  FileReader() = default;
  std::uint64_t size_bytes_ = 0;
  int descriptor_ = -1;
  bool failed_ = false;
};

}  // namespace chiron::io
