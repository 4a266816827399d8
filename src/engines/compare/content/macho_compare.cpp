// Mach-O: universal files by architecture; the header, load commands, sections and symbols of each. Layout after
// Apple's "OS X ABI Mach-O File Format Reference".
#include <algorithm>
#include <unordered_map>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/piece.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::uint32_t kMaxCommands = 65'536;
constexpr std::uint32_t kMaxSections = 65'536;
constexpr std::uint32_t kMaxSymbols = 4'000'000;

struct Section {
  std::string name;  // "__TEXT,__text"
  std::uint32_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t flags = 0;
  std::string_view bytes;
};

struct File {
  Item items;
  std::vector<Section> sections;
  std::string symbols;  // a line each
  std::string_view strings;
  Range symbols_place, strings_place;
  std::vector<std::pair<std::string, Range>> link_data;  // tables that the commands point at
};

bool is_thin(ByteView bytes) {
  const auto magic = bytes.substr(0, 4);
  return bytes.size() >= 28 && (magic == "\xce\xfa\xed\xfe" || magic == "\xcf\xfa\xed\xfe" ||
                                magic == "\xfe\xed\xfa\xce" || magic == "\xfe\xed\xfa\xcf");
}

bool is_universal(ByteView bytes) {
  if (bytes.size() < 28 || bytes.substr(0, 4) != "\xca\xfe\xba\xbe") return false;
  ByteReader in(bytes, Endian::big);
  in.skip(4);
  const std::uint32_t count = in.u32();
  return count > 0 && count < 40;
}

std::string cpu_name(std::uint32_t type) {
  switch (type) {
    case 7:
      return "i386";
    case 0x01000007:
      return "x86_64";
    case 12:
      return "arm";
    case 0x0100000c:
      return "arm64";
    case 18:
      return "ppc";
    case 0x01000012:
      return "ppc64";
    default:
      return hex(type);
  }
}

std::string command_name(std::uint32_t command) {
  switch (command & 0x7fffffff) {
    case 0x1:
      return "segment";
    case 0x2:
      return "symbol table";
    case 0x5:
      return "thread";
    case 0xb:
      return "dynamic symbol table";
    case 0xc:
      return "library";
    case 0xd:
      return "library id";
    case 0xe:
      return "dynamic linker";
    case 0x18:
      return "weak library";
    case 0x19:
      return "segment";
    case 0x1b:
      return "UUID";
    case 0x1c:
      return "run path";
    case 0x1d:
      return "code signature";
    case 0x1f:
      return "reexported library";
    case 0x22:
      return "dyld info";
    case 0x24:
      return "minimum macOS";
    case 0x26:
      return "function starts";
    case 0x28:
      return "entry point";
    case 0x29:
      return "data in code";
    case 0x2a:
      return "source version";
    case 0x2b:
      return "designated requirements";
    case 0x32:
      return "build version";
    case 0x33:
      return "exports trie";
    case 0x34:
      return "chained fixups";
    default:
      return format("command {:#x}", command);
  }
}

