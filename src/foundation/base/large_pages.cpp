#include "foundation/base/large_pages.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace chiron {

void* allocate_pages(std::size_t bytes) {
  if (bytes < kLargePage) return std::malloc(bytes);
  const std::size_t rounded = (bytes + kLargePage - 1) / kLargePage * kLargePage;
  void* memory = std::aligned_alloc(kLargePage, rounded);
  if (memory != nullptr) ::madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void expect_heap(std::size_t bytes) {
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
  if (bytes < 2 * kLargePage) return;
  // Blocks above the threshold are mapped one by one, in small pages; those of allocate_pages stay above it. Freed
  // memory at the heap's end is given back, and would be touched for the first time again.
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(kLargePage));
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  ::mallopt(M_TOP_PAD, static_cast<int>(std::min<std::size_t>(bytes, std::size_t{1} << 30)));
  const auto before = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  // A block larger than what the heap has left makes it grow, by itself and the pad.
  void* volatile block = std::malloc(kLargePage / 2);  // volatile: or the compiler leaves both calls out
  std::free(block);
  ::mallopt(M_TOP_PAD, 128 << 10);
  const auto after = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  const auto first = (before + kLargePage - 1) / kLargePage * kLargePage;
  if (after > first) ::madvise(reinterpret_cast<void*>(first), after - first, MADV_HUGEPAGE);
#else
  (void)bytes;
#endif
}

}  // namespace chiron
