// What the readers of indented markup share: lines of a source, and the lines of a paragraph as one text that inline
// markup is looked for in, with the way back to the source.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/prose/reader.h"

namespace chiron::prose {

// A line without the white space at both ends. An empty one has begin == end.
struct Line {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t column = 0;  // of `begin`, tabs taken as up to the next multiple of eight
  bool glued = false;        // goes on where the one before stopped: nothing stands between them
  [[nodiscard]] bool blank() const { return begin == end; }
};

[[nodiscard]] std::vector<Line> split_source(std::string_view source);

// Where offset `to` of a line stands, if `from` of it stands at `column`.
[[nodiscard]] std::uint32_t column_after(std::string_view source, std::uint32_t from, std::uint32_t to,
                                         std::uint32_t column);

// The ranges that the configuration leaves out, taken out of two copies of equal length: what is shown has blanks for
// ignored blocks; what is parsed has, besides, letters for ignored tokens, so that they are no markup.
class Prepared {
 public:
  Prepared(std::string_view source, const ReadOptions& options);
  [[nodiscard]] std::string_view shown() const { return shown_; }
  [[nodiscard]] std::string_view parsed() const { return parsed_; }
  // Blanks [begin, end) in what is parsed.
  void blank(std::uint32_t begin, std::uint32_t end);

 private:
  std::string_view source_;
  std::string shown_copy_;
  std::string parsed_copy_;
  std::string_view shown_;
  std::string_view parsed_;
};

class Run {
 public:
  // `source` is what is parsed; it must outlive the run.
  Run(std::string_view source, std::span<const Line> lines);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] std::string_view text() const { return text_; }
  // Tells bytes [begin, end) of the text.
  void tell(Walker& walker, std::size_t begin, std::size_t end) const;
  void mask(Walker& walker, std::size_t begin, std::size_t end) const;
  void replace(Walker& walker, std::string_view shown, std::size_t begin, std::size_t end) const;
  [[nodiscard]] MappedText mapped(std::string_view source) const;  // all of it
  [[nodiscard]] Range source(std::size_t begin, std::size_t end) const;

 private:
  template <class Verbatim, class Break>
  void each(std::size_t begin, std::size_t end, const Verbatim& verbatim, const Break& line_break) const;
  struct Segment {
    std::size_t text = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  std::string_view text_;
  std::string joined_;             // where the lines do not follow each other
  std::vector<Segment> segments_;  // empty where text_ is a part of the source
  std::uint32_t base_ = 0;
};

}  // namespace chiron::prose
