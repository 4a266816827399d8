// Removing known noise from artifacts, so that two builds of the same sources become equal: times, owners, order,
// padding, packers' marks. Every change is recorded; what is normal already comes back byte for byte.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/budget.h"
#include "engines/compare/difference.h"
#include "foundation/base/result.h"

namespace chiron::compare {

struct NormalizeOptions {
  std::int64_t time = 0;  // the time stamp written in place of the others ($SOURCE_DATE_EPOCH), seconds since 1970
  std::uint64_t max_bytes = 2 * limits::kGiB;
};

// One thing that was changed.
struct NormalizeChange {
  std::string member;  // "" for the artifact itself
  std::string what;    // "mtime"
  std::string before;
  std::string after;
};

struct Normalized {
  std::string format;  // "tar archive"; "" where nothing is known to do
  std::string bytes;   // the normal form
  std::vector<NormalizeChange> changes;
};

// Nested members are normalised too, down to a few levels. Errors: "normalize.damaged" (nothing is written then),
// "normalize.unsafe" (a member's name leaves the archive), "normalize.unsupported", "limit.*".
[[nodiscard]] Result<Normalized> normalize(ByteView bytes, std::string_view name, const NormalizeOptions& options,
                                           Budget& budget);

}  // namespace chiron::compare
