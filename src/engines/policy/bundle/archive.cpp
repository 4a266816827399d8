// tar.gz over libarchive.
#include "engines/policy/bundle/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <unordered_set>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::policy {

namespace {

struct ReadDeleter {
  void operator()(archive* object) const { archive_read_free(object); }
};
struct WriteDeleter {
  void operator()(archive* object) const { archive_write_free(object); }
};
struct EntryDeleter {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

std::unexpected<Error> broken(archive* from) {
  const char* why = archive_error_string(from);
  return fail(ErrorKind::input, "bundle.archive",
              format("the bundle is no readable tar.gz archive: {}", why == nullptr ? "unknown" : why));
}

// "/a//./b" as "a/b"; nothing where it leaves the archive.
std::optional<std::string> inner_path(std::string_view path) {
  if (path.size() > bundle_limits::kPathBytes || path.find('\0') != std::string_view::npos ||
      path.find('\\') != std::string_view::npos)
    return std::nullopt;
  std::string out;
  for (auto part : text::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

la_ssize_t append(archive*, void* target, const void* bytes, std::size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

Result<std::vector<BundleMember>> read_archive(std::string_view bytes) {
  if (bytes.size() > bundle_limits::kArchiveBytes)
    return fail(ErrorKind::limit, "limit.size",
                format("the bundle has {} bytes, the limit is {}", bytes.size(), bundle_limits::kArchiveBytes));
  const std::unique_ptr<archive, ReadDeleter> reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return broken(reader.get());
  std::vector<BundleMember> members;
  std::unordered_set<std::string> seen;
  std::uint64_t total = 0;
  archive_entry* entry = nullptr;
  while (true) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return broken(reader.get());
    const char* name = archive_entry_pathname(entry);
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) continue;
    const std::string_view shown = name == nullptr ? "" : name;
    if (type != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      return fail(ErrorKind::input, "bundle.path", format("the bundle's member {} is no regular file", shown));
    const auto path = inner_path(shown);
    if (!path || path->empty())
      return fail(ErrorKind::input, "bundle.path",
                  format("the bundle's member {} has a path that leaves the bundle", shown));
    if (!seen.insert(*path).second)
      return fail(ErrorKind::input, "bundle.path", format("the bundle has two members named {}", *path));
    if (members.size() >= bundle_limits::kMembers)
      return fail(ErrorKind::limit, "limit.count",
                  format("the bundle has more than {} members", bundle_limits::kMembers));
    BundleMember member{*path, {}};
    while (true) {
      char buffer[65536];
      const auto got = archive_read_data(reader.get(), buffer, sizeof buffer);
      if (got < 0) return broken(reader.get());
      if (got == 0) break;
      total += static_cast<std::uint64_t>(got);
      if (total > bundle_limits::kContentBytes ||
          member.bytes.size() + static_cast<std::size_t>(got) > bundle_limits::kMemberBytes)
        return fail(ErrorKind::limit, "limit.size",
                    format("the bundle unpacks to more than the limit at its member {}", *path));
      member.bytes.append(buffer, static_cast<std::size_t>(got));
    }
    members.push_back(std::move(member));
  }
  return members;
}

Result<std::string> write_archive(const std::vector<BundleMember>& members) {
  std::string out;
  const std::unique_ptr<archive, WriteDeleter> writer(archive_write_new());
  archive_write_add_filter_gzip(writer.get());
  // No time in the gzip header: the same content gives the same bytes.
  archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr);
  archive_write_set_format_ustar(writer.get());
  archive_write_set_bytes_per_block(writer.get(), 0);
  if (archive_write_open(writer.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK) return broken(writer.get());
  for (const auto& member : members) {
    const std::unique_ptr<archive_entry, EntryDeleter> entry(archive_entry_new());
    const std::string path = "/" + member.path;
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.bytes.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_mtime(entry.get(), 0, 0);
    if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
        archive_write_data(writer.get(), member.bytes.data(), member.bytes.size()) < 0)
      return fail(ErrorKind::input, "bundle.archive",
                  format("the member {} cannot be written: {}", member.path, archive_error_string(writer.get())));
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return broken(writer.get());
  return out;
}

}  // namespace chiron::policy
