#include "foundation/base/large_pages.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

using namespace chiron;

TEST_CASE("large pages: memory is aligned, usable and given back") {
  expect_heap(3 * kLargePage);
  expect_heap(8 * kLargePage);
  for (const std::size_t bytes : {std::size_t{1}, kLargePage - 1, kLargePage, kLargePage + 1}) {
    void* memory = allocate_pages(bytes);
    REQUIRE(memory != nullptr);
    std::memset(memory, 7, bytes);
    if (bytes >= kLargePage) CHECK(reinterpret_cast<std::uintptr_t>(memory) % kLargePage == 0);
    std::free(memory);
  }
}
