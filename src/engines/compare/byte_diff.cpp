// See byte_diff.h. memcmp of the C library runs at the speed of memory; only the block in which it found something is
// looked at byte by byte.
#include "engines/compare/byte_diff.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engines/compare/hash.h"
#include "engines/compare/same_blocks.h"
#include "engines/compare/sequence_diff.h"
#include "foundation/base/format.h"
#include "foundation/task/pool.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kBlock = 4096;             // memcmp granule while all extents are wanted
constexpr std::size_t kJoin = 8;                 // extents nearer than this are one
constexpr std::size_t kParallelPiece = 4 << 20;  // bytes a task
// Stretches longer than this between common ends are not aligned by content but given as one extent.
constexpr std::size_t kAlignBytes = 64 << 20;

std::uint64_t word(const char* at) { return detail::load64(at); }

// The extents of one piece, joined where near; kept up to kKeptExtents, all counted.
struct Found {
  std::vector<Extent> extents;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;

  void add(std::uint64_t a, std::uint64_t length_a, std::uint64_t b, std::uint64_t length_b) {
    bytes += std::max(length_a, length_b);
    if (count > 0 && last.a.end() + kJoin > a && last.b.end() + kJoin > b) {
      bytes += std::max(a - last.a.end(), b - last.b.end());
      last.a.length = a + length_a - last.a.offset;
      last.b.length = b + length_b - last.b.offset;
      if (count <= extents.size()) extents.back() = last;
      return;
    }
    last = {{a, length_a}, {b, length_b}};
    ++count;
    if (extents.size() < kKeptExtents) extents.push_back(last);
  }

  Extent last;
};

void scan_equal_length(const char* a, const char* b, std::uint64_t begin, std::uint64_t end, const Budget& budget,
                       const SameBlocks* same, Found& found) {
  for (auto block = begin; block < end; block += kBlock) {
    if (same != nullptr) {
      block += same->known(a + block, b + block, end - block);
      if (block == end) return;
    }
    const auto stop = std::min<std::uint64_t>(end, block + kBlock);
    if (std::memcmp(a + block, b + block, stop - block) == 0) continue;
    if (budget.stopped()) return;
    auto at = block;
    while (at < stop) {
      while (at + 8 <= stop && word(a + at) == word(b + at)) at += 8;
      while (at < stop && a[at] == b[at]) ++at;
      if (at == stop) break;
      const auto first = at;
      while (at < stop && a[at] != b[at]) ++at;
      found.add(first, at - first, first, at - first);
    }
  }
}

// Cuts `bytes` where a rolling sum of its last bytes has a pattern, so that equal content gives equal chunks wherever
// it lies (content-defined chunking with a gear table made by a fixed generator).
std::vector<std::uint32_t> chunk_ends(ByteView bytes, unsigned mask_bits) {
  static constexpr auto gear = [] {
    std::array<std::uint64_t, 256> table{};
    std::uint64_t state = 0x243F6A8885A308D3;
    for (auto& entry : table) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      entry = state;
    }
    return table;
  }();
  const std::uint64_t mask = ((std::uint64_t{1} << mask_bits) - 1) << (64 - mask_bits);
  const std::size_t longest = std::size_t{16} << mask_bits;
  std::vector<std::uint32_t> ends;
  std::uint64_t rolling = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    rolling = (rolling << 1) + gear[static_cast<unsigned char>(bytes[i])];
    if ((rolling & mask) == 0 || i + 1 - start >= longest) {
      ends.push_back(static_cast<std::uint32_t>(i + 1));
      start = i + 1;
    }
  }
  if (start < bytes.size()) ends.push_back(static_cast<std::uint32_t>(bytes.size()));
  return ends;
}

