#include "engines/compare/content/elf_program.h"

#include <algorithm>
#include <span>

#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::compare::elf {
namespace {

constexpr std::uint64_t kShownText = 60;  // of a string that an instruction refers to

bool is_code(const Section& section) { return (section.flags & 4) != 0 && section.type == 1; }

}  // namespace

Program::Program(const Image& source, Budget& budget) : image(source), bases(source.sections.size(), 0) {
  place_sections();
  read_symbols();
  if (functions.empty()) read_unwind();
  add_uncovered();
  name_functions();
  if (image.type == 1) read_relocations();
  read_plt();
  debug = debug_sections(image, bases, budget);
  lines = read_lines(debug, budget);
}

// Sections of an object file all say address 0; each is given a place of its own, so that an address names one thing.
void Program::place_sections() {
  if (image.type != 1) return;
  std::uint64_t next = 0;
  for (const auto& section : image.sections) {
    if ((section.flags & 2) == 0) continue;
    next = (next + 0xfff) & ~std::uint64_t{0xfff};
    bases[section.index] = next - section.address;
    next += std::min<std::uint64_t>(section.size, 1ull << 40);
  }
}

void Program::read_symbols() {
  const Section* table = nullptr;
  for (const auto& section : image.sections) {
    if (section.type == 2 || (section.type == 11 && table == nullptr)) table = &section;
  }
  if (table == nullptr) return;
  for (const auto& symbol : image.symbols(*table)) {
    const auto* section = image.section(symbol.section);
    if (section == nullptr || symbol.section == 0 || symbol.name.empty()) continue;
    const std::uint64_t address = symbol.value + bases[section->index];
    const std::uint64_t base = base_of(*section);
    if (address < base || address - base >= section->size) continue;
    const std::uint64_t within = address - base;
    const std::uint64_t size = std::min(symbol.size, section->size - within);
    if ((symbol.type() == 2 || symbol.type() == 10) && is_code(*section) && within < section->bytes.size()) {
      if (size == 0) continue;
      Function function;
      function.name = symbol.name;
      function.address = address;
      function.size = size;
      function.section = section;
      function.file_offset = section->offset + within;
      function.bytes = section->bytes.substr(static_cast<std::size_t>(within), static_cast<std::size_t>(size));
      functions.push_back(std::move(function));
    } else if (symbol.type() == 1 || symbol.type() == 6 || symbol.type() == 0) {
      objects.push_back({symbol.name, address, size});
    }
  }
  // Several names for one address: the first in byte order, so that both sides take the same.
  std::sort(functions.begin(), functions.end(), [](const Function& a, const Function& b) {
    return a.address != b.address ? a.address < b.address : a.name < b.name;
  });
  functions.erase(std::unique(functions.begin(), functions.end(),
                              [](const Function& a, const Function& b) { return a.address == b.address; }),
                  functions.end());
  std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) {
    return a.address != b.address ? a.address < b.address : a.name < b.name;
  });
}

void Program::read_unwind() {
  for (const auto& section : image.sections) {
    if (section.name != ".eh_frame") continue;
    for (const auto& entry : read_unwind_entries(image, section)) {
      const auto* code = section_holding(entry.address);
      if (code == nullptr || !is_code(*code) || entry.size == 0) continue;
      const std::uint64_t within = entry.address - base_of(*code);
      if (within >= code->bytes.size()) continue;
      Function function;
      function.address = entry.address;
      function.size = std::min<std::uint64_t>(entry.size, code->bytes.size() - within);
      function.section = code;
      function.file_offset = code->offset + within;
      function.bytes = code->bytes.substr(static_cast<std::size_t>(within), static_cast<std::size_t>(function.size));
      function.named = false;
      functions.push_back(std::move(function));
    }
  }
  std::sort(functions.begin(), functions.end(),
            [](const Function& a, const Function& b) { return a.address < b.address; });
  functions.erase(std::unique(functions.begin(), functions.end(),
                              [](const Function& a, const Function& b) { return a.address == b.address; }),
                  functions.end());
}

