// ISO 9660 (ECMA-119) images: names by Rock Ridge (IEEE P1282), else by Joliet, else by the plain records.
#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include "engines/compare/container/file_system.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kSector = 2048;
constexpr std::uint64_t kFirstDescriptor = 16 * kSector;
constexpr std::string_view kOwnerNoise = "the owner when it was packed";

// Time zones count quarters of an hour.
std::string zone_text(char quarters) {
  const int minutes = static_cast<signed char>(quarters) * 15;
  return format("{}{:02}:{:02}", minutes < 0 ? "-" : "+", std::abs(minutes) / 60, std::abs(minutes) % 60);
}

std::string short_time(ByteView b) {
  return format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}", 1900 + byte_at(b, 0), byte_at(b, 1), byte_at(b, 2),
                byte_at(b, 3), byte_at(b, 4), byte_at(b, 5), zone_text(b[6]));
}

std::string long_time(ByteView b) {
  if (b.substr(0, 16).find_first_not_of('0') == ByteView::npos) return "none";
  return format("{}-{}-{} {}:{}:{}.{} {}", b.substr(0, 4), b.substr(4, 2), b.substr(6, 2), b.substr(8, 2),
                b.substr(10, 2), b.substr(12, 2), b.substr(14, 2), zone_text(b[16]));
}

std::string padded_text(ByteView bytes) {
  const auto end = bytes.find_last_not_of(std::string_view(" \0", 2));
  return utf8::sanitize(bytes.substr(0, end == ByteView::npos ? 0 : end + 1));
}

std::string wide_text(ByteView bytes) {
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    utf8::append(out, static_cast<char32_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1)));
  }
  return out;
}

struct Record {
  std::uint64_t at = 0;
  std::uint32_t extent = 0, size = 0;
  unsigned flags = 0;
  ByteView bytes, name, system_use;
  [[nodiscard]] bool folder() const { return (flags & 2) != 0; }
  [[nodiscard]] bool continues() const { return (flags & 0x80) != 0; }
};

// What Rock Ridge says of one record.
struct RockRidge {
  std::string name, target;
  std::uint32_t mode = 0, links = 0, uid = 0, gid = 0, serial = 0;
  std::uint64_t device = 0;
  bool has_mode = false, has_target = false, has_device = false, relocated = false;
  std::uint32_t child = 0;  // where a folder lies that was moved up
  std::vector<Field> fields;
};

class Iso9660 final : public FileSystem {
 public:
  explicit Iso9660(ByteView bytes) : FileSystem(bytes) {}

  Result<void> read(Context& context) {
    std::uint64_t chosen = kFirstDescriptor;
    bool joliet = false;
    for (auto sector = kFirstDescriptor; sector + kSector <= bytes_.size(); sector += kSector) {
      if (bytes_.substr(sector + 1, 5) != "CD001" || byte_at(bytes_, sector) == 255) break;
      const auto kind = byte_at(bytes_, sector);
      descriptors_.push_back(sector);
      const auto escapes = bytes_.substr(sector + 88, 3);
      if (kind == 2 && (escapes == "%/@" || escapes == "%/C" || escapes == "%/E")) joliet_ = sector;
      if (kind == 0 && bytes_.substr(sector + 7, 23) == "EL TORITO SPECIFICATION") {
        const auto catalog = little32(bytes_, sector + 71) * kSector;
        if (catalog + kSector <= bytes_.size()) regions_.push_back({"boot catalogue", {catalog, kSector}});
      }
      constexpr std::size_t kMostDescriptors = 64;
      if (descriptors_.size() == kMostDescriptors) break;
    }
    if (descriptors_.empty() || byte_at(bytes_, kFirstDescriptor) != 1) {
      return fail(ErrorKind::input, "compare.damaged", "the first volume descriptor is not the primary one");
    }
    block_ = little16(bytes_, kFirstDescriptor + 128);
    if (block_ < 512 || block_ > kSector || (block_ & (block_ - 1)) != 0) {
      return fail(ErrorKind::input, "compare.damaged", format("block size {} is not a valid one", block_));
    }
    regions_.push_back({"system area", {0, kFirstDescriptor}});
    regions_.push_back({"application's part of the descriptor", {kFirstDescriptor + 883, 512}});
    find_rock_ridge();
    if (!rock_ridge_ && joliet_ != 0) chosen = joliet_, joliet = true;
    wide_names_ = joliet;
    const auto root = record_at(chosen + 156, chosen + 190);
    if (!root) return fail(ErrorKind::input, "compare.damaged", "the record of the root folder is damaged");
    TRY(walk(root->extent, root->size, "", 0, context));
    const auto end = std::uint64_t{little32(bytes_, kFirstDescriptor + 80)} * block_;
    if (end < bytes_.size()) regions_.push_back({"behind the volume", {end, bytes_.size() - end}});
    return {};
  }