void align_by_content(ByteView a, ByteView b, std::uint64_t base, Found& found) {
  // About 200,000 chunks at most, so the tables stay small.
  const auto size = std::max(a.size(), b.size());
  const unsigned bits = std::clamp(static_cast<int>(std::bit_width(size / 100'000)), 5, 12);
  const auto ends_a = chunk_ends(a, bits);
  const auto ends_b = chunk_ends(b, bits);
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  numbers.reserve(ends_a.size() + ends_b.size());
  const auto intern = [&](ByteView bytes, const std::vector<std::uint32_t>& ends) {
    std::vector<std::uint32_t> symbols;
    symbols.reserve(ends.size());
    std::uint32_t start = 0;
    for (const auto end : ends) {
      const auto next = static_cast<std::uint32_t>(numbers.size());
      symbols.push_back(numbers.try_emplace(bytes.substr(start, end - start), next).first->second);
      start = end;
    }
    return symbols;
  };
  const auto symbols_a = intern(a, ends_a);
  const auto symbols_b = intern(b, ends_b);
  const auto start_of = [](const std::vector<std::uint32_t>& ends, std::uint32_t chunk) -> std::size_t {
    return chunk == 0 ? 0 : ends[chunk - 1];
  };
  for (const auto& edit : diff_sequences(symbols_a, symbols_b, static_cast<std::uint32_t>(numbers.size()))) {
    auto begin_a = start_of(ends_a, edit.a), end_a = start_of(ends_a, edit.a + edit.count_a);
    auto begin_b = start_of(ends_b, edit.b), end_b = start_of(ends_b, edit.b + edit.count_b);
    const auto part_a = a.substr(begin_a, end_a - begin_a), part_b = b.substr(begin_b, end_b - begin_b);
    const auto prefix = std::min({first_difference(part_a, part_b), part_a.size(), part_b.size()});
    const auto suffix = common_suffix(part_a, part_b, prefix);
    begin_a += prefix, begin_b += prefix, end_a -= suffix, end_b -= suffix;
    if (end_a - begin_a == end_b - begin_b) {
      // Changed in place: the single bytes, as for views of equal length.
      std::size_t i = 0;
      const auto length = end_a - begin_a;
      while (i < length) {
        while (i < length && a[begin_a + i] == b[begin_b + i]) ++i;
        if (i == length) break;
        const auto first = i;
        while (i < length && a[begin_a + i] != b[begin_b + i]) ++i;
        found.add(base + begin_a + first, i - first, base + begin_b + first, i - first);
      }
    } else {
      found.add(base + begin_a, end_a - begin_a, base + begin_b, end_b - begin_b);
    }
  }
}

}  // namespace

std::size_t first_difference(ByteView a, ByteView b) {
  const auto length = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at + kBlock <= length && std::memcmp(a.data() + at, b.data() + at, kBlock) == 0) at += kBlock;
  while (at + 8 <= length && word(a.data() + at) == word(b.data() + at)) at += 8;
  while (at < length && a[at] == b[at]) ++at;
  if (at < length) return at;
  return a.size() == b.size() ? ByteView::npos : length;
}

std::size_t common_suffix(ByteView a, ByteView b, std::size_t prefix) {
  const auto most = std::min(a.size(), b.size()) - prefix;
  const char* end_a = a.data() + a.size();
  const char* end_b = b.data() + b.size();
  std::size_t length = 0;
  while (length + kBlock <= most && std::memcmp(end_a - length - kBlock, end_b - length - kBlock, kBlock) == 0) {
    length += kBlock;
  }
  while (length + 8 <= most && word(end_a - length - 8) == word(end_b - length - 8)) length += 8;
  while (length < most &&
         end_a[-static_cast<std::ptrdiff_t>(length) - 1] == end_b[-static_cast<std::ptrdiff_t>(length) - 1]) {
    ++length;
  }
  return length;
}

void find_extents(ByteView a, ByteView b, task::Pool* pool, const Budget& budget, Difference& out,
                  const SameBlocks* same) {
  out.size_a = a.size();
  out.size_b = b.size();
  out.extents.clear();
  Found all;
  if (a.size() == b.size()) {
    const auto pieces = (a.size() + kParallelPiece - 1) / kParallelPiece;
    std::vector<Found> found(pieces);
    const auto scan = [&](std::size_t piece) {
      const auto begin = piece * kParallelPiece;
      scan_equal_length(a.data(), b.data(), begin, std::min(a.size(), begin + kParallelPiece), budget, same,
                        found[piece]);
    };
    if (pool != nullptr && pieces > 1) {
      pool->for_each(pieces, scan);
    } else {
      for (std::size_t piece = 0; piece < pieces; ++piece) scan(piece);
    }
    for (const auto& piece : found) {
      // What a piece did not keep is past the bound here too.
      for (const auto& extent : piece.extents)
        all.add(extent.a.offset, extent.a.length, extent.b.offset, extent.b.length);
      all.count += piece.count - piece.extents.size();
      if (piece.count > piece.extents.size()) {
        std::uint64_t kept = 0;
        for (const auto& extent : piece.extents) kept += extent.a.length;
        all.bytes += piece.bytes - kept;
      }
    }
  } else {
    const auto prefix = std::min({first_difference(a, b), a.size(), b.size()});
    const auto suffix = common_suffix(a, b, prefix);
    const auto middle_a = a.substr(prefix, a.size() - prefix - suffix);
    const auto middle_b = b.substr(prefix, b.size() - prefix - suffix);
    if (middle_a.empty() || middle_b.empty() || std::max(middle_a.size(), middle_b.size()) > kAlignBytes) {
      all.add(prefix, middle_a.size(), prefix, middle_b.size());
    } else {
      align_by_content(middle_a, middle_b, prefix, all);
    }
  }
  out.extents = std::move(all.extents);
  out.extent_count = all.count;
  out.differing_bytes = all.bytes;
}

void add_windows(ByteView a, ByteView b, Difference& out) {
  constexpr std::uint64_t kAround = 16;
  std::uint64_t shown_to = 0;
  std::uint64_t covered = 0;
  for (const auto& extent : out.extents) {
    if (!out.windows.empty() && extent.a.end() <= shown_to && extent.a.length == extent.b.length) {
      ++covered;
      continue;
    }
    if (out.windows.size() >= kKeptWindows) break;
    const auto back = std::min({extent.a.offset, extent.b.offset, kAround + extent.a.offset % 16});
    HexWindow window;
    window.offset_a = extent.a.offset - back;
    window.offset_b = extent.b.offset - back;
    const auto take = [&](ByteView bytes, std::uint64_t offset, std::uint64_t length) {
      const auto rounded = (back + length + kAround + 15) / 16 * 16;
      return std::string(bytes.substr(offset, std::min<std::uint64_t>(rounded, kWindowBytes)));
    };
    window.bytes_a = take(a, window.offset_a, extent.a.length);
    window.bytes_b = take(b, window.offset_b, extent.b.length);
    shown_to = window.offset_a + window.bytes_a.size();
    out.windows.push_back(std::move(window));
    ++covered;
  }
  out.windows_left_off = out.extent_count - covered;
}

std::string hex_dump(ByteView bytes, std::uint64_t first_offset) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t line = 0; line < bytes.size(); line += 16) {
    const auto row = bytes.substr(line, 16);
    out += format("{:08x}: ", first_offset + line);
    for (std::size_t i = 0; i < 16; ++i) {
      if (i < row.size()) {
        const auto value = static_cast<unsigned char>(row[i]);
        out += kDigits[value >> 4];
        out += kDigits[value & 15];
      } else {
        out += "  ";
      }
      if (i % 2 == 1) out += ' ';
    }
    out += ' ';
    for (const char c : row) out += c >= 0x20 && c < 0x7f ? c : '.';
    out += '\n';
  }
  return out;
}

}  // namespace chiron::compare
