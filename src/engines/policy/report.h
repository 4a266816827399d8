// What evaluation says, as the text and JSON that OPA prints.
#pragma once
#include "engines/policy/engine.h"

namespace chiron::policy {

// {"message", "code", "location", "details"}; without a place no location.
[[nodiscard]] doc::Value error_document(const PolicyError& error);
[[nodiscard]] doc::Value errors_document(const PolicyErrors& errors);  // {"errors": […]}
// {"result": […]} of an evaluation, {} where there is none.
[[nodiscard]] doc::Value result_document(const std::vector<ResultRow>& rows);
// JSON as Go indents it: two spaces, HTML escaped, a final newline.
[[nodiscard]] std::string pretty_json(const doc::Value& value);
[[nodiscard]] std::string pretty_json(Value value);

// The forms of `eval -f`.
[[nodiscard]] std::string result_values(const std::vector<ResultRow>& rows);
[[nodiscard]] std::string result_raw(const std::vector<ResultRow>& rows);
[[nodiscard]] std::string result_bindings(const std::vector<ResultRow>& rows);
[[nodiscard]] std::string result_pretty(const std::vector<ResultRow>& rows, std::size_t limit);

// A module's syntax tree as OPA's JSON.
struct AstJsonOptions {
  bool comments = true;
  bool locations = false;
};
[[nodiscard]] doc::Value module_document(const ast::Module& module, const AstJsonOptions& options);
[[nodiscard]] doc::Value term_document(const ast::Term& term);
// The tree as indented lines, as `opa parse` shows it.
[[nodiscard]] std::string module_outline(const ast::Module& module);

}  // namespace chiron::policy
