// What is wrong with a JSON text, in the words that policies' authors know from Go's decoder.
#pragma once
#include <string>
#include <string_view>

namespace chiron::policy::functions {

// "" where the text is one JSON value.
[[nodiscard]] std::string json_problem(std::string_view text);

}  // namespace chiron::policy::functions
