// A small thread pool: parallel loops over indices with stable results.
//
// The calling thread works too, so nesting a parallel loop inside another cannot deadlock; with one worker
// everything runs on the caller. Threads start at the first loop that needs them (start-up costs nothing).
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "foundation/task/cancel.h"

namespace chiron::task {

class Pool {
 public:
  // `workers` counts the caller; 0 means one per core.
  explicit Pool(unsigned workers = 0);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] unsigned workers() const { return workers_; }

  // Calls body(i) for every i in [0, count), in no set order, and returns when all are done.
  // After `cancel` no further index is started. The body must not throw.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& body, const CancelToken* cancel = nullptr);

 private:
  struct Shared;
  void start_threads();
  unsigned workers_;
  std::unique_ptr<Shared> shared_;
};

// body(i) for every i, the results in index order. T needs a default value.
template <class T>
std::vector<T> map(Pool& pool, std::size_t count, const std::function<T(std::size_t)>& body,
                   const CancelToken* cancel = nullptr) {
  std::vector<T> results(count);
  pool.for_each(count, [&](std::size_t i) { results[i] = body(i); }, cancel);
  return results;
}

}  // namespace chiron::task
