// Which blocks of two mapped files of one length are known to be equal place by place. They are learned by reading both
// through small buffers that stay in the cache, which costs a quarter of touching the pages of two mappings; only what
// differs is then looked at in the mappings.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engines/compare/budget.h"
#include "engines/compare/difference.h"

namespace chiron::task {
class Pool;
}

namespace chiron::compare {

class SameBlocks {
 public:
  // Reads both files, in parallel. What cannot be read is not known to be equal.
  void learn(const std::string& path_a, const std::string& path_b, ByteView a, ByteView b, task::Pool& pool,
             const Budget& budget);
  // How many bytes from these places on are known to be equal, at most `length`; 0 where nothing is known.
  [[nodiscard]] std::size_t known(const char* a, const char* b, std::size_t length) const;
  [[nodiscard]] bool known(ByteView a, ByteView b) const {
    return a.size() == b.size() && known(a.data(), b.data(), a.size()) == a.size();
  }

 private:
  ByteView a_, b_;
  std::vector<char> same_;  // one a block; written by many threads at once
};

}  // namespace chiron::compare
