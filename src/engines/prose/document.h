// What a reader makes of a file: blocks of prose, each with its scope and an exact map from every byte of its text
// back to the source. Places come by construction: nothing is ever searched for a second time.
//
// Readers see the normalised source (line ends are "\n", see normalise()); all offsets here are bytes of it.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::prose {

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const Range&) const = default;
};

// A stretch of text and the source bytes it stands for. Where both lengths are equal each byte maps to its own;
// otherwise (an entity, an escape) the text maps as a whole.
struct Piece {
  std::uint32_t text = 0;
  std::uint32_t length = 0;
  std::uint32_t source = 0;
  std::uint32_t source_length = 0;
};

// A string that knows where its bytes come from. Pieces are ordered by `text` and cover all of it.
class MappedText {
 public:
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  // Appends source bytes as they are.
  void append(std::string_view source, std::uint32_t begin, std::uint32_t end);
  // Appends text that stands for the source bytes [begin, end).
  void append_replaced(std::string_view shown, std::uint32_t begin, std::uint32_t end);
  // Appends one `mask` per code point of the source bytes, line ends kept.
  void append_masked(std::string_view source, std::uint32_t begin, std::uint32_t end, char mask);
  void append(const MappedText& other);
  // Appends text that has no source; it maps to where the next or the previous piece lies.
  void append_generated(std::string_view shown);
  // White space (as Unicode has it in ASCII) at both ends is dropped.
  void trim();
  // The part [begin, end) of the text.
  [[nodiscard]] MappedText slice(std::size_t begin, std::size_t end) const;
  // Source bytes of text bytes [begin, end); an empty range gives an empty one at its place.
  [[nodiscard]] Range to_source(std::size_t begin, std::size_t end) const;
  void clear();

 private:
  void add(std::uint32_t length, std::uint32_t begin, std::uint32_t end);
  std::string text_;
  std::vector<Piece> pieces_;
};

// A run of prose that rules look at.
struct Block {
  std::string scope;   // as Vale names it, with the file's extension: "text.heading.h2.md", "text.list.md", "link.md"
  std::string parent;  // what negated selectors are held against; the scope itself but for inline scopes
  MappedText content;
  // A paragraph of running text, which is also looked at sentence by sentence and paragraph by paragraph.
  bool running = false;
};

// An inline control, `vale off` or `vale Style.Rule = NO`: holds from block number `before_block` on.
struct Control {
  std::size_t before_block = 0;
  std::string text;
};

// The control that a line of text is, "vale off" say: behind the marks of an HTML comment or, where the line itself is
// a comment already, bare. "" where it is none.
enum class Marks : std::uint8_t { needed, optional };
[[nodiscard]] std::string_view control_of(std::string_view line, Marks marks);

struct Document {
  std::vector<Block> blocks;
  std::vector<Control> controls;
  MappedText summary;                 // paragraphs, list items and quotations, for measures over the whole document
  std::map<std::string, int> counts;  // "heading.h2", "list", "blockquote", "pre" …: how many there are
};

// Source with "\r\n" and "\r" as "\n". `removed` holds the normalised offset of each dropped "\r", in order: the
// original offset of a byte is its normalised one plus the number of entries at or before it.
struct NormalisedSource {
  std::string text;
  std::vector<std::uint32_t> removed;
  [[nodiscard]] std::uint32_t original(std::uint32_t offset) const;
};
[[nodiscard]] NormalisedSource normalise(std::string_view source);

}  // namespace chiron::prose
