// See elf_data.h. What says the same and only lies elsewhere (strings behind another alignment, words that the loader
// fills with addresses) is counted and not told one by one.
#include "engines/compare/content/elf_data.h"

#include <algorithm>
#include <map>
#include <span>

#include "engines/compare/byte_diff.h"
#include "engines/compare/content/elf_code.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::compare::elf {
namespace {

constexpr std::size_t kToldPieces = 500;    // of a section
constexpr std::size_t kToldUses = 4;        // places named that use a piece of data
constexpr int kSearches = 32;               // pieces whose uses are looked for
constexpr std::size_t kReach = 4096;        // how far a string around a difference may begin before it, or end after
constexpr std::size_t kShortString = 4;     // fewer letters in a row are as likely numbers
constexpr std::size_t kShownString = 1000;  // bytes

bool is_text(std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r' && byte != '\0') || byte == 0x7f) return false;
  }
  return utf8::find_invalid(bytes) == std::string_view::npos;
}

struct String {
  std::string_view text;
  Range place;  // in the section
};

std::vector<String> strings_in(std::string_view bytes, std::uint64_t offset) {
  std::vector<String> found;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\0', at), bytes.size());
    if (end > at) found.push_back({bytes.substr(at, end - at), {offset + at, end - at}});
    at = end + 1;
  }
  return found;
}

// Takes out what both have, each as often as both have it.
void drop_common(std::vector<String>& a, std::vector<String>& b) {
  std::map<std::string_view, std::size_t> spare;
  for (const auto& string : b) ++spare[string.text];
  std::map<std::string_view, std::size_t> both;
  std::erase_if(a, [&](const String& string) {
    const auto found = spare.find(string.text);
    if (found == spare.end() || found->second == 0) return false;
    --found->second;
    ++both[string.text];
    return true;
  });
  std::erase_if(b, [&](const String& string) {
    const auto found = both.find(string.text);
    if (found == both.end() || found->second == 0) return false;
    --found->second;
    return true;
  });
}

// A word of the section that the loader fills with an address of the file's own.
struct AddressWord {
  std::uint64_t offset = 0;
  std::uint64_t target = 0;
};
constexpr std::uint64_t kWord = 8;

std::vector<AddressWord> address_words(const Image& image, const Section& section) {
  std::vector<AddressWord> words;
  // R_X86_64_RELATIVE, R_AARCH64_RELATIVE: System V ABI supplements.
  const std::uint32_t relative = image.machine == 62 ? 8 : image.machine == 183 ? 1027 : 0;
  if (!image.is_64 || relative == 0 || image.type == 1) return words;
  for (const auto& table : image.sections) {
    if (table.type != 4) continue;
    auto in = image.reader(table.bytes);
    while (in.left() >= 24 && words.size() < kMaxSymbols) {
      const auto address = in.u64();
      const auto type = static_cast<std::uint32_t>(in.u64());
      const auto target = in.u64();
      if (type != relative || address < section.address || address - section.address >= section.size) continue;
      words.push_back({address - section.address, target});
    }
  }
  std::stable_sort(words.begin(), words.end(),
                   [](const AddressWord& x, const AddressWord& y) { return x.offset < y.offset; });
  return words;
}

// The words from the one that holds `offset` on.
std::span<const AddressWord> words_from(const std::vector<AddressWord>& words, std::uint64_t offset) {
  auto word = std::upper_bound(words.begin(), words.end(), offset,
                               [](std::uint64_t value, const AddressWord& w) { return value < w.offset; });
  if (word == words.begin() || std::prev(word)->offset + kWord <= offset) return {};
  return {std::prev(word), words.end()};
}

class Comparer {
 public:
  Comparer(const Program& left, const Section& a, const Program& right, const Section& b, Context& context,
           Difference& node)
      : left_(left), right_(right), a_(a), b_(b), context_(context), node_(node) {}

