// The bytes of a report: a file read in pieces, or memory. Readers of large formats take pieces; small formats ask
// for the whole. The first bytes can be looked at without taking them, which is how a format is recognised.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "foundation/base/result.h"

namespace chiron::coverage {

class Input {
 public:
  [[nodiscard]] static Result<Input> open(const std::string& path);
  // The bytes must outlive the input.
  [[nodiscard]] static Input memory(std::string name, std::string_view bytes);
  Input(Input&& other) noexcept;
  Input& operator=(Input&& other) noexcept;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::int64_t modified_at_s() const { return modified_at_s_; }  // 0 for memory
  // Up to `wanted` bytes from the start.
  [[nodiscard]] Result<std::string> head(std::size_t wanted);
  // The next bytes in order; 0 at the end.
  [[nodiscard]] Result<std::size_t> read(std::span<char> buffer);
  [[nodiscard]] Result<void> rewind();
  // Everything; lives as long as the input.
  [[nodiscard]] Result<std::string_view> whole(std::uint64_t max_bytes);

 private:
  Input() = default;
  std::string name_;
  int descriptor_ = -1;
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t taken_ = 0;
  std::int64_t modified_at_s_ = 0;
  std::unique_ptr<std::string> loaded_;  // on the heap so that views stay good when the input moves
};

// Lines of an input, without their "\n" or "\r\n"; a line longer than limits::kTextLineBytes is an error.
class LineReader {
 public:
  explicit LineReader(Input& input);
  // False at the end. The view lives until the next call.
  [[nodiscard]] Result<bool> next(std::string_view& line);
  [[nodiscard]] std::uint32_t number() const { return number_; }

 private:
  Input& input_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool at_end_ = false;
  std::uint32_t number_ = 0;
};

}  // namespace chiron::coverage
