#include "engines/compare/content/elf_tables.h"

#include <algorithm>
#include <unordered_map>

#include "foundation/base/format.h"

namespace chiron::compare::elf {
namespace {

constexpr std::size_t kMaxListingBytes = 128 * limits::kMiB;
constexpr const char* kLayout = "where things lie in the file follows from their sizes";

std::string segment_flags(std::uint32_t flags) {
  std::string out;
  out += (flags & 4) != 0 ? 'r' : '-';
  out += (flags & 2) != 0 ? 'w' : '-';
  out += (flags & 1) != 0 ? 'x' : '-';
  if ((flags & ~7u) != 0) out += " " + hex(flags & ~7u);
  return out;
}

}  // namespace

Item header_items(const Image& image) {
  const bool wide = image.is_64;
  const std::uint64_t w = image.word();
  Item items("ELF header", "", {0, wide ? 64u : 52u});
  items.header("class", wide ? "64-bit" : "32-bit", {4, 1});
  items.header("byte order", image.endian == Endian::little ? "little-endian" : "big-endian", {5, 1});
  items.header("header version", format("{}", static_cast<unsigned char>(image.bytes[6])), {6, 1});
  items.header("OS ABI", format("{}", image.os_abi), {7, 1});
  items.header("ABI version", format("{}", image.abi_version), {8, 1});
  items.header("identification padding", hex_bytes(image.bytes.substr(9, 7)), {9, 7});
  items.header("type", file_type_name(image.type), {16, 2});
  items.header("machine", machine_name(image.machine), {18, 2});
  items.header("version", format("{}", image.version), {20, 4});
  items.header("entry point", hex(image.entry), {24, w})
      .mark_noise("the entry point's address follows from the layout");
  items.header("program header offset", hex(image.segment_table), {24 + w, w}).mark_noise(kLayout);
  items.header("section header offset", hex(image.section_table), {24 + 2 * w, w}).mark_noise(kLayout);
  items.header("flags", hex(image.flags), {24 + 3 * w, 4});
  items.header("header size", format("{}", image.header_size), {28 + 3 * w, 2});
  items.header("program header entry size", format("{}", image.segment_entry_size), {30 + 3 * w, 2});
  items.header("program headers", format("{}", image.segment_count), {32 + 3 * w, 2});
  items.header("section header entry size", format("{}", image.section_entry_size), {34 + 3 * w, 2});
  items.header("section headers", format("{}", image.section_count), {36 + 3 * w, 2});
  items.header("section names index", format("{}", image.names_index), {38 + 3 * w, 2}).mark_noise(kLayout);
  return items;
}

Item segment_items(const Image& image) {
  Item items("program headers", "");
  const std::uint64_t w = image.word();
  for (const auto& segment : image.segments) {
    auto& entry = items.add(segment_type_name(segment.type), "", segment.header);
    const std::uint64_t at = segment.header.offset;
    const auto field = [&](std::string_view name, const std::string& value, std::uint64_t offset, std::uint64_t width,
                           bool layout) {
      auto& item = entry.header(name, value, {at + offset, width});
      if (layout) item.mark_noise(kLayout);
    };
    field("flags", segment_flags(segment.flags), image.is_64 ? 4 : 24, 4, false);
    const std::uint64_t first = image.is_64 ? 8 : 4;
    field("offset", hex(segment.offset), first, w, true);
    field("virtual address", hex(segment.virtual_address), first + w, w, true);
    field("physical address", hex(segment.physical_address), first + 2 * w, w, true);
    field("size in the file", hex(segment.file_size), first + 3 * w, w, true);
    field("size in memory", hex(segment.memory_size), first + 4 * w, w, true);
    field("alignment", hex(segment.alignment), image.is_64 ? 48 : 28, w, false);
  }
  return items;
}

Item section_items(const Image& image) {
  Item items("section headers", "");
  const std::uint64_t w = image.word();
  for (const auto& section : image.sections) {
    if (section.index == 0 && section.type == 0 && section.size == 0 && section.link == 0) continue;
    auto& entry = items.add(section.name.empty() ? format("(section {})", section.index) : printable(section.name), "",
                            section.header);
    const std::uint64_t at = section.header.offset;
    const auto field = [&](std::string_view name, const std::string& value, std::uint64_t offset, std::uint64_t width,
                           bool layout) {
      auto& item = entry.header(name, value, {at + offset, width});
      if (layout) item.mark_noise(kLayout);
    };
    const auto* linked = section.link == 0 ? nullptr : image.section(section.link);
    field("name offset", hex(section.name_offset), 0, 4, true);
    field("type", section_type_name(section.type), 4, 4, false);
    field("flags", section_flags_text(section.flags), 8, w, false);
    field("address", hex(section.address), 8 + w, w, true);
    field("offset", hex(section.offset), 8 + 2 * w, w, true);
    field("size", hex(section.size), 8 + 3 * w, w, true);
    field("link", linked != nullptr ? printable(linked->name) : format("{}", section.link), 8 + 4 * w, 4, false);
    field("info", format("{}", section.info), 12 + 4 * w, 4, true);
    field("alignment", format("{}", section.alignment), 16 + 4 * w, w, false);
    field("entry size", format("{}", section.entry_size), 16 + 5 * w, w, false);
  }
  return items;
}

Item dynamic_items(const Image& image, const Section& section) {
  Item items(section.name, "");
  items.matching = Matching::by_name_ordered;
  const auto* names = image.section(section.link);
  const std::uint64_t w = image.word();
  auto in = image.reader(section.bytes);
  while (in.left() >= 2 * w) {
    const std::uint64_t at = in.offset();
    const std::uint64_t tag = in.number(image.word());
    const std::uint64_t value = in.number(image.word());
    const bool is_name = tag == 1 || tag == 14 || tag == 15 || tag == 29;
    const bool is_number = tag == 2 || tag == 8 || tag == 9 || tag == 10 || tag == 11 || (tag >= 18 && tag <= 20) ||
                           tag == 27 || tag == 28 || tag == 30 || tag == 33 ||
                           (tag >= 0x6ffffff9 && tag <= 0x6ffffffb) || tag == 0x6ffffffd || tag == 0x6fffffff;
    const std::string name = dynamic_tag_name(tag);
    if (is_name) {
      const std::string text = printable(image.string_at(names, value));
      // Libraries needed are matched by their names.
      items.add(tag == 1 ? name + " " + text : name, text, {at, 2 * w});
    } else {
      auto& item =
          items.add(name, tag == 30 || tag == 0x6ffffffb || !is_number ? hex(value) : format("{}", value), {at, 2 * w});
      if (!is_number && tag != 16 && tag != 22 && tag != 24)
        item.mark_noise("an address, which follows from the layout");
      if (tag == 2 || tag == 8 || tag == 10 || tag == 18)
        item.mark_noise("the size of a table that is compared itself");
    }
    if (tag == 0) break;
  }
  return items;
}

Item note_items(const Image& image, const Section& section) {
  Item items(section.name, "");
  auto in = image.reader(section.bytes);
  while (in.left() >= 12) {
    const std::uint64_t start = in.offset();
    const std::uint32_t name_size = in.u32();
    const std::uint32_t size = in.u32();
    const std::uint32_t type = in.u32();
    auto owner = in.take(name_size);
    const std::uint64_t align = section.alignment == 8 ? 8 : 4;
    in.skip(std::min<std::uint64_t>((4 - name_size % 4) % 4, in.left()));
    const std::uint64_t at = in.offset();
    const auto content = in.take(size);
    if (!in.ok()) break;
    in.skip(std::min<std::uint64_t>((align - size % align) % align, in.left()));
    while (!owner.empty() && owner.back() == '\0') owner.remove_suffix(1);
    if (owner == "GNU" && type == 3) {
      items.add("build id", hex_bytes(content, 256), {at, size}, Kind::metadata)
          .mark_noise("the build id is a digest of everything else or a random number");
    } else if (owner == "GNU" && type == 1 && size >= 16) {
      auto version = image.reader(content);
      constexpr std::string_view kSystems[] = {"Linux", "Hurd", "Solaris", "FreeBSD"};
      const std::uint32_t system = version.u32();
      const std::uint32_t major = version.u32(), minor = version.u32(), patch = version.u32();
      items.add("ABI tag", format("{} {}.{}.{}", system < 4 ? kSystems[system] : "?", major, minor, patch), {at, size});
    } else if (owner == "GNU" && type == 4) {
      items.add("gold version", printable(content), {at, size}, Kind::metadata).mark_noise("the linker's version");
    } else if (owner == "GNU" && type == 5) {
      auto properties = image.reader(content);
      while (properties.left() >= 8) {
        const std::uint64_t property_at = properties.offset();
        const std::uint32_t kind = properties.u32();
        const std::uint32_t length = properties.u32();
        const auto value = properties.take(length);
        if (!properties.ok()) break;
        items.add(kind == 0xc0000002   ? "x86 features"
                  : kind == 0xc0008002 ? "x86 instruction sets needed"
                                       : format("property {:#x}", kind),
                  hex_bytes(value), {at + property_at, 8 + length});
        properties.skip(
            std::min<std::uint64_t>((image.word() - length % image.word()) % image.word(), properties.left()));
      }
    } else if (owner == "FDO" && type == 0xcafe1a7e) {
      items.add("package metadata", printable(content), {at, size}, Kind::metadata);
    } else {
      items.add(format("note {} type {:#x}", printable(owner, 64), type), hex_bytes(content, 256),
                {start, in.offset() - start});
    }
  }
  if (in.ok() && !in.at_end())
    items.add("rest", hex_bytes(section.bytes.substr(in.offset())), {in.offset(), in.left()});
  return items;
}

TableText symbol_listing(const Program& program, const Section& section) {
  TableText text;
  const auto& image = program.image;
  const Section* versions = nullptr;
  if (section.type == 11) versions = image.find(".gnu.version");
  std::size_t i = 0;
  for (const auto& symbol : image.symbols(section)) {
    std::string name = printable(symbol.name, 300);
    if (symbol.type() == 3) {
      const auto* named = image.section(symbol.section);
      name = named != nullptr ? printable(named->name) : name;
    }
    if (versions != nullptr && (i + 1) * 2 <= versions->bytes.size()) {
      auto in = image.reader(versions->bytes);
      in.seek(i * 2);
      const std::uint16_t version = in.u16();
      if ((version & 0x7fff) > 1) name += format("@{}", version & 0x7fff);
    }
    ++i;
    std::string full = symbol_text(image, symbol);
    text.with_addresses += full + " " + name + "\n";
    // Without the value; sizes of functions are told by their code.
    const auto value_at = full.find(" value ");
    const auto size_at = full.find(" size ", value_at);
    std::string meaning = full.substr(0, value_at);
    if (symbol.section != 0 && symbol.type() != 2) meaning += full.substr(size_at);
    if (symbol.section == 0xfff1) meaning += full.substr(value_at, size_at - value_at);
    text.meaning += meaning + " " + name + "\n";
    if (text.meaning.size() > kMaxListingBytes) return {};  // too long to show: told as bytes
  }
  return text;
}

TableText relocation_listing(const Program& program, const Section& section) {
  TableText text;
  const auto& image = program.image;
  const auto* symbol_table = image.section(section.link);
  const auto symbols = symbol_table != nullptr ? image.symbols(*symbol_table) : std::vector<Symbol>{};
  const auto* patched = image.type == 1 ? image.section(section.info) : nullptr;
  auto in = image.reader(section.bytes);
  const unsigned entry = (section.type == 4 ? 3 : 2) * image.word();
  while (in.left() >= entry) {
    const std::uint64_t place = in.number(image.word());
    const std::uint64_t info = in.number(image.word());
    std::int64_t addend = 0;
    if (section.type == 4) {
      const std::uint64_t raw = in.number(image.word());
      addend = image.is_64 ? static_cast<std::int64_t>(raw) : static_cast<std::int32_t>(raw);
    }
    const auto type = static_cast<std::uint32_t>(image.is_64 ? info & 0xffffffff : info & 0xff);
    const std::uint64_t index = image.is_64 ? info >> 32 : info >> 8;
    const std::string kind = relocation_type_name(image.machine, type);
    const std::uint64_t address = place + (patched != nullptr ? program.base_of(*patched) : 0);
    std::string target, target_meaning;
    if (index != 0 && index < symbols.size()) {
      const auto& symbol = symbols[index];
      const auto* named = image.section(symbol.section);
      target = printable(symbol.type() == 3 && named != nullptr ? named->name : symbol.name, 300);
      target_meaning = target;
      if (symbol.type() == 3 && named != nullptr && symbol.section != 0) {
        // Relative relocations on x86 reach four bytes behind the word.
        const bool relative = (image.machine == 62) && (type == 2 || type == 4);
        target_meaning =
            program.describe(program.base_of(*named) + static_cast<std::uint64_t>(addend) + (relative ? 4 : 0));
      } else if (addend != 0) {
        target_meaning += format("{:+#x}", addend);
      }
      if (addend != 0) target += format("{:+#x}", addend);
    } else {
      target = hex(static_cast<std::uint64_t>(addend));
      target_meaning = program.describe(static_cast<std::uint64_t>(addend));
    }
    text.with_addresses += format("{:#x} {} {}\n", place, kind, target);
    // The place, by what holds it.
    std::string where;
    if (const auto* function = program.function_at(address); function != nullptr && function->named) {
      where = function->name;
    } else if (const auto* object = program.object_at(address)) {
      where = format("{}+{:#x}", object->name, address - object->address);
    } else if (const auto* holding = program.section_holding(address)) {
      where = format("[{}]", holding->name);
    }
    text.meaning += format("{} {} {}\n", where, kind, target_meaning);
    if (text.meaning.size() > kMaxListingBytes) return {};
  }
  return text;
}

TableText pointer_listing(const Program& program, const Section& section) {
  TableText text;
  auto in = program.image.reader(section.bytes);
  const std::uint64_t base = program.base_of(section);
  while (in.left() >= program.image.word()) {
    const std::uint64_t at = base + in.offset();
    const std::uint64_t value = in.number(program.image.word());
    text.with_addresses += hex(value) + "\n";
    const auto relocations = program.relocations_in(at, at + program.image.word());
    if (!relocations.empty()) {
      text.meaning += program.describe(relocations.front()) + "\n";
    } else {
      text.meaning += (value == 0 ? "0" : program.describe(value)) + "\n";
    }
  }
  if (in.left() > 0) text.meaning += hex_bytes(section.bytes.substr(in.offset())) + "\n";
  return text;
}

TableText unwind_listing(const Program& program, const Section& section) {
  TableText text;
  for (const auto& entry : read_unwind_entries(program.image, section)) {
    text.with_addresses += format("{:#x}+{:#x} {}\n", entry.address, entry.size, hex_bytes(entry.instructions, 4096));
    text.meaning += format("{} {}\n", program.describe(entry.address), hex_bytes(entry.instructions, 4096));
  }
  return text;
}

TableText version_listing(const Program& program, const Section& section) {
  TableText text;
  const auto& image = program.image;
  const auto* names = image.section(section.link);
  const bool needed = section.type == 0x6ffffffe;
  std::uint64_t at = 0;
  // Two levels of linked records; each step must go forward, so the table's size bounds the loop.
  while (at + 16 <= section.bytes.size()) {
    auto in = image.reader(section.bytes);
    in.seek(at);
    (void)in.u16();
    const std::uint16_t first = in.u16();
    std::uint32_t file = 0, auxiliary = 0, next = 0;
    std::uint16_t count = 0;
    if (needed) {
      count = first;
      file = in.u32();
      auxiliary = in.u32();
      next = in.u32();
      text.meaning += format("needs {}\n", printable(image.string_at(names, file)));
    } else {
      const std::uint16_t index = in.u16();
      count = in.u16();
      (void)in.u32();
      auxiliary = in.u32();
      next = in.u32();
      text.meaning += format("defines {} flags {:#x}\n", index, first);
    }
    std::uint64_t inner = at + auxiliary;
    for (std::uint16_t i = 0; i < count && inner + 8 <= section.bytes.size(); ++i) {
      in = image.reader(section.bytes);
      in.seek(inner);
      std::uint32_t step = 0;
      if (needed) {
        (void)in.u32();
        const std::uint16_t flags = in.u16();
        const std::uint16_t index = in.u16();
        text.meaning += format("  {} as {} flags {:#x}\n", printable(image.string_at(names, in.u32())), index, flags);
        step = in.u32();
      } else {
        text.meaning += format("  {}\n", printable(image.string_at(names, in.u32())));
        step = in.u32();
      }
      if (step == 0 || !in.ok()) break;
      inner += step;
    }
    if (next == 0) break;
    at += next;
  }
  text.with_addresses = text.meaning;
  return text;
}

namespace {

// The rows of one function: indices into the table's rows.
struct FunctionRows {
  std::string_view name;
  std::uint64_t start = 0;
  std::size_t first = 0, count = 0;
};

std::vector<FunctionRows> rows_by_function(const Program& program) {
  std::vector<FunctionRows> found;
  const auto& rows = program.lines.rows;
  const Function* current = nullptr;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].end) continue;
    if (found.empty() || current == nullptr || rows[i].address - current->address >= current->size) {
      const auto* function = program.function_at(rows[i].address);
      if (function != current || found.empty()) {
        current = function;
        found.push_back({function != nullptr ? std::string_view(function->name) : std::string_view("(no function)"),
                         function != nullptr ? function->address : 0, i, 0});
      }
    }
    found.back().count = i + 1 - found.back().first;
  }
  return found;
}

