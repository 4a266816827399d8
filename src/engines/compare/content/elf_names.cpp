// Names of ELF's constants (gABI, the GNU extensions, and the processor supplements for relocations).
#include "engines/compare/content/elf_image.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare::elf {
namespace {

struct Name {
  std::uint64_t value;
  std::string_view name;
};

template <std::size_t N>
std::string look_up(const Name (&table)[N], std::uint64_t value) {
  for (const auto& entry : table) {
    if (entry.value == value) return std::string(entry.name);
  }
  return hex(value);
}

constexpr Name kMachines[] = {{0, "none"},       {2, "SPARC"},     {3, "x86"},       {4, "m68k"},       {8, "MIPS"},
                              {15, "PA-RISC"},   {18, "SPARC32+"}, {20, "PowerPC"},  {21, "PowerPC64"}, {22, "S/390"},
                              {40, "ARM"},       {42, "SuperH"},   {43, "SPARC V9"}, {50, "IA-64"},     {62, "x86-64"},
                              {83, "AVR"},       {94, "Xtensa"},   {183, "AArch64"}, {243, "RISC-V"},   {247, "BPF"},
                              {258, "LoongArch"}};
constexpr Name kSegmentTypes[] = {{0, "NULL"},
                                  {1, "LOAD"},
                                  {2, "DYNAMIC"},
                                  {3, "INTERP"},
                                  {4, "NOTE"},
                                  {5, "SHLIB"},
                                  {6, "PHDR"},
                                  {7, "TLS"},
                                  {0x6474e550, "GNU_EH_FRAME"},
                                  {0x6474e551, "GNU_STACK"},
                                  {0x6474e552, "GNU_RELRO"},
                                  {0x6474e553, "GNU_PROPERTY"}};
constexpr Name kSectionTypes[] = {{0, "NULL"},
                                  {1, "PROGBITS"},
                                  {2, "SYMTAB"},
                                  {3, "STRTAB"},
                                  {4, "RELA"},
                                  {5, "HASH"},
                                  {6, "DYNAMIC"},
                                  {7, "NOTE"},
                                  {8, "NOBITS"},
                                  {9, "REL"},
                                  {10, "SHLIB"},
                                  {11, "DYNSYM"},
                                  {14, "INIT_ARRAY"},
                                  {15, "FINI_ARRAY"},
                                  {16, "PREINIT_ARRAY"},
                                  {17, "GROUP"},
                                  {18, "SYMTAB_SHNDX"},
                                  {19, "RELR"},
                                  {0x6ffffff5, "GNU_ATTRIBUTES"},
                                  {0x6ffffff6, "GNU_HASH"},
                                  {0x6ffffff7, "GNU_LIBLIST"},
                                  {0x6ffffffd, "VERDEF"},
                                  {0x6ffffffe, "VERNEED"},
                                  {0x6fffffff, "VERSYM"}};
constexpr Name kDynamicTags[] = {{0, "NULL"},
                                 {1, "NEEDED"},
                                 {2, "PLTRELSZ"},
                                 {3, "PLTGOT"},
                                 {4, "HASH"},
                                 {5, "STRTAB"},
                                 {6, "SYMTAB"},
                                 {7, "RELA"},
                                 {8, "RELASZ"},
                                 {9, "RELAENT"},
                                 {10, "STRSZ"},
                                 {11, "SYMENT"},
                                 {12, "INIT"},
                                 {13, "FINI"},
                                 {14, "SONAME"},
                                 {15, "RPATH"},
                                 {16, "SYMBOLIC"},
                                 {17, "REL"},
                                 {18, "RELSZ"},
                                 {19, "RELENT"},
                                 {20, "PLTREL"},
                                 {21, "DEBUG"},
                                 {22, "TEXTREL"},
                                 {23, "JMPREL"},
                                 {24, "BIND_NOW"},
                                 {25, "INIT_ARRAY"},
                                 {26, "FINI_ARRAY"},
                                 {27, "INIT_ARRAYSZ"},
                                 {28, "FINI_ARRAYSZ"},
                                 {29, "RUNPATH"},
                                 {30, "FLAGS"},
                                 {32, "PREINIT_ARRAY"},
                                 {33, "PREINIT_ARRAYSZ"},
                                 {34, "SYMTAB_SHNDX"},
                                 {35, "RELRSZ"},
                                 {36, "RELR"},
                                 {37, "RELRENT"},
                                 {0x6ffffef5, "GNU_HASH"},
                                 {0x6ffffff0, "VERSYM"},
                                 {0x6ffffff9, "RELACOUNT"},
                                 {0x6ffffffa, "RELCOUNT"},
                                 {0x6ffffffb, "FLAGS_1"},
                                 {0x6ffffffc, "VERDEF"},
                                 {0x6ffffffd, "VERDEFNUM"},
                                 {0x6ffffffe, "VERNEED"},
                                 {0x6fffffff, "VERNEEDNUM"}};
constexpr Name kX64Relocations[] = {
    {0, "R_X86_64_NONE"},      {1, "R_X86_64_64"},         {2, "R_X86_64_PC32"},       {3, "R_X86_64_GOT32"},
    {4, "R_X86_64_PLT32"},     {5, "R_X86_64_COPY"},       {6, "R_X86_64_GLOB_DAT"},   {7, "R_X86_64_JUMP_SLOT"},
    {8, "R_X86_64_RELATIVE"},  {9, "R_X86_64_GOTPCREL"},   {10, "R_X86_64_32"},        {11, "R_X86_64_32S"},
    {12, "R_X86_64_16"},       {13, "R_X86_64_PC16"},      {14, "R_X86_64_8"},         {15, "R_X86_64_PC8"},
    {16, "R_X86_64_DTPMOD64"}, {17, "R_X86_64_DTPOFF64"},  {18, "R_X86_64_TPOFF64"},   {19, "R_X86_64_TLSGD"},
    {20, "R_X86_64_TLSLD"},    {21, "R_X86_64_DTPOFF32"},  {22, "R_X86_64_GOTTPOFF"},  {23, "R_X86_64_TPOFF32"},
    {24, "R_X86_64_PC64"},     {37, "R_X86_64_IRELATIVE"}, {41, "R_X86_64_GOTPCRELX"}, {42, "R_X86_64_REX_GOTPCRELX"}};
constexpr Name k386Relocations[] = {{0, "R_386_NONE"},     {1, "R_386_32"},        {2, "R_386_PC32"},
                                    {3, "R_386_GOT32"},    {4, "R_386_PLT32"},     {5, "R_386_COPY"},
                                    {6, "R_386_GLOB_DAT"}, {7, "R_386_JUMP_SLOT"}, {8, "R_386_RELATIVE"},
                                    {9, "R_386_GOTOFF"},   {10, "R_386_GOTPC"},    {43, "R_386_GOT32X"}};
constexpr Name kArm64Relocations[] = {{257, "R_AARCH64_ABS64"},           {258, "R_AARCH64_ABS32"},
                                      {261, "R_AARCH64_PREL32"},          {275, "R_AARCH64_ADR_PREL_PG_HI21"},
                                      {277, "R_AARCH64_ADD_ABS_LO12_NC"}, {282, "R_AARCH64_JUMP26"},
                                      {283, "R_AARCH64_CALL26"},          {1025, "R_AARCH64_GLOB_DAT"},
                                      {1026, "R_AARCH64_JUMP_SLOT"},      {1027, "R_AARCH64_RELATIVE"}};

}  // namespace

