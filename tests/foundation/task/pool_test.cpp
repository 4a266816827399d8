#include "foundation/task/pool.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace chiron;

TEST_CASE("pool: results come in index order, every index once") {
  task::Pool pool(4);
  const auto squares = task::map<std::size_t>(pool, 10'000, [](std::size_t i) { return i * i; });
  for (std::size_t i = 0; i < squares.size(); ++i) REQUIRE(squares[i] == i * i);
}

TEST_CASE("pool: loops nest without deadlock") {
  task::Pool pool(3);
  std::atomic<std::size_t> calls{0};
  pool.for_each(50, [&](std::size_t) { pool.for_each(50, [&](std::size_t) { ++calls; }); });
  CHECK(calls == 2500);
}

TEST_CASE("pool: cancellation starts no further index") {
  task::Pool pool(2);
  task::CancelToken cancel;
  std::atomic<std::size_t> calls{0};
  pool.for_each(
      1'000'000,
      [&](std::size_t) {
        if (++calls == 10) cancel.cancel();
      },
      &cancel);
  CHECK(calls < 100);
}
