// ELF files as they lie: our own reader of the headers, so that every byte can be told by the field that holds it.
// Both classes, both byte orders; lying offsets give empty views and a line in `problems`, never a read out of bounds.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/content/bytes.h"
#include "engines/compare/difference.h"

namespace chiron::compare::elf {

inline constexpr std::size_t kMaxSections = 200'000;
inline constexpr std::size_t kMaxSegments = 65'536;
inline constexpr std::size_t kMaxSymbols = 4'000'000;
inline constexpr std::size_t kMaxNameBytes = 16 * 1024;  // what of a section's or symbol's name is used

struct Section {
  std::string_view name;
  std::uint32_t index = 0;
  std::uint32_t name_offset = 0;
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t link = 0;
  std::uint32_t info = 0;
  std::uint64_t alignment = 0;
  std::uint64_t entry_size = 0;
  Range header;            // of the entry in the section header table
  std::string_view bytes;  // empty for SHT_NOBITS and where the offsets lie
};

struct Segment {
  std::uint32_t type = 0;
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;
  std::uint64_t virtual_address = 0;
  std::uint64_t physical_address = 0;
  std::uint64_t file_size = 0;
  std::uint64_t memory_size = 0;
  std::uint64_t alignment = 0;
  Range header;
};

struct Symbol {
  std::string_view name;
  std::uint64_t value = 0;
  std::uint64_t size = 0;
  std::uint8_t info = 0;
  std::uint8_t other = 0;
  std::uint32_t section = 0;  // index; SHN_XINDEX resolved
  [[nodiscard]] unsigned type() const { return info & 15u; }
  [[nodiscard]] unsigned binding() const { return info >> 4; }
};

struct Image {
  std::string_view bytes;
  bool is_64 = true;
  Endian endian = Endian::little;
  std::uint8_t os_abi = 0, abi_version = 0;
  std::uint16_t type = 0;
  std::uint16_t machine = 0;
  std::uint32_t version = 0;
  std::uint64_t entry = 0;
  std::uint64_t segment_table = 0;
  std::uint64_t section_table = 0;
  std::uint32_t flags = 0;
  std::uint16_t header_size = 0, segment_entry_size = 0, segment_count = 0, section_entry_size = 0, section_count = 0,
                names_index = 0;
  std::vector<Segment> segments;
  std::vector<Section> sections;  // index 0 included
  std::vector<std::string> problems;

  [[nodiscard]] unsigned word() const { return is_64 ? 8 : 4; }
  [[nodiscard]] ByteReader reader(std::string_view piece) const { return ByteReader(piece, endian); }
  [[nodiscard]] const Section* find(std::string_view name) const;
  [[nodiscard]] const Section* section(std::uint32_t index) const;
  // The section whose memory holds `address` (allocated sections only).
  [[nodiscard]] const Section* section_at(std::uint64_t address) const;
  // Text at `offset` of the string table `table`.
  [[nodiscard]] std::string_view string_at(const Section* table, std::uint64_t offset) const;
  [[nodiscard]] std::vector<Symbol> symbols(const Section& table) const;
  // Bytes of the file from `offset`, as many as there are.
  [[nodiscard]] std::string_view piece(std::uint64_t offset, std::uint64_t size) const;
};

// nothing where the bytes are no ELF file; damaged tables are told in `problems`.
[[nodiscard]] std::optional<Image> read_image(std::string_view bytes);

// Names of the constants; an unknown one is its number.
[[nodiscard]] std::string file_type_name(std::uint16_t type);
[[nodiscard]] std::string machine_name(std::uint16_t machine);
[[nodiscard]] std::string segment_type_name(std::uint32_t type);
[[nodiscard]] std::string section_type_name(std::uint32_t type);
[[nodiscard]] std::string section_flags_text(std::uint64_t flags);
[[nodiscard]] std::string dynamic_tag_name(std::uint64_t tag);
[[nodiscard]] std::string symbol_text(const Image& image, const Symbol& symbol);
[[nodiscard]] std::string relocation_type_name(std::uint16_t machine, std::uint32_t type);

}  // namespace chiron::compare::elf