// Code that no symbol and no unwind entry covers (start-up code, hand-written assembly, padding) is kept as stretches
// of its own.
void Program::add_uncovered() {
  // A function ends where the next begins: overlapping ones would make the work quadratic.
  for (std::size_t i = 0; i + 1 < functions.size(); ++i) {
    auto& function = functions[i];
    if (functions[i + 1].section != function.section) continue;
    function.size = std::min(function.size, functions[i + 1].address - function.address);
    function.bytes = function.bytes.substr(0, static_cast<std::size_t>(function.size));
  }
  std::vector<Function> gaps;
  for (const auto& section : image.sections) {
    if (!is_code(section) || section.bytes.empty() || (section.flags & 2) == 0) continue;
    const std::uint64_t base = base_of(section);
    std::uint64_t at = 0;
    const auto add = [&](std::uint64_t end) {
      if (end <= at) return;
      Function gap;
      gap.address = base + at;
      gap.size = end - at;
      gap.section = &section;
      gap.file_offset = section.offset + at;
      gap.bytes = section.bytes.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(end - at));
      gap.named = false;
      // Padding between functions is no code to be told of.
      const bool filler =
          gap.size < 64 && gap.bytes.find_first_not_of(std::string_view("\x00\x90\xcc\x66\x2e\x0f\x1f\x84\x40\x44\x80",
                                                                        11)) == std::string_view::npos;
      if (!filler) gaps.push_back(std::move(gap));
    };
    auto next = std::lower_bound(functions.begin(), functions.end(), base,
                                 [](const Function& f, std::uint64_t value) { return f.address < value; });
    for (; next != functions.end() && next->section == &section; ++next) {
      add(next->address - base);
      at = std::max(at, next->address - base + next->size);
    }
    add(section.bytes.size());
  }
  functions.insert(functions.end(), std::make_move_iterator(gaps.begin()), std::make_move_iterator(gaps.end()));
  std::sort(functions.begin(), functions.end(),
            [](const Function& a, const Function& b) { return a.address < b.address; });
}

void Program::name_functions() {
  std::unordered_map<std::string, int> seen;
  std::unordered_map<std::string_view, int> unnamed;  // per section
  for (auto& function : functions) {
    if (!function.named) {
      function.name = format("{} code {}", function.section->name, ++unnamed[function.section->name]);
      continue;
    }
    if (const int count = ++seen[function.name]; count > 1) function.name += format("#{}", count);
  }
}

void Program::read_relocations() {
  std::vector<Symbol> symbols;
  const Section* symbols_of = nullptr;
  std::size_t switches = 0;
  for (const auto& table : image.sections) {
    if (table.type != 4 && table.type != 9) continue;
    const auto* patched = image.section(table.info);
    const auto* symbol_table = image.section(table.link);
    if (patched == nullptr || symbol_table == nullptr || (patched->flags & 2) == 0) continue;
    if (symbol_table != symbols_of) {
      if (++switches > 16) return;  // one table is the rule; many would be read again and again
      symbols = image.symbols(*symbol_table);
      symbols_of = symbol_table;
    }
    auto in = image.reader(table.bytes);
    const unsigned entry = (table.type == 4 ? 3 : 2) * image.word();
    while (in.ok() && relocations.size() < kMaxSymbols && in.left() >= entry) {
      Relocation relocation;
      relocation.address = in.number(image.word()) + base_of(*patched);
      const std::uint64_t info = in.number(image.word());
      relocation.type = static_cast<std::uint32_t>(image.is_64 ? info & 0xffffffff : info & 0xff);
      relocation.symbol_index = static_cast<std::uint32_t>(image.is_64 ? info >> 32 : info >> 8);
      if (table.type == 4) {
        const std::uint64_t addend = in.number(image.word());
        relocation.addend = image.is_64 ? static_cast<std::int64_t>(addend) : static_cast<std::int32_t>(addend);
      }
      if (relocation.symbol_index < symbols.size()) {
        const auto& symbol = symbols[relocation.symbol_index];
        relocation.symbol = symbol.name;
        const auto* section = symbol.section == 0 ? nullptr : image.section(symbol.section);
        if (section != nullptr) {
          if (symbol.type() == 3) relocation.symbol = section->name;
          relocation.defined = true;
          relocation.target = symbol.value + bases[section->index] + static_cast<std::uint64_t>(relocation.addend);
          // What a relative relocation on x86 reaches is four bytes on: the place is behind the patched word.
          if ((image.machine == 62 || image.machine == 3) && (relocation.type == 2 || relocation.type == 4)) {
            relocation.target += table.type == 4 ? 4 : 0;
          }
        }
      }
      relocations.push_back(relocation);
    }
  }
  std::stable_sort(relocations.begin(), relocations.end(),
                   [](const Relocation& a, const Relocation& b) { return a.address < b.address; });
}

