// The program's version, from the VERSION file.
#pragma once
#include <string_view>

namespace chiron {

[[nodiscard]] std::string_view version();

}  // namespace chiron
