// See text_diff.h. Only the stretch between the first and the last differing line is split into lines at all, which is
// what makes one changed line in a large log cost one pass of memcmp.
#include "engines/compare/text_diff.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engines/compare/byte_diff.h"
#include "engines/compare/hash.h"
#include "engines/compare/sequence_diff.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kHighlightedPairs = 400;       // a text
constexpr std::size_t kHighlightedLineBytes = 2000;  // longer lines show no words
constexpr std::size_t kMaxLines = 1u << 31;

// Numbers for equal strings: open addressing over 64-bit hashes, which decide before bytes are compared.
class Interner {
 public:
  explicit Interner(std::size_t expected)
      : slots_(std::bit_ceil(std::max<std::size_t>(16, expected * 2)), kEmpty), mask_(slots_.size() - 1) {
    entries_.reserve(expected);
  }
  std::uint32_t number(std::string_view text) {
    const auto hash = hash_bytes(text);
    for (auto slot = hash & mask_;; slot = (slot + 1) & mask_) {
      if (slots_[slot] == kEmpty) {
        slots_[slot] = static_cast<std::uint32_t>(entries_.size());
        entries_.push_back({hash, text});
        return slots_[slot];
      }
      const auto& entry = entries_[slots_[slot]];
      if (entry.hash == hash && entry.text == text) return slots_[slot];
    }
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;
  struct Entry {
    std::uint64_t hash;
    std::string_view text;
  };
  std::vector<std::uint32_t> slots_;
  std::vector<Entry> entries_;
  std::size_t mask_;
};

std::uint64_t count_lines(ByteView text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Start of every line and the end of the last.
std::vector<std::uint64_t> line_bounds(ByteView text) {
  std::vector<std::uint64_t> bounds{0};
  bounds.reserve(text.size() / 40 + 2);
  std::size_t at = 0;
  while (at < text.size()) {
    const auto* end = static_cast<const char*>(std::memchr(text.data() + at, '\n', text.size() - at));
    at = end == nullptr ? text.size() : static_cast<std::size_t>(end - text.data()) + 1;
    bounds.push_back(at);
  }
  return bounds;
}

// The text as lines around the stretch that differs: `middle` is split, what lies before and after is equal.
struct Side {
  ByteView text;
  std::size_t middle_begin = 0;
  std::size_t middle_end = 0;
  std::vector<std::uint64_t> bounds;  // within the middle
  [[nodiscard]] ByteView middle() const { return text.substr(middle_begin, middle_end - middle_begin); }
  [[nodiscard]] std::uint32_t lines() const { return static_cast<std::uint32_t>(bounds.size() - 1); }
  [[nodiscard]] ByteView line(std::uint32_t i) const { return middle().substr(bounds[i], bounds[i + 1] - bounds[i]); }
};

// The `wanted` last lines of `before`, or first lines of `after`, in order.
std::vector<ByteView> last_lines(ByteView before, std::size_t wanted) {
  std::vector<ByteView> lines;
  auto end = before.size();
  while (end > 0 && lines.size() < wanted) {
    const auto newline = end >= 2 ? before.rfind('\n', end - 2) : ByteView::npos;
    const auto start = newline == ByteView::npos ? 0 : newline + 1;
    lines.push_back(before.substr(start, end - start));
    end = start;
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::vector<ByteView> first_lines(ByteView after, std::size_t wanted) {
  std::vector<ByteView> lines;
  while (!after.empty() && lines.size() < wanted) {
    const auto newline = after.find('\n');
    const auto length = newline == ByteView::npos ? after.size() : newline + 1;
    lines.push_back(after.substr(0, length));
    after.remove_prefix(length);
  }
  return lines;
}

ByteView without_newline(ByteView line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

TextLine make_line(LineMark mark, ByteView line, std::size_t show_from = 0) {
  line = without_newline(line);
  TextLine made;
  made.mark = mark;
  if (line.size() <= kShownLineBytes) show_from = 0;
  made.text = line.substr(std::min(show_from, line.size()), kShownLineBytes);
  made.cut_bytes = line.size() - made.text.size();
  return made;
}

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<ByteView> words_of(ByteView line) {
  std::vector<ByteView> words;
  std::size_t at = 0;
  while (at < line.size()) {
    auto end = at + 1;
    if (is_word_byte(line[at])) {
      while (end < line.size() && is_word_byte(line[end])) ++end;
    }
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// Marks the words in which two lines differ, where they share enough for that to help.
void highlight(TextLine& removed, TextLine& added) {
  const ByteView text_a = removed.text, text_b = added.text;
  if (std::max(text_a.size(), text_b.size()) > kHighlightedLineBytes) return;
  const auto words_a = words_of(text_a), words_b = words_of(text_b);
  Interner interner(words_a.size() + words_b.size());
  std::vector<std::uint32_t> a, b;
  for (const auto word : words_a) a.push_back(interner.number(word));
  for (const auto word : words_b) b.push_back(interner.number(word));
  const auto edits = diff_sequences(a, b, interner.size());
  std::size_t changed = 0;
  const auto mark = [&changed](ByteView text, const std::vector<ByteView>& words, std::uint32_t first,
                               std::uint32_t count, std::vector<Highlight>& out) {
    if (count == 0) return;
    const auto begin = static_cast<std::uint32_t>(words[first].data() - text.data());
    const auto& last = words[first + count - 1];
    const auto end = static_cast<std::uint32_t>(last.data() + last.size() - text.data());
    out.push_back({begin, end});
    changed += end - begin;
  };
  for (const auto& edit : edits) {
    mark(text_a, words_a, edit.a, edit.count_a, removed.highlights);
    mark(text_b, words_b, edit.b, edit.count_b, added.highlights);
  }
  if (changed * 5 > (text_a.size() + text_b.size()) * 4) {
    removed.highlights.clear();
    added.highlights.clear();
  }
}

class Hunker {
 public:
  Hunker(const Side& a, const Side& b, std::uint64_t line_offset, Difference& out)
      : a_(a), b_(b), line_offset_(line_offset), out_(out) {}

  void add(std::span<const Edit> edits) {
    std::size_t begin = 0;
    while (begin < edits.size()) {
      auto end = begin + 1;
      while (end < edits.size() && edits[end].a - (edits[end - 1].a + edits[end - 1].count_a) <= 2 * kContextLines) {
        ++end;
      }
      for (const auto& edit : edits.subspan(begin, end - begin)) {
        out_.lines_removed += edit.count_a;
        out_.lines_added += edit.count_b;
      }
      if (out_.hunks.size() < kKeptHunks && kept_lines_ < kKeptHunkLines) {
        add_hunk(edits.subspan(begin, end - begin));
      } else {
        ++out_.hunks_left_off;
      }
      begin = end;
    }
  }

 private:
  // Line `i` of the middle of a, reaching into the equal text before (negative) and after it.
  void push_context(Hunk& hunk, ByteView line) {
    hunk.lines.push_back(make_line(LineMark::same, line));
    ++hunk.count_a;
    ++hunk.count_b;
  }

  void add_hunk(std::span<const Edit> edits) {
    auto& hunk = out_.hunks.emplace_back();
    const auto& first = edits.front();
    const auto& last = edits.back();
    // Context before: lines of the middle, then of the equal text before it.
    const auto inside = std::min<std::uint32_t>(first.a, kContextLines);
    std::vector<ByteView> before;
    if (inside < kContextLines) before = last_lines(a_.text.substr(0, a_.middle_begin), kContextLines - inside);
    for (const auto line : before) push_context(hunk, line);
    for (auto i = first.a - inside; i < first.a; ++i) push_context(hunk, a_.line(i));
    hunk.line_a = line_offset_ + first.a + 1 - hunk.lines.size();
    hunk.line_b = line_offset_ + first.b + 1 - hunk.lines.size();

    auto next = first.a;
    for (const auto& edit : edits) {
      for (; next < edit.a; ++next) push_context(hunk, a_.line(next));
      push_edit(hunk, edit);
      next = edit.a + edit.count_a;
    }
    const auto after_end = std::min<std::uint32_t>(a_.lines(), last.a + last.count_a + kContextLines);
    const auto inside_after = after_end - (last.a + last.count_a);
    for (; next < after_end; ++next) push_context(hunk, a_.line(next));
    if (inside_after < kContextLines) {
      for (const auto line : first_lines(a_.text.substr(a_.middle_end), kContextLines - inside_after)) {
        push_context(hunk, line);
      }
    }
    kept_lines_ += hunk.lines.size();
  }

  void push_edit(Hunk& hunk, const Edit& edit) {
    const auto first_removed = hunk.lines.size();
    const auto pairs = std::min(edit.count_a, edit.count_b);
    const auto shown = [&](std::uint32_t count) {
      return static_cast<std::uint32_t>(std::min<std::size_t>(count, kKeptHunkLines));
    };
    const auto show_from = [&](std::uint32_t pair) -> std::size_t {
      if (pair >= pairs) return 0;
      const auto line_a = a_.line(edit.a + pair), line_b = b_.line(edit.b + pair);
      if (std::max(line_a.size(), line_b.size()) <= kShownLineBytes) return 0;
      const auto differs = std::min({first_difference(line_a, line_b), line_a.size(), line_b.size()});
      return differs > 200 ? differs - 200 : 0;
    };
    for (std::uint32_t i = 0; i < shown(edit.count_a); ++i) {
      hunk.lines.push_back(make_line(LineMark::removed, a_.line(edit.a + i), show_from(i)));
    }
    const auto first_added = hunk.lines.size();
    for (std::uint32_t i = 0; i < shown(edit.count_b); ++i) {
      hunk.lines.push_back(make_line(LineMark::added, b_.line(edit.b + i), show_from(i)));
    }
    if (edit.count_a > shown(edit.count_a) || edit.count_b > shown(edit.count_b)) {
      out_.comments.push_back(format("{} more removed and {} more added lines are not listed",
                                     edit.count_a - shown(edit.count_a), edit.count_b - shown(edit.count_b)));
    }
    hunk.count_a += edit.count_a;
    hunk.count_b += edit.count_b;
    for (std::uint32_t i = 0; i < std::min(shown(pairs), shown(edit.count_a)) && highlighted_ < kHighlightedPairs;
         ++i, ++highlighted_) {
      highlight(hunk.lines[first_removed + i], hunk.lines[first_added + i]);
    }
  }

  const Side& a_;
  const Side& b_;
  std::uint64_t line_offset_;
  Difference& out_;
  std::size_t kept_lines_ = 0;
  std::size_t highlighted_ = 0;
};

}  // namespace

void diff_text(ByteView a, ByteView b, const Budget& budget, Difference& out) {
  const auto first = first_difference(a, b);
  if (first == ByteView::npos) return;
  // The stretch that differs, widened to whole lines.
  const auto line_start = first == 0 ? ByteView::npos : a.rfind('\n', first - 1);
  const auto begin = line_start == ByteView::npos ? 0 : line_start + 1;
  auto suffix = common_suffix(a, b, begin);
  const auto starts_line = [&](ByteView text) {
    return suffix == text.size() || text[text.size() - suffix - 1] == '\n';
  };
  if (suffix > 0 && !(starts_line(a) && starts_line(b))) {
    const auto newline = a.find('\n', a.size() - suffix);
    suffix = newline == ByteView::npos ? 0 : a.size() - newline - 1;
  }
  Side side_a{a, begin, a.size() - suffix, {}};
  Side side_b{b, begin, b.size() - suffix, {}};
  // A table entry, a hash slot, a number and its share of the script for each line; empty lines are the costliest.
  constexpr std::uint64_t kTableBytesPerLine = 96;
  const auto lines = count_lines(side_a.middle()) + count_lines(side_b.middle()) + 2;
  const MemoryLease tables(budget, lines * kTableBytesPerLine);
  if (!tables.ok()) {
    out.comments.push_back(memory_error(format("the table of {} lines", lines), lines * kTableBytesPerLine).message +
                           ": shown as bytes");
    return;
  }
  side_a.bounds = line_bounds(side_a.middle());
  side_b.bounds = line_bounds(side_b.middle());
  if (side_a.bounds.size() > kMaxLines || side_b.bounds.size() > kMaxLines || budget.stopped()) return;

  Interner interner(side_a.lines() + std::size_t{side_b.lines()});
  const auto symbols = [&interner](const Side& side) {
    std::vector<std::uint32_t> numbers(side.lines());
    for (std::uint32_t i = 0; i < side.lines(); ++i) numbers[i] = interner.number(side.line(i));
    return numbers;
  };
  const auto symbols_a = symbols(side_a), symbols_b = symbols(side_b);
  const auto edits = diff_sequences(symbols_a, symbols_b, interner.size());
  Hunker(side_a, side_b, count_lines(a.substr(0, begin)), out).add(edits);
  if (!a.empty() && !b.empty() && a.ends_with('\n') != b.ends_with('\n')) {
    out.comments.push_back(format("no newline at the end of {}", a.ends_with('\n') ? "b" : "a"));
  }
}

Difference* diff_listing(std::string_view name, std::string_view format_name, ByteView a, ByteView b,
                         const Budget& budget, Difference& parent) {
  if (a == b) return nullptr;
  auto& child = parent.add_child(Kind::content, name, name);
  child.format = format_name;
  diff_text(a, b, budget, child);
  return &child;
}

bool looks_like_text(ByteView bytes) {
  if (bytes.empty()) return true;
  if (std::memchr(bytes.data(), 0, bytes.size()) != nullptr) return false;
  constexpr std::size_t kSample = 64 * 1024;
  std::size_t odd = 0;
  const auto sample = bytes.substr(0, kSample);
  for (const char c : sample) {
    const auto value = static_cast<unsigned char>(c);
    odd += value < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != '\f' && c != '\x1b' && c != '\b';
  }
  // One stray control character in fifty is still text; high bytes may be any single-byte encoding, but packed data
  // of the same kind has many more control characters.
  return odd * 50 <= sample.size();
}

}  // namespace chiron::compare
