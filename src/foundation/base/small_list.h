// A list of small plain values that starts in place and goes to the heap only when it outgrows that: for the many short
// lists that a parser or a compiler makes and forgets.
#pragma once
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>

namespace chiron {

template <class T, std::size_t kInline = 8>
class SmallList {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  SmallList() = default;
  SmallList(std::initializer_list<T> items) {
    for (const T& item : items) push_back(item);
  }
  SmallList(const SmallList&) = delete;
  SmallList& operator=(const SmallList&) = delete;

  void push_back(const T& item) {
    const T kept = item;  // may be an element of this list
    if (size_ == capacity_) grow();
    data_[size_++] = kept;
  }
  void clear() { size_ = 0; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) { return data_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return data_[i]; }
  [[nodiscard]] T& back() { return data_[size_ - 1]; }
  [[nodiscard]] T* begin() { return data_; }
  [[nodiscard]] T* end() { return data_ + size_; }
  [[nodiscard]] const T* begin() const { return data_; }
  [[nodiscard]] const T* end() const { return data_ + size_; }
  operator std::span<const T>() const { return {data_, size_}; }

 private:
  void grow() {
    auto larger = std::make_unique<T[]>(capacity_ * 2);
    std::memcpy(larger.get(), data_, size_ * sizeof(T));
    heap_ = std::move(larger);
    data_ = heap_.get();
    capacity_ *= 2;
  }
  T inline_[kInline];
  T* data_ = inline_;
  std::size_t size_ = 0, capacity_ = kInline;
  std::unique_ptr<T[]> heap_;
};

}  // namespace chiron
