// HTML as a stream of tags, text and comments with their places. No tree is built: scopes follow the open elements,
// and a stream keeps fragments (HTML inside Markdown) and broken documents readable.
#pragma once
#include "engines/prose/reader.h"

namespace chiron::prose {

// Tells the walker what stands in source[begin, end). Tags, comments and entities need not be well formed.
void tell_html(std::string_view source, std::uint32_t begin, std::uint32_t end, Walker& walker);

// The text an entity stands for ("&amp;", "&#x2019;" at `at`), and its length in the source; "" where it is none.
struct Entity {
  std::string shown;
  std::uint32_t length = 0;
};
[[nodiscard]] Entity decode_entity(std::string_view source, std::size_t at);
[[nodiscard]] std::string decode_entities(std::string_view text);

// Tells source[begin, end) as text with its entities decoded.
void tell_text_with_entities(std::string_view source, std::uint32_t begin, std::uint32_t end, Walker& walker);

}  // namespace chiron::prose