std::string version_text(std::uint32_t version) {
  return format("{}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff);
}

std::string_view fixed_text(std::string_view field) { return field.substr(0, field.find('\0')); }

void read_segment(ByteReader& in, bool wide, std::string_view bytes, std::uint64_t at, std::uint64_t size, File& file) {
  const unsigned word = wide ? 8 : 4;
  const std::string name = printable(fixed_text(in.take(16)));
  auto& item = file.items.add("segment " + name, "", {at, size});
  const auto layout = "where things lie follows from their sizes";
  item.header("address", hex(in.number(word)), {at + 24, word}).mark_noise(layout);
  item.header("memory size", hex(in.number(word)), {at + 24 + word, word}).mark_noise(layout);
  item.header("file offset", hex(in.number(word)), {at + 24 + 2 * word, word}).mark_noise(layout);
  item.header("file size", hex(in.number(word)), {at + 24 + 3 * word, word}).mark_noise(layout);
  item.header("maximal protection", hex(in.u32()), {at + 24 + 4 * word, 4});
  item.header("initial protection", hex(in.u32()), {at + 28 + 4 * word, 4});
  const std::uint32_t count = in.u32();
  item.header("flags", hex(in.u32()), {at + 36 + 4 * word, 4});
  for (std::uint32_t i = 0; i < count && in.left() >= (wide ? 80u : 68u) && file.sections.size() < kMaxSections; ++i) {
    const std::uint64_t start = at + in.offset();
    Section section;
    const auto section_name = printable(fixed_text(in.take(16)));
    section.name = printable(fixed_text(in.take(16))) + "," + section_name;
    const auto address = in.number(word);
    section.size = in.number(word);
    section.offset = in.u32();
    const auto alignment = in.u32(), relocations_at = in.u32(), relocations = in.u32();
    section.flags = in.u32();
    in.skip(wide ? 12 : 8);
    auto& entry = item.add("section " + section.name, "", {start, wide ? 80u : 68u});
    entry.header("address", hex(address)).mark_noise(layout);
    entry.header("size", hex(section.size)).mark_noise(layout);
    entry.header("offset", hex(section.offset)).mark_noise(layout);
    entry.header("alignment", format("2^{}", alignment));
    entry.header("relocations", format("{} at {:#x}", relocations, relocations_at)).mark_noise(layout);
    entry.header("flags", hex(section.flags));
    const unsigned kind = section.flags & 0xff;
    if (kind != 1 && kind != 12 && section.offset < bytes.size()) {  // not zero-filled
      section.bytes =
          bytes.substr(section.offset, static_cast<std::size_t>(std::min<std::uint64_t>(section.size, bytes.size())));
    }
    file.sections.push_back(std::move(section));
  }
}

void read_symbols(ByteReader in, bool wide, Endian endian, std::string_view bytes, File& file) {
  const std::uint32_t at = in.u32(), count = in.u32(), strings_at = in.u32(), strings_size = in.u32();
  const std::uint64_t entry = wide ? 16 : 12;
  if (strings_at <= bytes.size()) file.strings = bytes.substr(strings_at, strings_size);
  file.strings_place = {strings_at, file.strings.size()};
  ByteReader table(bytes, endian);
  table.seek(at);
  file.symbols_place = {at, std::min<std::uint64_t>(count * entry, table.left())};
  for (std::uint32_t i = 0; i < count && table.left() >= entry && i < kMaxSymbols; ++i) {
    const std::uint32_t name = table.u32();
    const std::uint8_t type = table.u8(), section = table.u8();
    const std::uint16_t description = table.u16();
    const std::uint64_t value = table.number(wide ? 8 : 4);
    const auto text = name < file.strings.size() ? file.strings.substr(name, 300) : std::string_view{};
    file.symbols += format("{} type {:#x} section {} description {:#x} value {:#x}\n", printable(fixed_text(text)),
                           type, section, description, value);
    if (file.symbols.size() > 256 * limits::kMiB) return;
  }
}

Result<File> read_thin(std::string_view bytes) {
  File file;
  const bool big = bytes[0] == '\xfe';
  const bool wide = bytes[big ? 3 : 0] == '\xcf';
  const Endian endian = big ? Endian::big : Endian::little;
  ByteReader in(bytes, endian);
  in.skip(4);
  auto& header = file.items.add("header", "", {0, wide ? 32u : 28u});
  header.header("class", wide ? "64-bit" : "32-bit", {0, 4});
  header.header("processor", cpu_name(in.u32()), {4, 4});
  header.header("processor subtype", hex(in.u32()), {8, 4});
  header.header("file type", format("{}", in.u32()), {12, 4});
  const std::uint32_t commands = in.u32();
  header.header("load commands", format("{}", commands), {16, 4});
  header.header("size of load commands", format("{}", in.u32()), {20, 4});
  header.header("flags", hex(in.u32()), {24, 4});
  if (wide) header.header("reserved", hex(in.u32()), {28, 4});
  for (std::uint32_t i = 0; i < commands && i < kMaxCommands; ++i) {
    const std::uint64_t at = in.offset();
    const std::uint32_t command = in.u32(), size = in.u32();
    if (!in.ok() || size < 8 || size - 8 > in.left()) {
      return fail(ErrorKind::input, "compare.macho", format("load command {} at {:#x} is cut off", i, at));
    }
    const auto content = bytes.substr(static_cast<std::size_t>(at), size);
    in.seek(at + size);
    ByteReader field(content, endian);
    field.skip(8);
    const Range place{at, size};
    const std::uint32_t kind = command & 0x7fffffff;
    if (kind == 1 || kind == 0x19) {
      read_segment(field, kind == 0x19, bytes, at, size, file);
    } else if (kind == 2) {
      file.items.header("symbol table", hex_bytes(content.substr(8)), place).mark_noise("where the symbols lie");
      read_symbols(field, wide, endian, bytes, file);
    } else if (kind == 0xc || kind == 0xd || kind == 0x18 || kind == 0x1f) {
      const std::uint32_t name_at = field.u32();
      const auto time = field.u32(), current = field.u32(), compatible = field.u32();
      const auto name = name_at < size ? printable(fixed_text(content.substr(name_at))) : std::string("?");
      auto& item = file.items.add(command_name(command) + " " + name, "", place);
      item.add("timestamp", format("{}", time), {at + 12, 4}, Kind::metadata).mark_noise("a time that nothing reads");
      item.add("current version", version_text(current), {at + 16, 4});
      item.add("compatible version", version_text(compatible), {at + 20, 4});
    } else if (kind == 0xe || kind == 0x1c) {
      const std::uint32_t name_at = field.u32();
      file.items.add(command_name(command), name_at < size ? printable(fixed_text(content.substr(name_at))) : "?",
                     place);
    } else if (kind == 0x1b) {
      file.items.add("UUID", hex_bytes(content.substr(8)), place, Kind::metadata)
          .mark_noise("the UUID is a digest of everything else or a random number");
    } else if (kind == 0x1d || kind == 0x26 || kind == 0x29 || kind == 0x2b || kind == 0x33 || kind == 0x34) {
      const std::uint32_t offset = field.u32(), length = field.u32();
      file.items.header(command_name(command), format("{} bytes at {:#x}", length, offset), place)
          .mark_noise("where a table lies");
      file.link_data.emplace_back(command_name(command) + " data", Range{offset, length});
    } else if (kind == 0x24) {
      const auto minimum = field.u32();
      file.items.add("minimum macOS", version_text(minimum) + ", SDK " + version_text(field.u32()), place);
    } else {
      file.items.add(command_name(command), hex_bytes(content.substr(8), 4096), place);
    }
  }
  return file;
}

Result<void> compare_thin(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(read_thin(a));
  const auto right = TRY(read_thin(b));
  compare_items(left.items, right.items, context.budget(), out);
  std::unordered_map<std::string_view, const Section*> in_b;
  for (const auto& section : right.sections) in_b.emplace(section.name, &section);
  std::uint64_t compared = 0;
  for (const auto& section : left.sections) {
    if ((compared += section.bytes.size()) > 8 * (a.size() + b.size())) {
      out.comments.push_back("the sections overlap; those from " + section.name + " on are not compared");
      break;
    }
    const auto found = in_b.find(section.name);
    if (found == in_b.end() || section.bytes == found->second->bytes) continue;  // the commands tell of a missing one
    const Range at_a{section.offset, section.bytes.size()}, at_b{found->second->offset, found->second->bytes.size()};
    if ((section.flags & 0xff) == 2) {  // zero-terminated strings
      const auto sets = compare_string_tables(section.bytes, found->second->bytes);
      std::string text_a, text_b;
      for (const auto& [text, at] : sets.only_a) text_a += printable(text) + "\n";
      for (const auto& [text, at] : sets.only_b) text_b += printable(text) + "\n";
      if (auto* child = diff_listing(section.name, "strings", text_a, text_b, context.budget(), out)) {
        child->set_place(at_a, at_b);
        continue;
      }
    }
    compare_piece(section.name, "Mach-O section", section.bytes, found->second->bytes, at_a, at_b, context, out);
  }
  if (auto* child = diff_listing("symbols", "symbol table", left.symbols, right.symbols, context.budget(), out)) {
    child->set_place(left.symbols_place, right.symbols_place);
  }
  const auto piece = [](ByteView bytes, Range range) {
    return range.offset > bytes.size()
               ? ByteView{}
               : bytes.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
  };
  for (const auto& [name, range] : left.link_data) {
    for (const auto& [other, other_range] : right.link_data) {
      if (name == other)
        compare_piece(name, "link-edit data", piece(a, range), piece(b, other_range), range, other_range, context, out);
    }
  }
  if (out.children.empty())
    return fail(ErrorKind::unsupported, "compare.macho", "the difference lies outside headers, sections and symbols");
  return {};
}

}  // namespace

