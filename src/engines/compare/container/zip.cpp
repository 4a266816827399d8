// zip and what is built on it (jar, wheel, apk, docx, epub). Both headers of a member are read: the central directory
// rules, and where the local header says something else, that is a field of its own. What lies between members, before
// the first and behind the last is kept as regions.
#include <algorithm>

#include "engines/compare/codec/codec.h"
#include "engines/compare/container/container.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {

namespace {

constexpr std::uint32_t kLocalMagic = 0x04034b50;
constexpr std::uint32_t kCentralMagic = 0x02014b50;
constexpr std::uint32_t kEndMagic = 0x06054b50;
constexpr std::uint32_t kEnd64Magic = 0x06064b50;
constexpr std::uint32_t kLocator64Magic = 0x07064b50;
constexpr std::uint32_t kDescriptorMagic = 0x08074b50;
constexpr std::size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22;
constexpr std::string_view kTimeNoise = "a time stamp of packing";
constexpr std::string_view kPackerNoise = "a mark of the packing program";

std::string_view method_name(std::uint16_t method) {
  switch (method) {
    case 0:
      return "stored";
    case 8:
      return "deflate";
    case 9:
      return "deflate64";
    case 12:
      return "bzip2";
    case 14:
      return "lzma";
    case 93:
      return "zstd";
    case 95:
      return "xz";
    default:
      return "unknown method";
  }
}

std::string_view host_name(unsigned host) {
  switch (host) {
    case 0:
      return "FAT";
    case 3:
      return "Unix";
    case 7:
      return "Macintosh";
    case 10:
      return "NTFS";
    case 19:
      return "Darwin";
    default:
      return "other";
  }
}

std::string_view extra_name(std::uint16_t id) {
  switch (id) {
    case 0x0001:
      return "zip64";
    case 0x000a:
      return "NTFS times";
    case 0x5455:
      return "extended time stamp";
    case 0x5855:
      return "Info-ZIP Unix (old)";
    case 0x7855:
      return "Info-ZIP Unix owner (old)";
    case 0x7875:
      return "Info-ZIP Unix owner";
    case 0x7075:
      return "Unicode path";
    case 0x6375:
      return "Unicode comment";
    case 0x9901:
      return "AES encryption";
    case 0xcafe:
      return "jar marker";
    case 0xd935:
      return "Android alignment";
    default:
      return "unknown";
  }
}

std::string dos_time_text(std::uint32_t value) {
  const auto date = value >> 16, time = value & 0xffff;
  return format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", 1980 + (date >> 9), (date >> 5) & 15, date & 31, time >> 11,
                (time >> 5) & 63, (time & 31) * 2);
}

std::string flags_text(std::uint16_t flags, std::uint16_t method) {
  std::string text = format("0x{:04x}", flags);
  if ((flags & 1) != 0) text += " encrypted";
  if (method == 8) {
    static constexpr std::string_view kLevels[] = {"normal", "maximum", "fast", "super fast"};
    text += format(" {} compression", kLevels[(flags >> 1) & 3]);
  }
  if ((flags & 8) != 0) text += " data descriptor";
  if ((flags & 0x800) != 0) text += " UTF-8";
  return text;
}

struct ExtraField {
  std::uint16_t id;
  ByteView data;
  Range place;
};

constexpr std::size_t kExtraFields = 256;  // a member; what lies behind is told as bytes

// Stops at the first that reaches past the end; the rest is then shown as raw header bytes.
std::vector<ExtraField> extra_fields(ByteView extra, std::uint64_t base) {
  std::vector<ExtraField> fields;
  std::size_t at = 0;
  while (at + 4 <= extra.size() && fields.size() < kExtraFields) {
    const auto length = little16(extra, at + 2);
    if (length > extra.size() - at - 4) break;
    fields.push_back({little16(extra, at), extra.substr(at + 4, length), {base + at, 4u + length}});
    at += 4u + length;
  }
  return fields;
}

