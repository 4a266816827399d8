// Bytecode as lines of text, and the line tables of three generations (3.6, 3.10 and 3.11).
#include <charconv>

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/pyc_image.h"
#include "foundation/base/format.h"

namespace chiron::compare::pyc {
namespace {

struct Operation {
  std::string_view name;
  char kind = '-';
  std::uint8_t caches = 0;
};

std::array<Operation, 256> operations(int minor) {
  std::array<Operation, 256> table{};
  std::string_view rest = opcode_table(minor);
  while (!rest.empty()) {
    const auto entry = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    if (entry.empty()) continue;
    unsigned number = 0, caches = 0;
    auto at = std::from_chars(entry.data(), entry.data() + entry.size(), number).ptr;
    const char kind = *at++;
    at = std::from_chars(at, entry.data() + entry.size(), caches).ptr;
    table[number & 0xff] = {entry.substr(static_cast<std::size_t>(at - entry.data())), kind,
                            static_cast<std::uint8_t>(caches)};
  }
  return table;
}

// Line of each byte offset / 2, 0 where there is none.
std::vector<std::uint32_t> lines_of(const Module& module, const Code& code, std::size_t bytes) {
  std::vector<std::uint32_t> lines(bytes / 2 + 1, 0);
  ByteReader in(module.object(code.line_table).bytes);
  std::int64_t line = code.first_line;
  std::size_t at = 0;
  const auto fill = [&](std::size_t end, std::int64_t value) {
    for (; at < end && at / 2 < lines.size(); at += 2)
      lines[at / 2] = value > 0 ? static_cast<std::uint32_t>(value) : 0;
    at = std::max(at, end);
  };
  if (module.minor >= 11) {
    // Objects/locations.md: a byte 1cccclll, code and length - 1, then what the code says.
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (unsigned shift = 0; shift < 36; shift += 6) {
        const std::uint8_t byte = in.u8();
        value |= static_cast<std::uint64_t>(byte & 0x3f) << shift;
        if ((byte & 0x40) == 0) break;
      }
      return value;
    };
    while (!in.at_end() && in.ok() && at < bytes) {
      const std::uint8_t first = in.u8();
      const unsigned kind = (first >> 3) & 15;
      const std::size_t length = ((first & 7) + 1) * 2;
      bool none = false;
      if (kind == 15) {
        none = true;
      } else if (kind == 14 || kind == 13) {
        const std::uint64_t raw = varint();
        line += (raw & 1) != 0 ? -static_cast<std::int64_t>(raw >> 1) : static_cast<std::int64_t>(raw >> 1);
        if (kind == 14) {
          (void)varint();
          (void)varint();
          (void)varint();
        }
      } else if (kind >= 10) {
        line += kind - 10;
        in.skip(2);
      } else {
        in.skip(1);
      }
      fill(at + length, none ? 0 : line);
    }
  } else if (module.minor == 10) {
    while (in.left() >= 2) {
      const std::uint8_t length = in.u8();
      const std::int8_t delta = in.i8();
      if (delta == -128) {
        fill(at + length, 0);
      } else {
        line += delta;
        fill(at + length, line);
      }
    }
  } else {
    while (in.left() >= 2) {
      const std::uint8_t length = in.u8();
      const std::int8_t delta = in.i8();
      fill(at + length, line);
      line += delta;
    }
    fill(bytes, line);
  }
  return lines;
}

std::string item_of(const Module& module, std::uint32_t tuple, std::uint64_t index, bool as_name) {
  const auto& items = module.object(tuple).items;
  if (index >= items.size()) return format("{}", index);
  constexpr std::size_t kShownOperand = 200;
  auto text = as_name ? module.text(items[static_cast<std::size_t>(index)])
                      : module.show(items[static_cast<std::size_t>(index)]);
  // The whole of it is listed among the constants.
  if (text.size() > kShownOperand) text = text.substr(0, kShownOperand) + "...";
  return text;
}

std::string operand(const Module& module, const Code& code, const Operation& operation, std::uint64_t argument,
                    std::size_t offset, std::size_t next) {
  const int minor = module.minor;
  switch (operation.kind) {
    case 'c':
      return item_of(module, code.constants, argument, false);
    case 'n': {
      std::uint64_t index = argument;
      std::string mark;
      if ((minor >= 11 && operation.name == "LOAD_GLOBAL") || (minor >= 12 && operation.name == "LOAD_ATTR")) {
        index = argument >> 1;
        if ((argument & 1) != 0) mark = operation.name == "LOAD_ATTR" ? " (method)" : " (call)";
      } else if (minor >= 12 && operation.name == "LOAD_SUPER_ATTR") {
        index = argument >> 2;
        mark = format(" flags {}", argument & 3);
      }
      return item_of(module, code.names, index, true) + mark;
    }
    case 'l':
      if (minor >= 13 && operation.name.find("_FAST_") != std::string_view::npos &&
          operation.name != "LOAD_FAST_CHECK" && operation.name != "LOAD_FAST_AND_CLEAR") {
        return item_of(module, code.variables, argument >> 4, true) + ", " +
               item_of(module, code.variables, argument & 15, true);
      }
      return item_of(module, code.variables, argument, true);
    case 'f': {
      if (minor >= 11) return item_of(module, code.variables, argument, true);
      const auto cells = module.object(code.cell_variables).items.size();
      return argument < cells ? item_of(module, code.cell_variables, argument, true)
                              : item_of(module, code.free_variables, argument - cells, true);
    }
    case 'r': {
      const std::uint64_t unit = minor >= 10 ? 2 : 1;
      const bool back = operation.name.find("BACKWARD") != std::string_view::npos;
      return format("{}{}", back ? "-" : "+", argument * unit);
    }
    case 'a': {
      // Shown relative to the next instruction, so that code added before does not change it.
      const auto target = static_cast<std::int64_t>(argument * (minor >= 10 ? 2 : 1));
      return format("{:+}", target - static_cast<std::int64_t>(next));
    }
    default:
      (void)offset;
      return format("{}", argument);
  }
}

}  // namespace

