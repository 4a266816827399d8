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

// One line a file: content digest size mtime ctime inode path, the path's newlines and backslashes escaped.
void FileDigests::load() {
  loaded_ = true;
  if (store_.empty()) return;
  const auto stored = io::read_file(store_);
  if (!stored) return;
  for (const auto line : text::split_lines(*stored)) {
    std::string_view rest = line;
    const auto field = [&] {
      const auto end = std::min(rest.find(' '), rest.size());
      const auto value = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      return value;
    };
    Known known;
    const auto content = field();
    known.digest = field();
    const auto size = text::parse_unsigned(field());
    const auto mtime = text::parse_signed(field());
    const auto ctime = text::parse_signed(field());
    const auto inode = text::parse_unsigned(field());
    if (content != "?" && content != "n" && content != "s") continue;
    if ((known.digest != "-" && known.digest.size() != 64) || !size || !mtime || !ctime || !inode || rest.empty())
      continue;
    known.content = static_cast<Content>(content[0]);
    if (known.digest == "-") known.digest.clear();
    known.size = *size;
    known.mtime_ns = *mtime;
    known.ctime_ns = *ctime;
    known.inode = *inode;
    if (rest.find('\\') == std::string_view::npos) {
      known_.emplace(rest, std::move(known));
    } else {
      auto path = text::replace_all(rest, "\\n", "\n");
      known_.emplace(text::replace_all(path, "\\\\", "\\"), std::move(known));
    }
  }
}

// What is known of the file as it is now: its times, and digest and content where they are those of before. Nothing for
// a file that is not there.
Result<std::optional<FileDigests::Known>> FileDigests::find(const std::string& path) {
  std::uint64_t look = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!loaded_) load();
    look = look_;
    const auto found = known_.find(path);
    if (found != known_.end() && found->second.looked == look) return found->second;
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return std::unexpected(io::errno_error("read", path, errno));
  }
  Known now;
  now.size = static_cast<std::uint64_t>(info.st_size);
  now.mtime_ns = to_ns(info.st_mtim);
  now.ctime_ns = to_ns(info.st_ctim);
  now.inode = info.st_ino;
  now.looked = look;
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  if (found == known_.end() || !found->second.same_file(now)) return now;
  found->second.looked = look;
  return found->second;
}

void FileDigests::remember(const std::string& path, const Known& known) {
  timespec clock{};
  ::clock_gettime(CLOCK_REALTIME, &clock);
  const std::lock_guard lock(mutex_);
  if (to_ns(clock) - std::max(known.mtime_ns, known.ctime_ns) <= kRacyNs || known_.size() >= kMaxKnown) return;
  auto& entry = known_[path];
  // Two questions may be answered at once: neither answer takes the other's place.
  const auto before = std::exchange(entry, known);
  if (before.same_file(known)) {
    if (entry.digest.empty()) entry.digest = before.digest;
    if (entry.content == Content::unknown) entry.content = before.content;
  }
  changed_ = true;
}

Result<std::string> FileDigests::of(const std::string& path) {
  auto known = TRY(find(path));
  if (!known) return "missing";
  if (!known->digest.empty()) return known->digest;
  const auto file = TRY(io::MappedFile::open(path));
  known->digest = crypto::sha256_hex(file.bytes());
  remember(path, *known);
  return known->digest;
}

bool FileDigests::holds_nothing(const std::string& path, const std::function<bool()>& look) {
  const auto found = find(path);
  if (!found || !*found) return look();
  auto known = *found;
  if (known->content != Content::unknown) return known->content == Content::nothing;
  const bool nothing = look();
  known->content = nothing ? Content::nothing : Content::something;
  remember(path, *known);
  return nothing;
}

void FileDigests::look_again() {
  const std::lock_guard lock(mutex_);
  ++look_;
}

Result<void> FileDigests::save() {
  const std::lock_guard lock(mutex_);
  if (!changed_ || store_.empty()) return {};
  std::string out;
  for (const auto& [path, known] : known_) {
    auto escaped = text::replace_all(text::replace_all(path, "\\", "\\\\"), "\n", "\\n");
    out += format("{} {} {} {} {} {} {}\n", static_cast<char>(known.content), known.digest.empty() ? "-" : known.digest,
                  known.size, known.mtime_ns, known.ctime_ns, known.inode, escaped);
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
