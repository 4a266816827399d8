// Which tests come nearest to a line that none runs: where to begin when a test for it is to be written.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engines/testing/coverage_map.h"

namespace chiron::testing {

struct NearTest {
  std::string test;
  std::uint32_t line = 0;      // the nearest line that it runs
  bool same_function = false;  // that is in the function of the line
};

// At most `count` tests that run lines of that file, those in the same function first, then by distance. `text` is
// the file as it is: a record of another version of it counts where there is none of this one.
[[nodiscard]] std::vector<NearTest> nearest_tests(const CoverageMap& map, const std::string& path,
                                                  std::string_view text, std::uint32_t line, std::size_t count);

}  // namespace chiron::testing
