// tar, ar and cpio: members sorted by name, one time stamp, no owner, plain modes, nothing behind the end.
#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "engines/compare/container/container.h"
#include "engines/compare/normalize/context.h"
#include "engines/compare/normalize/normalizers.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

Error damaged(std::string_view what) {
  return {ErrorKind::input,
          "normalize.damaged",
          format("the archive is damaged: {}", what),
          {},
          {},
          "repair it first; a normal form of half an archive would hide the damage"};
}

Result<std::unique_ptr<Container>> opened(Result<std::unique_ptr<Container>> (*open)(ByteView, std::string_view,
                                                                                     Context&),
                                          ByteView bytes, NormalizeContext& context) {
  auto container = TRY(open(bytes, "", context));
  if (!container->problems().empty()) return std::unexpected(damaged(container->problems()[0].message));
  for (const auto& member : container->members()) {
    if (leaves_archive(member.name)) {
      return fail(ErrorKind::input, "normalize.unsafe", format("the member name {} leaves the archive", member.name));
    }
  }
  return container;
}

std::vector<std::size_t> by_name(const std::vector<Member>& members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return members[x].name < members[y].name; });
  return order;
}

// Octal in a field of that width, ended by NUL.
void put_octal(std::string& block, std::size_t at, std::size_t width, std::uint64_t value) {
  const auto digits = format("{:0{}o}", value, width - 1);
  block.replace(at, width - 1, digits.substr(digits.size() - (width - 1)));
  block[at + width - 1] = '\0';
}

void put_checksum(std::string& block) {
  block.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(148, 8, format("{:06o}", sum) + std::string("\0 ", 2));
}

// "LENGTH KEY=VALUE\n", where the length counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
  const auto rest = key.size() + value.size() + 3;
  auto length = rest + 1;
  while (std::to_string(length).size() + rest != length) length = std::to_string(length).size() + rest;
  return format("{} {}={}\n", length, key, value);
}

void pad(std::string& out, std::size_t block) { out.resize((out.size() + block - 1) / block * block, '\0'); }

}  // namespace

