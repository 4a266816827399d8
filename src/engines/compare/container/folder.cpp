// See folder.h. Symbolic links are members with their target as content and never followed, so loops cannot be
// entered; devices, pipes and sockets are described and never opened.
#include "engines/compare/container/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engines/compare/file_content.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kBuffer = 128 * 1024;

class Descriptor {
 public:
  explicit Descriptor(const char* path) : value_(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

class Folder final : public Container {
 public:
  Folder(std::string path, bool times)
      : Container({}), path_(std::move(path)), times_(times), sizes_hold_(sizes_hold(path_)) {}

  Result<void> read(Context& context) {
    entries_ = TRY(io::walk(path_));
    members_.reserve(entries_.size());
    for (const auto& entry : entries_) {
      TRY(count_member(context, sizeof(entry) + entry.path.size()));
      Member member;
      member.name = entry.path;
      member.size = entry.type == io::EntryType::file ? entry.size_bytes : 0;
      member.stored = false;
      switch (entry.type) {
        case io::EntryType::file:
          member.type = MemberType::file;
          break;
        case io::EntryType::folder:
          member.type = MemberType::folder;
          break;
        case io::EntryType::symlink:
          member.type = MemberType::symlink;
          break;
        case io::EntryType::other:
          member.type = MemberType::device;
          break;
      }
      members_.push_back(member);
    }
    return {};
  }

  [[nodiscard]] bool ordered() const override { return false; }

  [[nodiscard]] Result<Content> open(std::size_t member, Context& context, std::string&) const override {
    const auto path = io::join_path(path_, members_[member].name);
    if (members_[member].type == MemberType::symlink) {
      auto target = std::make_shared<std::string>(4096, '\0');
      const auto length = ::readlink(path.c_str(), target->data(), target->size());
      if (length < 0) return std::unexpected(io::errno_error("read the link", path, errno));
      target->resize(static_cast<std::size_t>(length));
      const ByteView bytes = *target;
      return Content{bytes, std::move(target)};
    }
    if (members_[member].type != MemberType::file) return Content{};
    return open_file(path, context.budget());
  }

  // Reads both sides through small buffers: cheaper than mapping thousands of small files.
  [[nodiscard]] bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto* folder = dynamic_cast<const Folder*>(&other);
    if (folder == nullptr) return false;
    const auto& mine = members_[member];
    const auto& theirs = folder->members_[other_member];
    if (mine.type != theirs.type || mine.size != theirs.size) return false;
    if (mine.type == MemberType::folder || mine.type == MemberType::device) return true;
    if (mine.type != MemberType::file) return false;
    if (mine.size == 0 && sizes_hold_ && folder->sizes_hold_) return true;
    const Descriptor a(io::join_path(path_, mine.name).c_str());
    const Descriptor b(io::join_path(folder->path_, theirs.name).c_str());
    if (a.get() < 0 || b.get() < 0) return false;
    static thread_local const auto buffer = std::make_unique<char[]>(2 * kBuffer);
    for (;;) {
      const auto got_a = ::read(a.get(), buffer.get(), kBuffer);
      const auto got_b = ::read(b.get(), buffer.get() + kBuffer, kBuffer);
      if (got_a < 0 || got_a != got_b) return false;
      if (got_a == 0) return true;
      if (std::memcmp(buffer.get(), buffer.get() + kBuffer, static_cast<std::size_t>(got_a)) != 0) return false;
    }
  }

  [[nodiscard]] bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto* folder = dynamic_cast<const Folder*>(&other);
    if (folder == nullptr || times_) return false;
    const auto& mine = entries_[member];
    const auto& theirs = folder->entries_[other_member];
    return mine.type == theirs.type && mine.mode == theirs.mode && mine.type != io::EntryType::other;
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    const auto& entry = entries_[index];
    std::vector<Field> fields;
    static constexpr std::string_view kTypes[] = {"file", "folder", "symbolic link", "special file"};
    fields.push_back({"type", std::string(kTypes[static_cast<std::size_t>(entry.type)]), {}});
    // The mode of a symbolic link means nothing.
    if (entry.type != io::EntryType::symlink) fields.push_back({"mode", mode_text(entry.mode & 07777), {}});
    struct stat facts{};
    const bool needs_facts = times_ || entry.type == io::EntryType::other;
    if (!needs_facts || ::lstat(io::join_path(path_, entry.path).c_str(), &facts) != 0) return fields;
    if (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode)) {
      fields.push_back({"device",
                        format("{} {}, {}", S_ISCHR(facts.st_mode) ? "character" : "block", major(facts.st_rdev),
                               minor(facts.st_rdev)),
                        {}});
    }
    if (!times_) return fields;
    constexpr std::string_view kNoise = "belongs to the machine, not to the content";
    fields.push_back({"mtime",
                      time_text(facts.st_mtim.tv_sec, static_cast<std::uint32_t>(facts.st_mtim.tv_nsec)),
                      {},
                      Kind::metadata,
                      kNoise});
    fields.push_back({"uid", std::to_string(facts.st_uid), {}, Kind::metadata, kNoise});
    fields.push_back({"gid", std::to_string(facts.st_gid), {}, Kind::metadata, kNoise});
    return fields;
  }

 private:
  std::string path_;
  bool times_;
  bool sizes_hold_;
  std::vector<io::Entry> entries_;
};

}  // namespace

Result<std::unique_ptr<Container>> open_folder(const std::string& path, bool times, Context& context) {
  auto folder = std::make_unique<Folder>(path, times);
  TRY(folder->read(context));
  return folder;
}

}  // namespace chiron::compare
