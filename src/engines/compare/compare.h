// The comparison of two artifacts: files, folders, archives, images, nested. What is equal is settled by memcmp and
// never looked at again; only what differs is classified, opened and described.
#pragma once
#include <string>
#include <vector>

#include "engines/compare/budget.h"
#include "engines/compare/difference.h"
#include "foundation/base/result.h"
#include "foundation/task/cancel.h"

namespace chiron::compare {

struct Options {
  Budget::Limits limits;
  unsigned workers = 0;              // 0: one a core
  std::vector<std::string> exclude;  // wildcards over member names, whole paths or base names
  std::vector<std::string> masks;    // RE2: text that may differ
  bool exclude_metadata = false;     // metadata, header fields and order are listed as ignored
  bool semantic = false;             // what does not change the meaning is listed as ignored
  bool folder_times = false;         // also compare times and owners of files in real folders
};

struct Comparison {
  Difference root;                    // empty() where the bytes are equal
  bool differs = false;               // something that no option ignores
  std::vector<std::string> excluded;  // members left out by --exclude that are there on a side (first 10,000)
  std::uint64_t excluded_count = 0;
  std::uint64_t compared_members = 0;
  std::uint64_t memory_peak = 0;  // of decoded data
};

// Errors: "io.*" for the two artifacts themselves, "limit.*" and "task.cancelled"; "compare.mask" for a bad pattern.
[[nodiscard]] Result<Comparison> compare_paths(const std::string& path_a, const std::string& path_b,
                                               const Options& options, const task::CancelToken* cancel = nullptr);
// The same for bytes in memory; the names matter for formats known by their extension.
[[nodiscard]] Result<Comparison> compare_bytes(ByteView a, ByteView b, std::string_view name_a, std::string_view name_b,
                                               const Options& options, const task::CancelToken* cancel = nullptr);

}  // namespace chiron::compare
