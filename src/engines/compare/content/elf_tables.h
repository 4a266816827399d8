// The tables of an ELF file as items and listings: headers, symbols, relocations, dynamic entries, notes, versions.
#pragma once
#include <string>

#include "engines/compare/content/elf_program.h"
#include "engines/compare/content/listing.h"

namespace chiron::compare::elf {

[[nodiscard]] Item header_items(const Image& image);
[[nodiscard]] Item segment_items(const Image& image);
[[nodiscard]] Item section_items(const Image& image);
// Places are in the section's bytes.
[[nodiscard]] Item dynamic_items(const Image& image, const Section& section);
[[nodiscard]] Item note_items(const Image& image, const Section& section);

// Listings of one line an entry, free of addresses where they mean something else.
struct TableText {
  std::string meaning;  // what is compared first
  std::string with_addresses;
};
[[nodiscard]] TableText symbol_listing(const Program& program, const Section& section);
[[nodiscard]] TableText relocation_listing(const Program& program, const Section& section);
[[nodiscard]] TableText pointer_listing(const Program& program, const Section& section);
[[nodiscard]] TableText unwind_listing(const Program& program, const Section& section);
[[nodiscard]] TableText version_listing(const Program& program, const Section& section);
// The rows of .debug_line of the functions whose rows differ, relative to the functions' starts. Files at the same
// place of lists of equal length count as the same file: that its path differs is told once, by the list.
struct LineTexts {
  std::string a, b;
};
[[nodiscard]] LineTexts line_listings(const Program& a, const Program& b);

}  // namespace chiron::compare::elf