  [[nodiscard]] std::vector<Field> fields() const override {
    static constexpr struct {
      std::string_view name;
      std::uint16_t at, length;
      bool noise;
    } kTexts[] = {
        {"system", 8, 32, false},           {"volume", 40, 32, false},         {"volume set", 190, 128, false},
        {"publisher", 318, 128, true},      {"preparer", 446, 128, true},      {"application", 574, 128, true},
        {"copyright file", 702, 37, false}, {"abstract file", 739, 37, false}, {"bibliography file", 776, 37, false}};
    static constexpr struct {
      std::string_view name;
      std::uint16_t at;
    } kTimes[] = {{"created", 813}, {"modified", 830}, {"expires", 847}, {"effective", 864}};
    std::vector<Field> out;
    for (const auto descriptor : descriptors_) {
      const auto kind = byte_at(bytes_, descriptor);
      if (kind != 1 && kind != 2) continue;
      const bool wide = descriptor == joliet_;
      const auto named = [&](std::string_view name) {
        return kind == 1 ? std::string(name) : format("{}: {}", wide ? "Joliet" : "second descriptor", name);
      };
      for (const auto& text : kTexts) {
        const Range place{descriptor + text.at, text.length};
        out.push_back({named(text.name), wide ? padded_text(wide_text(at(place))) : padded_text(at(place)), place,
                       Kind::metadata, text.noise ? "a mark of the packing program" : std::string_view()});
      }
      for (const auto& time : kTimes) {
        const Range place{descriptor + time.at, 17};
        out.push_back({named(time.name), long_time(at(place)), place, Kind::metadata, kTimeNoise});
      }
      out.push_back({named("blocks"),
                     std::to_string(little32(bytes_, descriptor + 80)),
                     {descriptor + 80, 8},
                     Kind::header,
                     {},
                     true});
    }
    const auto list = [&] {
      std::string text;
      for (const auto descriptor : descriptors_) {
        text += format("{}{}", text.empty() ? "" : ", ",
                       descriptor == joliet_              ? std::string("Joliet")
                       : byte_at(bytes_, descriptor) == 0 ? std::string("boot record")
                       : byte_at(bytes_, descriptor) == 1 ? std::string("primary")
                       : byte_at(bytes_, descriptor) == 2 ? std::string("supplementary")
                                                          : format("kind {}", byte_at(bytes_, descriptor)));
      }
      return text;
    }();
    out.push_back({"volume descriptors", list, {kFirstDescriptor, descriptors_.size() * kSector}, Kind::header});
    out.push_back({"names", rock_ridge_ ? "Rock Ridge" : wide_names_ ? "Joliet" : "plain", {}, Kind::header});
    return out;
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    const auto& header = members_[index].header;
    const auto record = record_at(header.offset, header.end());
    if (!record) return {};
    std::vector<Field> out{
        // Both numbers follow from what lies before: shown by nothing, and their bytes are accounted for.
        {"extent", std::to_string(record->extent), {header.offset + 2, 8}, Kind::header, {}, true, true},
        {"size", std::to_string(record->size), {header.offset + 10, 8}, Kind::header, {}, true, record->folder()},
        {"recorded", short_time(record->bytes.substr(18)), {header.offset + 18, 7}, Kind::metadata, kTimeNoise},
        {"flags", format("0x{:02x}", record->flags), {header.offset + 25, 1}},
        {"record length", std::to_string(header.length), {header.offset, 1}, Kind::header, {}, true, true},
    };
    if (auto text = holes(index); !text.empty()) out.push_back({"holes", std::move(text), {}});
    if (rock_ridge_) {
      auto more = rock_ridge_of(*record, true).fields;
      std::move(more.begin(), more.end(), std::back_inserter(out));
    }
    return out;
  }

