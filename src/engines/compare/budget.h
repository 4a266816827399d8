// What a comparison may spend. One object for the whole run, shared by all threads; every loop over input checks it.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "foundation/base/limits.h"
#include "foundation/base/result.h"
#include "foundation/task/cancel.h"

namespace chiron::compare {

// Named bounds of this engine; what the user may raise is in Budget::Limits.
inline constexpr std::size_t kKeptExtents = 4096;      // ranges kept a node; the rest is counted
inline constexpr std::size_t kShownLineBytes = 4096;   // of one line of a text diff
inline constexpr std::size_t kKeptHunks = 1000;        // a node
inline constexpr std::size_t kKeptHunkLines = 20'000;  // a node
inline constexpr std::size_t kKeptWindows = 16;        // hex windows a node
inline constexpr std::size_t kWindowBytes = 256;       // a side of one window
inline constexpr std::size_t kContextLines = 3;

class Budget {
 public:
  struct Limits {
    std::uint64_t memory_bytes = 2 * limits::kGiB;    // decoded bytes and tables held at one time (--max-memory)
    std::chrono::milliseconds time{0};                // 0: none
    std::uint32_t depth = 64;                         // containers within containers
    std::uint64_t members = 5'000'000;                // over the whole run
    std::uint64_t decoded_bytes = 64 * limits::kGiB;  // over the whole run: what zip bombs spend
  };

  Budget() : Budget(Limits{}, nullptr) {}
  explicit Budget(Limits limits, const task::CancelToken* cancel = nullptr);
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  [[nodiscard]] const Limits& limits() const { return limits_; }
  // Cancelled or out of time: stop, and return stop_error(). Cheap enough for loop heads.
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] Error stop_error() const;

  // Reserves working memory; false where the cap would be passed. Every success is paid back with release().
  // Accounting, and no change of what was allowed: it works on a budget that is handed over as constant.
  [[nodiscard]] bool reserve(std::uint64_t bytes) const;
  void release(std::uint64_t bytes) const;
  [[nodiscard]] std::uint64_t memory_in_use() const { return memory_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t memory_peak() const { return peak_.load(std::memory_order_relaxed); }

  // Counts members or decoded bytes; false where the limit is passed.
  [[nodiscard]] bool count_members(std::uint64_t members);
  [[nodiscard]] bool count_decoded(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t decoded_left() const;

 private:
  Limits limits_;
  const task::CancelToken* cancel_;
  std::chrono::steady_clock::time_point start_;
  mutable std::atomic<std::uint64_t> memory_{0};
  mutable std::atomic<std::uint64_t> peak_{0};
  std::atomic<std::uint64_t> members_{0};
  std::atomic<std::uint64_t> decoded_{0};
};

// A reservation that pays itself back.
class MemoryLease {
 public:
  MemoryLease() = default;
  // Asks for `bytes`; ok() tells whether they were granted.
  MemoryLease(const Budget& budget, std::uint64_t bytes);
  MemoryLease(MemoryLease&& other) noexcept;
  MemoryLease& operator=(MemoryLease&& other) noexcept;
  ~MemoryLease();
  [[nodiscard]] bool ok() const { return budget_ != nullptr; }
  [[nodiscard]] bool grow(std::uint64_t more);
  void shrink_to(std::uint64_t bytes);

 private:
  const Budget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

// "limit.memory": what was too large, and that --max-memory raises it.
[[nodiscard]] Error memory_error(std::string_view what, std::uint64_t bytes);
// An error as the comment of a finding: what is wrong and, where something can be done, what.
[[nodiscard]] std::string comment_of(const Error& error);

}  // namespace chiron::compare
