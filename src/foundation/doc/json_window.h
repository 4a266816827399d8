// The stream that RapidJSON reads from: a window that moves over the bytes of a document, so that a file of any size is
// parsed in little memory that stays in the nearest cache. RapidJSON decodes strings in place (its in-situ mode); the
// window finds a string's end with the widest steps the machine has and hands over the part without escapes unread.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

#include "foundation/base/utf8.h"
#include "foundation/doc/json_stream.h"

namespace chiron::doc {

class JsonWindow {
 public:
  using Ch = char;  // RapidJSON's concept of a stream names this and the functions in its spelling

  // Bytes come from `read`. `check_utf8`: the document ends where it is not well-formed (see `invalid()`), and what
  // lies between escapes needs no further look. `expected`: bytes to come, where they are known to be few.
  JsonWindow(const ReadBytes& read, bool check_utf8, std::size_t expected = kSize)
      : read_(read), check_utf8_(check_utf8), capacity_(std::min(expected, kSize) + 1) {
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_ + kPadding);
    source_ = end_ = buffer_.get();
    while (end_ - source_ < 3 && more()) continue;
    if (std::string_view(source_, static_cast<std::size_t>(end_ - source_)).starts_with("\xEF\xBB\xBF")) source_ += 3;
  }

  // A NUL stands for the end, and is refused as a syntax error inside the document.
  [[nodiscard]] char Peek() {
    if (*source_ != '\0') [[likely]]
      return *source_;
    return source_ == end_ && more() ? *source_ : '\0';
  }
  char Take() { return *source_++; }
  [[nodiscard]] std::size_t Tell() const { return base_ + static_cast<std::size_t>(source_ - buffer_.get()); }

  // Called behind a string's opening quote, and behind a number (which is of no interest here).
  char* PutBegin() {
    if (source_ == buffer_.get() || source_[-1] != '"') return source_;
    string_begin_ = Tell() - 1;
    char* plain = skip_plain(source_);
    if (*plain != '"') {  // an escape, or the window's end: the string must not move while it is decoded
      char* at = plain;
      while (!find_quote(at)) {
        const auto seen = at - source_;
        if (!more()) break;
        at = source_ + seen;
      }
      plain = skip_plain(source_);
    }
    char* begin = source_;
    if (check_utf8_) source_ = plain;
    target_ = source_;
    return begin;
  }
  void Put(char c) { *target_++ = c; }
  [[nodiscard]] std::size_t PutEnd(const char* begin) const { return static_cast<std::size_t>(target_ - begin); }
  void Flush() {}

  // Where the string that is read, or was read last, opens.
  [[nodiscard]] std::size_t string_begin() const { return string_begin_; }
  // The `length` bytes just read, as far as the window still has them.
  [[nodiscard]] std::optional<std::string_view> last(std::size_t length) const {
    if (length > static_cast<std::size_t>(source_ - buffer_.get())) return std::nullopt;
    return std::string_view(source_ - length, length);
  }
  // Whether all bytes were read.
  [[nodiscard]] bool finished() { return source_ == end_ && !more(); }
  // Whether the document ends where it does because the next byte is not UTF-8.
  [[nodiscard]] bool invalid() const { return invalid_; }

 private:
  static constexpr std::size_t kSize = std::size_t{64} << 10;
  static constexpr std::size_t kPadding = 16;  // zeros behind the end, for wide steps
  static constexpr std::size_t kLongest = 4;   // bytes of a character in UTF-8
  static constexpr std::size_t kKept = 4096;   // bytes before the current one; longer numbers are read otherwise

  // The first quote, backslash or control character; the end is one.
  static char* skip_plain(char* at) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1F);
    for (;; at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
      const __m128i found =
          _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)), control);
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
      if (mask != 0) return at + std::countr_zero(mask);
    }
#else
    while (*at != '"' && *at != '\\' && static_cast<unsigned char>(*at) > 0x1F) ++at;
    return at;
#endif
  }

  // Moves to the closing quote; false where the window ends before it.
  [[nodiscard]] bool find_quote(char*& at) const {
    for (;;) {
      at = skip_plain(at);
      if (at == end_ || (*at == '\\' && at + 1 == end_)) return false;
      if (*at == '"') return true;
      at += *at == '\\' ? 2 : 1;
    }
  }

  // Fetches further bytes. What lies more than kKept before the current byte is let go of.
  bool more() {
    if (at_end_) return false;
    while (!at_end_) {
      if (end_ + held_back_ == buffer_.get() + capacity_) make_room();
      std::memcpy(end_, tail_, held_back_);
      char* const fresh = end_ + held_back_;
      const std::size_t got = read_({fresh, static_cast<std::size_t>(buffer_.get() + capacity_ - fresh)});
      at_end_ = got == 0;
      accept(held_back_ + got);
      std::memset(end_, 0, kPadding);
      if (got != 0 && source_ < end_) return true;
    }
    return source_ < end_;
  }
  void make_room() {
    char* const first = source_ - std::min(kKept, static_cast<std::size_t>(source_ - buffer_.get()));
    const auto held = static_cast<std::size_t>(end_ - first);
    base_ += static_cast<std::size_t>(first - buffer_.get());
    std::unique_ptr<char[]> larger;
    if (held * 2 + kLongest > capacity_) {
      capacity_ = held * 2 + kKept;
      larger = std::make_unique_for_overwrite<char[]>(capacity_ + kPadding);
    }
    char* const front = larger ? larger.get() : buffer_.get();
    std::memmove(front, first, held);
    source_ = front + (source_ - first);
    end_ = front + held;
    if (larger) buffer_ = std::move(larger);
  }
  // Takes the `count` bytes behind the end in, as far as they are UTF-8. A character that may go on in the bytes to
  // come is held back: what is taken in may be decoded in place at once.
  void accept(std::size_t count) {
    held_back_ = 0;
    const auto bad = check_utf8_ ? utf8::find_invalid({end_, count}) : std::string_view::npos;
    if (bad == std::string_view::npos) {
      end_ += count;
      return;
    }
    end_ += bad;
    if (!at_end_ && count - bad < kLongest) {
      held_back_ = count - bad;
      std::memcpy(tail_, end_, held_back_);
      return;
    }
    invalid_ = true;
    at_end_ = true;
  }

  const ReadBytes& read_;
  const bool check_utf8_;
  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  char* source_;            // the current byte
  char* end_;               // behind the last byte fetched
  char* target_ = nullptr;  // where the decoded string grows, never ahead of source_
  std::size_t base_ = 0;    // bytes of the document before the buffer
  std::size_t string_begin_ = 0;
  bool invalid_ = false;
  bool at_end_ = false;
  char tail_[kLongest] = {};  // bytes behind the end that are not taken in yet
  std::size_t held_back_ = 0;
};

}  // namespace chiron::doc
