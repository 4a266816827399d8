// TrueType and OpenType fonts: the table directory, the fields of `head`, the strings of `name`, every other table by
// its bytes. Layout: the OpenType specification, version 1.9.
#include <unordered_map>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/piece.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {
namespace {

struct Table {
  std::string name;
  Range place;
  std::string_view bytes;
};

bool is_font(ByteView bytes) {
  if (bytes.size() < 28) return false;
  const auto magic = bytes.substr(0, 4);
  return magic == std::string_view("\0\1\0\0", 4) || magic == "OTTO" || magic == "true";
}

std::string time_text(std::uint64_t since_1904) {
  constexpr std::int64_t kFrom1904To1970 = 2'082'844'800;
  return utc_time(static_cast<std::int64_t>(since_1904) - kFrom1904To1970);
}

std::vector<Table> read_tables(ByteView bytes, Item& items) {
  std::vector<Table> tables;
  ByteReader in(bytes, Endian::big);
  items.header("kind", hex_bytes(in.take(4)), {0, 4});
  const std::uint16_t count = in.u16();
  items.header("tables", format("{}", count), {4, 2});
  items.header("search fields", hex_bytes(in.take(6)), {6, 6}).mark_noise("follows from the number of tables");
  for (std::uint16_t i = 0; i < count && in.left() >= 16; ++i) {
    const std::uint64_t at = in.offset();
    Table table;
    table.name = printable(in.take(4));
    const auto checksum = in.u32();
    table.place.offset = in.u32();
    table.place.length = in.u32();
    if (table.place.offset <= bytes.size())
      table.bytes =
          bytes.substr(static_cast<std::size_t>(table.place.offset), static_cast<std::size_t>(table.place.length));
    auto& item = items.add("table " + table.name, "", {at, 16});
    item.header("checksum", hex(checksum), {at + 4, 4}).mark_noise("follows from the table");
    item.header("offset", hex(table.place.offset), {at + 8, 4}).mark_noise("where the table lies");
    item.header("length", format("{}", table.place.length), {at + 12, 4}).mark_noise("follows from the table");
    tables.push_back(std::move(table));
  }
  return tables;
}

Item head_items(const Table& table) {
  Item items;
  ByteReader in(table.bytes, Endian::big);
  const auto field = [&](std::string_view name, const std::string& value, std::uint64_t at,
                         std::uint64_t width) -> Item& { return items.add(name, value, {at, width}); };
  const auto major = in.u16();
  field("version", format("{}.{}", major, in.u16()), 0, 4);
  field("revision", format("{:.4f}", static_cast<double>(in.u32()) / 65536), 4, 4);
  field("checksum adjustment", hex(in.u32()), 8, 4).mark_noise("follows from everything else");
  field("magic", hex(in.u32()), 12, 4);
  field("flags", hex(in.u16()), 16, 2);
  field("units per em", format("{}", in.u16()), 18, 2);
  field("created", time_text(in.u64()), 20, 8).mark_noise("when the font was made");
  field("modified", time_text(in.u64()), 28, 8).mark_noise("when the font was made");
  field("bounds and style", hex_bytes(in.take(in.left())), 36, table.bytes.size() > 36 ? table.bytes.size() - 36 : 0);
  return items;
}

std::string name_string(std::uint16_t platform, std::string_view bytes) {
  if (platform == 1) return printable(bytes, 65536);
  std::string text;  // UTF-16BE
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    char32_t point =
        static_cast<char32_t>(static_cast<unsigned char>(bytes[i]) << 8 | static_cast<unsigned char>(bytes[i + 1]));
    if (point >= 0xd800 && point < 0xdc00 && i + 3 < bytes.size()) {
      const auto low = static_cast<char32_t>(static_cast<unsigned char>(bytes[i + 2]) << 8 |
                                             static_cast<unsigned char>(bytes[i + 3]));
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    utf8::append(text, point >= 0xd800 && point < 0xe000 ? U'\xfffd' : point);
  }
  return printable(text, 65536);
}

Item name_items(const Table& table) {
  constexpr std::string_view kNames[] = {"copyright",    "family",   "subfamily",       "unique id",
                                         "full name",    "version",  "PostScript name", "trademark",
                                         "manufacturer", "designer", "description",     "vendor URL",
                                         "designer URL", "licence",  "licence URL"};
  Item items;
  ByteReader in(table.bytes, Endian::big);
  items.add("format", format("{}", in.u16()), {0, 2});
  const std::uint16_t count = in.u16(), strings = in.u16();
  constexpr std::uint64_t kMaxNameBytes = 16 * limits::kMiB;
  std::uint64_t shown = 0;
  for (std::uint16_t i = 0; i < count && in.left() >= 12; ++i) {
    const auto platform = in.u16(), encoding = in.u16(), language = in.u16(), name = in.u16(), length = in.u16(),
               offset = in.u16();
    ByteReader text(table.bytes);
    text.seek(std::uint64_t{strings} + offset);
    const std::uint64_t at = text.offset();
    if ((shown += length) > kMaxNameBytes) break;
    items.add(format("{} (platform {}, encoding {}, language {:#x})",
                     name < std::size(kNames) ? std::string(kNames[name]) : format("name {}", name), platform, encoding,
                     language),
              name_string(platform, text.take(length)), {at, length});
  }
  return items;
}

}  // namespace

bool matches_font(ByteView a, ByteView b, std::string_view path) {
  const bool named =
      path.ends_with(".ttf") || path.ends_with(".otf") || path.ends_with(".TTF") || path.ends_with(".OTF");
  return is_font(a) && is_font(b) && (named || a.starts_with("OTTO"));
}

Result<void> compare_font(ByteView a, ByteView b, Context& context, Difference& out) {
  Item items_a, items_b;
  const auto tables_a = read_tables(a, items_a);
  const auto tables_b = read_tables(b, items_b);
  compare_items(items_a, items_b, context.budget(), out);
  std::unordered_map<std::string_view, const Table*> in_b;
  for (const auto& table : tables_b) in_b.emplace(table.name, &table);
  std::uint64_t compared = 0;
  for (const auto& table : tables_a) {
    if ((compared += table.bytes.size()) > 8 * (a.size() + b.size())) {
      out.comments.push_back("the tables overlap; those from " + table.name + " on are not compared");
      break;
    }
    const auto found = in_b.find(table.name);
    if (found == in_b.end() || table.bytes == found->second->bytes) continue;
    const auto& other = *found->second;
    if (table.name == "head" || table.name == "name") {
      auto& child = out.add_child(Kind::group, table.name, table.name);
      child.format = "font table";
      child.set_place(table.place, other.place);
      child.size_a = table.bytes.size();
      child.size_b = other.bytes.size();
      if (table.name == "head")
        compare_items(head_items(table), head_items(other), context.budget(), child);
      else
        compare_items(name_items(table), name_items(other), context.budget(), child);
      if (!child.children.empty()) continue;
      out.children.pop_back();
    }
    compare_piece(table.name, "font table", table.bytes, other.bytes, table.place, other.place, context, out);
  }
  return {};
}

}  // namespace chiron::compare
