// The line number program (DWARF 5, section 6.2; the headers of versions 2 to 4 differ in their file tables).
#include <algorithm>

#include "engines/compare/content/elf_dwarf.h"
#include "foundation/base/format.h"

namespace chiron::compare::elf {
namespace {

constexpr std::size_t kMaxFiles = 200'000;
constexpr std::size_t kMaxPathBytes = 4096;                // of one name that is kept
constexpr std::size_t kMaxPathsBytes = 64 * limits::kMiB;  // of all

struct Program {
  ByteReader in;
  std::uint16_t version = 0;
  bool is_64 = false;
  std::uint8_t minimum_length = 1;
  std::int8_t line_base = 0;
  std::uint8_t line_range = 1;
  std::uint8_t opcode_base = 1;
  std::vector<std::uint8_t> operand_counts;
  std::vector<std::string_view> folders;
  std::vector<std::uint32_t> files;  // of the program, as indices into the table's files
};

std::string_view text_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const auto rest = table.substr(static_cast<std::size_t>(offset)).substr(0, kMaxNameBytes);
  return rest.substr(0, rest.find('\0'));
}

// One field of a version 5 file or folder entry; strings come as text, the rest as numbers.
bool read_form(Program& program, const DebugSections& sections, std::uint64_t form, std::string_view& text,
               std::uint64_t& number) {
  auto& in = program.in;
  switch (form) {
    case 0x08:
      text = in.zero_terminated();
      return in.ok();
    case 0x0e:
      text = text_at(sections.str, in.number(program.is_64 ? 8 : 4));
      return in.ok();
    case 0x1f:
      text = text_at(sections.line_str, in.number(program.is_64 ? 8 : 4));
      return in.ok();
    case 0x0b:
      number = in.u8();
      return in.ok();
    case 0x05:
      number = in.u16();
      return in.ok();
    case 0x06:
      number = in.u32();
      return in.ok();
    case 0x07:
      number = in.u64();
      return in.ok();
    case 0x0f:
      number = in.uleb();
      return in.ok();
    case 0x1e:
      in.skip(16);
      return in.ok();
    case 0x09:
      in.skip(in.uleb());
      return in.ok();
    default:
      return false;
  }
}

std::uint32_t add_file(LineTable& table, std::string_view folder, std::string_view name) {
  std::string path;
  name = name.substr(0, kMaxPathBytes);
  if (!folder.empty() && !name.starts_with('/')) {
    path = folder.substr(0, kMaxPathBytes);
    path += '/';
  }
  path += name;
  table.path_bytes += path.size();
  if (table.path_bytes > kMaxPathsBytes) path = "?";
  table.files.push_back(std::move(path));
  return static_cast<std::uint32_t>(table.files.size() - 1);
}

bool read_tables_5(Program& program, const DebugSections& sections, LineTable& table) {
  auto& in = program.in;
  for (int which = 0; which < 2; ++which) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> formats(in.u8());
    for (auto& [content, form] : formats) {
      content = in.uleb();
      form = in.uleb();
    }
    const std::uint64_t count = in.uleb();
    if (!in.ok() || count > kMaxFiles || (formats.empty() && count > 0)) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string_view name;
      std::uint64_t folder = 0;
      for (const auto& [content, form] : formats) {
        std::string_view text;
        std::uint64_t number = 0;
        if (!read_form(program, sections, form, text, number)) return false;
        if (content == 1) name = text;
        if (content == 2) folder = number;
      }
      if (which == 0) {
        program.folders.push_back(name);
      } else {
        const bool beside = folder == 0 || folder >= program.folders.size();
        program.files.push_back(add_file(table, beside ? std::string_view{} : program.folders[folder], name));
      }
    }
  }
  return in.ok();
}

bool read_tables_2(Program& program, LineTable& table) {
  auto& in = program.in;
  program.folders.push_back({});
  while (in.ok()) {
    const auto folder = in.zero_terminated();
    if (folder.empty()) break;
    if (program.folders.size() >= kMaxFiles) return false;
    program.folders.push_back(folder);
  }
  program.files.push_back(add_file(table, {}, "?"));  // files count from 1 in these versions
  while (in.ok()) {
    const auto name = in.zero_terminated();
    if (name.empty()) break;
    if (program.files.size() >= kMaxFiles) return false;
    const std::uint64_t folder = in.uleb();
    (void)in.uleb();
    (void)in.uleb();
    program.files.push_back(
        add_file(table, folder < program.folders.size() ? program.folders[folder] : std::string_view{}, name));
  }
  return in.ok();
}

struct Registers {
  std::uint64_t address = 0;
  std::uint64_t file = 1;
  std::uint32_t line = 1;
};

void emit(const Program& program, const Registers& r, bool end, LineTable& table) {
  const std::uint32_t file = r.file < program.files.size() ? program.files[r.file] : UINT32_MAX;
  table.rows.push_back({r.address, file, r.line, end});
}