class Zip final : public Container {
 public:
  explicit Zip(ByteView bytes) : Container(bytes) {}
  Result<void> read(Context& context);
  [[nodiscard]] Result<Content> open(std::size_t member, Context& context, std::string& damage) const override;
  [[nodiscard]] bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const override;
  [[nodiscard]] bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const override;
  [[nodiscard]] std::vector<Field> fields() const override;
  [[nodiscard]] std::vector<Field> member_fields(std::size_t member) const override;
  [[nodiscard]] std::string producer(std::size_t member, ByteView content) const override;

 private:
  struct Facts {
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
  };
  Result<void> find_end();
  Result<void> read_central(Context& context);
  void read_without_directory(Context& context);
  void place_data(Member& member, Facts& facts, std::uint64_t local_at, std::uint64_t compressed);
  void find_regions();

  std::vector<Facts> facts_;
  std::uint64_t shift_ = 0;  // bytes put before the archive (a self-extracting stub, a #! line)
  std::uint64_t directory_at_ = 0, directory_end_ = 0;
  std::uint64_t end_at_ = 0;  // 0: none found
  bool has_end_ = false;
};

Result<void> Zip::find_end() {
  if (bytes_.size() < kEndSize) return fail(ErrorKind::input, "compare.damaged", "too short for a zip archive");
  const auto furthest = bytes_.size() - kEndSize;
  const auto nearest = furthest > 65535 ? furthest - 65535 : 0;
  for (auto at = furthest + 1; at-- > nearest;) {
    if (little32(bytes_, at) != kEndMagic) continue;
    if (at + kEndSize + little16(bytes_, at + 20) > bytes_.size()) continue;
    end_at_ = at;
    has_end_ = true;
    break;
  }
  if (!has_end_) return {};
  std::uint64_t size = little32(bytes_, end_at_ + 12), offset = little32(bytes_, end_at_ + 16);
  auto directory_end = end_at_;
  if (end_at_ >= 20 && little32(bytes_, end_at_ - 20) == kLocator64Magic) {
    const auto at = little64(bytes_, end_at_ - 12);
    if (bytes_.size() >= 56 && at <= bytes_.size() - 56 && little32(bytes_, at) == kEnd64Magic) {
      size = little64(bytes_, at + 40);
      offset = little64(bytes_, at + 48);
      directory_end = at;
    }
  }
  if (size > directory_end || offset > directory_end - size) {
    add_problem(end_at_, "the end record gives a place of the central directory that cannot be");
    has_end_ = false;
    return {};
  }
  directory_at_ = directory_end - size;
  shift_ = directory_at_ - offset;
  directory_end_ = directory_end;
  return {};
}

Result<void> Zip::read(Context& context) {
  TRY(find_end());
  if (has_end_) {
    TRY(read_central(context));
  } else {
    if (problems_.empty()) add_problem(0, "no end record; members are found by their local headers");
    read_without_directory(context);
  }
  find_regions();
  return {};
}

Result<void> Zip::read_central(Context& context) {
  auto at = directory_at_;
  while (at + kCentralSize <= directory_end_ && little32(bytes_, at) == kCentralMagic) {
    if (context.budget().stopped()) return std::unexpected(context.budget().stop_error());
    const auto name_length = little16(bytes_, at + 28), extra_length = little16(bytes_, at + 30),
               comment_length = little16(bytes_, at + 32);
    const auto length = kCentralSize + name_length + extra_length + comment_length;
    if (at + length > directory_end_) break;
    Member member;
    Facts facts;
    member.name = bytes_.substr(at + kCentralSize, name_length);
    member.entry = {at, length};
    facts.flags = little16(bytes_, at + 8);
    facts.method = little16(bytes_, at + 10);
    facts.crc = little32(bytes_, at + 16);
    std::uint64_t compressed = little32(bytes_, at + 20);
    facts.size = little32(bytes_, at + 24);
    std::uint64_t local_at = little32(bytes_, at + 42);
    for (const auto& extra : extra_fields(bytes_.substr(at + kCentralSize + name_length, extra_length), 0)) {
      if (extra.id != 0x0001) continue;
      std::size_t next = 0;
      const auto take = [&](std::uint64_t& value) {
        if (value != 0xffffffff || next + 8 > extra.data.size()) return;
        value = little64(extra.data, next);
        next += 8;
      };
      take(facts.size);
      take(compressed);
      take(local_at);
    }
    if (member.name.ends_with('/')) member.type = MemberType::folder;
    const auto made_by = little16(bytes_, at + 4) >> 8;
    if (made_by == 3 && ((little32(bytes_, at + 38) >> 16) & 0170000) == 0120000) member.type = MemberType::symlink;
    place_data(member, facts, local_at + shift_, compressed);
    members_.push_back(member);
    facts_.push_back(facts);
    TRY(count_member(context, sizeof(Facts)));
    at += length;
  }
  if (at != directory_end_) {
    add_problem(at, format("the central directory is damaged at byte {}", at));
    regions_.push_back({"rest of the central directory", {at, directory_end_ - at}});
  }
  return {};
}

