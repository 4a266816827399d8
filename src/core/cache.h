// The cache of gate results: by digest of inputs, configuration and tool, under .chiron/cache. A hit gives the same
// report, byte for byte, as the run that filled it.
#pragma once
#include <cstdint>
#include <functional>
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
  // Whether the file is still the one of which `look` said, now or in an earlier run, that nothing is in it. Asks
  // `look` where it is not known. Any thread; one meaning of "nothing" a store.
  [[nodiscard]] bool holds_nothing(const std::string& path, const std::function<bool()>& look);
  // Files may have changed: until then a file is looked at once.
  void look_again();
  // Writes the store if something changed.
  [[nodiscard]] Result<void> save();

 private:
  enum class Content : char { unknown = '?', nothing = 'n', something = 's' };
  struct Known {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    std::uint64_t inode = 0;
    std::string digest;  // "" where nobody asked
    Content content = Content::unknown;
    std::uint64_t looked = 0;  // the time of look_again() at which its times were compared
    [[nodiscard]] bool same_file(const Known& other) const {
      return size == other.size && mtime_ns == other.mtime_ns && ctime_ns == other.ctime_ns && inode == other.inode;
    }
  };
  void load();
  [[nodiscard]] Result<std::optional<Known>> find(const std::string& path);
  void remember(const std::string& path, const Known& known);
  std::string store_;
  std::mutex mutex_;
  bool loaded_ = false;
  bool changed_ = false;
  std::uint64_t look_ = 1;
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