std::vector<Step> list_code(const Module& module, const Code& code) {
  std::vector<Step> steps;
  const auto bytes = module.object(code.bytecode).bytes;
  const auto table = operations(module.minor);
  if (opcode_table(module.minor).empty()) {
    for (std::size_t i = 0; i < bytes.size(); i += 16) {
      steps.push_back({static_cast<std::uint32_t>(i), 0, hex_bytes(bytes.substr(i, 16))});
    }
    return steps;
  }
  const auto lines = lines_of(module, code, bytes.size());
  std::uint64_t extended = 0;
  const unsigned no_operand_below = module.minor >= 13 ? 44 : 90;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto number = static_cast<unsigned char>(bytes[i]);
    const auto argument = extended << 8 | static_cast<unsigned char>(bytes[i + 1]);
    const auto& operation = table[number];
    Step step;
    step.offset = static_cast<std::uint32_t>(i);
    step.line = i / 2 < lines.size() ? lines[i / 2] : 0;
    step.text = operation.name.empty() ? format("<{}>", number) : std::string(operation.name);
    extended = operation.name == "EXTENDED_ARG" ? argument & 0xffffff : 0;
    if (number >= no_operand_below || argument != 0) {
      step.text += ' ';
      step.text += operand(module, code, operation, argument, i, i + 2);
    }
    steps.push_back(std::move(step));
    // Inline caches hold zeros in a file; others are shown as they are.
    for (unsigned cache = 0; cache < operation.caches && i + 3 < bytes.size(); ++cache) {
      i += 2;
      if (bytes[i] != 0 || bytes[i + 1] != 0) {
        steps.push_back({static_cast<std::uint32_t>(i), 0, "  cache " + hex_bytes(bytes.substr(i, 2))});
      }
    }
  }
  return steps;
}

}  // namespace chiron::compare::pyc