std::string file_type_name(std::uint16_t type) {
  constexpr Name kTypes[] = {{0, "NONE"}, {1, "REL"}, {2, "EXEC"}, {3, "DYN"}, {4, "CORE"}};
  return look_up(kTypes, type);
}
std::string machine_name(std::uint16_t machine) { return look_up(kMachines, machine); }
std::string segment_type_name(std::uint32_t type) { return look_up(kSegmentTypes, type); }
std::string section_type_name(std::uint32_t type) { return look_up(kSectionTypes, type); }
std::string dynamic_tag_name(std::uint64_t tag) { return look_up(kDynamicTags, tag); }

std::string relocation_type_name(std::uint16_t machine, std::uint32_t type) {
  switch (machine) {
    case 62:
      return look_up(kX64Relocations, type);
    case 3:
      return look_up(k386Relocations, type);
    case 183:
      return look_up(kArm64Relocations, type);
    default:
      return format("type {}", type);
  }
}

std::string section_flags_text(std::uint64_t flags) {
  constexpr std::pair<std::uint64_t, std::string_view> kFlags[] = {
      {1, "write"},           {2, "alloc"},         {4, "exec"},      {0x10, "merge"}, {0x20, "strings"},
      {0x40, "info-link"},    {0x80, "link-order"}, {0x200, "group"}, {0x400, "tls"},  {0x800, "compressed"},
      {0x80000000, "exclude"}};
  std::string out;
  std::uint64_t known = 0;
  for (const auto& [bit, name] : kFlags) {
    known |= bit;
    if ((flags & bit) == 0) continue;
    if (!out.empty()) out += ' ';
    out += name;
  }
  if ((flags & ~known) != 0) out += (out.empty() ? "" : " ") + hex(flags & ~known);
  return out.empty() ? "none" : out;
}

std::string symbol_text(const Image& image, const Symbol& symbol) {
  constexpr Name kTypes[] = {{0, "notype"}, {1, "object"}, {2, "func"}, {3, "section"},
                             {4, "file"},   {5, "common"}, {6, "tls"},  {10, "ifunc"}};
  constexpr Name kBindings[] = {{0, "local"}, {1, "global"}, {2, "weak"}, {10, "unique"}};
  constexpr std::string_view kVisibility[] = {"default", "internal", "hidden", "protected"};
  std::string where;
  if (symbol.section == 0) {
    where = "undefined";
  } else if (symbol.section == 0xfff1) {
    where = "absolute";
  } else if (symbol.section == 0xfff2) {
    where = "common";
  } else if (const auto* section = image.section(symbol.section)) {
    where = section->name;
  } else {
    where = format("section {}", symbol.section);
  }
  return format("{} {} {} {} value {:#x} size {}", look_up(kBindings, symbol.binding()), look_up(kTypes, symbol.type()),
                kVisibility[symbol.other & 3], where, symbol.value, symbol.size);
}

}  // namespace chiron::compare::elf
