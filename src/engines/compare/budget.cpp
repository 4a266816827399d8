// Spending: relaxed atomics, since the sums matter and not the order in which threads add to them.
#include "engines/compare/budget.h"

#include "foundation/base/format.h"

namespace chiron::compare {

Budget::Budget(Limits limits, const task::CancelToken* cancel)
    : limits_(limits), cancel_(cancel), start_(std::chrono::steady_clock::now()) {}

bool Budget::stopped() const {
  if (cancel_ != nullptr && cancel_->cancelled()) return true;
  return limits_.time.count() > 0 && std::chrono::steady_clock::now() - start_ > limits_.time;
}

Error Budget::stop_error() const {
  if (cancel_ != nullptr && cancel_->cancelled()) {
    return {ErrorKind::interrupted, "task.cancelled", "the comparison was interrupted", {}, {}, {}};
  }
  return {ErrorKind::limit,
          "limit.time",
          format("the comparison took longer than its limit of {} ms", limits_.time.count()),
          {},
          {},
          "raise --timeout"};
}

bool Budget::reserve(std::uint64_t bytes) const {
  const auto before = memory_.fetch_add(bytes, std::memory_order_relaxed);
  const auto now = before + bytes;
  if (now < before || now > limits_.memory_bytes) {
    memory_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  auto peak = peak_.load(std::memory_order_relaxed);
  while (peak < now && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
  return true;
}

void Budget::release(std::uint64_t bytes) const { memory_.fetch_sub(bytes, std::memory_order_relaxed); }

bool Budget::count_members(std::uint64_t members) {
  return members_.fetch_add(members, std::memory_order_relaxed) + members <= limits_.members;
}

bool Budget::count_decoded(std::uint64_t bytes) {
  return decoded_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limits_.decoded_bytes;
}

std::uint64_t Budget::decoded_left() const {
  const auto used = decoded_.load(std::memory_order_relaxed);
  return used >= limits_.decoded_bytes ? 0 : limits_.decoded_bytes - used;
}

MemoryLease::MemoryLease(const Budget& budget, std::uint64_t bytes) {
  if (!budget.reserve(bytes)) return;
  budget_ = &budget;
  bytes_ = bytes;
}

MemoryLease::MemoryLease(MemoryLease&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryLease& MemoryLease::operator=(MemoryLease&& other) noexcept {
  if (this != &other) {
    if (budget_ != nullptr) budget_->release(bytes_);
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

MemoryLease::~MemoryLease() {
  if (budget_ != nullptr) budget_->release(bytes_);
}

void MemoryLease::shrink_to(std::uint64_t bytes) {
  if (budget_ == nullptr || bytes >= bytes_) return;
  budget_->release(bytes_ - bytes);
  bytes_ = bytes;
}

bool MemoryLease::grow(std::uint64_t more) {
  if (budget_ == nullptr || !budget_->reserve(more)) return false;
  bytes_ += more;
  return true;
}

Error memory_error(std::string_view what, std::uint64_t bytes) {
  return {ErrorKind::limit,
          "limit.memory",
          format("{} needs {} bytes of memory, more than is left of the limit", what, bytes),
          {},
          {},
          "raise --max-memory"};
}

std::string comment_of(const Error& error) {
  return error.next.empty() ? error.message : format("{}; {}", error.message, error.next);
}

}  // namespace chiron::compare
