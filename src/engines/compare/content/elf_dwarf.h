// DWARF 2 to 5 as far as a comparison needs it: which source line an address belongs to, and what every entry of the
// debugging information says, with addresses and offsets kept apart from what they stand for.
//
// Our own reader: it is handed damaged files, must be bounded in time, and reads the two hundred kilobytes that a
// mid-size program has in about a millisecond.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engines/compare/budget.h"
#include "engines/compare/content/elf_image.h"

namespace chiron::compare::elf {

inline constexpr std::size_t kMaxLineRows = 20'000'000;
inline constexpr std::size_t kMaxEntries = 20'000'000;
inline constexpr std::uint64_t kMaxDebugSection = 1ull << 30;  // decoded, each

// The debug sections of one image: decompressed and, in object files, relocated.
struct DebugSections {
  std::string_view info, abbrev, line, str, line_str, str_offsets;
  std::vector<std::unique_ptr<std::string>> owned;  // unique_ptr: the views above point into the strings
  Endian endian = Endian::little;
  unsigned address_bytes = 8;
};
// `bases`: where each section of an object file is taken to lie (empty for linked files).
[[nodiscard]] DebugSections debug_sections(const Image& image, const std::vector<std::uint64_t>& bases, Budget& budget);

struct LineRow {
  std::uint64_t address = 0;
  std::uint32_t file = 0;  // index into LineTable::files
  std::uint32_t line = 0;
  bool end = false;  // one past the last address of a sequence
};

struct LineTable {
  std::vector<std::string> files;
  std::size_t path_bytes = 0;  // of `files`
  std::vector<LineRow> rows;   // by address
  std::vector<std::string> problems;

  [[nodiscard]] const LineRow* find(std::uint64_t address) const;
  // "file.c:12", "" where the table knows nothing of the address.
  [[nodiscard]] std::string place(std::uint64_t address) const;
};
[[nodiscard]] LineTable read_lines(const DebugSections& sections, const Budget& budget);

// A top-level entry of a unit (a function, a type, a variable) with everything below it.
struct DebugEntry {
  std::string name;           // "subprogram main", made unique by its unit
  std::uint64_t meaning = 0;  // hash of tags, names, lines and types; free of addresses and offsets
  std::uint64_t offset = 0;   // in .debug_info
  std::uint64_t end = 0;
  std::size_t unit = 0;
};
struct DebugUnit {
  std::string name;
  std::uint64_t offset = 0;
  std::string text;  // the unit's own attributes, a line each
};
struct DebugInfo {
  std::vector<DebugUnit> units;
  std::vector<DebugEntry> entries;
  std::vector<std::string> problems;
};
[[nodiscard]] DebugInfo read_info(const DebugSections& sections, const Budget& budget);
// One entry as indented lines without addresses ("  formal_parameter name=argc type=int decl_line=3").
[[nodiscard]] std::string entry_text(const DebugSections& sections, const DebugEntry& entry, const DebugInfo& info);

}  // namespace chiron::compare::elf
