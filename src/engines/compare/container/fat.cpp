// FAT12, FAT16 and FAT32 images (Microsoft's "FAT: General Overview of On-Disk Format"): long names, attributes, times.
#include <algorithm>
#include <bit>
#include <unordered_set>

#include "engines/compare/container/file_system.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {

namespace {

constexpr std::uint64_t kEntry = 32;

struct Layout {
  std::uint64_t sector = 0, cluster = 0;  // bytes
  std::uint64_t table_at = 0, table_bytes = 0, tables = 0;
  std::uint64_t root_at = 0, root_entries = 0;  // of FAT12 and FAT16
  std::uint64_t data_at = 0, clusters = 0;
  std::uint32_t root_cluster = 0;  // of FAT32
  unsigned bits = 0;
};

std::optional<Layout> layout_of(ByteView b) {
  if (b.size() < 512 || byte_at(b, 510) != 0x55 || byte_at(b, 511) != 0xaa) return std::nullopt;
  const auto jump = byte_at(b, 0);
  if (jump != 0xeb && jump != 0xe9) return std::nullopt;
  Layout layout;
  layout.sector = little16(b, 11);
  const std::uint64_t per_cluster = byte_at(b, 13), reserved = little16(b, 14);
  layout.tables = byte_at(b, 16);
  layout.root_entries = little16(b, 17);
  const std::uint64_t short_total = little16(b, 19), total = short_total != 0 ? short_total : little32(b, 32);
  const std::uint64_t short_table = little16(b, 22), table = short_table != 0 ? short_table : little32(b, 36);
  if (!std::has_single_bit(layout.sector) || layout.sector < 512 || layout.sector > 4096) return std::nullopt;
  if (!std::has_single_bit(per_cluster) || reserved == 0 || layout.tables == 0 || layout.tables > 4 || table == 0 ||
      total == 0 || byte_at(b, 21) < 0xf0) {
    return std::nullopt;
  }
  layout.cluster = layout.sector * per_cluster;
  layout.table_at = reserved * layout.sector;
  layout.table_bytes = table * layout.sector;
  layout.root_at = layout.table_at + layout.tables * layout.table_bytes;
  const auto root_sectors = (layout.root_entries * kEntry + layout.sector - 1) / layout.sector;
  layout.data_at = layout.root_at + root_sectors * layout.sector;
  if (total * layout.sector <= layout.data_at || layout.root_at > b.size()) return std::nullopt;
  layout.clusters = (total * layout.sector - layout.data_at) / layout.cluster;
  layout.bits = layout.clusters < 4085 ? 12 : layout.clusters < 65525 ? 16 : 32;
  if (short_table == 0) {
    layout.bits = 32;
    layout.root_cluster = little32(b, 44);
  } else if (layout.bits == 32 || layout.root_entries == 0) {
    return std::nullopt;
  }
  // A table that cannot hold the clusters means that this is something else.
  if (layout.table_bytes * 8 / layout.bits < layout.clusters) return std::nullopt;
  return layout;
}

std::string date_text(unsigned date, unsigned time, unsigned hundredths) {
  if (date == 0) return "none";
  return format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:02}", 1980 + (date >> 9), (date >> 5) & 15, date & 31,
                time >> 11, (time >> 5) & 63, (time & 31) * 2 + hundredths / 100, hundredths % 100);
}

