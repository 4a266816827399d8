// The repository as a document: dependency manifests, lock files, bills of materials, workflows and what git says of
// them. Policies judge it as they judge a file; every part that stands in a file says where.
//
// What is not known is left out ("changed" without a base, "git" without git).
// What no reader can make sense of is told in the document ("unreadable"), never left out in silence.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "foundation/doc/value.h"
#include "foundation/git/git.h"

namespace chiron::repository {

namespace context_limits {
inline constexpr std::uint64_t kManifestBytes = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kWorkflowBytes = std::uint64_t{4} << 20;
inline constexpr std::uint64_t kLockBytes = std::uint64_t{256} << 20;  // lock files and bills of materials
inline constexpr std::size_t kFiles = 20'000;                          // that any reader takes up
}  // namespace context_limits

// What the context is made from.
struct Source {
  std::vector<std::string> files;  // relative to the folder, "/" between parts
  std::function<Result<std::string>(const std::string& path, std::uint64_t max_bytes)> read;
  std::function<std::optional<std::int64_t>(const std::string& path)> modified_s;  // seconds since the epoch
  const git::Repository* git = nullptr;                                            // nothing where there is no git
  std::string below;              // the folder relative to the repository's root, "" for the root
  std::string base;               // a commit to compare with, "" for none
  std::int64_t now_s = 0;         // seconds since the epoch
  std::int64_t window_days = 90;  // a bill of materials older than this is not fresh; 0 for no window
};

// The version of the document's form.
inline constexpr int kContextVersion = 1;

// Errors: those of git, and "limit.files" for more files than kFiles.
[[nodiscard]] Result<doc::Value> describe(const Source& source);

// Whether the context is made from a file of that path.
[[nodiscard]] bool is_context_file(std::string_view path);

}  // namespace chiron::repository
