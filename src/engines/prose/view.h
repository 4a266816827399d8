// Views: which values of a YAML, JSON or TOML file are prose, and which nodes of source code.
#pragma once
#include "engines/prose/reader.h"
#include "foundation/doc/value.h"

namespace chiron::prose {

struct ViewScope {
  std::string name;  // added to the scope, "" for none
  std::string query;
  std::string type;  // the markup of the values: "md", "" for plain text
};
struct DataView {
  std::string engine;  // dasel or tree-sitter
  std::vector<ViewScope> scopes;
};
// Errors: "prose.view" with file and line.
[[nodiscard]] Result<DataView> load_view(const std::string& file);

// The texts that a query selects, in the order of the document.
[[nodiscard]] Result<std::vector<const doc::Value*>> select(const doc::Value& root, std::string_view query);

// A scalar's value over its spelling in the source: escapes, folded lines and indentation are seen through.
[[nodiscard]] MappedText map_scalar(std::string_view source, doc::Span span, const std::string& value);

}  // namespace chiron::prose
