// Quoting as the two output formats want it.
#pragma once
#include <string>
#include <string_view>

namespace chiron::policy {

// A JSON string literal as Go's encoder writes it (with `escape_html`: < > & as \u003c \u003e \u0026).
void append_json_text(std::string& out, std::string_view text, bool escape_html);
// A string literal as Go's strconv.Quote writes it: what Rego terms print as.
void append_go_quoted(std::string& out, std::string_view text);

}  // namespace chiron::policy
