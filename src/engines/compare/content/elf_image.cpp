// Layout after the System V ABI, "Object Files" (gABI 4.1 and its later drafts).
#include "engines/compare/content/elf_image.h"

#include "foundation/base/format.h"

namespace chiron::compare::elf {

const Section* Image::find(std::string_view name) const {
  for (const auto& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

const Section* Image::section(std::uint32_t index) const {
  return index < sections.size() ? &sections[index] : nullptr;
}

const Section* Image::section_at(std::uint64_t address) const {
  for (const auto& section : sections) {
    if ((section.flags & 2) != 0 && (section.flags & 0x400) == 0 && address >= section.address &&
        address - section.address < section.size) {
      return &section;
    }
  }
  return nullptr;
}

std::string_view Image::piece(std::uint64_t offset, std::uint64_t size) const {
  if (offset >= bytes.size()) return {};
  return bytes.substr(static_cast<std::size_t>(offset),
                      static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size())));
}

std::string_view Image::string_at(const Section* table, std::uint64_t offset) const {
  if (table == nullptr || offset >= table->bytes.size()) return {};
  const auto rest = table->bytes.substr(static_cast<std::size_t>(offset));
  const auto bounded = rest.substr(0, kMaxNameBytes);
  return bounded.substr(0, bounded.find('\0'));
}

std::vector<Symbol> Image::symbols(const Section& table) const {
  std::vector<Symbol> found;
  const std::size_t entry_bytes = is_64 ? 24 : 16;
  const Section* names = section(table.link);
  const std::size_t count = std::min(table.bytes.size() / entry_bytes, kMaxSymbols);
  const Section* extended = nullptr;
  for (const auto& section : sections) {
    if (section.type == 18 && section.link == table.index) extended = &section;
  }
  found.reserve(count);
  auto in = reader(table.bytes);
  for (std::size_t i = 0; i < count; ++i) {
    Symbol symbol;
    const std::uint32_t name = in.u32();
    if (is_64) {
      symbol.info = in.u8();
      symbol.other = in.u8();
      symbol.section = in.u16();
      symbol.value = in.u64();
      symbol.size = in.u64();
    } else {
      symbol.value = in.u32();
      symbol.size = in.u32();
      symbol.info = in.u8();
      symbol.other = in.u8();
      symbol.section = in.u16();
    }
    if (symbol.section == 0xffff && extended != nullptr) {
      auto wide = reader(extended->bytes);
      wide.seek(i * 4);
      symbol.section = wide.u32();
    }
    symbol.name = string_at(names, name);
    found.push_back(symbol);
  }
  return found;
}

namespace {

void read_segments(Image& image) {
  const std::size_t least = image.is_64 ? 56 : 32;
  if (image.segment_count == 0) return;
  if (image.segment_entry_size < least) {
    image.problems.push_back(format("program header entries are said to be {} bytes", image.segment_entry_size));
    return;
  }
  std::uint64_t count = image.segment_count;
  if (count == 0xffff && !image.sections.empty()) count = image.sections[0].info;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMaxSegments); ++i) {
    const std::uint64_t at = image.segment_table + i * image.segment_entry_size;
    if (at > image.bytes.size() || image.bytes.size() - at < least) {
      image.problems.push_back(format("program header {} of {} lies outside the file", i, count));
      return;
    }
    auto in = image.reader(image.bytes);
    in.seek(at);
    Segment segment;
    segment.header = {at, least};
    segment.type = in.u32();
    if (image.is_64) segment.flags = in.u32();
    segment.offset = in.number(image.word());
    segment.virtual_address = in.number(image.word());
    segment.physical_address = in.number(image.word());
    segment.file_size = in.number(image.word());
    segment.memory_size = in.number(image.word());
    if (!image.is_64) segment.flags = in.u32();
    segment.alignment = in.number(image.word());
    image.segments.push_back(segment);
  }
}

void read_sections(Image& image) {
  const std::size_t least = image.is_64 ? 64 : 40;
  if (image.section_table == 0) return;
  if (image.section_entry_size < least) {
    image.problems.push_back(format("section header entries are said to be {} bytes", image.section_entry_size));
    return;
  }
  std::uint64_t count = image.section_count;
  for (std::uint64_t i = 0; i < std::max<std::uint64_t>(count, 1) && i < kMaxSections; ++i) {
    const std::uint64_t at = image.section_table + i * image.section_entry_size;
    if (at < image.section_table || at > image.bytes.size() || image.bytes.size() - at < least) {
      image.problems.push_back(format("section header {} of {} lies outside the file", i, count));
      break;
    }
    auto in = image.reader(image.bytes);
    in.seek(at);
    Section section;
    section.index = static_cast<std::uint32_t>(i);
    section.header = {at, least};
    section.name_offset = in.u32();
    section.type = in.u32();
    section.flags = in.number(image.word());
    section.address = in.number(image.word());
    section.offset = in.number(image.word());
    section.size = in.number(image.word());
    section.link = in.u32();
    section.info = in.u32();
    section.alignment = in.number(image.word());
    section.entry_size = in.number(image.word());
    if (section.type != 8 && section.type != 0 && section.size != 0) {
      if (section.offset > image.bytes.size() || section.size > image.bytes.size() - section.offset) {
        image.problems.push_back(
            format("section {} says it lies at {:#x}+{:#x}, outside the file", i, section.offset, section.size));
        section.bytes = image.piece(section.offset, section.size);
      } else {
        section.bytes =
            image.bytes.substr(static_cast<std::size_t>(section.offset), static_cast<std::size_t>(section.size));
      }
    }
    // More than 65,279 sections: the count and the index of the names are in entry 0.
    if (i == 0 && count == 0) count = section.size;
    image.sections.push_back(section);
  }
  if (count > kMaxSections) image.problems.push_back(format("{} sections; the first {} are read", count, kMaxSections));
  const std::uint32_t names =
      image.names_index == 0xffff && !image.sections.empty() ? image.sections[0].link : image.names_index;
  if (const auto* table = image.section(names); table != nullptr && names != 0) {
    for (auto& section : image.sections) section.name = image.string_at(table, section.name_offset);
  }
}

}  // namespace

std::optional<Image> read_image(std::string_view bytes) {
  if (bytes.size() < 52 || bytes.substr(0, 4) !=
                               "\x7f"
                               "ELF")
    return std::nullopt;
  Image image;
  image.bytes = bytes;
  if ((bytes[4] != 1 && bytes[4] != 2) || (bytes[5] != 1 && bytes[5] != 2)) return std::nullopt;
  image.is_64 = bytes[4] == 2;
  image.endian = bytes[5] == 1 ? Endian::little : Endian::big;
  image.os_abi = static_cast<std::uint8_t>(bytes[7]);
  image.abi_version = static_cast<std::uint8_t>(bytes[8]);
  auto in = image.reader(bytes);
  in.seek(16);
  image.type = in.u16();
  image.machine = in.u16();
  image.version = in.u32();
  image.entry = in.number(image.word());
  image.segment_table = in.number(image.word());
  image.section_table = in.number(image.word());
  image.flags = in.u32();
  image.header_size = in.u16();
  image.segment_entry_size = in.u16();
  image.segment_count = in.u16();
  image.section_entry_size = in.u16();
  image.section_count = in.u16();
  image.names_index = in.u16();
  if (!in.ok()) return std::nullopt;
  read_sections(image);
  read_segments(image);
  return image;
}

}  // namespace chiron::compare::elf
