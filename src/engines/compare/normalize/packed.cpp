// zip (jar, wheel) and gzip. Compressed data are kept as they are where the content needs no change, so that no packer
// is imposed; what is changed is packed again with deflate.
#include <algorithm>
#include <numeric>

#include "engines/compare/codec/codec.h"
#include "engines/compare/container/container.h"
#include "engines/compare/normalize/context.h"
#include "engines/compare/normalize/normalizers.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// zip has local time in steps of two seconds and nothing before 1980.
std::uint32_t dos_time(std::int64_t seconds) {
  const auto day_seconds = std::int64_t{86400};
  constexpr std::int64_t kEpoch1980 = 315532800;
  seconds = std::max(seconds, kEpoch1980);
  const auto days = seconds / day_seconds, rest = seconds % day_seconds;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return static_cast<std::uint32_t>(
      ((static_cast<int>(date.year()) - 1980) << 25) | (static_cast<unsigned>(date.month()) << 21) |
      (static_cast<unsigned>(date.day()) << 16) | ((rest / 3600) << 11) | ((rest / 60 % 60) << 5) | (rest % 60 / 2));
}

}  // namespace

Result<std::string> Normalizer::zip(ByteView bytes, std::string_view name) {
  NormalizeContext context(budget_);
  const auto container = TRY(open_zip(bytes, name, context));
  if (!container->problems().empty()) {
    return fail(ErrorKind::input, "normalize.damaged",
                format("the archive is damaged: {}", container->problems()[0].message));
  }
  const auto& members = container->members();
  for (const auto& region : container->regions()) {
    if (region.name == "APK signing block") {
      return fail(ErrorKind::unsupported, "normalize.unsupported", "a signed apk would lose its signature");
    }
    if (region.name == "before the first member") {
      return fail(ErrorKind::unsupported, "normalize.unsupported", "a program before the archive is not normalised");
    }
  }
  if (members.size() >= 0xffff || bytes.size() >= 0xffffffff) {
    return fail(ErrorKind::unsupported, "normalize.unsupported", "zip64 archives are not normalised");
  }
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // A jar's manifest comes first, an epub's mimetype too; everything else by name.
  const auto rank = [&](std::size_t i) {
    const auto member = members[i].name;
    return member == "mimetype" || member == "META-INF/" ? 0 : member == "META-INF/MANIFEST.MF" ? 1 : 2;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
    return std::pair(rank(x), members[x].name) < std::pair(rank(y), members[y].name);
  });
  if (!std::is_sorted(order.begin(), order.end())) note("", "member order", "as packed", "by name");
  const auto time = dos_time(options_.time);
  std::string out, directory;
  for (const auto index : order) {
    const auto& member = members[index];
    if (leaves_archive(member.name)) {
      return fail(ErrorKind::input, "normalize.unsafe", format("the member name {} leaves the archive", member.name));
    }
    const auto entry = bytes.substr(member.entry.offset, member.entry.length);
    const auto method = little16(entry, 10);
    auto flags = little16(entry, 8);
    if ((flags & 1) != 0)
      return fail(ErrorKind::unsupported, "normalize.unsupported", "encrypted members are not normalised");
    auto stored = std::string(bytes.substr(member.data.offset, member.data.length));
    auto size = member.size;
    auto crc = little32(entry, 16);
    if (member.type == MemberType::file && (method == 0 || method == 8)) {
      std::string damage;
      const auto content = TRY(container->open(index, context, damage));
      if (!damage.empty()) return fail(ErrorKind::input, "normalize.damaged", format("{}: {}", member.name, damage));
      const auto normal = TRY(nested(content.bytes, member.name));
      if (normal != content.bytes) {
        stored = method == 0 ? normal : encode_deflate(normal, 6);
        size = normal.size();
        crc = crc32(normal);
        flags = static_cast<std::uint16_t>(flags & ~6);
      }
    }
    const auto old_time = little32(entry, 12);
    if (old_time != time) note(member.name, "mtime", format("0x{:08x}", old_time), format("0x{:08x}", time));
    const auto name_length = little16(entry, 28), extra_length = little16(entry, 30),
               comment_length = little16(entry, 32);
    const auto local_extra = little16(bytes, member.header.offset + 28);
    if (extra_length > 0 || local_extra > 0) {
      note(member.name, "extra fields", format("{} and {} bytes", extra_length, local_extra), "(removed)");
    }
    if ((flags & 8) != 0) {
      note(member.name, "data descriptor", "behind the data", "(removed)");
      flags = static_cast<std::uint16_t>(flags & ~8);
    }
    const auto made_by = little16(entry, 4);
    const bool unix_made = (made_by >> 8) == 3;
    auto attributes = little32(entry, 38);
    if (unix_made) {
      const auto mode = attributes >> 16;
      const auto normal_mode = (mode & 0177000) | ((mode & 0040000) != 0 || (mode & 0100) != 0 ? 0755u : 0644u);
      const bool symlink = (mode & 0170000) == 0120000;
      if (mode != 0 && !symlink && mode != normal_mode) {
        note(member.name, "mode", format("{:o}", mode), format("{:o}", normal_mode));
        attributes = normal_mode << 16 | (attributes & 0xffff);
      }
    }
    const auto comment = entry.substr(46u + name_length + extra_length, comment_length);
    const auto common = little(little16(entry, 6), 2) + little(flags, 2) + little(method, 2) + little(time, 4) +
                        little(crc, 4) + little(stored.size(), 4) + little(size, 4) + little(member.name.size(), 2) +
                        little(0, 2);
    directory += "PK\x01\x02" + little(made_by, 2) + common + little(comment.size(), 2) + little(0, 2) +
                 little(little16(entry, 36), 2) + little(attributes, 4) + little(out.size(), 4) +
                 std::string(member.name) + std::string(comment);
    out += "PK\x03\x04" + common + std::string(member.name) + stored;
  }
  std::string archive_comment;
  for (const auto& field : container->fields()) {
    if (field.name == "archive comment") archive_comment = field.value;
  }
  const auto at = out.size();
  out += directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(at, 4) + little(archive_comment.size(), 2) + archive_comment;
  if (changes_.empty() && out != bytes) note("", "headers", "as packed", "plain");
  return out;
}

