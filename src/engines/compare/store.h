// Where decoded bytes are kept: anonymous memory while the budget grants it, past that an unlinked temporary file
// that is mapped. So a decoded stream of any size stays within --max-memory and is still one contiguous view.
#pragma once
#include <memory>
#include <string_view>

#include "engines/compare/budget.h"
#include "engines/compare/difference.h"

namespace chiron::compare {

class Store {
 public:
  explicit Store(Budget& budget) : budget_(budget) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  // At least `bytes` writable bytes behind what is filled so far; the pointer lives until the next call.
  // Errors: "limit.decoded" (a bomb, or --max-decoded is too low), "io.write" for the temporary file.
  [[nodiscard]] Result<char*> room(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t room_left() const { return capacity_ - size_; }
  // Takes `bytes` of that room as filled.
  void filled(std::uint64_t bytes) { size_ += bytes; }
  // Gives back what was asked for and not filled.
  void shrink();
  [[nodiscard]] ByteView bytes() const { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  Result<void> grow(std::uint64_t capacity);
  Result<void> move_to_file(std::uint64_t capacity);

  Budget& budget_;
  char* data_ = nullptr;
  std::uint64_t size_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint64_t counted_ = 0;
  int descriptor_ = -1;
};

// Bytes and what keeps them alive: a mapping, a store, or nothing where they lie in the enclosing artifact. Shared,
// because the same decoded block may serve many members.
struct Content {
  ByteView bytes;
  std::shared_ptr<const void> owner;
};

}  // namespace chiron::compare
