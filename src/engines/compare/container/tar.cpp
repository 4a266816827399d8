// tar in all its dialects: Unix v7, POSIX ustar, old and new GNU (long names, sparse files, base-256 numbers), pax.
// A member's `header` is everything from its first extended header to its data, so no byte is left unexplained.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "engines/compare/container/container.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

using namespace std::literals;

namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kMaxExtendedHeader = 64 * limits::kMiB;
constexpr std::string_view kTimeNoise = "a time stamp of packing";
constexpr std::string_view kOwnerNoise = "the owner when it was packed";

std::string_view text_field(ByteView block, std::size_t at, std::size_t length) {
  const auto field = block.substr(at, length);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

// Octal with blanks around, or GNU's base 256 where the first bit is set.
std::optional<std::int64_t> number_field(ByteView block, std::size_t at, std::size_t length) {
  auto field = block.substr(at, length);
  const auto first = static_cast<unsigned char>(field[0]);
  if ((first & 0x80) != 0) {
    std::uint64_t value = first == 0xff ? ~std::uint64_t{0} : first & 0x3f;
    for (std::size_t i = 1; i < length; ++i) value = value << 8 | static_cast<unsigned char>(field[i]);
    return static_cast<std::int64_t>(value);
  }
  while (!field.empty() && (field.front() == ' ' || field.front() == '\0')) field.remove_prefix(1);
  std::uint64_t value = 0;
  std::size_t digits = 0;
  while (digits < field.size() && field[digits] >= '0' && field[digits] <= '7') {
    value = value << 3 | static_cast<std::uint64_t>(field[digits++] - '0');
  }
  if (digits < field.size() && field[digits] != ' ' && field[digits] != '\0') return std::nullopt;
  if (digits > 21) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// The sum of the header's bytes with the checksum taken as blanks; early tars added signed bytes.
bool checksum_holds(ByteView block) {
  const auto stored = number_field(block, 148, 8);
  if (!stored) return false;
  std::int64_t plain = 0, with_signs = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    plain += static_cast<unsigned char>(c);
    with_signs += static_cast<signed char>(c);
  }
  return *stored == plain || *stored == with_signs;
}

bool is_zero(ByteView bytes) { return bytes.find_first_not_of('\0') == ByteView::npos; }

struct PaxRecord {
  std::string_view key;
  std::string_view value;
  Range place;
};

constexpr std::size_t kPaxRecords = 1000;  // a header; what lies behind is told as bytes

// "LENGTH KEY=VALUE\n" records; stops at the first that is malformed.
std::vector<PaxRecord> pax_records(ByteView bytes, std::uint64_t base) {
  std::vector<PaxRecord> records;
  std::size_t at = 0;
  while (at < bytes.size() && records.size() < kPaxRecords) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(bytes.data() + at, bytes.data() + bytes.size(), length);
    const auto digits = static_cast<std::size_t>(end - bytes.data()) - at;
    if (error != std::errc{} || digits == 0 || length < digits + 3 || length > bytes.size() - at) break;
    const auto record = bytes.substr(at, length);
    const auto equals = record.find('=');
    if (record[digits] != ' ' || record.back() != '\n' || equals == ByteView::npos) break;
    records.push_back({record.substr(digits + 1, equals - digits - 1),
                       record.substr(equals + 1, record.size() - equals - 2),
                       {base + at, length}});
    at += length;
  }
  return records;
}

std::string_view type_name(char type) {
  switch (type) {
    case '0':
    case '\0':
      return "file";
    case '1':
      return "hard link";
    case '2':
      return "symbolic link";
    case '3':
      return "character device";
    case '4':
      return "block device";
    case '5':
      return "folder";
    case '6':
      return "fifo";
    case '7':
      return "contiguous file";
    case 'S':
      return "sparse file";
    case 'D':
      return "folder with listing";
    case 'M':
      return "continuation";
    case 'V':
      return "volume label";
    default:
      return "unknown type";
  }
}

