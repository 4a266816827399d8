// JSON (RFC 8259): reader over RapidJSON's validating SAX parser, and the writers.
#pragma once
#include "foundation/doc/value.h"

namespace chiron::doc {

// Feeds `text` to `sink`. Errors: "json.syntax", "json.duplicate-key", "json.encoding", "limit.size", "limit.depth",
// each with its place. Depth is bounded without recursion.
[[nodiscard]] Result<void> read_json(std::string_view text, Sink& sink, const ReadOptions& options = {});
[[nodiscard]] Result<Value> parse_json(std::string_view text, const ReadOptions& options = {});

// Compact: no white space. Pretty: two spaces, one member a line, empty containers as [] and {}.
// Members keep their order; canonical output sorts them by byte order of their names.
[[nodiscard]] std::string write_json(const Value& value);
[[nodiscard]] std::string write_json_pretty(const Value& value, int indent = 2);
[[nodiscard]] std::string write_json_canonical(const Value& value);
// A JSON string literal with quotes; ill-formed UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace chiron::doc