void Zip::place_data(Member& member, Facts& facts, std::uint64_t local_at, std::uint64_t compressed) {
  member.size = facts.size;
  member.stored = facts.method == 0 && (facts.flags & 1) == 0;
  if (local_at > bytes_.size() || bytes_.size() - local_at < kLocalSize || little32(bytes_, local_at) != kLocalMagic) {
    add_problem(local_at, format("{} has no local header at byte {}", member.name, local_at));
    return;
  }
  const auto header = kLocalSize + little16(bytes_, local_at + 26) + little16(bytes_, local_at + 28);
  if (bytes_.size() - local_at < header) {
    add_problem(local_at, format("the local header of {} at byte {} is cut off", member.name, local_at));
    return;
  }
  member.header = {local_at, header};
  const auto begin = local_at + header;
  if (compressed > bytes_.size() - begin) {
    add_problem(begin, format("the data of {} at byte {} are cut off", member.name, begin));
    compressed = bytes_.size() - begin;
  }
  member.data = {begin, compressed};
  if ((little16(bytes_, local_at + 6) & 8) != 0) {
    const auto end = begin + compressed;
    const bool magic = end + 4 <= bytes_.size() && little32(bytes_, end) == kDescriptorMagic;
    const bool large = facts.size >= 0xffffffff || compressed >= 0xffffffff;
    const auto length = (magic ? 4u : 0u) + (large ? 20u : 12u);
    member.padding = {end, std::min<std::uint64_t>(length, bytes_.size() - end)};
  }
}

// A cut-off archive: its members still start with local headers, one behind the other.
void Zip::read_without_directory(Context& context) {
  std::uint64_t at = 0;
  while (at + kLocalSize <= bytes_.size() && little32(bytes_, at) == kLocalMagic && !context.budget().stopped()) {
    Member member;
    Facts facts;
    const auto name_length = little16(bytes_, at + 26);
    member.name = bytes_.substr(at + kLocalSize, name_length);
    facts.flags = little16(bytes_, at + 6);
    facts.method = little16(bytes_, at + 8);
    facts.crc = little32(bytes_, at + 14);
    const std::uint64_t compressed = little32(bytes_, at + 18);
    facts.size = little32(bytes_, at + 22);
    if (member.name.ends_with('/')) member.type = MemberType::folder;
    place_data(member, facts, at, compressed);
    if ((facts.flags & 8) != 0 && compressed == 0) {
      add_problem(at, format("{} has its size behind its data; what follows cannot be told apart", member.name));
      break;
    }
    const auto end = std::max({member.header.end(), member.data.end(), member.padding.end()});
    if (end <= at) break;
    members_.push_back(member);
    facts_.push_back(facts);
    at = end;
    if (!count_member(context, sizeof(Facts))) break;
  }
  directory_at_ = directory_end_ = bytes_.size();
  if (at < bytes_.size()) regions_.push_back({"unreadable rest", {at, bytes_.size() - at}});
}

