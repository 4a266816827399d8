// An ELF file with what its addresses mean: functions, objects, relocations, source lines.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engines/compare/content/disassembly.h"
#include "engines/compare/content/elf_dwarf.h"
#include "engines/compare/content/elf_image.h"

namespace chiron::compare::elf {

struct Function {
  std::string name;           // unique within the program: a second `helper` is "helper#2"
  std::uint64_t address = 0;  // in object files on top of the section's assumed base
  std::uint64_t size = 0;
  const Section* section = nullptr;
  std::uint64_t file_offset = 0;
  std::string_view bytes;
  bool named = true;  // false: known only from the unwind tables or as the whole of a section
};

struct Object {
  std::string_view name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

struct Relocation {
  std::uint64_t address = 0;  // of the place that is patched
  std::uint32_t type = 0;
  std::uint32_t symbol_index = 0;
  std::string_view symbol;   // its name, or that of its section
  std::uint64_t target = 0;  // address of the symbol plus addend where the symbol is defined here
  bool defined = false;
  std::int64_t addend = 0;
};

class Program {
 public:
  Program(const Image& image, Budget& budget);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const Image& image;
  std::vector<std::uint64_t> bases;     // per section; all zero for linked files
  std::vector<Function> functions;      // by address
  std::vector<Object> objects;          // by address
  std::vector<Relocation> relocations;  // by address; of object files only
  DebugSections debug;
  LineTable lines;

  [[nodiscard]] std::uint64_t base_of(const Section& section) const { return section.address + bases[section.index]; }
  [[nodiscard]] const Function* function_at(std::uint64_t address) const;
  [[nodiscard]] const Object* object_at(std::uint64_t address) const;
  [[nodiscard]] const Section* section_holding(std::uint64_t address) const;
  // What lies at an address, for people and free of the address where that can be: "printf@plt", "table+8",
  // "\"usage: %s\"", "[.data]".
  [[nodiscard]] std::string describe(std::uint64_t address) const;
  // The relocations in [begin, end).
  [[nodiscard]] std::span<const Relocation> relocations_in(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] std::string describe(const Relocation& relocation) const;
  // The text at an address where a read-only section holds a zero-terminated printable one.
  [[nodiscard]] std::string_view text_at(std::uint64_t address) const;

 private:
  void place_sections();
  void read_symbols();
  void read_unwind();
  void add_uncovered();
  void read_relocations();
  void read_plt();
  void name_functions();
  std::unordered_map<std::uint64_t, std::string> plt_;
};

// An entry of .eh_frame: which code it unwinds, and how.
struct UnwindEntry {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::string_view instructions;
};
[[nodiscard]] std::vector<UnwindEntry> read_unwind_entries(const Image& image, const Section& section);

}  // namespace chiron::compare::elf
