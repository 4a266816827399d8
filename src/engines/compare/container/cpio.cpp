// cpio: "newc" and its checksummed twin, the portable octal format ("odc"), the old binary format in both byte orders.
#include <algorithm>

#include "engines/compare/container/container.h"
#include "foundation/base/format.h"

namespace chiron::compare {

namespace {

enum class Dialect : std::uint8_t { newc, newc_checksum, odc, binary_little, binary_big };

std::optional<Dialect> dialect_of(ByteView bytes) {
  if (bytes.starts_with("070701")) return Dialect::newc;
  if (bytes.starts_with("070702")) return Dialect::newc_checksum;
  if (bytes.starts_with("070707")) return Dialect::odc;
  if (bytes.starts_with("\xc7\x71")) return Dialect::binary_little;
  if (bytes.starts_with("\x71\xc7")) return Dialect::binary_big;
  return std::nullopt;
}

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::newc:
      return "newc";
    case Dialect::newc_checksum:
      return "newc with checksum";
    case Dialect::odc:
      return "odc";
    case Dialect::binary_little:
      return "binary, little endian";
    case Dialect::binary_big:
      return "binary, big endian";
  }
  return "";
}

// The header's numbers in one order for all dialects; `place` of each for the report.
enum Slot {
  inode,
  mode,
  uid,
  gid,
  links,
  mtime,
  file_size,
  device_major,
  device_minor,
  rdevice_major,
  rdevice_minor,
  name_size,
  checksum,
  slot_count
};
constexpr std::string_view kSlotNames[] = {"inode",
                                           "mode",
                                           "uid",
                                           "gid",
                                           "links",
                                           "mtime",
                                           "size",
                                           "device major",
                                           "device minor",
                                           "special device major",
                                           "special device minor",
                                           "name size",
                                           "checksum"};

struct Header {
  std::uint64_t values[slot_count] = {};
  Range places[slot_count] = {};
  std::size_t length = 0;
  std::size_t alignment = 1;
};

std::optional<std::uint64_t> number(ByteView digits, unsigned base) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto lower = static_cast<char>(c | 0x20);
    const unsigned digit = c >= '0' && c <= '9'           ? static_cast<unsigned>(c - '0')
                           : lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10
                                                          : 99;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

std::optional<Header> read_header(ByteView bytes, std::uint64_t at, Dialect dialect) {
  Header header;
  const auto rest = bytes.substr(at);
  if (dialect == Dialect::newc || dialect == Dialect::newc_checksum) {
    header.length = 110;
    header.alignment = 4;
    if (rest.size() < header.length) return std::nullopt;
    for (std::size_t i = 0; i < slot_count; ++i) {
      const auto value = number(rest.substr(6 + i * 8, 8), 16);
      if (!value) return std::nullopt;
      header.values[i] = *value;
      header.places[i] = {at + 6 + i * 8, 8};
    }
    return header;
  }
  if (dialect == Dialect::odc) {
    header.length = 76;
    if (rest.size() < header.length) return std::nullopt;
    static constexpr struct {
      Slot slot;
      std::uint8_t at, length;
    } kFields[] = {{device_major, 6, 6}, {inode, 12, 6},     {mode, 18, 6},          {uid, 24, 6},
                   {gid, 30, 6},         {links, 36, 6},     {rdevice_major, 42, 6}, {mtime, 48, 11},
                   {name_size, 59, 6},   {file_size, 65, 11}};
    for (const auto& field : kFields) {
      const auto value = number(rest.substr(field.at, field.length), 8);
      if (!value) return std::nullopt;
      header.values[field.slot] = *value;
      header.places[field.slot] = {at + field.at, field.length};
    }
    return header;
  }
  header.length = 26;
  header.alignment = 2;
  if (rest.size() < header.length) return std::nullopt;
  const auto word = [&](std::size_t offset) -> std::uint64_t {
    const auto value = little16(rest, offset);
    return dialect == Dialect::binary_little ? value : __builtin_bswap16(value);
  };
  static constexpr struct {
    Slot slot;
    std::uint8_t at;
    bool two_words;
  } kFields[] = {{device_major, 2, false}, {inode, 4, false},    {mode, 6, false},           {uid, 8, false},
                 {gid, 10, false},         {links, 12, false},   {rdevice_major, 14, false}, {mtime, 16, true},
                 {name_size, 20, false},   {file_size, 22, true}};
  for (const auto& field : kFields) {
    header.values[field.slot] = field.two_words ? word(field.at) << 16 | word(field.at + 2) : word(field.at);
    header.places[field.slot] = {at + field.at, field.two_words ? 4u : 2u};
  }
  return header;
}

