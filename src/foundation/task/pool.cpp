#include "foundation/task/pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace chiron::task {

namespace {

// One parallel loop: indices are handed out one by one, so uneven work balances itself.
struct Loop {
  std::size_t count;
  const std::function<void(std::size_t)>* body;
  const CancelToken* cancel;
  std::atomic<std::size_t> next{0};
  std::atomic<unsigned> working{0};

  void work() {
    for (;;) {
      if (cancel != nullptr && cancel->cancelled()) return;
      const auto i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) return;
      (*body)(i);
    }
  }
  [[nodiscard]] bool exhausted() const {
    return next.load(std::memory_order_relaxed) >= count || (cancel != nullptr && cancel->cancelled());
  }
};

}  // namespace

struct Pool::Shared {
  std::mutex mutex;
  std::condition_variable wake;             // a loop came, or the end
  std::condition_variable done;             // a thread left a loop
  std::deque<std::shared_ptr<Loop>> loops;  // shared: a late thread may still look at a loop that has ended
  std::vector<std::jthread> threads;
  bool stopping = false;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || !loops.empty(); });
      if (stopping) return;
      // The newest loop first: an inner loop's caller is waiting for it.
      auto loop = loops.back();
      if (loop->exhausted()) {
        loops.pop_back();
        continue;
      }
      loop->working.fetch_add(1);
      lock.unlock();
      loop->work();
      lock.lock();
      loop->working.fetch_sub(1);
      done.notify_all();
    }
  }
};

Pool::Pool(unsigned workers) : workers_(workers != 0 ? workers : std::max(1U, std::thread::hardware_concurrency())) {}

Pool::~Pool() {
  if (!shared_) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->wake.notify_all();
  shared_->threads.clear();
}

void Pool::start_threads() {
  static std::mutex starting;  // two loops may be the first at once
  const std::lock_guard lock(starting);
  if (shared_) return;
  auto shared = std::make_unique<Shared>();
  for (unsigned i = 1; i < workers_; ++i) shared->threads.emplace_back([state = shared.get()] { state->run(); });
  shared_ = std::move(shared);
}

void Pool::for_each(std::size_t count, const std::function<void(std::size_t)>& body, const CancelToken* cancel) {
  if (workers_ == 1 || count < 2) {
    for (std::size_t i = 0; i < count && (cancel == nullptr || !cancel->cancelled()); ++i) body(i);
    return;
  }
  start_threads();
  const auto loop = std::make_shared<Loop>();
  loop->count = count;
  loop->body = &body;
  loop->cancel = cancel;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->loops.push_back(loop);
  }
  shared_->wake.notify_all();
  loop->work();
  std::unique_lock lock(shared_->mutex);
  std::erase(shared_->loops, loop);
  shared_->done.wait(lock, [&] { return loop->working.load() == 0; });
}

}  // namespace chiron::task
