// The result of a comparison: a tree of what differs, from the whole artifact down to the field, line or byte.
//
// Every node that stands for bytes (a file, a member, a decoded stream) owns a byte space of its own, sizes size_a and
// size_b. `place_a`/`place_b` say where the node lies in the byte space of its PARENT; `extents` lie in the node's own.
// So an offset is always exact and never depends on how deep the node is nested.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::compare {

using ByteView = std::string_view;

enum class Kind : std::uint8_t {
  group,      // nothing of its own differs, its children do
  content,    // the bytes differ; shown by hunks or hex windows where no child explains them
  metadata,   // a property beside the content: time, owner, mode, comment
  header,     // a field of the format's own framing: compression level, extra field, checksum, producer's mark
  order,      // the same members in another order
  only_in_a,  // missing on the other side
  only_in_b,
  renamed,  // the same or similar content under another name; children hold what else differs
  error     // could not be looked at (damaged, a limit, unsupported): `comments` say why
};
[[nodiscard]] std::string_view to_string(Kind kind);

// Bytes [offset, offset + length).
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  [[nodiscard]] std::uint64_t end() const { return offset + length; }
  bool operator==(const Range&) const = default;
};

// A stretch of differing bytes on both sides; one side may be empty (insertion, other file longer).
struct Extent {
  Range a;
  Range b;
};

// Code unit offsets [begin, end) into a line's text: the words that changed.
struct Highlight {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class LineMark : std::uint8_t { same, removed, added };
struct TextLine {
  LineMark mark = LineMark::same;
  std::string text;  // without its terminator; cut at kShownLineBytes, then `cut_bytes` says how much is left off
  std::uint64_t cut_bytes = 0;
  std::vector<Highlight> highlights;
};

// A run of changed lines with context; line numbers are 1-based.
struct Hunk {
  std::uint64_t line_a = 0;
  std::uint64_t count_a = 0;
  std::uint64_t line_b = 0;
  std::uint64_t count_b = 0;
  std::vector<TextLine> lines;
};

// Bytes around one difference, in the node's own byte space. Raw bytes; reports print them as hex.
struct HexWindow {
  std::uint64_t offset_a = 0;
  std::uint64_t offset_b = 0;
  std::string bytes_a;
  std::string bytes_b;
};

struct Difference {
  std::string name_a;  // member, section or stream on side a ("" where it is only in b)
  std::string name_b;
  Kind kind = Kind::group;
  std::string format;  // what the bytes were understood as: "tar archive", "ELF section", ...
  std::string field;   // for metadata and header: the field's name ("mtime")
  std::string old_value;
  std::string new_value;

  // false: does not change what the artifact means (a build time, an order without effect); `--semantic` lists it
  // as ignored with `reason`.
  bool semantic = true;
  std::string reason;
  bool ignored = false;  // set by the engine from the options (--semantic, --exclude-metadata, --mask)

  // Where this node lies in the parent's bytes; length 0 and offset 0 where it has no bytes there.
  bool has_place = false;
  Range place_a;
  Range place_b;

  // The node's own bytes.
  std::uint64_t size_a = 0;
  std::uint64_t size_b = 0;
  std::vector<Extent> extents;        // differing bytes, in order; the first kKeptExtents of them
  std::uint64_t extent_count = 0;     // all of them
  std::uint64_t differing_bytes = 0;  // sum over all extents, the longer side each

  std::vector<Hunk> hunks;  // text diff
  std::uint64_t lines_removed = 0;
  std::uint64_t lines_added = 0;
  std::uint64_t hunks_left_off = 0;  // said in every report
  std::vector<HexWindow> windows;
  std::uint64_t windows_left_off = 0;

  std::vector<std::string> comments;
  std::vector<Difference> children;

  // Adds a child of that kind with names on both sides; the reference lives until the next child is added.
  Difference& add_child(Kind child_kind, std::string_view a, std::string_view b);
  // Adds a field that differs. Does nothing (returns nullptr) where old and new are equal.
  Difference* add_field(Kind field_kind, std::string_view name, std::string_view old_text, std::string_view new_text);
  Difference* add_field(Kind field_kind, std::string_view name, std::string_view old_text, std::string_view new_text,
                        Range at_a, Range at_b);
  // Marks the node as noise. Returns *this.
  Difference& mark_noise(std::string_view why);
  Difference& set_place(Range a, Range b);
  // Whether anything at all is recorded here or below.
  [[nodiscard]] bool empty() const;
  // The name for people: "a", or "a → b" where the sides differ.
  [[nodiscard]] std::string title() const;
};

// What a tree holds, for the summary line.
struct Counts {
  std::uint64_t nodes = 0;  // leaf findings
  std::uint64_t content = 0;
  std::uint64_t metadata = 0;  // with header fields
  std::uint64_t order = 0;
  std::uint64_t only_in_a = 0;
  std::uint64_t only_in_b = 0;
  std::uint64_t renamed = 0;
  std::uint64_t errors = 0;
  std::uint64_t ignored = 0;  // left out by an option, listed by name
};
[[nodiscard]] Counts count(const Difference& root);

}  // namespace chiron::compare
