// Memory in large pages. Where a program makes many values, the first touch of every page of 4 KiB costs more than what
// is then done with it; the kernel gives memory in pages of 2 MiB where it is asked to. All of this is a hint: without
// large pages everything works the same.
#pragma once
#include <cstddef>
#include <cstdlib>

namespace chiron {

inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

// As malloc; from kLargePage on in large pages. std::free takes it back. Null where memory is out.
[[nodiscard]] void* allocate_pages(std::size_t bytes);

// Makes the next `bytes` of the heap come in large pages, and large blocks from the heap too: for work that is known to
// need that much. Does nothing for small amounts.
void expect_heap(std::size_t bytes);

}  // namespace chiron