void run(Program& program, LineTable& table, const Budget& budget) {
  auto& in = program.in;
  Registers r;
  std::size_t steps = 0;
  while (in.ok() && !in.at_end() && table.rows.size() < kMaxLineRows) {
    if ((++steps & 0xffff) == 0 && budget.stopped()) return;
    const std::uint8_t opcode = in.u8();
    if (opcode >= program.opcode_base) {
      const unsigned adjusted = opcode - program.opcode_base;
      r.address += static_cast<std::uint64_t>(adjusted / program.line_range) * program.minimum_length;
      r.line += static_cast<std::uint32_t>(program.line_base + static_cast<int>(adjusted % program.line_range));
      emit(program, r, false, table);
      continue;
    }
    switch (opcode) {
      case 0: {
        const std::uint64_t length = in.uleb();
        if (length == 0) break;
        const std::size_t next = in.offset() + static_cast<std::size_t>(std::min<std::uint64_t>(length, in.left()));
        const std::uint8_t extended = in.u8();
        if (extended == 1) {
          emit(program, r, true, table);
          r = {};
        } else if (extended == 2) {
          r.address = in.number(static_cast<unsigned>(std::min<std::uint64_t>(length - 1, 8)));
        }
        in.seek(next);
        break;
      }
      case 1:
        emit(program, r, false, table);
        break;
      case 2:
        r.address += in.uleb() * program.minimum_length;
        break;
      case 3:
        r.line += static_cast<std::uint32_t>(in.sleb());
        break;
      case 4:
        r.file = in.uleb();
        break;
      case 5:
        (void)in.uleb();
        break;
      case 6:
      case 7:
      case 10:
      case 11:
        break;
      case 8:
        r.address +=
            static_cast<std::uint64_t>((255 - program.opcode_base) / program.line_range) * program.minimum_length;
        break;
      case 9:
        r.address += in.u16();
        break;
      case 12:
        (void)in.uleb();
        break;
      default:
        for (unsigned i = 0;
             i < (opcode - 1u < program.operand_counts.size() ? program.operand_counts[opcode - 1u] : 0u); ++i)
          (void)in.uleb();
    }
  }
}

}  // namespace

LineTable read_lines(const DebugSections& sections, const Budget& budget) {
  LineTable table;
  ByteReader all(sections.line, sections.endian);
  while (!all.at_end()) {
    const std::size_t start = all.offset();
    std::uint64_t length = all.u32();
    const bool is_64 = length == 0xffffffff;
    if (is_64) length = all.u64();
    const auto body = all.take(length);
    if (!all.ok()) {
      table.problems.push_back(format("the line table at {:#x} is cut off", start));
      break;
    }
    Program program{ByteReader(body, sections.endian)};
    auto& in = program.in;
    program.is_64 = is_64;
    program.version = in.u16();
    if (program.version < 2 || program.version > 5) {
      table.problems.push_back(format("the line table at {:#x} has version {}", start, program.version));
      continue;
    }
    if (program.version == 5) in.skip(2);
    const std::uint64_t header_length = in.number(is_64 ? 8 : 4);
    const std::uint64_t code = in.offset() + header_length;
    program.minimum_length = in.u8();
    if (program.version >= 4) in.skip(1);
    in.skip(1);
    program.line_base = in.i8();
    program.line_range = in.u8();
    program.opcode_base = in.u8();
    if (program.line_range == 0 || program.opcode_base == 0) {
      table.problems.push_back(format("the line table at {:#x} has a damaged header", start));
      continue;
    }
    for (unsigned i = 1; i < program.opcode_base; ++i) program.operand_counts.push_back(in.u8());
    const bool read = program.version == 5 ? read_tables_5(program, sections, table) : read_tables_2(program, table);
    if (!read || table.files.size() > 10 * kMaxFiles) {
      table.problems.push_back(format("the file table of the line table at {:#x} could not be read", start));
      continue;
    }
    in.seek(code);
    run(program, table, budget);
    if (budget.stopped()) break;
  }
  // Sequences lie in any order; at one address the end of a sequence sorts before the start of the next.
  std::stable_sort(table.rows.begin(), table.rows.end(), [](const LineRow& a, const LineRow& b) {
    return a.address != b.address ? a.address < b.address : a.end > b.end;
  });
  return table;
}

const LineRow* LineTable::find(std::uint64_t address) const {
  auto after = std::upper_bound(rows.begin(), rows.end(), address,
                                [](std::uint64_t value, const LineRow& row) { return value < row.address; });
  if (after == rows.begin()) return nullptr;
  --after;
  return after->end ? nullptr : &*after;
}

std::string LineTable::place(std::uint64_t address) const {
  const auto* row = find(address);
  if (row == nullptr || row->line == 0) return {};
  return format("{}:{}", row->file < files.size() ? std::string_view(files[row->file]) : "?", row->line);
}

}  // namespace chiron::compare::elf
