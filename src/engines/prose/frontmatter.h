// Front matter: the YAML or TOML head of a document, whose text values are blocks "text.frontmatter.KEY".
#pragma once
#include "engines/prose/reader.h"

namespace chiron::prose {

struct FrontMatter {
  std::uint32_t content_begin = 0;
  std::uint32_t content_end = 0;
  std::uint32_t end = 0;  // after the closing line; 0 where there is none
  bool toml = false;
  bool json = false;
};
// Between lines "---" (YAML), "+++" (TOML) or ";;;" (JSON) at the very start.
[[nodiscard]] FrontMatter find_front_matter(std::string_view source);
// Malformed front matter is an error that names the line.
[[nodiscard]] Result<void> tell_front_matter(std::string_view source, const FrontMatter& front,
                                             const ReadOptions& options, Walker& walker);

}  // namespace chiron::prose
