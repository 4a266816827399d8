// See match.h. Similar content is found by sketches: the smallest hashes of a file's pieces (lines of text, windows of
// binary data). Files that share many of them share much content; an index from hash to file finds the candidates, so
// the work grows with the files and not with their product.
#include "engines/compare/match.h"

#include <algorithm>
#include <unordered_map>

#include "engines/compare/hash.h"
#include "foundation/task/pool.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kSketch = 64;                 // hashes kept a file
constexpr std::size_t kSketchedFiles = 20'000;      // a side
constexpr std::uint64_t kSketchedBytes = 64 << 20;  // a file
constexpr int kSimilar = 40;                        // per cent of the sketch that must be shared
constexpr std::size_t kCommon = 50;                 // a hash in more files than this tells nothing

struct Print {
  std::uint32_t member = 0;
  std::uint64_t size = 0;
  std::uint64_t hash = 0;
  std::vector<std::uint64_t> sketch;  // sorted
};

std::vector<std::uint64_t> sketch_of(ByteView bytes) {
  std::vector<std::uint64_t> hashes;
  std::size_t start = 0;
  std::uint64_t rolling = 0;
  // Pieces end at line ends and where a rolling sum says so, which suits text and binary data alike.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    rolling = (rolling << 1) ^ (static_cast<unsigned char>(bytes[i]) * 0x9E3779B97F4A7C15ull);
    if ((bytes[i] == '\n' && i - start >= 4) || (rolling >> 58) == 0 || i - start >= 1024) {
      hashes.push_back(hash_bytes(bytes.substr(start, i + 1 - start)));
      start = i + 1;
    }
  }
  if (start < bytes.size()) hashes.push_back(hash_bytes(bytes.substr(start)));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  if (hashes.size() > kSketch) hashes.resize(kSketch);
  return hashes;
}

std::vector<Print> prints_of(const Container& container, const std::vector<std::uint32_t>& members, Context& context) {
  std::vector<std::uint32_t> files;
  for (const auto member : members) {
    const auto& entry = container.members()[member];
    if (entry.type == MemberType::file && (entry.size > 0 || !entry.stored)) files.push_back(member);
    if (files.size() == kSketchedFiles) break;
  }
  std::vector<Print> prints(files.size());
  context.pool().for_each(files.size(), [&](std::size_t i) {
    auto& print = prints[i];
    print.member = files[i];
    std::string damage;
    const auto content = container.open(files[i], context, damage);
    if (!content || content->bytes.empty()) return;
    print.size = content->bytes.size();
    print.hash = hash_bytes(content->bytes);
    if (print.size <= kSketchedBytes) print.sketch = sketch_of(content->bytes);
  });
  std::erase_if(prints, [](const Print& print) { return print.size == 0; });
  return prints;
}

// Jaccard similarity of two bottom-k sketches, in per cent.
int similarity_of(const Print& a, const Print& b) {
  std::size_t i = 0, j = 0, shared = 0, seen = 0;
  while (i < a.sketch.size() && j < b.sketch.size() && seen < kSketch) {
    if (a.sketch[i] == b.sketch[j]) {
      ++shared, ++i, ++j;
    } else if (a.sketch[i] < b.sketch[j]) {
      ++i;
    } else {
      ++j;
    }
    ++seen;
  }
  seen += std::min(kSketch - std::min(kSketch, seen), (a.sketch.size() - i) + (b.sketch.size() - j));
  return seen == 0 ? 0 : static_cast<int>(shared * 100 / seen);
}

struct Candidate {
  int similarity;
  std::uint32_t a, b;  // indices of prints
};

// Which pairs stay in place: a longest run of pairs whose order agrees on both sides. The others were moved.
std::vector<std::uint32_t> moved_pairs(const std::vector<Pair>& pairs) {
  std::vector<std::uint32_t> tops, previous(pairs.size(), UINT32_MAX), moved;
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    const auto pile = std::lower_bound(tops.begin(), tops.end(), pairs[i].b,
                                       [&](std::uint32_t top, std::uint32_t b) { return pairs[top].b < b; });
    if (pile != tops.begin()) previous[i] = *(pile - 1);
    if (pile == tops.end()) {
      tops.push_back(i);
    } else {
      *pile = i;
    }
  }
  std::vector<bool> kept(pairs.size(), false);
  if (!tops.empty()) {
    for (auto i = tops.back(); i != UINT32_MAX; i = previous[i]) kept[i] = true;
  }
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    if (!kept[i]) moved.push_back(i);
  }
  return moved;
}

// The name without the suffix of a compression; empty where it has none.
std::string_view unpacked_name(std::string_view name) {
  static constexpr std::string_view kSuffixes[] = {".gz", ".xz", ".zst", ".bz2", ".lz4", ".lz", ".lzma"};
  for (const auto suffix : kSuffixes) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return {};
}

void match_repacked(const Container& a, const Container& b, Matching& matching) {
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  for (const auto member : matching.only_b) {
    const auto name = unpacked_name(b.members()[member].name);
    if (!name.empty() && b.members()[member].type == MemberType::file) by_name.try_emplace(name, member);
  }
  if (by_name.empty()) return;
  std::erase_if(matching.only_a, [&](std::uint32_t member) {
    const auto& mine = a.members()[member];
    const auto name = unpacked_name(mine.name);
    const auto found = name.empty() || mine.type != MemberType::file ? by_name.end() : by_name.find(name);
    if (found == by_name.end()) return false;
    std::erase(matching.only_b, found->second);
    matching.pairs.push_back({member, found->second, 0, true, true});
    by_name.erase(found);
    return true;
  });
}

}  // namespace

