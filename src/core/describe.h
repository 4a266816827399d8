// Prints of the operations' descriptions that several surfaces share: flag spellings, wrapped text.
#pragma once
#include <string>
#include <string_view>

#include "core/field.h"

namespace chiron {

// "-j, --jobs N", "    --no-cache", "    --output [FORMAT:]FILE"
[[nodiscard]] std::string flag_spelling(const Field& field);
// What stands for a field's value: its placeholder, or one by its type.
[[nodiscard]] std::string_view value_placeholder(const Field& field);
// Breaks lines at spaces so that none is wider than `width`; lines after the first are indented by `indent`.
// Empty lines and lines that begin with white space are kept as they are.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace chiron
