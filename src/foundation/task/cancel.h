// Cancellation: one source, many tokens, checked at loop heads.
#pragma once
#include <atomic>

namespace chiron::task {

// Set once, read from any thread; safe to set from a signal handler.
class CancelToken {
 public:
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace chiron::task
