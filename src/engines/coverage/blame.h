// Whose changed lines the tests run: coverage of a change by author or by commit, from what `git blame` says.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engines/coverage/diff_coverage.h"

namespace chiron::coverage {

struct Commit {
  std::string id;  // of zeros for lines that are not committed yet
  std::string author, mail, summary;
  [[nodiscard]] bool committed() const { return id.find_first_not_of('0') != std::string::npos; }
};

// The lines of one file, by number, each with the index of its commit.
struct Blame {
  std::vector<Commit> commits;
  std::map<std::uint32_t, std::size_t> lines;
};
// What `git blame --porcelain` prints. Errors: "coverage.blame".
[[nodiscard]] Result<Blame> parse_blame(std::string_view output);

enum class ShareBy { author, commit };
struct Share {
  std::string who;  // "Ada <ada@example.org>", "1f2e3d4c5b6a Reads the header (Ada)"
  std::size_t lines = 0, uncovered = 0;
};
// Measured lines by author or commit, those with most uncovered lines first; `blames` by the file's path. Lines of
// which nothing is known count for nobody.
[[nodiscard]] std::vector<Share> share_coverage(const DiffCoverage& coverage,
                                                const std::map<std::string, Blame>& blames, ShareBy by);
[[nodiscard]] std::string print_shares(const std::vector<Share>& shares);

}  // namespace chiron::coverage
