// Pieces of source around uncovered lines, as reports show them.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chiron::coverage {

// The content of a repository file by its path; nothing where it cannot be read.
using SourceReader = std::function<std::optional<std::string>(std::string_view path)>;

struct Snippet {
  std::uint32_t first = 0, last = 0;  // lines, inclusive; the empty line after a final newline counts as one
  std::string_view text;              // of the source given
};

// Four lines of context around each uncovered line; what is nearer than that shares a snippet.
[[nodiscard]] std::vector<Snippet> find_snippets(std::string_view source, const std::vector<std::uint32_t>& lines);

// Pieces in the form of Pygments' HTML formatter: a table of line numbers and code with anchors, uncovered lines
// within <span class="hll">, tokens in spans of Pygments' short class names.
[[nodiscard]] std::string snippet_html(std::string_view path, const Snippet& snippet,
                                       const std::vector<std::uint32_t>& lines);
// A fenced block with numbered lines, "!" before the uncovered.
[[nodiscard]] std::string snippet_markdown(std::string_view path, const Snippet& snippet,
                                           const std::vector<std::uint32_t>& lines);
// "0012: text" lines.
[[nodiscard]] std::string snippet_console(const Snippet& snippet);

// The style sheet that goes with snippet_html.
[[nodiscard]] std::string_view snippet_style();

// UTF-8 text of a source: a byte order mark dropped, line ends made "\n", bytes that are no UTF-8 read as Latin-1.
[[nodiscard]] std::string decode_source(std::string_view bytes);

}  // namespace chiron::coverage
