// TOML 1.0: reader over toml++. Dates and times come as strings as spelt by RFC 3339.
#pragma once
#include "foundation/doc/value.h"

namespace chiron::doc {

// Errors: "toml.syntax" with its place.
[[nodiscard]] Result<Value> parse_toml(std::string_view text, const ReadOptions& options = {});

}  // namespace chiron::doc
