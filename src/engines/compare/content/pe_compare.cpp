// PE programs (Windows): DOS and COFF headers, optional header, data directories, and the sections' bytes. Layout after
// Microsoft's "PE Format".
#include <unordered_map>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/piece.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::string_view kDirectories[] = {"export table",
                                             "import table",
                                             "resources",
                                             "exceptions",
                                             "certificates",
                                             "base relocations",
                                             "debug",
                                             "architecture",
                                             "global pointer",
                                             "TLS",
                                             "load configuration",
                                             "bound imports",
                                             "import addresses",
                                             "delay imports",
                                             "CLR header",
                                             "reserved"};

struct Section {
  std::string name;
  Range place;
  std::string_view bytes;
};

bool is_pe(ByteView bytes) {
  if (bytes.size() < 0x40 || !bytes.starts_with("MZ")) return false;
  ByteReader in(bytes);
  in.seek(0x3c);
  const std::uint32_t at = in.u32();
  return at <= bytes.size() && bytes.substr(at, 4) == std::string_view("PE\0\0", 4);
}

Result<std::vector<Section>> read_headers(ByteView bytes, Item& items) {
  ByteReader in(bytes);
  in.seek(0x3c);
  const std::uint32_t at = in.u32();
  items.header("DOS header and stub", hex_bytes(bytes.substr(0, at), 4096), {0, at})
      .mark_noise("the DOS stub and the linker's marks in it");
  in.seek(at + 4u);
  const auto layout = "where things lie follows from their sizes";
  auto& coff = items.add("COFF header", "", {at + 4u, 20});
  coff.header("machine", hex(in.u16()), {at + 4u, 2});
  const std::uint16_t count = in.u16();
  coff.header("sections", format("{}", count), {at + 6u, 2});
  coff.header("time", format("{:#x} ({})", ByteReader(in).u32(), utc_time(ByteReader(in).u32())), {at + 8u, 4})
      .mark_noise("when the program was linked, or a digest");
  in.skip(4);
  coff.header("symbol table", hex(in.u32()), {at + 12u, 4}).mark_noise(layout);
  coff.header("symbols", format("{}", in.u32()), {at + 16u, 4});
  const std::uint16_t optional_size = in.u16();
  coff.header("size of the optional header", format("{}", optional_size), {at + 20u, 2});
  coff.header("characteristics", hex(in.u16()), {at + 22u, 2});
  const std::uint64_t optional_at = in.offset();
  ByteReader optional(in.take(optional_size));
  if (!in.ok()) return fail(ErrorKind::input, "compare.pe", "the optional header is cut off");
  if (optional_size >= 2) {
    auto& item = items.add("optional header", "", {optional_at, optional_size});
    const auto field = [&](std::string_view name, unsigned width, const char* noise) {
      const std::uint64_t where = optional_at + optional.offset();
      if (optional.left() < width) return;
      auto& entry = item.header(name, hex(optional.number(width)), {where, width});
      if (noise != nullptr) entry.mark_noise(noise);
    };
    const bool wide = ByteReader(optional).u16() == 0x20b;
    field("magic", 2, nullptr);
    field("linker version", 2, "the linker's mark");
    field("size of code", 4, layout);
    field("size of initialised data", 4, layout);
    field("size of uninitialised data", 4, layout);
    field("entry point", 4, layout);
    field("base of code", 4, layout);
    if (!wide) field("base of data", 4, layout);
    field("image base", wide ? 8 : 4, nullptr);
    field("section alignment", 4, nullptr);
    field("file alignment", 4, nullptr);
    field("operating system version", 4, nullptr);
    field("image version", 4, nullptr);
    field("subsystem version", 4, nullptr);
    field("reserved", 4, nullptr);
    field("size of image", 4, layout);
    field("size of headers", 4, layout);
    field("checksum", 4, "follows from everything else");
    field("subsystem", 2, nullptr);
    field("DLL characteristics", 2, nullptr);
    for (const std::string_view name : {"stack reserve", "stack commit", "heap reserve", "heap commit"})
      field(name, wide ? 8 : 4, nullptr);
    field("loader flags", 4, nullptr);
    field("data directories", 4, nullptr);
    for (const auto name : kDirectories) field(name, 8, layout);
  }
  std::vector<Section> sections;
  for (std::uint16_t i = 0; i < count && in.left() >= 40; ++i) {
    const std::uint64_t start = in.offset();
    const auto raw = in.take(8);
    Section section;
    section.name = printable(raw.substr(0, raw.find('\0')));
    auto& item = items.add("section header " + section.name, "", {start, 40});
    item.header("virtual size", hex(in.u32()), {start + 8, 4}).mark_noise(layout);
    item.header("virtual address", hex(in.u32()), {start + 12, 4}).mark_noise(layout);
    const std::uint32_t size = in.u32(), offset = in.u32();
    item.header("size", hex(size), {start + 16, 4}).mark_noise(layout);
    item.header("offset", hex(offset), {start + 20, 4}).mark_noise(layout);
    item.header("relocations and lines", hex_bytes(in.take(12)), {start + 24, 12}).mark_noise(layout);
    item.header("characteristics", hex(in.u32()), {start + 36, 4});
    if (offset <= bytes.size()) section.bytes = bytes.substr(offset, size);
    section.place = {offset, section.bytes.size()};
    sections.push_back(std::move(section));
  }
  return sections;
}

}  // namespace

bool matches_pe(ByteView a, ByteView b, std::string_view) { return is_pe(a) && is_pe(b); }

Result<void> compare_pe(ByteView a, ByteView b, Context& context, Difference& out) {
  Item items_a, items_b;
  const auto sections_a = TRY(read_headers(a, items_a));
  const auto sections_b = TRY(read_headers(b, items_b));
  compare_items(items_a, items_b, context.budget(), out);
  std::unordered_map<std::string_view, const Section*> in_b;
  for (const auto& section : sections_b) in_b.emplace(section.name, &section);
  std::uint64_t end_a = 0, end_b = 0, compared = 0;
  for (const auto& section : sections_a) {
    end_a = std::max(end_a, section.place.end());
    const auto found = in_b.find(section.name);
    if (found == in_b.end()) continue;  // the headers tell
    if ((compared += section.bytes.size()) > 8 * (a.size() + b.size())) {
      out.comments.push_back("the sections overlap; those from " + section.name + " on are not compared");
      break;
    }
    compare_piece(section.name, "PE section", section.bytes, found->second->bytes, section.place, found->second->place,
                  context, out);
  }
  for (const auto& section : sections_b) end_b = std::max(end_b, section.place.end());
  // Certificates, debugging information and whatever was appended lie behind the sections.
  if (end_a <= a.size() && end_b <= b.size()) {
    compare_piece("after the sections", "", a.substr(static_cast<std::size_t>(end_a)),
                  b.substr(static_cast<std::size_t>(end_b)), {end_a, a.size() - end_a}, {end_b, b.size() - end_b},
                  context, out);
  }
  return {};
}

}  // namespace chiron::compare
