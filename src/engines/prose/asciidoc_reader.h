// AsciiDoc as Asciidoctor reads it: blocks of lines, delimited or not, each with the attributes above it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "engines/prose/frontmatter.h"
#include "engines/prose/lines.h"

namespace chiron::prose {

namespace limits {
inline constexpr unsigned kAsciidocNesting = 64;       // blocks in blocks; deeper ones are left out
inline constexpr std::size_t kAsciidocColumns = 1024;  // of a table
}  // namespace limits

// "|===" and its like.
[[nodiscard]] bool is_table_border(std::string_view line);

class AsciidocReader {
 public:
  // Both must outlive the reader.
  AsciidocReader(const Prepared& prepared, const ReadOptions& options);
  Result<Document> run(const FrontMatter& front, const ReadOptions& options, std::string_view shown);

 private:
  using Lines = std::span<Line>;
  // What stands above a block: "[style.role%option,key=value]" and ".Title".
  struct Above {
    std::string style;
    std::string classes;
    std::string options;
    std::string columns;
    std::string separator;
    std::string format;
    std::vector<Line> title;
  };
  struct Item {
    std::string marker;
    const char* tag;
  };
  // The blocks of one container; lists are flat: the markers of the open items, outermost first.
  struct Container {
    Lines lines;
    std::size_t at = 0;
    Above above;
    std::vector<Item> items;
    bool after_blank = true;
    bool attached = false;  // a line "+" joins the next block to the item
    char table_separator = '|';
  };

  [[nodiscard]] std::string_view text(const Line& line) const {
    return source_.substr(line.begin, line.end - line.begin);
  }
  void preprocess(std::vector<Line>& lines);
  void header(std::vector<Line>& lines);
  void blocks(Lines lines, char table_separator);
  void block(Container& in);
  bool line_without_text(Container& in);
  bool attributes(Container& in);
  bool section(Container& in);
  bool delimited(Container& in);
  void delimited_content(Container& in, Lines content, char mark, const Above& above);
  bool table(Container& in);
  bool block_macro(Container& in);
  bool list_item(Container& in);
  bool description(Container& in);
  void paragraph(Container& in, std::size_t from_line, bool in_item);
  void close_items(Container& in, std::size_t keep);
  void title(const Above& above, const char* tag);
  void code(Lines lines);
  [[nodiscard]] bool ends_paragraph(const Line& line, bool in_item) const;
  [[nodiscard]] std::size_t marker_length(const Line& line, std::string& marker) const;
  void cells(Lines lines, const Above& above, char separator);
  void tell_cell(std::vector<Line>& lines, char style, bool header);

  std::string_view source_;
  Walker walker_;
  unsigned depth_ = 0;
};

}  // namespace chiron::prose
