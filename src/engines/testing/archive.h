// A build's test programs in one file, to be run on a machine that has neither the sources nor the build: a tar
// archive, compressed with zstd, whose first member (kManifest) names the programs.
//
// pytest projects and CTest build folders are refused: the first are their checkout, and the commands of the second
// name absolute paths.
#pragma once
#include "engines/testing/session.h"

namespace chiron::testing {

namespace limits {
inline constexpr std::uint64_t kArchiveBytes = 64ull << 30;  // unpacked
inline constexpr std::size_t kArchiveMembers = 1'000'000;
inline constexpr std::size_t kManifestBytes = 4u << 20;
}  // namespace limits

inline constexpr std::string_view kManifest = "chiron-tests.json";
inline constexpr std::string_view kArchivedTimings = ".chiron/test/timings";

struct ArchiveRequest {
  std::vector<std::string> targets;  // as in SessionRequest
  std::string folder;                // that they are relative to, and below which all must lie; absolute
  std::vector<std::string> files;    // data that the tests read, relative to `folder`
  std::string timings;               // durations to take along; "" for none
};
struct ArchiveSummary {
  std::size_t programs = 0, libraries = 0, files = 0;
  std::uint64_t bytes = 0;  // before compression
};
// Writes to a temporary file that then takes the name `path`. Shared libraries that lie below the folder come along;
// those of the system do not. Errors: "testing.archive" naming the program or file.
[[nodiscard]] Result<ArchiveSummary> write_archive(const ArchiveRequest& request, const std::string& path);

struct OpenedArchive {
  std::vector<std::string> targets;
  Environment environment;  // that its programs need
};
// Unpacks into `folder`, which is made where it is missing and must be empty. Errors: "testing.archive": damaged, a
// member outside of the folder, over the limits.
[[nodiscard]] Result<OpenedArchive> unpack_archive(const std::string& path, const std::string& folder);

}  // namespace chiron::testing
