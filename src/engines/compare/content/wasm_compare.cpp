// WebAssembly modules (core specification 2.0, chapter 5): types, imports, exports, functions, data and custom
// sections, each entry with its bytes. Function bodies are shown as bytes, under the function's name where the name
// section has it.
#include "engines/compare/content/bytes.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr std::uint64_t kMaxEntries = 1'000'000;
constexpr std::string_view kMagic("\0asm", 4);

std::string value_type(std::uint8_t type) {
  switch (type) {
    case 0x7f:
      return "i32";
    case 0x7e:
      return "i64";
    case 0x7d:
      return "f32";
    case 0x7c:
      return "f64";
    case 0x7b:
      return "v128";
    case 0x70:
      return "funcref";
    case 0x6f:
      return "externref";
    default:
      return hex(type);
  }
}

std::string type_list(ByteReader& in) {
  std::string out = "(";
  const std::uint64_t count = in.uleb();
  for (std::uint64_t i = 0; i < count && in.left() > 0; ++i) out += (i == 0 ? "" : ", ") + value_type(in.u8());
  return out + ")";
}

std::string limits_text(ByteReader& in) {
  const std::uint8_t flags = in.u8();
  std::string out = format("from {}", in.uleb());
  if ((flags & 1) != 0) out += format(" to {}", in.uleb());
  if ((flags & 2) != 0) out += " shared";
  return out;
}

std::string name_text(ByteReader& in) { return printable(in.take(in.uleb()), 1000); }

// Up to and with the `end` of a constant expression; only what such expressions may hold.
std::string expression(ByteReader& in) {
  const std::size_t start = in.offset();
  while (in.ok() && !in.at_end()) {
    const std::uint8_t opcode = in.u8();
    if (opcode == 0x0b) break;
    if (opcode == 0x41 || opcode == 0x42)
      (void)in.sleb();
    else if (opcode == 0x43)
      in.skip(4);
    else if (opcode == 0x44)
      in.skip(8);
    else if (opcode == 0x23 || opcode == 0xd2)
      (void)in.uleb();
    else if (opcode == 0xd0)
      in.skip(1);
    else if (opcode < 0x6a || opcode > 0x7e)
      in.fail();
  }
  return in.ok() ? hex_bytes(in.bytes().substr(start, in.offset() - start), 256) : std::string("?");
}

struct Module {
  std::vector<std::string> function_names;  // by index, imports first
  std::uint64_t imported_functions = 0;
};

std::string function_name(const Module& module, std::uint64_t index) {
  return index < module.function_names.size() && !module.function_names[index].empty() ? module.function_names[index]
                                                                                       : format("function {}", index);
}

void read_names(ByteReader in, Module& module) {
  while (in.ok() && !in.at_end()) {
    const std::uint8_t kind = in.u8();
    ByteReader part(in.take(in.uleb()));
    if (kind != 1) continue;
    const std::uint64_t count = part.uleb();
    for (std::uint64_t i = 0; i < count && part.left() > 0; ++i) {
      const std::uint64_t index = part.uleb();
      const auto name = name_text(part);
      if (index > kMaxEntries || !part.ok()) return;
      if (index >= module.function_names.size()) module.function_names.resize(static_cast<std::size_t>(index) + 1);
      module.function_names[static_cast<std::size_t>(index)] = name;
    }
  }
}

void add_imports(ByteReader& in, std::uint64_t base, Module& module, Item& out) {
  const std::uint64_t count = in.uleb();
  for (std::uint64_t i = 0; i < count && in.left() > 0 && i < kMaxEntries; ++i) {
    const std::uint64_t start = in.offset();
    const auto from = name_text(in);
    const auto name = name_text(in);
    const std::uint8_t kind = in.u8();
    std::string what;
    switch (kind) {
      case 0:
        what = format("function of type {}", in.uleb());
        ++module.imported_functions;
        break;
      case 1:
        what = "table of " + value_type(in.u8()) + " " + limits_text(in);
        break;
      case 2:
        what = "memory " + limits_text(in);
        break;
      case 3:
        what = "global " + value_type(in.u8()) + (in.u8() != 0 ? " mutable" : "");
        break;
      default:
        what = format("kind {}", kind);
        in.fail();
        break;
    }
    out.add(in_quotes(from, 200) + "." + in_quotes(name, 200), what, {base + start, in.offset() - start});
  }
}