Result<std::string> Normalizer::gzip(ByteView bytes, std::string_view name) {
  NormalizeContext context(budget_);
  const auto container = TRY(open_gzip(bytes, name, context));
  if (!container->problems().empty()) {
    return fail(ErrorKind::input, "normalize.damaged",
                format("the stream is damaged: {}", container->problems()[0].message));
  }
  std::string damage;
  const auto content = TRY(container->open(0, context, damage));
  const auto& member = container->members()[0];
  const bool single = member.data.offset > 0;
  const auto normal = TRY(nested(content.bytes, member.name));
  std::string stored;
  unsigned level = 0;
  if (single && normal == content.bytes) {
    stored = bytes.substr(member.data.offset, member.data.length);
    level = static_cast<unsigned char>(bytes[8]);
  } else {
    stored = encode_deflate(normal, 9);
    level = 2;
    if (!single) note("", "members", "several", "one");
  }
  for (const auto& field : container->fields()) {
    if (field.name == "mtime" && field.value != "none") note("", "mtime", field.value, "none");
    if (field.name == "file name" || field.name == "comment" || field.name == "extra field" ||
        field.name == "header checksum") {
      note("", field.name, field.value, "(removed)");
    }
    if (field.name == "operating system" && static_cast<unsigned char>(bytes[9]) != 255) {
      note("", field.name, field.value, "unknown (255)");
    }
  }
  if (!container->regions().empty())
    note("", "bytes behind the stream", std::to_string(container->regions()[0].place.length), "(removed)");
  return std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00", 8) + static_cast<char>(level) + '\xff' + stored +
         little(crc32(normal), 4) + little(normal.size(), 4);
}

}  // namespace chiron::compare
