// Comments by the delimiters of a language, for languages and places without a grammar: strings, here-documents and
// block scalars are skipped by theirs.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace chiron::prose {

struct Delimiters {
  std::string_view open;
  std::string_view close;
  bool text = false;  // a literal over several lines, no comment
};

struct CommentSyntax {
  enum class Kind : std::uint8_t { plain, shell, yaml };
  std::string_view extensions;                // between spaces
  std::array<std::string_view, 3> line = {};  // line comments, longest first; "" ends the list
  std::array<Delimiters, 4> block = {};       // block comments and doc strings
  std::string_view strings = {};              // characters that open and close a literal
  bool line_start_blocks = false;             // blocks open at the start of a line only (Ruby's =begin)
  bool leading = false;                       // the decoration " * " is stripped from each line of a block
  bool long_strings = false;                  // a string may go over several lines
  bool nested = false;                        // a block comment may hold others
  bool own_word = false;                      // a line comment opens behind white space and separators only
  std::string_view no_line = {};              // what begins like a line comment and is none
  Kind kind = Kind::plain;
};

// What is between delimiters: [begin, end) with them, [inner, inner_end) without.
struct Mark {
  enum class Kind : std::uint8_t { line, block, docstring, text } kind = Kind::line;
  std::size_t begin = 0;
  std::size_t inner = 0;
  std::size_t inner_end = 0;
};

[[nodiscard]] const CommentSyntax* find_comment_syntax(std::string_view extension);
// Where a line comment's text begins: behind its mark, repetitions of it and one blank.
[[nodiscard]] std::size_t line_text_begin(std::string_view source, std::size_t at, std::size_t end,
                                          std::string_view mark);
// The mark of a line comment that `rest` begins with, or "".
[[nodiscard]] std::string_view line_mark(std::string_view rest, const CommentSyntax& syntax);
// Marks of [at, stop) by delimiters.
void scan_delimiters(std::string_view source, std::size_t at, std::size_t stop, const CommentSyntax& syntax,
                     std::vector<Mark>& marks);
// Marks of YAML, whose plain and block scalars may hold "#".
void scan_yaml(std::string_view source, std::vector<Mark>& marks);

}  // namespace chiron::prose
