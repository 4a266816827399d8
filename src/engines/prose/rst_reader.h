// reStructuredText by its specification: bodies of lines, read by what the first of them looks like. A body inside of
// another is the same lines further to the right; nothing is copied but the cells of tables.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "engines/prose/frontmatter.h"
#include "engines/prose/lines.h"

namespace chiron::prose {

namespace limits {
inline constexpr unsigned kRstNesting = 64;              // bodies in bodies; deeper ones are paragraphs
inline constexpr std::size_t kRstTableSteps = 64;        // of looking for a grid table's cells, per byte of it
inline constexpr std::size_t kRstTableBytes = 4u << 20;  // a larger one is left out
}  // namespace limits

// What a directive's block is.
enum class DirectiveKind : std::uint8_t {
  body,     // all of it is content
  titled,   // the argument is a title
  object,   // the argument is a name or an expression
  version,  // the argument begins with a version
  quote,    // a quotation
  text,     // one paragraph
  figure,   // a picture with a caption and a legend
  image,    // a picture
  table,    // a table with a title
  code,     // no prose but a caption
  nothing,  // no prose at all
};

class RstReader {
 public:
  // Both must outlive the reader.
  RstReader(const Prepared& prepared, const ReadOptions& options);
  Result<Document> run(const FrontMatter& front, const ReadOptions& options, std::string_view shown);

 private:
  using Lines = std::span<Line>;

  [[nodiscard]] std::string_view text(const Line& line) const {
    return source_.substr(line.begin, line.end - line.begin);
  }

  // A body whose left edge is at `column`.
  void body(Lines lines, std::uint32_t column);
  std::size_t block(Lines lines, std::uint32_t column);
  // The constructs: each takes the lines from the first of its own, and tells how many it has used; 0 if it is not one.
  std::size_t block_quote(Lines lines, std::uint32_t column);
  std::size_t bullet(Lines lines, std::uint32_t column);
  std::size_t enumerated(Lines lines, std::uint32_t column);
  std::size_t field(Lines lines, std::uint32_t column);
  std::size_t option(Lines lines, std::uint32_t column);
  std::size_t doctest(Lines lines);
  std::size_t line_block(Lines lines, std::uint32_t column);
  std::size_t section(Lines lines, std::uint32_t column);
  std::size_t paragraph(Lines lines, std::uint32_t column);
  std::size_t literal_block(Lines lines, std::uint32_t column);
  std::size_t explicit_markup(Lines lines, std::uint32_t column);
  void directive(std::string_view name, Lines lines, std::uint32_t column);
  std::size_t grid_table(Lines lines);
  std::size_t simple_table(Lines lines);

  // Lines of an item whose first line's content starts at `content`: those that follow at `edge` or further right.
  [[nodiscard]] static std::size_t item_lines(Lines lines, std::uint32_t edge);
  // An item: its first line is cut to what stands `skip` bytes behind its start.
  std::size_t item(Lines lines, std::uint32_t skip, const char* tag);
  [[nodiscard]] static std::uint32_t left_edge(Lines lines);
  void cut(Line& line, std::uint32_t skip);

  // What a directive's block is made of.
  struct Parts {
    std::string_view name;
    Lines all;
    Lines arguments;  // up to the options
    Lines content;    // below of them
    std::uint32_t edge = 0;
    std::vector<std::pair<std::string_view, Lines>> options;
    [[nodiscard]] Lines option(std::string_view wanted) const;
  };
  [[nodiscard]] Parts take_apart(std::string_view name, Lines lines, std::uint32_t column);
  void directive_body(DirectiveKind kind, Parts& parts);
  void figure(const Parts& parts);
  void alternative_text(const Parts& parts);
  void table_directive(const Parts& parts);
  void code(Lines lines);
  void inline_text(std::span<const Line> lines);
  void paragraph_text(std::span<const Line> lines, std::string_view tag);
  void list_table(Lines lines, std::uint32_t column, std::size_t header_rows);
  void csv_rows(Lines lines, std::size_t header_rows, char separator);
  void cell(std::vector<Line>& lines, bool header);
  void heading(std::span<const Line> title, char adornment, bool over);

  std::string_view source_;
  Walker walker_;
  std::vector<std::string> styles_;  // of section titles, in the order of their first use
  unsigned depth_ = 0;
};

}  // namespace chiron::prose