// Which import each stub of the procedure linkage table stands for (x86: sixteen bytes a stub, in order of the
// relocations).
void Program::read_plt() {
  if (image.machine != 62 && image.machine != 3) return;
  const auto* table = image.find(image.machine == 62 ? ".rela.plt" : ".rel.plt");
  if (table == nullptr) return;
  const auto* symbol_table = image.section(table->link);
  if (symbol_table == nullptr) return;
  const auto symbols = image.symbols(*symbol_table);
  const auto* plt = image.find(".plt");
  const auto* second = image.find(".plt.sec");
  auto in = image.reader(table->bytes);
  for (std::uint64_t i = 0; in.left() >= (table->type == 4 ? 3 : 2) * image.word(); ++i) {
    (void)in.number(image.word());
    const std::uint64_t info = in.number(image.word());
    if (table->type == 4) (void)in.number(image.word());
    const std::uint64_t index = image.is_64 ? info >> 32 : info >> 8;
    if (index >= symbols.size()) continue;
    const std::string name = std::string(symbols[index].name) + "@plt";
    if (plt != nullptr) plt_[plt->address + (i + 1) * 16] = name;
    if (second != nullptr) plt_[second->address + i * 16] = name;
  }
}

const Function* Program::function_at(std::uint64_t address) const {
  auto after = std::upper_bound(functions.begin(), functions.end(), address,
                                [](std::uint64_t value, const Function& f) { return value < f.address; });
  if (after == functions.begin()) return nullptr;
  --after;
  return address - after->address < after->size ? &*after : nullptr;
}

const Object* Program::object_at(std::uint64_t address) const {
  auto after = std::upper_bound(objects.begin(), objects.end(), address,
                                [](std::uint64_t value, const Object& o) { return value < o.address; });
  for (int back = 0; after != objects.begin() && back < 8; ++back) {
    --after;
    if (address - after->address < std::max<std::uint64_t>(after->size, 1)) return &*after;
  }
  return nullptr;
}

const Section* Program::section_holding(std::uint64_t address) const {
  for (const auto& section : image.sections) {
    if ((section.flags & 2) == 0 || (section.flags & 0x400) != 0) continue;
    const std::uint64_t base = base_of(section);
    if (address >= base && address - base < section.size) return &section;
  }
  return nullptr;
}

std::string_view Program::text_at(std::uint64_t address) const {
  const auto* section = section_holding(address);
  if (section == nullptr || (section->flags & 5) != 0 || section->bytes.empty()) return {};
  const std::uint64_t within = address - base_of(*section);
  if (within >= section->bytes.size()) return {};
  // As much as is worth showing; a longer text is taken to go on as it begins.
  constexpr std::size_t kRead = 200;
  const auto whole = section->bytes.substr(static_cast<std::size_t>(within));
  const auto rest = whole.substr(0, kRead);
  auto end = rest.find('\0');
  if (end == std::string_view::npos && whole.size() > kRead) end = kRead;
  if (end == 0 || end == std::string_view::npos) return {};
  for (const char c : rest.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r' && byte != 0x1b) || byte == 0x7f) return {};
  }
  // Numbers (a jump table's) may look like letters. What was cut off at the end may be half a character.
  const auto invalid = utf8::find_invalid(rest.substr(0, end));
  if (invalid != std::string_view::npos && !(end == kRead && invalid + 4 > end)) return {};
  return rest.substr(0, end);
}