Matching match_by_name(const Container& a, const Container& b, const std::vector<bool>& skip_a,
                       const std::vector<bool>& skip_b) {
  Matching matching;
  const auto& members_a = a.members();
  const auto& members_b = b.members();
  // The common case costs no table: the same names in the same order.
  if (members_a.size() == members_b.size() &&
      std::equal(members_a.begin(), members_a.end(), members_b.begin(),
                 [](const Member& x, const Member& y) { return x.name == y.name; })) {
    for (std::uint32_t i = 0; i < members_a.size(); ++i) {
      if (!skip_a[i]) matching.pairs.push_back({i, i});
    }
    return matching;
  }
  // A name that occurs several times is paired first with first, second with second.
  std::unordered_map<std::string_view, std::uint32_t> heads;
  std::vector<std::uint32_t> next(members_b.size(), UINT32_MAX);
  heads.reserve(members_b.size());
  for (auto i = static_cast<std::uint32_t>(members_b.size()); i-- > 0;) {
    if (skip_b[i]) continue;
    auto [slot, fresh] = heads.try_emplace(members_b[i].name, i);
    if (!fresh) {
      next[i] = slot->second;
      slot->second = i;
    }
  }
  std::vector<bool> taken(members_b.size(), false);
  for (std::uint32_t i = 0; i < members_a.size(); ++i) {
    if (skip_a[i]) continue;
    const auto slot = heads.find(members_a[i].name);
    if (slot == heads.end() || slot->second == UINT32_MAX) {
      matching.only_a.push_back(i);
      continue;
    }
    matching.pairs.push_back({i, slot->second});
    taken[slot->second] = true;
    slot->second = next[slot->second];
  }
  for (std::uint32_t i = 0; i < members_b.size(); ++i) {
    if (!skip_b[i] && !taken[i]) matching.only_b.push_back(i);
  }
  if (a.ordered() && b.ordered()) matching.moved = moved_pairs(matching.pairs);
  return matching;
}

void match_renamed(const Container& a, const Container& b, Context& context, Matching& matching) {
  if (!matching.only_a.empty() && !matching.only_b.empty()) match_repacked(a, b, matching);
  if (matching.only_a.empty() || matching.only_b.empty()) return;
  const auto prints_a = prints_of(a, matching.only_a, context);
  const auto prints_b = prints_of(b, matching.only_b, context);
  std::vector<bool> taken_a(prints_a.size(), false), taken_b(prints_b.size(), false);
  std::vector<Pair> found;
  const auto take = [&](std::uint32_t i, std::uint32_t j, int similarity) {
    taken_a[i] = taken_b[j] = true;
    found.push_back({prints_a[i].member, prints_b[j].member, similarity, true});
  };

  std::unordered_multimap<std::uint64_t, std::uint32_t> by_content;
  for (std::uint32_t j = 0; j < prints_b.size(); ++j) by_content.emplace(prints_b[j].hash, j);
  for (std::uint32_t i = 0; i < prints_a.size(); ++i) {
    const auto [first, last] = by_content.equal_range(prints_a[i].hash);
    for (auto entry = first; entry != last; ++entry) {
      if (prints_b[entry->second].size != prints_a[i].size) continue;
      take(i, entry->second, 100);
      by_content.erase(entry);  // else many equal files cost their square
      break;
    }
  }

  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> index;
  for (std::uint32_t j = 0; j < prints_b.size(); ++j) {
    if (taken_b[j]) continue;
    for (const auto hash : prints_b[j].sketch) index[hash].push_back(j);
  }
  std::vector<Candidate> candidates;
  std::vector<std::uint32_t> near;
  for (std::uint32_t i = 0; i < prints_a.size(); ++i) {
    if (taken_a[i]) continue;
    near.clear();
    for (const auto hash : prints_a[i].sketch) {
      const auto entry = index.find(hash);
      if (entry != index.end() && entry->second.size() <= kCommon) {
        near.insert(near.end(), entry->second.begin(), entry->second.end());
      }
    }
    std::sort(near.begin(), near.end());
    near.erase(std::unique(near.begin(), near.end()), near.end());
    for (const auto j : near) {
      const auto similarity = similarity_of(prints_a[i], prints_b[j]);
      if (similarity >= kSimilar) candidates.push_back({std::min(similarity, 99), i, j});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& x, const Candidate& y) { return x.similarity > y.similarity; });
  for (const auto& candidate : candidates) {
    if (!taken_a[candidate.a] && !taken_b[candidate.b]) take(candidate.a, candidate.b, candidate.similarity);
  }

  std::sort(found.begin(), found.end(), [](const Pair& x, const Pair& y) { return x.a < y.a; });
  const auto remove = [](std::vector<std::uint32_t>& from, auto&& matched) {
    std::erase_if(from, [&](std::uint32_t member) { return matched(member); });
  };
  std::vector<std::uint32_t> gone_a, gone_b;
  for (const auto& pair : found) gone_a.push_back(pair.a), gone_b.push_back(pair.b);
  std::sort(gone_b.begin(), gone_b.end());
  remove(matching.only_a, [&](std::uint32_t m) { return std::binary_search(gone_a.begin(), gone_a.end(), m); });
  remove(matching.only_b, [&](std::uint32_t m) { return std::binary_search(gone_b.begin(), gone_b.end(), m); });
  matching.pairs.insert(matching.pairs.end(), found.begin(), found.end());
}

}  // namespace chiron::compare
