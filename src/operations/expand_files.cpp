#include "operations/expand_files.h"

#include <unordered_set>

#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron {

Result<std::vector<std::string>> expand_files(const std::vector<std::string>& patterns, Context& context) {
  constexpr std::string_view kWild = "*?[{";
  std::vector<std::string> found;
  std::unordered_set<std::string> seen;
  const auto add = [&](const std::string& path) {
    if (seen.insert(path).second) found.push_back(path);
  };
  for (const auto& pattern : patterns) {
    const auto absolute = context.absolute(pattern);
    if (pattern.find_first_of(kWild) == std::string::npos || io::exists(absolute)) {
      add(absolute);
      continue;
    }
    // Only the folder before the first wildcard is walked.
    const auto wild = absolute.find_first_of(kWild);
    const auto folder = absolute.substr(0, absolute.rfind('/', wild));
    if (!io::is_folder(folder)) continue;
    for (const auto& entry : TRY(io::walk(folder))) {
      const auto full = io::join_path(folder, entry.path);
      if (entry.type == io::EntryType::file && text::glob_match(absolute, full)) add(full);
    }
  }
  return found;
}

}  // namespace chiron