class Tar final : public Container {
 public:
  explicit Tar(ByteView bytes) : Container(bytes) {}

  Result<void> read(Context& context) {
    std::uint64_t at = 0;
    while (at < bytes_.size()) {
      if (context.budget().stopped()) return std::unexpected(context.budget().stop_error());
      if (bytes_.size() - at < kBlock) {
        add_problem(at, format("the archive is cut off within a header at byte {}", at));
        break;
      }
      if (is_zero(bytes_.substr(at, kBlock))) break;
      const auto next = read_member(at);
      if (!next) break;
      TRY(count_member(context));
      at = *next;
    }
    if (at < bytes_.size()) regions_.push_back({"end of archive", {at, bytes_.size() - at}});
    return {};
  }

  [[nodiscard]] Result<Content> open(std::size_t member, Context&, std::string&) const override {
    return Content{at(members_[member].data), nullptr};
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t member) const override;

 private:
  // The next member's offset, or nothing where reading ends.
  std::optional<std::uint64_t> read_member(std::uint64_t start);
  void read_sparse_map(Member& member, ByteView main);
  [[nodiscard]] std::uint64_t main_header_of(std::size_t member) const { return main_headers_[member]; }

  std::vector<std::uint64_t> main_headers_;  // offset of each member's own 512 bytes
  NameArena names_;
};

std::optional<std::uint64_t> Tar::read_member(std::uint64_t start) {
  Member member;
  std::string_view long_name, pax_path, sparse_name;
  std::optional<std::uint64_t> pax_size;
  bool pax_sparse_1 = false;
  auto at = start;
  for (;;) {
    if (bytes_.size() - at < kBlock) {
      add_problem(at, format("the archive is cut off within a header at byte {}", at));
      return std::nullopt;
    }
    const auto block = bytes_.substr(at, kBlock);
    if (!checksum_holds(block)) {
      add_problem(at, format("the header at byte {} is damaged (its checksum does not hold)", at));
      return std::nullopt;
    }
    const char type = block[156];
    const auto size = number_field(block, 124, 12);
    if (!size || *size < 0) {
      add_problem(at, format("the header at byte {} has no valid size", at));
      return std::nullopt;
    }
    const auto data_at = at + kBlock;
    if (type == 'L' || type == 'K' || type == 'x' || type == 'X' || type == 'g') {
      const auto length = static_cast<std::uint64_t>(*size);
      if (length > kMaxExtendedHeader || length > bytes_.size() - data_at) {
        add_problem(at, format("the extended header at byte {} reaches past the end", at));
        return std::nullopt;
      }
      const auto data = bytes_.substr(data_at, length);
      if (type == 'L') long_name = data.substr(0, std::min(data.find('\0'), data.size()));
      if (type == 'x' || type == 'X') {
        for (const auto& record : pax_records(data, data_at)) {
          if (record.key == "path") pax_path = record.value;
          if (record.key == "size") pax_size = text::parse_unsigned(record.value);
          if (record.key == "GNU.sparse.name") sparse_name = record.value;
          if (record.key == "GNU.sparse.major") pax_sparse_1 = record.value == "1";
        }
      }
      at = data_at + (length + kBlock - 1) / kBlock * kBlock;
      if (type == 'g') {
        regions_.push_back({"global extended header", {start, std::min(at, bytes_.size()) - start}});
        if (at >= bytes_.size() || is_zero(bytes_.substr(at, kBlock))) return std::min(at, bytes_.size());
        start = at;
      }
      if (at > bytes_.size()) at = bytes_.size();
      continue;
    }
    const auto name = text_field(block, 0, 100);
    const auto prefix =
        block.substr(257, 8) == std::string_view("ustar\00000", 8) ? text_field(block, 345, 155) : std::string_view{};
    if (!sparse_name.empty())
      member.name = sparse_name;
    else if (!pax_path.empty())
      member.name = pax_path;
    else if (!long_name.empty())
      member.name = long_name;
    else if (!prefix.empty())
      member.name = names_.keep(format("{}/{}", prefix, name));
    else
      member.name = name;
    switch (type) {
      case '1':
        member.type = MemberType::hardlink;
        break;
      case '2':
        member.type = MemberType::symlink;
        break;
      case '3':
      case '4':
      case '6':
        member.type = MemberType::device;
        break;
      case '5':
      case 'D':
        member.type = MemberType::folder;
        break;
      default:
        member.type = type == '\0' && name.ends_with('/') ? MemberType::folder : MemberType::file;
    }
    // Links and devices have no data whatever their size says; a pax hard link may carry data.
    const bool no_data = type >= '2' && type <= '6';
    auto length = no_data ? 0 : pax_size.value_or(static_cast<std::uint64_t>(*size));
    if (type == '1' && !pax_size) length = 0;
    main_headers_.push_back(at);
    member.header = {start, data_at - start};
    if (type == 'S') {
      auto extended = block[482] != 0;
      while (extended && bytes_.size() - member.header.end() >= kBlock) {
        extended = bytes_[member.header.end() + 504] != 0;
        member.header.length += kBlock;
      }
    }
    const auto begin = member.header.end();
    if (length > bytes_.size() - begin) {
      add_problem(at, format("the data of {} at byte {} are cut off: {} of {} bytes are there", member.name, begin,
                             bytes_.size() - begin, length));
      length = bytes_.size() - begin;
    }
    member.data = {begin, length};
    if (pax_sparse_1) read_sparse_map(member, block);
    member.size = member.data.length;
    const auto whole = begin + (length + kBlock - 1) / kBlock * kBlock;
    const auto next = std::min(bytes_.size(), whole);
    if (next < whole && length < whole - begin)
      add_problem(next, format("the archive is cut off behind {}", member.name));
    member.padding = {begin + length, next - begin - length};
    members_.push_back(member);
    return next;
  }
}

