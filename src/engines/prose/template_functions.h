// The functions that output templates call.
#pragma once
#include <string>
#include <vector>

#include "foundation/base/result.h"
#include "foundation/doc/value.h"

namespace chiron::prose {

// As Go's templates print a value, and what they take for true.
[[nodiscard]] std::string show(const doc::Value& value);
[[nodiscard]] bool truthy(const doc::Value& value);
// The rows of a table in columns.
[[nodiscard]] std::string render_table(const doc::Value& table);
// Errors: an unknown name, arguments that are missing or do not fit.
[[nodiscard]] Result<doc::Value> call_template_function(const std::string& name, std::vector<doc::Value>& arguments);

}  // namespace chiron::prose