std::string short_name(ByteView entry) {
  const auto part = [&](std::size_t at, std::size_t length, bool lower) {
    std::string text(entry.substr(at, length));
    while (text.ends_with(' ')) text.pop_back();
    if (lower) {
      for (auto& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return text;
  };
  const auto cases = byte_at(entry, 12);
  auto name = part(0, 8, (cases & 8) != 0);
  if (!name.empty() && name[0] == 5) name[0] = '\xe5';
  const auto extension = part(8, 3, (cases & 16) != 0);
  return utf8::sanitize(extension.empty() ? name : name + "." + extension);
}

std::string attributes_text(unsigned value) {
  static constexpr std::string_view kNames[] = {"read-only", "hidden", "system", "label", "folder", "archive"};
  std::string text;
  for (unsigned bit = 0; bit < std::size(kNames); ++bit) {
    if ((value & (1u << bit)) != 0) text += format("{}{}", text.empty() ? "" : ", ", kNames[bit]);
  }
  return text.empty() ? "none" : text;
}

// A long name comes in pieces of thirteen characters, the last first, before the short entry.
struct LongName {
  std::u16string text;
  std::uint64_t start = 0;
  unsigned expected = 0;
  unsigned checksum = 0;

  void take(ByteView entry, std::uint64_t at) {
    const auto number = byte_at(entry, 0);
    if ((number & 0x40) != 0) {
      text.clear();
      start = at;
      expected = number & 0x1f;
      checksum = byte_at(entry, 13);
    } else if ((number & 0x1f) != expected || byte_at(entry, 13) != checksum) {
      expected = 0;
    }
    if (expected == 0) return text.clear();
    std::u16string piece;
    for (const auto& [from, count] : {std::pair{1, 5}, std::pair{14, 6}, std::pair{28, 2}}) {
      for (int i = 0; i < count; ++i) {
        piece += static_cast<char16_t>(little16(entry, static_cast<std::size_t>(from + 2 * i)));
      }
    }
    if (const auto end = piece.find(u'\0'); end != std::u16string::npos) piece.resize(end);
    text.insert(0, piece);
    --expected;
    complete = expected == 0;
  }
  // The name for the short entry that follows, or "".
  std::string name_for(ByteView entry) const {
    unsigned sum = 0;
    for (std::size_t i = 0; i < 11; ++i) sum = (((sum & 1) << 7 | sum >> 1) + byte_at(entry, i)) & 0xff;
    if (!complete || text.empty() || sum != checksum) return {};
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char32_t point = text[i];
      if (point >= 0xd800 && point < 0xdc00 && i + 1 < text.size() && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (text[++i] - 0xdc00);
      } else if (point >= 0xd800 && point < 0xe000) {
        point = 0xfffd;
      }
      utf8::append(out, point);
    }
    return out;
  }
  void forget() { *this = {}; }

  bool complete = false;
};

class Fat final : public FileSystem {
 public:
  Fat(ByteView bytes, const Layout& layout) : FileSystem(bytes), layout_(layout) {}

  Result<void> read(Context& context) {
    const auto boot = layout_.bits == 32 ? std::uint64_t{90} : std::uint64_t{62};
    regions_.push_back({"boot code", {boot, 510 - boot}});
    if (layout_.table_at > 512) regions_.push_back({"reserved sectors", {512, layout_.table_at - 512}});
    std::vector<Range> root{{layout_.root_at, layout_.root_entries * kEntry}};
    if (layout_.bits == 32) root = chain(layout_.root_cluster, layout_.clusters * layout_.cluster, "the root folder");
    TRY(walk(root, "", 0, context));
    const auto end = layout_.data_at + layout_.clusters * layout_.cluster;
    if (end < bytes_.size()) regions_.push_back({"behind the file system", {end, bytes_.size() - end}});
    return {};
  }

  [[nodiscard]] std::vector<Field> fields() const override {
    const std::uint64_t extended = layout_.bits == 32 ? 64 : 36;
    const auto number = [&](std::string_view name, std::uint64_t at, unsigned width, std::string_view noise = {}) {
      return number_field(name, at, width, noise);
    };
    constexpr std::string_view kShape = "the way of packing";
    std::vector<Field> out{
        {"kind", format("FAT{}", layout_.bits), {}, Kind::header},
        {"maker", utf8::sanitize(bytes_.substr(3, 8)), {3, 8}, Kind::header, "a mark of the packing program"},
        number("bytes per sector", 11, 2, kShape),
        number("sectors per cluster", 13, 1, kShape),
        number("reserved sectors", 14, 2, kShape),
        number("tables", 16, 1, kShape),
        number("entries of the root folder", 17, 2, kShape),
        number("sectors", 19, 2, kShape),
        number("media", 21, 1, kShape),
        number("hidden sectors", 28, 4, kShape),
        number("sectors (large)", 32, 4, kShape),
    };
    if (byte_at(bytes_, extended + 2) == 0x29) {
      out.push_back({"serial number",
                     format("{:08x}", little32(bytes_, extended + 3)),
                     {extended + 3, 4},
                     Kind::metadata,
                     "made from the time of packing"});
      out.push_back({"label", utf8::sanitize(bytes_.substr(extended + 7, 11)), {extended + 7, 11}});
      out.push_back({"type", utf8::sanitize(bytes_.substr(extended + 18, 8)), {extended + 18, 8}});
    }
    if (label_at_ != 0) {
      out.push_back({"label in the root folder", utf8::sanitize(bytes_.substr(label_at_, 11)), {label_at_, 11}});
      out.push_back({"label's time",
                     date_text(little16(bytes_, label_at_ + 24), little16(bytes_, label_at_ + 22), 0),
                     {label_at_ + 22, 4},
                     Kind::metadata,
                     kTimeNoise});
    }
    return out;
  }

  [[nodiscard]] std::vector<Field> member_fields(std::size_t index) const override {
    const auto& header = members_[index].header;
    const auto at = header.end() - kEntry;
    if (header.length < kEntry || header.end() > bytes_.size()) return {};
    const auto entry = bytes_.substr(at, kEntry);
    const auto word = [&](std::size_t offset) { return unsigned{little16(entry, offset)}; };
    return {
        {"short name", short_name(entry), {at, 11}},
        {"attributes", attributes_text(byte_at(entry, 11)), {at + 11, 1}},
        {"letter case", format("0x{:02x}", byte_at(entry, 12)), {at + 12, 1}, Kind::header},
        {"created", date_text(word(16), word(14), byte_at(entry, 13)), {at + 13, 5}, Kind::metadata, kTimeNoise},
        {"accessed", date_text(word(18), 0, 0), {at + 18, 2}, Kind::metadata, kTimeNoise},
        {"modified", date_text(word(24), word(22), 0), {at + 22, 4}, Kind::metadata, kTimeNoise},
        // Where the content lies means nothing; its bytes are accounted for.
        {"cluster, high half", std::to_string(word(20)), {at + 20, 2}, Kind::header, {}, true, true},
        {"cluster, low half", std::to_string(word(26)), {at + 26, 2}, Kind::header, {}, true, true},
        {"size", std::to_string(little32(entry, 28)), {at + 28, 4}, Kind::header, {}, true},
    };
  }

 private:
  std::uint32_t next_of(std::uint32_t cluster) const {
    const auto table = at({layout_.table_at, layout_.table_bytes});
    if (layout_.bits == 12) {
      const auto position = std::size_t{cluster} + cluster / 2;
      if (position + 2 > table.size()) return UINT32_MAX;
      const auto pair = little16(table, position);
      return cluster % 2 == 0 ? pair & 0xfffu : pair >> 4u;
    }
    const auto position = std::size_t{cluster} * (layout_.bits / 8);
    if (position + layout_.bits / 8 > table.size()) return UINT32_MAX;
    return layout_.bits == 16 ? little16(table, position) : little32(table, position) & 0x0fffffff;
  }

  // The places of a chain's clusters, no more than `most` bytes of them. All chains together have no more clusters than
  // there are, but for those that lead into each other: so a chain within itself ends.
  std::vector<Range> chain(std::uint32_t cluster, std::uint64_t most, std::string_view what) {
    std::vector<Range> pieces;
    std::uint64_t length = 0;
    const std::uint32_t last = layout_.bits == 12 ? 0xff8 : layout_.bits == 16 ? 0xfff8 : 0x0ffffff8;
    while (length < most) {
      if (++steps_ > layout_.clusters + kSharedClusters) {
        if (steps_ == layout_.clusters + kSharedClusters + 1) {
          add_problem(layout_.table_at, format("the chain of {} leads into itself or into many others", what));
        }
        break;
      }
      if (cluster < 2 || cluster >= layout_.clusters + 2) {
        if (cluster < last) add_problem(layout_.table_at, format("the chain of {} leads to cluster {}", what, cluster));
        break;
      }
      const auto take = std::min(layout_.cluster, most - length);
      const Range piece{layout_.data_at + (cluster - 2) * layout_.cluster, take};
      if (!pieces.empty() && pieces.back().end() == piece.offset) {
        pieces.back().length += take;
      } else {
        pieces.push_back(piece);
      }
      length += take;
      if (length < most) cluster = next_of(cluster);
    }
    return pieces;
  }

  Result<void> walk(const std::vector<Range>& pieces, const std::string& path, unsigned depth, Context& context) {
    if (pieces.empty()) return {};
    if (depth > kMaxFolders || !seen_.insert(pieces[0].offset).second) {
      add_problem(pieces[0].offset, format("the folder {} is nested too deep or within itself", path));
      return {};
    }
    LongName long_name;
    for (const auto& piece : pieces) {
      const auto end = std::min<std::uint64_t>(piece.end(), bytes_.size());
      for (auto place = piece.offset; place + kEntry <= end; place += kEntry) {
        const auto entry = bytes_.substr(place, kEntry);
        const auto first = byte_at(entry, 0), attributes = byte_at(entry, 11);
        if (first == 0) return {};
        if (first == 0xe5) {
          long_name.forget();
        } else if ((attributes & 0x3f) == 0x0f) {
          long_name.take(entry, place);
        } else {
          TRY(add_entry(entry, place, std::exchange(long_name, {}), path, depth, context));
        }
      }
    }
    return {};
  }

  Result<void> add_entry(ByteView entry, std::uint64_t place, const LongName& long_name, const std::string& path,
                         unsigned depth, Context& context) {
    const auto attributes = byte_at(entry, 11);
    if ((attributes & 8) != 0) {
      label_at_ = place;
      return {};
    }
    if (entry[0] == '.' && (entry[1] == ' ' || (entry[1] == '.' && entry[2] == ' '))) return {};
    auto name = long_name.name_for(entry);
    Node node;
    node.header = {place, kEntry};
    if (name.empty()) {
      name = short_name(entry);
    } else if (long_name.start < place && place - long_name.start <= 20 * kEntry) {
      node.header = {long_name.start, place + kEntry - long_name.start};
    }
    const auto full = path.empty() ? name : path + "/" + name;
    node.name = keep(full);
    const bool folder = (attributes & 16) != 0;
    node.type = folder ? MemberType::folder : MemberType::file;
    const auto cluster = static_cast<std::uint32_t>(little16(entry, 26)) |
                         (layout_.bits == 32 ? static_cast<std::uint32_t>(little16(entry, 20)) << 16 : 0);
    const auto size = folder ? 0 : little32(entry, 28);
    node.size = size;
    if (size > 0) node.pieces = chain(cluster, size, full);
    TRY(add(context, std::move(node)));
    if (!folder) return {};
    constexpr std::uint64_t kMostFolderBytes = 65536 * kEntry;
    return walk(chain(cluster, std::min(kMostFolderBytes, layout_.clusters * layout_.cluster), full), full, depth + 1,
                context);
  }

  static constexpr std::uint64_t kSharedClusters = 100'000;

  Layout layout_;
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t steps_ = 0;
  std::uint64_t label_at_ = 0;
};

}  // namespace

bool is_fat(ByteView bytes, std::string_view) { return layout_of(bytes).has_value(); }

Result<std::unique_ptr<Container>> open_fat(ByteView bytes, std::string_view, Context& context) {
  auto image = std::make_unique<Fat>(bytes, *layout_of(bytes));
  TRY(image->read(context));
  return image;
}

}  // namespace chiron::compare
