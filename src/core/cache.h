// The cache of gate results: by digest of inputs, configuration and tool, under .chiron/cache. A hit gives the same
// report, byte for byte, as the run that filled it.
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/report.h"

namespace chiron {

// Digests of files, remembered by size, times and inode, so that an unchanged tree is not read again.
class FileDigests {
 public:
  // `store`: the file they are kept in between runs; "" keeps none.
  explicit FileDigests(std::string store);
  // SHA-256 as hex; "missing" for a file that is not there. Any thread.
  [[nodiscard]] Result<std::string> of(const std::string& path);
  // Writes the store if something changed.
  [[nodiscard]] Result<void> save();

 private:
  struct Known {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    std::uint64_t inode = 0;
    std::string digest;
  };
  void load();
  std::string store_;
  std::mutex mutex_;
  bool loaded_ = false;
  bool changed_ = false;
  std::unordered_map<std::string, Known> known_;
};

// What a gate gave, before suppressions and baseline.
struct CachedResult {
  GateResult result;
  std::vector<Finding> findings;
  std::vector<Rule> rules;
};

class Cache {
 public:
  // `folder`: .chiron/cache of the workspace.
  explicit Cache(std::string folder) : folder_(std::move(folder)), digests_(folder_ + "/digests") {}
  [[nodiscard]] FileDigests& digests() { return digests_; }
  // Nothing where there is no entry, or an unreadable one (which is then as good as none).
  [[nodiscard]] std::optional<CachedResult> find(const std::string& key) const;
  [[nodiscard]] Result<void> store(const std::string& key, const CachedResult& result) const;
  // Drops the entries used least recently until at most `max_bytes` are left.
  void trim(std::uint64_t max_bytes) const;

 private:
  [[nodiscard]] std::string path(const std::string& key) const;
  std::string folder_;
  FileDigests digests_;
};

inline constexpr std::uint64_t kCacheBytes = 256ULL << 20;

}  // namespace chiron