  void run() {
    find_extents(a_.bytes, b_.bytes, &context_.pool(), context_.budget(), node_);
    words_a_ = address_words(left_.image, a_);
    words_b_ = address_words(right_.image, b_);
    const auto extents = node_.extents;
    for (const auto& extent : extents) {
      if (same_addresses(extent)) {
        ++moved_words_;
        continue;
      }
      const auto piece_a = widen(left_, a_, extent.a);
      const auto piece_b = widen(right_, b_, extent.b);
      if (piece_a.range == last_.first && piece_b.range == last_.second) continue;
      last_ = {piece_a.range, piece_b.range};
      if (piece_a.is_text && piece_b.is_text) {
        tell_strings(piece_a, piece_b);
      } else {
        only_text_ = false;
        tell(piece_a, piece_b);
      }
    }
    if (left_off_ > 0) node_.comments.push_back(format("{} more places are not told one by one", left_off_));
    if (moved_words_ > 0)
      node_.comments.push_back(format("places with addresses of the same things: {}", moved_words_));
    if (moved_strings_ > 0)
      node_.comments.push_back(format("places with the same strings at other addresses: {}", moved_strings_));
    if (!only_text_) add_windows(a_.bytes, b_.bytes, node_);
  }

 private:
  struct Piece {
    Range range;
    bool is_text = false;
    std::string name;  // of the object that holds it
    std::uint64_t address = 0;
  };

  // The strings around a stretch, or the stretch itself.
  static Piece widen(const Program& program, const Section& section, Range extent) {
    Piece piece;
    piece.range = extent;
    const auto bytes = section.bytes;
    std::size_t begin = static_cast<std::size_t>(std::min<std::uint64_t>(extent.offset, bytes.size()));
    std::size_t end = static_cast<std::size_t>(std::min<std::uint64_t>(extent.end(), bytes.size()));
    const std::size_t lowest = begin > kReach ? begin - kReach : 0;
    while (begin > lowest && bytes[begin - 1] != '\0') --begin;
    const std::size_t highest = std::min(bytes.size(), end + kReach);
    while (end < highest && bytes[end] != '\0') ++end;
    while (begin < end && bytes[begin] == '\0') ++begin;
    while (end > begin && bytes[end - 1] == '\0') --end;
    const auto whole = bytes.substr(begin, end - begin);
    piece.is_text =
        is_text(whole) && (whole.empty() || whole.find('\0') == std::string_view::npos || mostly_long(whole));
    if (piece.is_text && whole.size() < kShortString && whole.size() > extent.length + 2) piece.is_text = false;
    if (piece.is_text) piece.range = {begin, end - begin};
    piece.address = program.base_of(section) + piece.range.offset;
    if (const auto* object = program.object_at(program.base_of(section) + extent.offset);
        object != nullptr && object->size > 0) {
      piece.name = format("{}+{:#x}", object->name, program.base_of(section) + extent.offset - object->address);
    }
    return piece;
  }

  // Numbers may look like letters between zeros; words and sentences do not come that short.
  static bool mostly_long(std::string_view bytes) {
    std::size_t letters = 0;
    for (const auto& string : strings_in(bytes, 0)) {
      if (string.text.size() >= kShortString) letters += string.text.size();
    }
    return letters * 2 >= bytes.size();
  }

  // Whether the stretch lies in words of both sides that hold addresses of the same things.
  [[nodiscard]] bool same_addresses(const Extent& extent) const {
    if (extent.a.length == 0 || extent.b.length == 0) return false;
    const auto a = words_from(words_a_, extent.a.offset), b = words_from(words_b_, extent.b.offset);
    auto end_a = extent.a.offset, end_b = extent.b.offset;
    for (std::size_t i = 0; end_a < extent.a.end() || end_b < extent.b.end(); ++i) {
      if (i >= a.size() || i >= b.size() || (i > 0 && (a[i].offset != end_a || b[i].offset != end_b)) ||
          left_.describe(a[i].target) != right_.describe(b[i].target))
        return false;
      end_a = a[i].offset + kWord, end_b = b[i].offset + kWord;
    }
    return true;
  }