void write_rows(const Program& program, const FunctionRows& function, const std::vector<std::string>& files,
                std::string& out) {
  out += format("{}:\n", function.name);
  for (std::size_t i = function.first; i < function.first + function.count; ++i) {
    const auto& row = program.lines.rows[i];
    if (row.end) continue;
    out += format("  +{:#x} {}:{}\n", row.address - function.start,
                  row.file < files.size() ? std::string_view(files[row.file]) : "?", row.line);
  }
}

}  // namespace

LineTexts line_listings(const Program& a, const Program& b) {
  LineTexts texts;
  const bool same_places = a.lines.files.size() == b.lines.files.size();
  const auto& files_b = same_places ? a.lines.files : b.lines.files;
  const auto functions_a = rows_by_function(a), functions_b = rows_by_function(b);
  std::unordered_map<std::string_view, const FunctionRows*> by_name;
  for (const auto& function : functions_b) by_name.emplace(function.name, &function);
  const auto same = [&](const FunctionRows& x, const FunctionRows& y) {
    if (x.count != y.count) return false;
    for (std::size_t i = 0; i < x.count; ++i) {
      const auto& row_a = a.lines.rows[x.first + i];
      const auto& row_b = b.lines.rows[y.first + i];
      if (row_a.line != row_b.line || row_a.end != row_b.end || row_a.address - x.start != row_b.address - y.start)
        return false;
      if (same_places ? row_a.file != row_b.file
                      : (row_a.file < a.lines.files.size() ? a.lines.files[row_a.file] : "?") !=
                            (row_b.file < b.lines.files.size() ? b.lines.files[row_b.file] : "?")) {
        return false;
      }
    }
    return true;
  };
  std::unordered_map<std::string_view, bool> told;
  for (const auto& function : functions_a) {
    const auto found = by_name.find(function.name);
    if (found != by_name.end() && same(function, *found->second)) {
      told[function.name] = true;
      continue;
    }
    write_rows(a, function, a.lines.files, texts.a);
    if (found != by_name.end() && !told[function.name]) write_rows(b, *found->second, files_b, texts.b);
    told[function.name] = true;
  }
  for (const auto& function : functions_b) {
    if (!told.contains(function.name)) write_rows(b, function, files_b, texts.b);
  }
  return texts;
}

}  // namespace chiron::compare::elf