 private:
  std::optional<Record> record_at(std::uint64_t offset, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, bytes_.size());
    if (offset >= end) return std::nullopt;
    const auto length = byte_at(bytes_, offset);
    if (length < 34 || length > end - offset) return std::nullopt;
    Record record;
    record.at = offset;
    record.bytes = bytes_.substr(offset, length);
    record.extent = little32(record.bytes, 2);
    record.size = little32(record.bytes, 10);
    record.flags = byte_at(record.bytes, 25);
    const auto name = byte_at(record.bytes, 32);
    if (33 + name > length) return std::nullopt;
    record.name = record.bytes.substr(33, name);
    record.system_use = record.bytes.substr(std::min<std::size_t>(length, 33 + name + (name % 2 == 0 ? 1 : 0)));
    return record;
  }

  void find_rock_ridge() {
    const auto root = record_at(kFirstDescriptor + 156, kFirstDescriptor + 190);
    if (!root) return;
    const auto begin = std::uint64_t{root->extent} * block_;
    const auto self = record_at(begin, begin + root->size);
    if (!self || self->system_use.size() < 7) return;
    const auto area = self->system_use;
    if (!area.starts_with("SP\x07\x01\xbe\xef")) return;
    rock_ridge_ = true;
    skip_ = byte_at(area, 6);
  }

  void take_times(ByteView entry, std::uint64_t place, RockRidge& out) const {
    static constexpr std::string_view kNames[] = {"created",   "modified", "accessed", "attributes changed",
                                                  "backed up", "expires",  "effective"};
    const auto flags = byte_at(entry, 4);
    const std::size_t width = (flags & 0x80) != 0 ? 17 : 7;
    std::size_t position = 5;
    for (std::size_t bit = 0; bit < std::size(kNames); ++bit) {
      if ((flags & (1u << bit)) == 0) continue;
      if (position + width > entry.size()) return;
      const auto value = entry.substr(position, width);
      out.fields.push_back({std::string(kNames[bit]),
                            width == 17 ? long_time(value) : short_time(value),
                            {place + position, width},
                            Kind::metadata,
                            kTimeNoise});
      position += width;
    }
  }

  // Symbolic links: components, each of which may go on in the next entry.
  static void take_target(ByteView entry, bool& open_component, RockRidge& out) {
    std::size_t position = 5;
    out.has_target = true;
    while (position + 2 <= entry.size()) {
      const auto flags = byte_at(entry, position), length = byte_at(entry, position + 1);
      if (position + 2 + length > entry.size()) return;
      if (!open_component && !out.target.empty() && out.target != "/") out.target += '/';
      if ((flags & 2) != 0) out.target += ".";
      if ((flags & 4) != 0) out.target += "..";
      if ((flags & 8) != 0) out.target = "/";
      out.target += entry.substr(position + 2, length);
      open_component = (flags & 1) != 0;
      position += 2 + length;
    }
  }

  void take_entry(ByteView entry, std::uint64_t place, bool with_fields, bool& open_component, RockRidge& out) const {
    const auto kind = entry.substr(0, 2);
    if (kind == "NM" && entry.size() > 5) {
      out.name += entry.substr(5);
      if (with_fields)
        out.fields.push_back({"name entry", std::string(entry), {place, entry.size()}, Kind::header, {}, false, true});
    } else if (kind == "PX" && entry.size() >= 36) {
      out.has_mode = true;
      out.mode = little32(entry, 4), out.links = little32(entry, 12);
      out.uid = little32(entry, 20), out.gid = little32(entry, 28);
      if (!with_fields) return;
      out.fields.push_back({"mode", format("0{:o} {}", out.mode >> 12, mode_text(out.mode & 07777)), {place + 4, 8}});
      out.fields.push_back({"links", std::to_string(out.links), {place + 12, 8}, Kind::metadata, {}, true});
      out.fields.push_back({"uid", std::to_string(out.uid), {place + 20, 8}, Kind::metadata, kOwnerNoise});
      out.fields.push_back({"gid", std::to_string(out.gid), {place + 28, 8}, Kind::metadata, kOwnerNoise});
      if (entry.size() >= 44) {
        out.fields.push_back({"serial number",
                              std::to_string(little32(entry, 36)),
                              {place + 36, 8},
                              Kind::metadata,
                              "where the file lay when it was packed"});
      }
    } else if (kind == "PN" && entry.size() >= 20) {
      out.has_device = true;
      out.device = std::uint64_t{little32(entry, 4)} << 32 | little32(entry, 12);
      if (with_fields) out.fields.push_back({"device", format("0x{:x}", out.device), {place + 4, 16}});
    } else if (kind == "SL" && entry.size() > 5) {
      take_target(entry, open_component, out);
      if (with_fields)
        out.fields.push_back({"link entry", std::string(entry), {place, entry.size()}, Kind::header, {}, false, true});
    } else if (kind == "TF" && entry.size() > 5) {
      if (with_fields) take_times(entry, place, out);
    } else if (kind == "CL" && entry.size() >= 12) {
      out.child = little32(entry, 4);
    } else if (kind == "RE") {
      out.relocated = true;
    } else if (kind == "ZF" && entry.size() >= 16 && with_fields) {
      out.fields.push_back({"compression", std::string(entry.substr(4, 2)), {place + 4, 12}, Kind::header});
    }
  }

  RockRidge rock_ridge_of(const Record& record, bool with_fields) const {
    RockRidge out;
    auto area = record.system_use.substr(std::min<std::size_t>(skip_, record.system_use.size()));
    bool open_component = false;
    constexpr int kMostContinuations = 64;
    for (int round = 0; round < kMostContinuations; ++round) {
      std::uint64_t next = 0, next_length = 0;
      while (area.size() >= 4) {
        const auto length = byte_at(area, 2);
        if (length < 4 || length > area.size()) break;
        const auto entry = area.substr(0, length);
        const auto place = static_cast<std::uint64_t>(entry.data() - bytes_.data());
        if (entry.starts_with("ST")) break;
        if (entry.starts_with("CE") && length >= 28) {
          next = std::uint64_t{little32(entry, 4)} * block_ + little32(entry, 12);
          next_length = little32(entry, 20);
          if (with_fields)
            out.fields.push_back({"continuation", std::string(entry), {place, length}, Kind::header, {}, false, true});
        } else {
          take_entry(entry, place, with_fields, open_component, out);
        }
        area.remove_prefix(length);
      }
      if (next == 0 || next >= bytes_.size() || next_length > kSector) break;
      area = bytes_.substr(next, next_length);
    }
    return out;
  }

  std::string plain_name(ByteView name) const {
    auto text = wide_names_ ? wide_text(name) : std::string(name);
    if (const auto version = text.rfind(';'); version != std::string::npos) text.resize(version);
    if (text.ends_with('.')) text.pop_back();
    return utf8::sanitize(text);
  }
  Result<void> walk(std::uint32_t extent, std::uint64_t size, const std::string& path, unsigned depth,
                    Context& context) {
    const auto begin = std::uint64_t{extent} * block_;
    if (depth > kMaxFolders || !seen_.insert(begin).second) {
      add_problem(begin, format("the folder {} is nested too deep or within itself", path.empty() ? "/" : path));
      return {};
    }
    const auto end = std::min<std::uint64_t>(begin + size, bytes_.size());
    if (begin + size > bytes_.size()) {
      add_problem(begin, format("the folder {} lies past the end of the image", path.empty() ? "/" : path));
    }
    std::vector<Range> pieces;
    for (auto offset = begin; offset < end;) {
      if (byte_at(bytes_, offset) == 0) {  // records do not cross sectors
        offset = (offset / kSector + 1) * kSector;
        continue;
      }
      const auto record = record_at(offset, end);
      if (!record) {
        add_problem(offset, format("the record at byte {} is damaged", offset));
        break;
      }
      offset += record->bytes.size();
      const bool self = record->name.size() == 1 && byte_at(record->name, 0) <= 1;
      if (self) continue;
      // A file in several extents has a record for each.
      if (!record->folder()) {
        pieces.push_back({std::uint64_t{record->extent} * block_, record->size});
        if (record->continues()) continue;
      }
      TRY(add_record(*record, std::exchange(pieces, {}), path, depth, context));
    }
    return {};
  }

  Result<void> add_record(const Record& record, std::vector<Range> pieces, const std::string& path, unsigned depth,
                          Context& context) {
    const auto ridge = rock_ridge_ ? rock_ridge_of(record, false) : RockRidge();
    if (ridge.relocated) return {};
    const auto name = ridge.name.empty() ? plain_name(record.name) : ridge.name;
    const auto full = path.empty() ? name : path + "/" + name;
    Node node;
    node.name = keep(full);
    node.header = {record.at, record.bytes.size()};
    for (const auto& piece : pieces) node.size += piece.length;
    const bool folder = record.folder() || ridge.child != 0;
    if (folder) {
      node.type = MemberType::folder;
      node.size = 0;
    } else if (ridge.has_target) {
      node.type = MemberType::symlink;
      node.text = keep(ridge.target);
    } else if (ridge.has_device) {
      node.type = MemberType::device;
    } else {
      node.pieces = std::move(pieces);
    }
    TRY(add(context, std::move(node)));
    if (!folder) return {};
    if (ridge.child != 0) {
      const auto begin = std::uint64_t{ridge.child} * block_;
      const auto self = record_at(begin, begin + kSector);
      return walk(ridge.child, self ? self->size : 0, full, depth + 1, context);
    }
    return walk(record.extent, record.size, full, depth + 1, context);
  }

  std::vector<std::uint64_t> descriptors_;
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t joliet_ = 0;
  std::uint64_t block_ = kSector;
  std::size_t skip_ = 0;
  bool rock_ridge_ = false, wide_names_ = false;
};

}  // namespace

bool is_iso9660(ByteView bytes, std::string_view) {
  return bytes.size() >= kFirstDescriptor + 2 * kSector && bytes.substr(kFirstDescriptor + 1, 5) == "CD001";
}

Result<std::unique_ptr<Container>> open_iso9660(ByteView bytes, std::string_view, Context& context) {
  auto image = std::make_unique<Iso9660>(bytes);
  TRY(image->read(context));
  return image;
}

}  // namespace chiron::compare
