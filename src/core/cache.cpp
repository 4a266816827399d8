#include "core/cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>

#include "core/report_json.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/crypto/digest.h"
#include "foundation/io/files.h"

namespace chiron {

namespace {

std::int64_t to_ns(const timespec& t) { return t.tv_sec * 1'000'000'000LL + t.tv_nsec; }

// A file written within this time of being looked at may change again without its times telling.
constexpr std::int64_t kRacyNs = 2'000'000'000LL;
constexpr std::size_t kMaxKnown = 2'000'000;

}  // namespace

FileDigests::FileDigests(std::string store) : store_(std::move(store)) {}

// One line a file: digest size mtime ctime inode path, the path's newlines and backslashes escaped.
void FileDigests::load() {
  loaded_ = true;
  if (store_.empty()) return;
  const auto content = io::read_file(store_);
  if (!content) return;
  for (const auto line : text::split_lines(*content)) {
    std::string_view rest = line;
    const auto field = [&] {
      const auto end = std::min(rest.find(' '), rest.size());
      const auto value = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      return value;
    };
    Known known;
    known.digest = field();
    const auto size = text::parse_unsigned(field());
    const auto mtime = text::parse_signed(field());
    const auto ctime = text::parse_signed(field());
    const auto inode = text::parse_unsigned(field());
    if (known.digest.size() != 64 || !size || !mtime || !ctime || !inode || rest.empty()) continue;
    known.size = *size;
    known.mtime_ns = *mtime;
    known.ctime_ns = *ctime;
    known.inode = *inode;
    auto path = text::replace_all(rest, "\\n", "\n");
    known_.emplace(text::replace_all(path, "\\\\", "\\"), std::move(known));
  }
}

Result<std::string> FileDigests::of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return "missing";
    return std::unexpected(io::errno_error("read", path, errno));
  }
  const Known now{static_cast<std::uint64_t>(info.st_size), to_ns(info.st_mtim), to_ns(info.st_ctim), info.st_ino, {}};
  {
    const std::lock_guard lock(mutex_);
    if (!loaded_) load();
    const auto found = known_.find(path);
    if (found != known_.end() && found->second.size == now.size && found->second.mtime_ns == now.mtime_ns &&
        found->second.ctime_ns == now.ctime_ns && found->second.inode == now.inode)
      return found->second.digest;
  }
  const auto file = TRY(io::MappedFile::open(path));
  auto digest = crypto::sha256_hex(file.bytes());
  timespec clock{};
  ::clock_gettime(CLOCK_REALTIME, &clock);
  const std::lock_guard lock(mutex_);
  if (to_ns(clock) - std::max(now.mtime_ns, now.ctime_ns) > kRacyNs && known_.size() < kMaxKnown) {
    auto entry = now;
    entry.digest = digest;
    known_[path] = std::move(entry);
    changed_ = true;
  }
  return digest;
}

Result<void> FileDigests::save() {
  const std::lock_guard lock(mutex_);
  if (!changed_ || store_.empty()) return {};
  std::string out;
  for (const auto& [path, known] : known_) {
    auto escaped = text::replace_all(text::replace_all(path, "\\", "\\\\"), "\n", "\\n");
    out +=
        format("{} {} {} {} {} {}\n", known.digest, known.size, known.mtime_ns, known.ctime_ns, known.inode, escaped);
  }
  TRY(io::make_folders(std::string(io::parent_path(store_))));
  changed_ = false;
  return io::write_file_atomic(store_, out);
}

std::string Cache::path(const std::string& key) const { return folder_ + "/gates/" + key + ".json"; }

std::optional<CachedResult> Cache::find(const std::string& key) const {
  auto report = read_report(path(key));
  if (!report || report->gates.size() != 1) return std::nullopt;
  ::utimensat(AT_FDCWD, path(key).c_str(), nullptr, 0);  // used now, for trim()
  return CachedResult{std::move(report->gates[0]), std::move(report->findings), std::move(report->rules)};
}

Result<void> Cache::store(const std::string& key, const CachedResult& result) const {
  TRY(io::make_folders(folder_ + "/gates"));
  Report report;
  report.gates.push_back(result.result);
  report.findings = result.findings;
  report.rules = result.rules;
  const auto file = TRY(io::FileOutput::create(path(key)));
  write_report_json(report, *file);
  return file->finish();
}

void Cache::trim(std::uint64_t max_bytes) const {
  auto entries = io::walk(folder_ + "/gates");
  if (!entries) return;
  std::uint64_t total = 0;
  for (const auto& entry : *entries) total += entry.size_bytes;
  std::ranges::sort(*entries, {}, &io::Entry::mtime_ns);
  for (const auto& entry : *entries) {
    if (total <= max_bytes) return;
    std::error_code ignored;
    std::filesystem::remove(folder_ + "/gates/" + entry.path, ignored);
    total -= entry.size_bytes;
  }
}

}  // namespace chiron
