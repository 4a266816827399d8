// The git index, versions 2 to 4 (git's "index-format"): entries by path, what was seen of each file as metadata, and
// the extensions by name.
#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::uint32_t kMaxEntries = 50'000'000;
constexpr const char* kStat = "what git last saw of the file, to notice changes sooner";

bool is_index(ByteView bytes) {
  return bytes.size() >= 32 && bytes.starts_with("DIRC") && bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 0 &&
         bytes[7] >= 2 && bytes[7] <= 4;
}

std::string mode_text(std::uint32_t mode) {
  switch (mode >> 12) {
    case 8:
      return format("file {:o}", mode & 0777);
    case 10:
      return "symbolic link";
    case 14:
      return "submodule";
    case 4:
      return "folder (sparse)";
    default:
      return format("{:o}", mode);
  }
}

Result<Item> index_items(std::string_view bytes) {
  Item items;
  ByteReader in(bytes, Endian::big);
  in.skip(4);
  const std::uint32_t version = in.u32();
  items.header("version", format("{}", version), {4, 4});
  const std::uint32_t count = in.u32();
  if (count > kMaxEntries || count > bytes.size() / 62) {
    return fail(ErrorKind::input, "compare.git-index",
                format("{} entries are announced, which do not fit in the file", count));
  }
  items.header("entries", format("{}", count), {8, 4}).mark_noise("follows from the entries");
  std::string path;
  constexpr std::size_t kHashBytes = 20;  // an index of a SHA-256 repository does not read well and stays bytes
  std::uint64_t path_bytes = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t start = in.offset();
    const auto created = in.u32(), created_ns = in.u32(), modified = in.u32(), modified_ns = in.u32();
    const auto device = in.u32(), inode = in.u32(), mode = in.u32(), user = in.u32(), group = in.u32(), size = in.u32();
    const auto hash = in.take(kHashBytes);
    const std::uint16_t flags = in.u16();
    const std::uint16_t more = (flags & 0x4000) != 0 && version >= 3 ? in.u16() : std::uint16_t{0};
    if (version == 4) {
      // The path shares a prefix with the one before: so many bytes are dropped from its end.
      std::uint64_t dropped = 0;
      std::uint8_t byte = in.u8();
      dropped = byte & 0x7f;
      for (int k = 0; (byte & 0x80) != 0 && k < 9 && in.ok(); ++k) {
        byte = in.u8();
        dropped = ((dropped + 1) << 7) | (byte & 0x7f);
      }
      if (dropped > path.size())
        return fail(ErrorKind::input, "compare.git-index", format("entry {}: the path's prefix lies", i));
      path.resize(path.size() - static_cast<std::size_t>(dropped));
      path += in.zero_terminated();
    } else {
      path = in.zero_terminated();
      const std::uint64_t length = in.offset() - 1 - start;
      in.skip(std::min<std::uint64_t>(7 - length % 8, in.left()));
    }
    if (!in.ok()) return fail(ErrorKind::input, "compare.git-index", format("entry {} at {:#x} is cut off", i, start));
    path_bytes += path.size();
    if (path_bytes > limits::kGiB) return fail(ErrorKind::limit, "compare.git-index", "the paths take more than 1 GiB");
    const unsigned stage = (flags >> 12) & 3;
    auto& item =
        items.add(printable(path) + (stage != 0 ? format(" (stage {})", stage) : ""), "", {start, in.offset() - start});
    item.add("object", hex_bytes(hash), {start + 40, kHashBytes});
    item.add("mode", mode_text(mode), {start + 24, 4});
    item.add("flags",
             format("{}{}{}", (flags & 0x8000) != 0 ? "assume-valid " : "",
                    (more & 0x4000) != 0 ? "skip-worktree " : "", (more & 0x2000) != 0 ? "intent-to-add" : ""),
             {start + 60, 2});
    const auto stat = [&](std::string_view name, const std::string& value, std::uint64_t at, std::uint64_t width) {
      item.add(name, value, {start + at, width}, Kind::metadata).mark_noise(kStat);
    };
    stat("changed", format("{}.{:09}", created, created_ns), 0, 8);
    stat("modified", format("{}.{:09}", modified, modified_ns), 8, 8);
    stat("device", format("{}", device), 16, 4);
    stat("inode", format("{}", inode), 20, 4);
    stat("user", format("{}", user), 28, 4);
    stat("group", format("{}", group), 32, 4);
    item.add("size", format("{}", size), {start + 36, 4}, Kind::metadata).mark_noise(kStat);
  }
  while (in.left() > kHashBytes) {
    const std::uint64_t start = in.offset();
    const auto name = in.take(4);
    const std::uint32_t length = in.u32();
    const auto content = in.take(length);
    if (!in.ok())
      return fail(ErrorKind::input, "compare.git-index", format("the extension at {:#x} is cut off", start));
    auto& item = items.add("extension " + printable(name), hex_bytes(content, 4096), {start, in.offset() - start},
                           Kind::metadata);
    if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') item.mark_noise("git may do without this extension");
  }
  const std::uint64_t at = in.offset();
  items.header("checksum", hex_bytes(in.take(in.left())), {at, bytes.size() - at})
      .mark_noise("follows from everything before it");
  return items;
}

}  // namespace

bool matches_git_index(ByteView a, ByteView b, std::string_view) { return is_index(a) && is_index(b); }

Result<void> compare_git_index(ByteView a, ByteView b, Context& context, Difference& out) {
  compare_items(TRY(index_items(a)), TRY(index_items(b)), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