class Cpio final : public Container {
 public:
  explicit Cpio(ByteView bytes) : Container(bytes) {}

  Result<void> read(Context& context) {
    std::uint64_t at = 0;
    while (at < bytes_.size()) {
      const auto dialect = dialect_of(bytes_.substr(at));
      const auto header = dialect ? read_header(bytes_, at, *dialect) : std::nullopt;
      if (!header || header->values[name_size] == 0 ||
          header->values[name_size] > bytes_.size() - at - header->length) {
        add_problem(at, format("the header at byte {} is damaged or cut off", at));
        break;
      }
      const auto align = [&](std::uint64_t value) {
        return (value + header->alignment - 1) / header->alignment * header->alignment;
      };
      auto name = bytes_.substr(at + header->length, header->values[name_size] - 1);
      const auto data_at =
          std::min<std::uint64_t>(bytes_.size(), align(at + header->length + header->values[name_size]));
      if (name == "TRAILER!!!") break;
      Member member;
      member.name = name;
      member.header = {at, data_at - at};
      auto length = header->values[file_size];
      if (length > bytes_.size() - data_at) {
        add_problem(data_at, format("the data of {} at byte {} are cut off", name, data_at));
        length = bytes_.size() - data_at;
      }
      member.data = {data_at, length};
      member.size = length;
      switch (header->values[mode] & 0170000) {
        case 0040000:
          member.type = MemberType::folder;
          break;
        case 0120000:
          member.type = MemberType::symlink;
          break;
        case 0100000:
          member.type = MemberType::file;
          break;
        case 0020000:
        case 0060000:
        case 0010000:
        case 0140000:
          member.type = MemberType::device;
          break;
        default:
          member.type = MemberType::other;
      }
      const auto next = std::min<std::uint64_t>(bytes_.size(), align(data_at + length));
      member.padding = {data_at + length, next - data_at - length};
      members_.push_back(member);
      headers_.push_back(*header);
      dialects_.push_back(*dialect);
      if (context.budget().stopped()) return std::unexpected(context.budget().stop_error());
      TRY(count_member(context, sizeof(Header) + sizeof(Dialect)));
      at = next;
    }
    if (at < bytes_.size()) regions_.push_back({"trailer", {at, bytes_.size() - at}});
    return {};
  }

  [[nodiscard]] Result<Content> open(std::size_t member, Context&, std::string&) const override {
    return Content{at(members_[member].data), nullptr};
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    std::vector<Field> fields;
    const auto& header = headers_[index];
    for (std::size_t i = 0; i < slot_count; ++i) {
      if (header.places[i].length == 0) continue;
      std::string_view noise;
      if (i == inode || i == device_major || i == device_minor) noise = "where the file lay when it was packed";
      if (i == uid || i == gid) noise = "the owner when it was packed";
      if (i == mtime) noise = "a time stamp of packing";
      auto value = std::to_string(header.values[i]);
      if (i == mtime) value = time_text(static_cast<std::int64_t>(header.values[i]));
      if (i == mode) value = format("0{:o} {}", header.values[i] >> 12, mode_text(header.values[i] & 07777));
      fields.push_back({std::string(kSlotNames[i]), std::move(value), header.places[i],
                        i == checksum || i == name_size ? Kind::header : Kind::metadata, noise,
                        i == file_size || i == checksum, i == name_size});
    }
    fields.push_back({"dialect",
                      std::string(dialect_name(dialects_[index])),
                      {members_[index].header.offset, 6},
                      Kind::header,
                      "the dialect of the archive"});
    return fields;
  }

 private:
  std::vector<Header> headers_;
  std::vector<Dialect> dialects_;
};

}  // namespace

bool is_cpio(ByteView bytes, std::string_view name) {
  const auto dialect = dialect_of(bytes);
  if (!dialect) return false;
  // Two bytes are a weak magic number; the old binary format also has to be named so.
  if (*dialect == Dialect::binary_little || *dialect == Dialect::binary_big) return name.ends_with(".cpio");
  return read_header(bytes, 0, *dialect).has_value();
}

Result<std::unique_ptr<Container>> open_cpio(ByteView bytes, std::string_view, Context& context) {
  auto cpio = std::make_unique<Cpio>(bytes);
  TRY(cpio->read(context));
  return cpio;
}

}  // namespace chiron::compare