// pax sparse 1.0 keeps its map as decimal lines before the data, padded to a block; it is framing, not content.
void Tar::read_sparse_map(Member& member, ByteView) {
  const auto data = at(member.data);
  std::size_t position = 0;
  std::uint64_t lines = 1, count = 0;
  while (lines > 0) {
    const auto newline = data.find('\n', position);
    if (newline == ByteView::npos || newline - position > 20) return;
    const auto number = text::parse_unsigned(data.substr(position, newline - position));
    if (!number) return;
    --lines;
    if (position == 0) {
      count = *number;
      if (count > data.size()) return;
      lines = count * 2;
    }
    position = newline + 1;
  }
  const auto map = std::min<std::uint64_t>((position + kBlock - 1) / kBlock * kBlock, data.size());
  member.header.length += map;
  member.data.offset += map;
  member.data.length -= map;
}

std::vector<Field> Tar::member_fields(std::size_t index) const {
  std::vector<Field> fields;
  const auto& member = members_[index];
  const auto main = main_header_of(index);
  const auto block = bytes_.substr(main, kBlock);
  const bool ustar = block.substr(257, 5) == "ustar";
  const bool gnu = block.substr(257, 8) == "ustar  \0"sv || block.substr(257, 7) == "ustar  ";
  const auto place = [main](std::size_t at, std::size_t length) { return Range{main + at, length}; };
  const auto number = [&](std::size_t at, std::size_t length) {
    const auto value = number_field(block, at, length);
    return value ? std::to_string(*value) : format("not a number: {}", text::to_hex(block.substr(at, length)));
  };

  fields.push_back({"type", std::string(type_name(block[156])), place(156, 1)});
  const auto mode = number_field(block, 100, 8);
  fields.push_back({"mode", mode ? mode_text(static_cast<std::uint32_t>(*mode)) : number(100, 8), place(100, 8)});
  fields.push_back({"uid", number(108, 8), place(108, 8), Kind::metadata, kOwnerNoise});
  fields.push_back({"gid", number(116, 8), place(116, 8), Kind::metadata, kOwnerNoise});
  const auto mtime = number_field(block, 136, 12);
  fields.push_back({"mtime", mtime ? time_text(*mtime) : number(136, 12), place(136, 12), Kind::metadata, kTimeNoise});
  fields.push_back({"size", number(124, 12), place(124, 12), Kind::header, {}, true});
  fields.push_back({"header checksum", number(148, 8), place(148, 8), Kind::header, {}, false, true});
  if (!text_field(block, 157, 100).empty()) {
    fields.push_back({"link target", std::string(text_field(block, 157, 100)), place(157, 100)});
  }
  fields.push_back({"dialect",
                    gnu     ? "GNU"
                    : ustar ? "ustar"
                            : "v7",
                    place(257, 8), Kind::header, "the dialect of the archive"});
  if (ustar) {
    fields.push_back({"owner", std::string(text_field(block, 265, 32)), place(265, 32), Kind::metadata, kOwnerNoise});
    fields.push_back({"group", std::string(text_field(block, 297, 32)), place(297, 32), Kind::metadata, kOwnerNoise});
    fields.push_back({"device major", number(329, 8), place(329, 8)});
    fields.push_back({"device minor", number(337, 8), place(337, 8)});
  }
  if (gnu) {
    fields.push_back({"atime", number(345, 12), place(345, 12), Kind::metadata, kTimeNoise});
    fields.push_back({"ctime", number(357, 12), place(357, 12), Kind::metadata, kTimeNoise});
  }
  if (block[156] == 'S') {
    std::string map;
    const auto add = [&map](ByteView from, std::size_t at, int count) {
      for (int i = 0; i < count; ++i, at += 24) {
        const auto offset = number_field(from, at, 12), length = number_field(from, at + 12, 12);
        if (!offset || !length || from[at] == '\0') break;
        map += format("{}{}+{}", map.empty() ? "" : " ", *offset, *length);
      }
    };
    add(block, 386, 4);
    for (auto at = main + kBlock; at + kBlock <= member.header.end(); at += kBlock)
      add(bytes_.substr(at, kBlock), 0, 21);
    fields.push_back({"sparse map", std::move(map), place(386, 96)});
    fields.push_back({"real size", number(483, 12), place(483, 12)});
  }
  // The extended headers before the main one.
  for (auto at = member.header.offset; at < main;) {
    const auto extended = bytes_.substr(at, kBlock);
    const auto length = static_cast<std::uint64_t>(number_field(extended, 124, 12).value_or(0));
    const auto data = bytes_.substr(at + kBlock, length);
    if (extended[156] == 'K') {
      fields.push_back(
          {"link target", std::string(data.substr(0, std::min(data.find('\0'), data.size()))), {at + kBlock, length}});
    }
    if (extended[156] == 'x' || extended[156] == 'X') {
      for (const auto& record : pax_records(data, at + kBlock)) {
        const bool silent = record.key == "path" || record.key == "size";
        const bool time = record.key == "mtime" || record.key == "atime" || record.key == "ctime";
        const bool owner = record.key == "uid" || record.key == "gid" || record.key == "uname" || record.key == "gname";
        fields.push_back({format("pax {}", record.key), std::string(record.value), record.place, Kind::metadata,
                          time    ? kTimeNoise
                          : owner ? kOwnerNoise
                                  : std::string_view{},
                          false, silent});
      }
    }
    at += kBlock + (length + kBlock - 1) / kBlock * kBlock;
  }
  return fields;
}

}  // namespace

bool is_tar(ByteView bytes, std::string_view name) {
  if (bytes.size() < kBlock) return false;
  const auto block = bytes.substr(0, kBlock);
  if (is_zero(block)) return name.ends_with(".tar") && is_zero(bytes.substr(0, 2 * kBlock));
  return block[0] != '\0' && checksum_holds(block);
}

Result<std::unique_ptr<Container>> open_tar(ByteView bytes, std::string_view, Context& context) {
  auto tar = std::make_unique<Tar>(bytes);
  TRY(tar->read(context));
  return tar;
}

}  // namespace chiron::compare