// Written as ustar with a pax header only where a name or a number needs one. Modes keep their permission bits for
// owner and take the same for all (0755 or 0644); hard links must follow what they point to, so order is kept where
// any are there.
Result<std::string> Normalizer::tar(ByteView bytes) {
  NormalizeContext context(budget_);
  const auto container = TRY(opened(open_tar, bytes, context));
  const auto& members = container->members();
  const bool links =
      std::any_of(members.begin(), members.end(), [](const Member& m) { return m.type == MemberType::hardlink; });
  auto order = by_name(members);
  if (links) std::iota(order.begin(), order.end(), std::size_t{0});
  if (!std::is_sorted(order.begin(), order.end())) note("", "member order", "as packed", "by name");
  std::string out;
  for (const auto index : order) {
    const auto& member = members[index];
    const auto fields = container->member_fields(index);
    const auto value_of = [&](std::string_view name) -> std::string {
      std::string value;
      for (const auto& field : fields) {
        if (field.name == name) value = field.value;
      }
      return value;
    };
    const auto type = bytes[member.header.end() - 512 + 156];
    if (type == 'S' || value_of("pax GNU.sparse.major") != "" || value_of("sparse map") != "") {
      return fail(ErrorKind::unsupported, "normalize.unsupported",
                  format("{} is a sparse file; sparse archives are not normalised", member.name));
    }
    std::uint64_t mode = 0;
    for (const char c : value_of("mode").substr(0, value_of("mode").find(' '))) {
      if (c >= '0' && c <= '7') mode = mode * 8 + static_cast<std::uint64_t>(c - '0');
    }
    const bool folder = member.type == MemberType::folder;
    const auto special = mode & 07000;
    const auto normal_mode = special | (folder || (mode & 0100) != 0 ? 0755u : 0644u);
    const auto mtime = time_text(options_.time);
    if (value_of("mtime") != mtime) note(member.name, "mtime", value_of("mtime"), mtime);
    if (value_of("uid") != "0" || value_of("gid") != "0" || !value_of("owner").empty() || !value_of("group").empty()) {
      note(member.name, "owner",
           format("{} {} {} {}", value_of("uid"), value_of("gid"), value_of("owner"), value_of("group")), "0 0");
    }
    if (mode != normal_mode && member.type != MemberType::symlink) {
      note(member.name, "mode", format("{:04o}", mode), format("{:04o}", normal_mode));
    }
    for (const auto& field : fields) {
      if (field.name.starts_with("pax ") && field.name != "pax path" && field.name != "pax linkpath" &&
          field.name != "pax size") {
        if (field.name.starts_with("pax SCHILY.xattr.")) {
          return fail(ErrorKind::unsupported, "normalize.unsupported",
                      format("{} has extended attributes, which are not normalised", member.name));
        }
        note(member.name, field.name, field.value, "(removed)");
      }
    }
    const bool file = member.type == MemberType::file && (type == '0' || type == '\0' || type == '7');
    const auto content = bytes.substr(member.data.offset, member.data.length);
    const auto normal = file ? TRY(nested(content, member.name)) : std::string(content);
    auto link = value_of("link target");
    if (const auto pax_link = value_of("pax linkpath"); !pax_link.empty()) link = pax_link;

    std::string pax;
    if (member.name.size() > 100) pax += pax_record("path", member.name);
    if (link.size() > 100) pax += pax_record("linkpath", link);
    if (normal.size() >= (std::uint64_t{1} << 33)) pax += pax_record("size", std::to_string(normal.size()));
    const auto header = [&](std::string_view name, char kind, std::uint64_t size) {
      std::string block(512, '\0');
      block.replace(0, std::min<std::size_t>(name.size(), 100), name.substr(0, 100));
      put_octal(block, 100, 8, kind == 'x' ? 0644 : member.type == MemberType::symlink ? 0777 : normal_mode);
      put_octal(block, 108, 8, 0);
      put_octal(block, 116, 8, 0);
      put_octal(block, 124, 12, size);
      put_octal(block, 136, 12, static_cast<std::uint64_t>(std::max<std::int64_t>(0, options_.time)));
      block[156] = kind;
      if (kind != 'x') block.replace(157, std::min<std::size_t>(link.size(), 100), link.substr(0, 100));
      block.replace(257, 8, std::string_view("ustar\00000", 8));
      put_octal(block, 329, 8, kind == 'x' ? 0 : text::parse_unsigned(value_of("device major")).value_or(0));
      put_octal(block, 337, 8, kind == 'x' ? 0 : text::parse_unsigned(value_of("device minor")).value_or(0));
      put_checksum(block);
      return block;
    };
    if (!pax.empty()) {
      out += header("PaxHeaders/" + std::string(member.name.substr(0, 80)), 'x', pax.size()) + pax;
      pad(out, 512);
    }
    const char kind = type == '\0' || type == '7' ? (folder ? '5' : '0') : type;
    out += header(member.name, kind, file ? normal.size() : 0) + (file ? normal : std::string());
    pad(out, 512);
  }
  out.resize(out.size() + 1024, '\0');
  pad(out, 10240);  // the record size that tar programs write
  const auto before = container->regions().empty() ? 0 : container->regions().back().place.length;
  const auto used = out.find_last_not_of('\0');
  if (changes_.empty() && out != bytes) {
    note("", "filler and dialect", format("{} bytes behind the last member", before),
         format("{} bytes", out.size() - (used == std::string::npos ? 0 : used + 1)));
  }
  return out;
}

// Members keep their order: a symbol table and Debian's packages depend on it.
Result<std::string> Normalizer::ar(ByteView bytes) {
  NormalizeContext context(budget_);
  const auto container = TRY(opened(open_ar, bytes, context));
  if (bytes.starts_with("!<thin>\n")) {
    return fail(ErrorKind::unsupported, "normalize.unsupported", "thin archives hold no members to normalise");
  }
  std::string out = "!<arch>\n";
  for (std::size_t i = 0; i < container->members().size(); ++i) {
    const auto& member = container->members()[i];
    auto header = std::string(bytes.substr(member.header.offset, member.header.length));
    const bool table = member.name == "(symbol table)" || member.name == "(long names)";
    const auto put = [&](std::size_t at, std::size_t width, std::string_view value, std::string_view what) {
      auto padded = std::string(value);
      padded.resize(width, ' ');
      const auto old = header.substr(at, width);
      if (old == padded || (table && old.find_first_not_of(' ') == std::string::npos)) return;
      note(member.name, what, text::trim(old), value);
      header.replace(at, width, padded);
    };
    put(16, 12, std::to_string(options_.time), "mtime");
    put(28, 6, "0", "uid");
    put(34, 6, "0", "gid");
    std::uint64_t mode = 0;
    for (const char c : text::trim(header.substr(40, 8))) {
      if (c >= '0' && c <= '7') mode = mode * 8 + static_cast<std::uint64_t>(c - '0');
    }
    if (!table) put(40, 8, (mode & 0100) != 0 ? "100755" : "100644", "mode");
    const auto content = TRY(nested(bytes.substr(member.data.offset, member.data.length), member.name));
    const auto size = std::to_string(content.size() + member.header.length - 60);
    if (text::trim(header.substr(48, 10)) != size) {
      auto padded = size;
      padded.resize(10, ' ');
      header.replace(48, 10, padded);
    }
    out += header + content;
    if (out.size() % 2 != 0) out += '\n';
  }
  return out;
}