void Zip::find_regions() {
  std::vector<Range> taken;
  for (const auto& member : members_) {
    if (member.header.length == 0) continue;
    taken.push_back({member.header.offset,
                     std::max({member.header.end(), member.data.end(), member.padding.end()}) - member.header.offset});
  }
  std::sort(taken.begin(), taken.end(), [](const Range& x, const Range& y) { return x.offset < y.offset; });
  std::uint64_t at = 0;
  const auto gap = [&](std::uint64_t until) {
    if (until <= at) return;
    const Range range{at, until - at};
    const bool signing = this->at(range).ends_with("APK Sig Block 42");
    regions_.push_back({signing   ? "APK signing block"
                        : at == 0 ? "before the first member"
                                  : "between members",
                        range});
  };
  for (const auto& range : taken) {
    gap(range.offset);
    at = std::max(at, range.end());
  }
  if (!has_end_) return;
  gap(directory_at_);
  if (directory_end_ < end_at_) regions_.push_back({"zip64 end records", {directory_end_, end_at_ - directory_end_}});
  const auto behind = end_at_ + kEndSize + little16(bytes_, end_at_ + 20);
  if (behind < bytes_.size()) regions_.push_back({"behind the archive", {behind, bytes_.size() - behind}});
}

Result<Content> Zip::open(std::size_t index, Context& context, std::string& damage) const {
  const auto& member = members_[index];
  const auto& facts = facts_[index];
  const auto data = at(member.data);
  if ((facts.flags & 1) != 0) return fail(ErrorKind::unsupported, "compare.encrypted", "the member is encrypted");
  if (facts.method == 0) {
    if (crc32(data) != facts.crc) damage = "the stored CRC-32 does not match the content";
    return Content{data, nullptr};
  }
  auto store = std::make_shared<Store>(context.budget());
  Decoded decoded;
  switch (facts.method) {
    case 8:
      decoded = decode_deflate(data, facts.size, *store);
      break;
    case 12:
      decoded = decode_bzip2(data, *store);
      break;
    case 14:
      // Bit 1: the stream says itself where it ends.
      decoded = decode_zip_lzma(data, (facts.flags & 2) != 0 ? ~std::uint64_t{0} : facts.size, *store);
      break;
    case 93:
      decoded = decode_zstd(data, *store);
      break;
    case 95:
      decoded = decode_xz(data, *store);
      break;
    default:
      return fail(ErrorKind::unsupported, "compare.method",
                  format("compression method {} ({}) is not read", facts.method, method_name(facts.method)));
  }
  if (decoded.error) {
    if (decoded.error->kind != ErrorKind::input) return std::unexpected(*decoded.error);
    damage = decoded.error->message;
  } else if (decoded.consumed != data.size()) {
    damage = format("{} bytes lie behind the end of the compressed data", data.size() - decoded.consumed);
  } else if (crc32(store->bytes()) != facts.crc) {
    damage = "the stored CRC-32 does not match the content";
  } else if (store->bytes().size() != facts.size) {
    damage = format("the header gives {} bytes, the content has {}", facts.size, store->bytes().size());
  }
  const auto bytes = store->bytes();
  return Content{bytes, std::move(store)};
}

bool Zip::same_stored(std::size_t member, const Container& other, std::size_t other_member) const {
  const auto* zip = dynamic_cast<const Zip*>(&other);
  if (zip == nullptr) return Container::same_stored(member, other, other_member);
  const auto& mine = facts_[member];
  const auto& theirs = zip->facts_[other_member];
  return mine.method == theirs.method && (mine.flags & 1) == (theirs.flags & 1) && mine.crc == theirs.crc &&
         at(members_[member].data) ==
             other.bytes().substr(zip->members_[other_member].data.offset, zip->members_[other_member].data.length);
}