void add_section(std::uint8_t id, std::string_view content, std::uint64_t base, Module& module, Item& items) {
  constexpr std::string_view kNames[] = {"custom",  "types", "imports",  "functions", "tables", "memories",   "globals",
                                         "exports", "start", "elements", "code",      "data",   "data count", "tags"};
  const Range place{base, content.size()};
  ByteReader in(content);
  auto& item = items.add(id < std::size(kNames) ? std::string(kNames[id]) : format("section {}", id), "", place);
  item.matching = Matching::by_name_ordered;
  if (id == 2) {
    add_imports(in, base, module, item);
  } else if (id == 1 || id == 3 || id == 4 || id == 5 || id == 6 || id == 7 || id == 10 || id == 11) {
    const std::uint64_t count = in.uleb();
    for (std::uint64_t i = 0; i < count && in.left() > 0 && in.ok() && i < kMaxEntries; ++i) {
      const std::uint64_t start = in.offset();
      std::string name = format("{}", i), value;
      switch (id) {
        case 1:
          if (in.u8() != 0x60) in.fail();
          value = type_list(in);
          value += " -> " + type_list(in);
          break;
        case 3:
          name = function_name(module, module.imported_functions + i);
          value = format("type {}", in.uleb());
          break;
        case 4:
          value = value_type(in.u8());
          value += " " + limits_text(in);
          break;
        case 5:
          value = limits_text(in);
          break;
        case 6: {
          value = value_type(in.u8());
          if (in.u8() != 0) value += " mutable";
          value += " = " + expression(in);
          break;
        }
        case 7: {
          name = in_quotes(name_text(in), 1000);
          constexpr std::string_view kKinds[] = {"function", "table", "memory", "global"};
          const std::uint8_t kind = in.u8();
          value = format("{} {}", kind < 4 ? kKinds[kind] : "?", in.uleb());
          break;
        }
        case 10: {
          name = function_name(module, module.imported_functions + i);
          value = hex_bytes(in.take(in.uleb()), 65536);
          break;
        }
        default: {
          const std::uint64_t flags = in.uleb();
          if (flags == 2) (void)in.uleb();
          value = flags == 1 ? "passive" : "at " + expression(in);
          const auto bytes = in.take(in.uleb());
          value +=
              " " + (bytes.find('\0') == std::string_view::npos ? in_quotes(bytes, 65536) : hex_bytes(bytes, 65536));
          break;
        }
      }
      if (!in.ok()) break;
      item.add(name, value, {base + start, in.offset() - start});
    }
  } else if (id == 0) {
    const auto name = name_text(in);
    item.name = "custom " + name;
    const auto at = in.offset();
    const auto rest = in.take(in.left());
    item.add("content", hex_bytes(rest, 65536), {base + at, rest.size()});
    if (name == "name" || name == "producers" || name.starts_with(".debug_") || name == "sourceMappingURL") {
      item.mark_noise("a custom section does not change what the module does");
    }
    return;
  } else {
    item.value = hex_bytes(content, 65536);
    return;
  }
  if (!in.ok() || !in.at_end()) {
    // Something newer than this reader: the section is told by its bytes.
    item.children.clear();
    item.value = hex_bytes(content, 65536);
  }
}

Result<Item> module_items(std::string_view bytes) {
  Item items;
  items.matching = Matching::by_name_ordered;
  Module module;
  struct Part {
    std::uint8_t id;
    std::string_view content;
    std::uint64_t base;
  };
  std::vector<Part> parts;
  ByteReader in(bytes);
  in.skip(4);
  items.header("version", format("{}", in.u32()), {4, 4});
  while (!in.at_end()) {
    const std::uint64_t start = in.offset();
    const std::uint8_t id = in.u8();
    const std::uint64_t size = in.uleb();
    const std::uint64_t base = in.offset();
    const auto content = in.take(size);
    if (!in.ok() || parts.size() > kMaxEntries)
      return fail(ErrorKind::input, "compare.wasm", format("the section at {:#x} is cut off", start));
    parts.push_back({id, content, base});
  }
  // Names stand at the end of a module and are wanted from its beginning.
  for (const auto& part : parts) {
    ByteReader custom(part.content);
    if (part.id == 0 && name_text(custom) == "name")
      read_names(ByteReader(part.content.substr(custom.offset())), module);
  }
  for (const auto& part : parts) add_section(part.id, part.content, part.base, module, items);
  return items;
}

}  // namespace

bool matches_wasm(ByteView a, ByteView b, std::string_view) {
  return a.size() >= 8 && b.size() >= 8 && a.starts_with(kMagic) && b.starts_with(kMagic);
}

Result<void> compare_wasm(ByteView a, ByteView b, Context& context, Difference& out) {
  compare_items(TRY(module_items(a)), TRY(module_items(b)), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