// newc only: inode numbers count up, no owner, one time. Names of one file (hard links) share a number; the last of
// them carries the content, as unpackers expect.
Result<std::string> Normalizer::cpio(ByteView bytes) {
  NormalizeContext context(budget_);
  const auto container = TRY(opened(open_cpio, bytes, context));
  if (!bytes.starts_with("070701")) {
    return fail(ErrorKind::unsupported, "normalize.unsupported",
                "only cpio archives of the newc format are normalised");
  }
  const auto order = by_name(container->members());
  if (!std::is_sorted(order.begin(), order.end())) note("", "member order", "as packed", "by name");
  std::string out;
  const auto add = [&out](std::string_view name, std::uint64_t inode, std::string_view mode, std::uint64_t links,
                          std::int64_t time, std::string_view devices, std::string_view content) {
    out += format("070701{:08x}{}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{}{:08x}{:08x}", inode, mode, 0, 0, links,
                  time, content.size(), 0, 0, devices, name.size() + 1, 0);
    out += name;
    out += '\0';
    pad(out, 4);
    out += content;
    pad(out, 4);
  };
  struct File {
    std::uint64_t number = 0, names = 0, left = 0;
    ByteView content;
  };
  std::unordered_map<std::string, File> files;
  const auto header_of = [&](const Member& member) { return bytes.substr(member.header.offset, 110); };
  const auto file_of = [&](const Member& member) -> File* {
    const auto header = header_of(member);
    if (member.type != MemberType::file || header.substr(38, 8) == "00000001") return nullptr;
    return &files[std::string(header.substr(6, 8)) + std::string(header.substr(62, 16))];
  };
  for (const auto& member : container->members()) {
    auto* file = file_of(member);
    if (file == nullptr) continue;
    ++file->names, ++file->left;
    if (member.data.length > 0) file->content = bytes.substr(member.data.offset, member.data.length);
  }
  std::uint64_t inode = 0;
  for (const auto index : order) {
    const auto& member = container->members()[index];
    const auto header = header_of(member);
    const bool folder = member.type == MemberType::folder;
    auto* file = file_of(member);
    if (file != nullptr && file->number == 0) file->number = ++inode;
    auto stored = bytes.substr(member.data.offset, member.data.length);
    if (file != nullptr) stored = --file->left == 0 ? file->content : ByteView();
    const auto content = TRY(nested(stored, member.name));
    const auto before = out.size();
    add(member.name, file != nullptr ? file->number : ++inode, text::to_lower_ascii(header.substr(14, 8)),
        folder            ? 2
        : file != nullptr ? file->names
                          : 1,
        options_.time, text::to_lower_ascii(header.substr(78, 16)), content);
    const auto after = std::string_view(out).substr(before, 110);
    for (const auto& [at, what] : {std::pair{6, "inode"},
                                   {22, "uid"},
                                   {30, "gid"},
                                   {38, "links"},
                                   {46, "mtime"},
                                   {62, "device major"},
                                   {70, "device minor"}}) {
      const auto old = header.substr(static_cast<std::size_t>(at), 8),
                 now = after.substr(static_cast<std::size_t>(at), 8);
      if (old != now) note(member.name, what, old, now);
    }
  }
  add("TRAILER!!!", 0, "00000000", 1, 0, "0000000000000000", "");
  pad(out, 512);
  if (changes_.empty() && out != bytes)
    note("", "filler", format("{} bytes", bytes.size()), format("{} bytes", out.size()));
  return out;
}

}  // namespace chiron::compare