std::string Program::describe(std::uint64_t address) const {
  if (const auto stub = plt_.find(address); stub != plt_.end()) return stub->second;
  if (const auto* function = function_at(address)) {
    if (!function->named) return format("[{}]", function->section->name);
    const std::uint64_t offset = address - function->address;
    return offset == 0 ? function->name : format("{}+{:#x}", function->name, offset);
  }
  if (const auto* object = object_at(address); object != nullptr && object->size > 0) {
    const std::uint64_t offset = address - object->address;
    return offset == 0 ? std::string(object->name) : format("{}+{:#x}", object->name, offset);
  }
  if (const auto text = text_at(address); !text.empty()) return in_quotes(text, kShownText);
  if (const auto* section = section_holding(address)) return format("[{}]", section->name);
  return hex(address);
}

std::string Program::describe(const Relocation& relocation) const {
  if (relocation.defined) return describe(relocation.target);
  std::string out(relocation.symbol);
  // -4 is the usual addend of a relative call on x86 and says nothing.
  if (relocation.addend != 0 && relocation.addend != -4) out += format("{:+#x}", relocation.addend);
  return out;
}

std::span<const Relocation> Program::relocations_in(std::uint64_t begin, std::uint64_t end) const {
  const auto by_address = [](const Relocation& r, std::uint64_t value) { return r.address < value; };
  const auto first = std::lower_bound(relocations.begin(), relocations.end(), begin, by_address);
  const auto last = std::lower_bound(first, relocations.end(), end, by_address);
  return {first, last};
}

std::vector<UnwindEntry> read_unwind_entries(const Image& image, const Section& section) {
  // Layout: Linux Standard Base, "Exception Frames". Encodings other than plain and place-relative are left out.
  std::vector<UnwindEntry> entries;
  struct Common {
    std::uint8_t encoding = 0;
    bool has_data = false;
  };
  std::unordered_map<std::uint64_t, Common> commons;
  auto in = image.reader(section.bytes);
  while (in.ok() && in.left() >= 4) {
    const std::uint64_t start = in.offset();
    std::uint64_t length = in.u32();
    if (length == 0) continue;  // a terminator; more may follow in a joined section
    if (length == 0xffffffff) length = in.u64();
    const std::uint64_t id_at = in.offset();
    auto body = image.reader(in.take(length));
    if (!in.ok()) break;
    const std::uint32_t id = body.u32();
    if (id == 0) {
      Common common;
      (void)body.u8();
      const auto augmentation = body.zero_terminated();
      (void)body.uleb();
      (void)body.sleb();
      (void)body.uleb();
      if (augmentation.starts_with('z')) {
        common.has_data = true;
        (void)body.uleb();
        for (const char letter : augmentation.substr(1)) {
          if (letter == 'R')
            common.encoding = body.u8();
          else if (letter == 'L')
            (void)body.u8();
          else if (letter == 'P') {
            const unsigned form = body.u8() & 0x0f;
            body.skip(form == 0 ? image.word() : form == 2 || form == 10 ? 2 : form == 4 || form == 12 ? 8 : 4);
          }
        }
      }
      if (body.ok()) commons[start] = common;
      continue;
    }
    const auto common = commons.find(id_at - id);
    if (common == commons.end()) continue;
    const std::uint8_t encoding = common->second.encoding;
    const unsigned form = encoding & 0x0f;
    const unsigned width = form == 0 ? image.word() : form == 2 || form == 10 ? 2 : form == 3 || form == 11 ? 4 : 8;
    const std::uint64_t at = section.address + id_at + body.offset();
    std::uint64_t address = body.number(width);
    if (form >= 9 && width < 8) {
      const unsigned shift = 64 - 8 * width;
      address = static_cast<std::uint64_t>(static_cast<std::int64_t>(address << shift) >> shift);
    }
    if ((encoding & 0x70) == 0x10) address += at;
    UnwindEntry entry;
    entry.address = image.is_64 ? address : address & 0xffffffff;
    entry.size = body.number(width);
    if (common->second.has_data) body.skip(body.uleb());
    entry.instructions = body.take(body.left());
    if (body.ok() || !entry.instructions.empty()) entries.push_back(entry);
  }
  return entries;
}

}  // namespace chiron::compare::elf