// The central entry holds the local header's place, which shifts with whatever grew before it; that alone is no change.
bool Zip::same_framing(std::size_t member, const Container& other, std::size_t other_member) const {
  const auto* zip = dynamic_cast<const Zip*>(&other);
  if (zip == nullptr) return false;
  const auto& mine = members_[member];
  const auto& theirs = zip->members_[other_member];
  if (at(mine.header) != zip->at(theirs.header) || at(mine.padding) != zip->at(theirs.padding)) return false;
  const auto entry = at(mine.entry), other_entry = zip->at(theirs.entry);
  if (entry.size() != other_entry.size()) return false;
  if (entry.size() < kCentralSize) return entry == other_entry;
  return entry.substr(0, 42) == other_entry.substr(0, 42) && entry.substr(46) == other_entry.substr(46);
}

std::vector<Field> Zip::fields() const {
  std::vector<Field> fields;
  if (!has_end_) return fields;
  const auto comment = little16(bytes_, end_at_ + 20);
  const auto number = [&](std::string name, std::size_t at) {
    fields.push_back({std::move(name),
                      std::to_string(little16(bytes_, end_at_ + at)),
                      {end_at_ + at, 2},
                      Kind::header,
                      {},
                      at == 8 || at == 10});
  };
  number("disk number", 4);
  number("disk of the central directory", 6);
  number("members on this disk", 8);
  number("members", 10);
  fields.push_back(
      {"archive comment", std::string(bytes_.substr(end_at_ + kEndSize, comment)), {end_at_ + kEndSize, comment}});
  return fields;
}

