// Readers: one function per format, each turning normalised source into a Document.
//
// A markup reader does not build blocks itself. It tells a Walker what it meets in HTML's vocabulary (the scopes that
// styles use are named after HTML elements), always with the source bytes; the Walker decides what is a block, what is
// masked and what is left out. So every format treats ignored scopes, classes and controls alike.
#pragma once
#include <array>
#include <deque>
#include <span>

#include "engines/prose/document.h"
#include "foundation/base/result.h"

namespace chiron::prose {

namespace limits {
inline constexpr std::size_t kSourceBytes = 256u << 20;  // offsets are 32 bit; a longer file is no prose
inline constexpr std::size_t kElementDepth = 512;        // open elements; deeper ones are read as text of the last
inline constexpr std::size_t kBlocks = 4'000'000;
}  // namespace limits

struct ReadOptions {
  std::string extension = ".txt";  // of the file as it is called; the last part of every scope
  std::string meta_scope;          // put between scope and extension (a view's scope, "comment.line")
  std::vector<std::string> ignored_scopes = {"tt", "code", "kbd"};  // elements whose text is masked with "*"
  std::vector<std::string> skipped_scopes = {"script", "style", "pre", "figure", "noscript", "iframe"};  // left out
  std::vector<std::string> ignored_classes = {"problematic", "pre", "code"};
  std::array<std::string, 2> comment_delimiters;  // further comments that may hold controls, "" for none
  // Ranges of the source found by TokenIgnores (masked where they stand) and BlockIgnores (left out); ordered.
  std::vector<Range> ignored_tokens;
  std::vector<Range> ignored_blocks;
  // Also make blocks of links, code, strong and emphasised text (scopes "link", "code", "strong", "emphasis").
  bool inline_scopes = false;
  bool indented_code = true;            // Markdown: indented text is code
  Marks control_marks = Marks::needed;  // around the controls in plain text; in a comment they may stand bare
};

struct Attribute {
  std::string_view name;
  std::string value;  // decoded
  Range source;       // of the value
};

// Turns structure into blocks. Offsets may go backwards (a footnote shown elsewhere), text order is what is told.
class Walker {
 public:
  // Both must outlive the walker.
  Walker(std::string_view source, const ReadOptions& options);

  // Elements by their HTML names, lower case: "p", "h2", "li", "td", "em", "a", "code", "pre" … A block element ends
  // the block before it. A void element (img, br, hr) is opened and not closed.
  void open(std::string_view tag, std::span<const Attribute> attributes = {});
  // Closes the nearest open element of that name (and what is open inside); nothing where there is none.
  void close(std::string_view tag);
  // Source bytes as they stand.
  void text(std::uint32_t begin, std::uint32_t end);
  // Text that stands for source bytes: an entity, an escape, a line break.
  void replaced(std::string_view shown, std::uint32_t begin, std::uint32_t end);
  // Source bytes that stand for something else than prose: shown as "*", one each code point.
  void mask(std::uint32_t begin, std::uint32_t end);
  // The text that stands for an image.
  void alternative(MappedText content);
  // A comment's content, trimmed by the walker: a control or nothing.
  void comment(std::string_view content);
  // A block of its own with a scope that no element stands for: "text.frontmatter.title".
  void block(std::string scope, MappedText content);

  [[nodiscard]] std::string_view source() const { return source_; }
  [[nodiscard]] Document finish();

 private:
  struct Element {
    std::string_view name;  // a literal of the table, or owned by names_
    bool inline_element = false;
    bool skipped = false;
    bool masked = false;
    const char* scope = nullptr;  // of an inline element that makes a block of its own
    std::size_t text_begin = 0;   // of the current block when it was opened
    std::string href;             // of a link
  };
  void leave(Element& element);
  void flush();
  void emit(std::uint32_t begin, std::uint32_t end);
  [[nodiscard]] std::string block_scope() const;

  std::string_view source_;
  const ReadOptions& options_;
  Document document_;
  std::vector<Element> open_;
  std::deque<std::string> names_;  // of elements that no table knows
  std::size_t skipped_depth_ = 0;
  std::size_t masked_depth_ = 0;
  MappedText current_;
  MappedText raw_;  // what the outermost masked element really says
  std::vector<Block> inline_blocks_;
  std::size_t ignored_next_ = 0;
};

// Plain text: paragraphs set off by blank lines, no markup.
[[nodiscard]] Result<Document> read_plain(std::string_view source, const ReadOptions& options);
// The whole file as one block of text: files of no known format.
[[nodiscard]] Result<Document> read_lines(std::string_view source, const ReadOptions& options);
// CommonMark with GitHub's extensions, footnotes, math and front matter.
[[nodiscard]] Result<Document> read_markdown(std::string_view source, const ReadOptions& options);
[[nodiscard]] Result<Document> read_html(std::string_view source, const ReadOptions& options);
[[nodiscard]] Result<Document> read_rst(std::string_view source, const ReadOptions& options);
[[nodiscard]] Result<Document> read_asciidoc(std::string_view source, const ReadOptions& options);
[[nodiscard]] Result<Document> read_mdx(std::string_view source, const ReadOptions& options);
// The text of XML and DITA elements, block elements by their usual names.
[[nodiscard]] Result<Document> read_xml_text(std::string_view source, const ReadOptions& options);
[[nodiscard]] Result<Document> read_org(std::string_view source, const ReadOptions& options);

// A comment or doc string of source code, without its delimiters and common indentation.
struct Comment {
  bool is_block = false;      // of several lines
  bool is_docstring = false;  // a text that documents, not a comment
  MappedText content;
};
// Comments by the grammar or the delimiters of the language that `extension` names (".py"); nothing where the
// language is unknown.
[[nodiscard]] bool knows_language(std::string_view extension);
[[nodiscard]] Result<std::vector<Comment>> read_comments(std::string_view source, std::string_view extension);

// What a query of a view selects in source code: comments, texts without their quotes, other nodes as they stand. With
// a grammar any query of tree-sitter, without one "(comment)", "(string)" and "(string_literal)".
struct Selected {
  bool is_block = false;
  MappedText content;
};
[[nodiscard]] Result<std::vector<Selected>> select_nodes(std::string_view source, std::string_view extension,
                                                         std::string_view query);

}  // namespace chiron::prose
