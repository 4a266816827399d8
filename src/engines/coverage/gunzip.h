// gzip, bounded: adapter around zlib.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "foundation/base/result.h"

namespace chiron::coverage {

// Errors: "coverage.gzip", "limit.size".
[[nodiscard]] Result<std::string> gunzip(std::string_view bytes, std::uint64_t max_bytes, const std::string& name);

}  // namespace chiron::coverage