std::vector<Field> Zip::member_fields(std::size_t index) const {
  std::vector<Field> fields;
  const auto& member = members_[index];
  const auto& facts = facts_[index];
  const auto entry = at(member.entry);
  const auto local = at(member.header);
  const auto base = member.entry.offset;
  if (!entry.empty()) {
    const auto made_by = little16(entry, 4);
    const bool unix_made = made_by >> 8 == 3 || made_by >> 8 == 19;
    const auto attributes = little32(entry, 38);
    fields.push_back({"version made by",
                      format("{}.{} {}", (made_by & 255) / 10, (made_by & 255) % 10, host_name(made_by >> 8)),
                      {base + 4, 2},
                      Kind::header,
                      kPackerNoise});
    fields.push_back({"version needed", std::to_string(little16(entry, 6)), {base + 6, 2}, Kind::header, kPackerNoise});
    fields.push_back({"flags", flags_text(facts.flags, facts.method), {base + 8, 2}, Kind::header, kPackerNoise});
    fields.push_back(
        {"method", std::string(method_name(facts.method)), {base + 10, 2}, Kind::header, "the way of packing"});
    fields.push_back({"mtime", dos_time_text(little32(entry, 12)), {base + 12, 4}, Kind::metadata, kTimeNoise});
    fields.push_back({"crc32", format("{:08x}", facts.crc), {base + 16, 4}, Kind::header, {}, true});
    fields.push_back({"compressed size",
                      std::to_string(little32(entry, 20)),
                      {base + 20, 4},
                      Kind::header,
                      "the way of packing",
                      true});
    fields.push_back({"size", std::to_string(little32(entry, 24)), {base + 24, 4}, Kind::header, {}, true});
    fields.push_back({"disk number", std::to_string(little16(entry, 34)), {base + 34, 2}, Kind::header});
    fields.push_back(
        {"local header offset", std::to_string(little32(entry, 42)), {base + 42, 4}, Kind::header, {}, false, true});
    fields.push_back(
        {"internal attributes", format("0x{:04x}", little16(entry, 36)), {base + 36, 2}, Kind::metadata, kPackerNoise});
    if (unix_made) {
      fields.push_back({"mode", mode_text((attributes >> 16) & 07777), {base + 40, 2}});
      fields.push_back({"file type", format("0{:o}", attributes >> 28), {base + 40, 2}});
      fields.push_back(
          {"DOS attributes", format("0x{:04x}", attributes & 0xffff), {base + 38, 2}, Kind::metadata, kPackerNoise});
    } else {
      fields.push_back({"external attributes", format("0x{:08x}", attributes), {base + 38, 4}});
    }
    const auto name_length = little16(entry, 28), extra_length = little16(entry, 30);
    for (const auto& extra :
         extra_fields(entry.substr(kCentralSize + name_length, extra_length), base + kCentralSize + name_length)) {
      fields.push_back({format("extra field 0x{:04x} ({})", extra.id, extra_name(extra.id)), text::to_hex(extra.data),
                        extra.place, Kind::metadata, kPackerNoise});
    }
    fields.push_back({"comment",
                      std::string(entry.substr(kCentralSize + name_length + extra_length)),
                      {base + kCentralSize + name_length + extra_length, little16(entry, 32)}});
  }
  if (!local.empty()) {
    const auto at = member.header.offset;
    const auto differs = [&](std::string name, std::string value, std::string_view central, Range place) {
      const bool same = value == central;  // then it is said already, and the bytes are explained by it
      fields.push_back({std::move(name), std::move(value), place, Kind::header, kPackerNoise, false, same});
    };
    const auto method = little16(local, 8);
    differs("local version needed", std::to_string(little16(local, 4)),
            entry.empty() ? "" : std::to_string(little16(entry, 6)), {at + 4, 2});
    differs("local flags", flags_text(little16(local, 6), method), flags_text(facts.flags, facts.method), {at + 6, 2});
    differs("local method", std::string(method_name(method)), method_name(facts.method), {at + 8, 2});
    differs("local mtime", dos_time_text(little32(local, 10)), entry.empty() ? "" : dos_time_text(little32(entry, 12)),
            {at + 10, 4});
    const bool later = (little16(local, 6) & 8) != 0;
    const bool zip64 = little32(local, 18) == 0xffffffff || little32(local, 22) == 0xffffffff;
    if (!later || little32(local, 14) != 0) {
      differs("local crc32", format("{:08x}", little32(local, 14)), format("{:08x}", facts.crc), {at + 14, 4});
    }
    if (!zip64 && (!later || little32(local, 18) != 0)) {
      differs("local compressed size", std::to_string(little32(local, 18)), std::to_string(member.data.length),
              {at + 18, 4});
      differs("local size", std::to_string(little32(local, 22)), std::to_string(facts.size), {at + 22, 4});
    }
    const auto name_length = little16(local, 26), extra_length = little16(local, 28);
    differs("local name", std::string(local.substr(kLocalSize, name_length)), member.name,
            {at + kLocalSize, name_length});
    for (const auto& extra :
         extra_fields(local.substr(kLocalSize + name_length, extra_length), at + kLocalSize + name_length)) {
      fields.push_back({format("local extra field 0x{:04x} ({})", extra.id, extra_name(extra.id)),
                        text::to_hex(extra.data), extra.place, Kind::metadata, kPackerNoise});
    }
  }
  if (member.padding.length > 0) {
    fields.push_back({"data descriptor", text::to_hex(at(member.padding)), member.padding, Kind::header, {}, true});
  }
  return fields;
}

std::string Zip::producer(std::size_t member, ByteView content) const {
  if (facts_[member].method != 8) return std::string(method_name(facts_[member].method));
  return guess_deflate_producer(at(members_[member].data), content).value_or("deflate, not as zlib makes it");
}

}  // namespace

bool is_zip(ByteView bytes, std::string_view name) {
  if (bytes.size() < kEndSize) return false;
  const auto magic = little32(bytes, 0);
  if (magic == kLocalMagic || magic == kEndMagic) return true;
  // A stub before the archive: only for names that say so, else any file could be one.
  return (name.ends_with(".zip") || name.ends_with(".pyz") || name.ends_with(".whl") || name.ends_with(".jar")) &&
         bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 65557)).find("PK\x05\x06") != ByteView::npos;
}

Result<std::unique_ptr<Container>> open_zip(ByteView bytes, std::string_view, Context& context) {
  auto zip = std::make_unique<Zip>(bytes);
  TRY(zip->read(context));
  return zip;
}

}  // namespace chiron::compare
