// Text formatting: {fmt}, instantiated once in format.cpp because g++ 12 has no <format>.
#pragma once
#include <fmt/core.h>

#include <string>

namespace chiron {
using fmt::format;
using fmt::format_to;
}  // namespace chiron