bool matches_macho(ByteView a, ByteView b, std::string_view) {
  // A plain file is compared with the part of a universal one that is for the same processor.
  return (is_thin(a) || is_universal(a)) && (is_thin(b) || is_universal(b));
}

Result<void> compare_macho(ByteView a, ByteView b, Context& context, Difference& out) {
  if (is_thin(a) && is_thin(b)) return compare_thin(a, b, context, out);
  struct Slice {
    std::string name;
    Range place;
    std::string_view bytes;
  };
  const auto read = [](ByteView bytes, Item& items) {
    std::vector<Slice> slices;
    if (is_thin(bytes)) {
      ByteReader field(bytes.substr(4), bytes[0] == '\xfe' ? Endian::big : Endian::little);
      slices.push_back({"architecture " + cpu_name(field.u32()), {0, bytes.size()}, bytes});
      return slices;
    }
    ByteReader in(bytes, Endian::big);
    in.skip(4);
    const std::uint32_t count = in.u32();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t at = in.offset();
      Slice slice;
      const std::uint32_t type = in.u32(), subtype = in.u32();
      slice.place.offset = in.u32();
      slice.place.length = in.u32();
      const std::uint32_t alignment = in.u32();
      if (!in.ok()) break;
      slice.name = "architecture " + cpu_name(type);
      auto& item = items.add(slice.name, "", {at, 20});
      item.header("subtype", hex(subtype), {at + 4, 4});
      item.header("offset", hex(slice.place.offset), {at + 8, 4}).mark_noise("where the part lies");
      item.header("size", format("{}", slice.place.length), {at + 12, 4}).mark_noise("follows from the part");
      item.header("alignment", format("2^{}", alignment), {at + 16, 4});
      if (slice.place.offset <= bytes.size())
        slice.bytes =
            bytes.substr(static_cast<std::size_t>(slice.place.offset), static_cast<std::size_t>(slice.place.length));
      slices.push_back(std::move(slice));
    }
    return slices;
  };
  Item items_a, items_b;
  const auto slices_a = read(a, items_a), slices_b = read(b, items_b);
  if (is_thin(a) != is_thin(b)) {
    out.add_field(Kind::header, "kind of file", is_thin(a) ? "one architecture" : "universal",
                  is_thin(b) ? "one architecture" : "universal");
  } else {
    compare_items(items_a, items_b, context.budget(), out);
  }
  const auto compare_with = [&](const std::vector<Slice>& own, const std::vector<Slice>& others, bool own_is_a) {
    for (const auto& slice : own) {
      const auto other = std::find_if(others.begin(), others.end(),
                                      [&](const Slice& candidate) { return candidate.name == slice.name; });
      if (other == others.end()) {
        auto& child = out.add_child(own_is_a ? Kind::only_in_a : Kind::only_in_b, own_is_a ? slice.name : "",
                                    own_is_a ? "" : slice.name);
        child.has_place = true;
        (own_is_a ? child.place_a : child.place_b) = slice.place;
        child.comments.push_back(format("{} bytes", slice.bytes.size()));
      } else if (own_is_a) {
        context.compare_part(slice.bytes, other->bytes, slice.name, other->name, slice.place, other->place, out);
      }
    }
  };
  compare_with(slices_a, slices_b, true);
  compare_with(slices_b, slices_a, false);
  return {};
}

}  // namespace chiron::compare