  bool may_tell() {
    if (++told_ <= kToldPieces) return true;
    ++left_off_;
    return false;
  }

  std::string_view bytes_of(const Section& section, Range range) const {
    return section.bytes.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
  }

  static std::string name_of(const Piece& piece) {
    if (!piece.name.empty()) return piece.name;
    return format("{} at {:#x}", piece.is_text ? "string" : "bytes", piece.address);
  }

  void tell(const Piece& a, const Piece& b) {
    if (!may_tell()) return;
    const auto value = [](const Piece& piece, std::string_view bytes) {
      return piece.is_text && !bytes.empty() ? in_quotes(bytes, kShownString) : hex_bytes(bytes);
    };
    auto& child = node_.add_child(Kind::content, name_of(a), name_of(b));
    child.set_place(a.range, b.range);
    child.field = name_of(a);
    child.old_value = value(a, bytes_of(a_, a.range));
    child.new_value = value(b, bytes_of(b_, b.range));
    tell_uses(left_, a.address, a.range.length, child);
  }

  void tell_uses(const Program& program, std::uint64_t address, std::uint64_t length, Difference& child) {
    if (searches_++ >= kSearches) return;
    std::string used;
    for (const auto& use : find_uses(program, address, address + std::max<std::uint64_t>(length, 1), kToldUses)) {
      used += (used.empty() ? "" : ", ") + use.text;
    }
    if (!used.empty()) child.comments.push_back("used by " + used);
  }

  // Strings of both sides: what both have says nothing; the others are told in order, one of a for one of b.
  void tell_strings(const Piece& a, const Piece& b) {
    auto strings_a = strings_in(bytes_of(a_, a.range), a.range.offset);
    auto strings_b = strings_in(bytes_of(b_, b.range), b.range.offset);
    drop_common(strings_a, strings_b);
    if (strings_a.empty() && strings_b.empty()) {
      ++moved_strings_;
      return;
    }
    for (std::size_t i = 0; i < std::max(strings_a.size(), strings_b.size()); ++i) {
      if (i < strings_a.size() && i < strings_b.size()) {
        const auto piece = [&](const Program& program, const Section& section, const Piece& whole,
                               const String& string) {
          return Piece{string.place, true, whole.name, program.base_of(section) + string.place.offset};
        };
        tell(piece(left_, a_, a, strings_a[i]), piece(right_, b_, b, strings_b[i]));
        continue;
      }
      if (!may_tell()) continue;
      const bool in_a = i < strings_a.size();
      const auto& string = in_a ? strings_a[i] : strings_b[i];
      const auto& program = in_a ? left_ : right_;
      const auto address = program.base_of(in_a ? a_ : b_) + string.place.offset;
      const auto name = format("string at {:#x}", address);
      auto& child = node_.add_child(in_a ? Kind::only_in_a : Kind::only_in_b, in_a ? name : "", in_a ? "" : name);
      child.has_place = true;
      (in_a ? child.place_a : child.place_b) = string.place;
      child.comments.push_back(in_quotes(string.text, kShownString));
      tell_uses(program, address, string.place.length, child);
    }
  }

  const Program& left_;
  const Program& right_;
  const Section& a_;
  const Section& b_;
  Context& context_;
  Difference& node_;
  std::vector<AddressWord> words_a_, words_b_;
  std::pair<Range, Range> last_{{UINT64_MAX, 0}, {UINT64_MAX, 0}};
  bool only_text_ = true;
  std::size_t told_ = 0, left_off_ = 0, moved_strings_ = 0, moved_words_ = 0;
  int searches_ = 0;
};

}  // namespace

void compare_data(const Program& left, const Section& a, const Program& right, const Section& b, Context& context,
                  Difference& node) {
  Comparer(left, a, right, b, context, node).run();
}

}  // namespace chiron::compare::elf
