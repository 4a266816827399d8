// What git blame prints: whatever it is, every line has a commit, and the shares add up to the measured lines.
#include "engines/coverage/blame.h"

using namespace chiron::coverage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto blame = parse_blame({reinterpret_cast<const char*>(bytes), size});
  if (!blame) return 0;
  DiffCoverage coverage;
  coverage.files.resize(1);
  auto& file = coverage.files[0];
  file.path = "a";
  for (const auto& [line, commit] : blame->lines) {
    if (commit >= blame->commits.size()) __builtin_trap();
    file.measured.push_back(line);
    if (line % 2 == 0) file.uncovered.push_back(line);
  }
  for (const auto by : {ShareBy::author, ShareBy::commit}) {
    const auto shares = share_coverage(coverage, {{"a", *blame}}, by);
    std::size_t lines = 0, uncovered = 0;
    for (const auto& share : shares) {
      lines += share.lines;
      uncovered += share.uncovered;
    }
    if (lines != file.measured.size() || uncovered != file.uncovered.size()) __builtin_trap();
    (void)print_shares(shares);
  }
  return 0;
}
