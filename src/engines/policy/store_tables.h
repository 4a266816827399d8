// The interning tables of a store (implementation detail of store.cpp and value_builder.cpp).
#pragma once
#include "engines/policy/value.h"

namespace chiron::policy {

// Open addressing over words that carry 48 bits of pointer and 16 bits of hash, so that a miss seldom touches the node.
class InternTable {
 public:
  [[nodiscard]] static std::uint64_t pointer(std::uint64_t slot) { return slot & 0xffff'ffff'ffffULL; }
  std::uint64_t entry(std::uint32_t hash, std::uint64_t node) {
    ++count_;
    return node | (static_cast<std::uint64_t>(hash >> 16) << 48);
  }
  // The slot that holds a match, or the empty slot where it belongs (fill it with entry()).
  template <class Matches, class HashOf>
  std::uint64_t& slot(std::uint32_t hash, Matches matches, HashOf hash_of) {
    if (count_ * 2 >= slots_.size()) grow(hash_of);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      std::uint64_t& word = slots_[i];
      if (word == 0) return word;
      if ((word >> 48) == (hash >> 16) && matches(pointer(word))) return word;
    }
  }

 private:
  template <class HashOf>
  void grow(HashOf hash_of) {
    std::vector<std::uint64_t> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const std::uint64_t word : old) {
      if (word == 0) continue;
      std::size_t i = hash_of(pointer(word)) & mask;
      while (slots_[i] != 0) i = (i + 1) & mask;
      slots_[i] = word;
    }
  }
  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
};

// Members in the order of the source, as interned keys, and where each goes in the sorted object.
struct SourceShape {
  std::uint32_t hash, count;
  const Keys* keys;
  // `count` words of key bits, then `count` 32-bit positions follow.
  [[nodiscard]] const std::uint64_t* key_bits() const { return reinterpret_cast<const std::uint64_t*>(this + 1); }
  [[nodiscard]] const std::uint32_t* positions() const {
    return reinterpret_cast<const std::uint32_t*>(key_bits() + count);
  }
};

struct Store::Tables {
  InternTable strings;
  InternTable keys;
  InternTable shapes;
  // What a reader of documents has met lately; made when the first document is read.
  struct Met {
    // The key seen last at each nesting depth and position: neighbouring objects mostly repeat it.
    static constexpr std::size_t kExpectedDepth = 16, kExpectedMembers = 32;
    Value expected[kExpectedDepth][kExpectedMembers];
    // Words by hash: small enough to stay in the nearest cache, where a table of all words would not.
    struct Recent {
      std::uint32_t hash = 0;
      Value word;
    };
    static constexpr std::size_t kRecentWords = 1024;
    Recent recent[kRecentWords];
  };
  std::unique_ptr<Met> met;
  [[nodiscard]] Met& lately() {
    if (!met) met = std::make_unique<Met>();
    return *met;
  }
};

}  // namespace chiron::policy
