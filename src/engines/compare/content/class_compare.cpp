// Java class files: version, flags, members and their code by name. The constant pool's numbering is left to itself:
// what refers to it is compared by what it refers to, and a mere renumbering is told as such.
#include <algorithm>

#include "engines/compare/content/class_image.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

using java::Attribute;
using java::ClassFile;

constexpr std::size_t kMaxClassBytes = 4 * limits::kMiB;
constexpr const char* kDebugging = "debugging information";

bool is_class(ByteView bytes) {
  // Universal Mach-O files share the magic number; they hold fewer parts than the oldest class version.
  if (bytes.size() < 10 || bytes.substr(0, 4) != "\xca\xfe\xba\xbe") return false;
  return static_cast<unsigned char>(bytes[6]) != 0 || static_cast<unsigned char>(bytes[7]) >= 45;
}

std::string flags_text(std::uint16_t flags) { return format("{:#06x}", flags); }

void add_attribute(const ClassFile& file, const Attribute& attribute, std::string_view source, Item& out);

void add_code(const ClassFile& file, const Attribute& attribute, std::string_view source, Item& out) {
  ByteReader in(attribute.content, Endian::big);
  auto& item = out.add("Code", "", {attribute.offset, attribute.content.size()});
  item.add("max stack", format("{}", in.u16()));
  item.add("max locals", format("{}", in.u16()));
  const std::uint32_t length = in.u32();
  const std::uint64_t code_at = attribute.offset + in.offset();
  const auto code = in.take(length);
  auto& handlers = item.add("exception table", "");
  handlers.matching = Matching::as_lines;
  const std::uint16_t count = in.u16();
  for (std::uint16_t i = 0; i < count && in.ok(); ++i) {
    const auto from = in.u16(), to = in.u16(), handler = in.u16(), type = in.u16();
    handlers.add("", format("{}..{} -> {} {}", from, to, handler, type == 0 ? "any" : file.show(type)));
  }
  const auto nested = java::read_attributes(file, in, attribute.offset);
  std::vector<std::pair<std::uint16_t, std::uint16_t>> lines;
  for (const auto& inner : nested) {
    if (inner.name != "LineNumberTable") continue;
    ByteReader table(inner.content, Endian::big);
    const std::uint16_t entries = table.u16();
    for (std::uint16_t i = 0; i < entries && table.left() >= 4; ++i) {
      const auto start = table.u16();
      lines.emplace_back(start, table.u16());
    }
  }
  std::sort(lines.begin(), lines.end());
  {
    auto& listing = item.add("bytecode", "", {code_at, code.size()});
    listing.matching = Matching::as_lines;
    listing.source = source;
    for (auto& step : java::list_code(file, code, lines)) {
      listing.add("", step.text);
      listing.source_lines.push_back(step.line);
    }
  }
  for (const auto& inner : nested) add_attribute(file, inner, source, item);
}

void add_table(const ClassFile& file, const Attribute& attribute, Item& out) {
  auto& item = out.add(attribute.name, "", {attribute.offset, attribute.content.size()}, Kind::metadata);
  item.matching = Matching::as_lines;
  item.mark_noise(kDebugging);
  ByteReader in(attribute.content, Endian::big);
  const std::uint16_t count = in.u16();
  for (std::uint16_t i = 0; i < count && in.left() > 0; ++i) {
    if (attribute.name == "LineNumberTable") {
      const auto start = in.u16();
      item.add("", format("+{} line {}", start, in.u16()));
    } else {
      const auto start = in.u16(), length = in.u16(), name = in.u16(), descriptor = in.u16();
      item.add("", format("+{} length {} {} {} in {}", start, length, printable(file.text(name), 200),
                          printable(file.text(descriptor), 200), in.u16()));
    }
  }
}

void add_attribute(const ClassFile& file, const Attribute& attribute, std::string_view source, Item& out) {
  const Range place{attribute.offset, attribute.content.size()};
  ByteReader in(attribute.content, Endian::big);
  const auto name = attribute.name;
  if (name == "Code") {
    add_code(file, attribute, source, out);
  } else if (name == "LineNumberTable" || name == "LocalVariableTable" || name == "LocalVariableTypeTable") {
    add_table(file, attribute, out);
  } else if (name == "SourceFile" || name == "Signature") {
    auto& item = out.add(name, printable(file.text(in.u16())), place);
    if (name == "SourceFile") item.mark_noise(kDebugging);
  } else if (name == "ConstantValue" || name == "NestHost") {
    out.add(name, file.show(in.u16()), place);
  } else if (name == "Exceptions" || name == "NestMembers" || name == "PermittedSubclasses") {
    auto& item = out.add(name, "", place);
    item.matching = Matching::as_lines;
    const std::uint16_t count = in.u16();
    for (std::uint16_t i = 0; i < count && in.left() >= 2; ++i) item.add("", file.show(in.u16()));
  } else if (name == "InnerClasses") {
    auto& item = out.add(name, "", place);
    item.matching = Matching::as_lines;
    const std::uint16_t count = in.u16();
    for (std::uint16_t i = 0; i < count && in.left() >= 8; ++i) {
      const auto inner = in.u16(), outer = in.u16(), simple = in.u16(), flags = in.u16();
      item.add("", format("{} in {} as {} {}", file.show(inner), outer == 0 ? "-" : file.show(outer),
                          simple == 0 ? "-" : printable(file.text(simple), 200), flags_text(flags)));
    }
  } else if (name == "BootstrapMethods") {
    auto& item = out.add(name, "", place);
    item.matching = Matching::as_lines;
    const std::uint16_t count = in.u16();
    for (std::uint16_t i = 0; i < count && in.left() >= 4; ++i) {
      std::string line = file.show(in.u16());
      const std::uint16_t arguments = in.u16();
      for (std::uint16_t j = 0; j < arguments && in.left() >= 2; ++j)
        line += (j == 0 ? " (" : ", ") + file.show(in.u16());
      item.add("", line + (arguments > 0 ? ")" : ""));
    }
  } else if (name == "Deprecated" || name == "Synthetic") {
    out.add(name, "yes", place);
  } else {
    // Indices into the pool may lie inside; the bytes are told as they are.
    out.add(name, hex_bytes(attribute.content, 65536), place);
  }
}

void add_member(const ClassFile& file, const java::Member& member, std::string_view source, Item& out) {
  auto& item = out.add(printable(member.name, 1000) + " " + printable(member.descriptor, 1000), "", member.place);
  item.add("flags", flags_text(member.flags), {member.place.offset, 2});
  for (const auto& attribute : member.attributes) add_attribute(file, attribute, source, item);
}

Item class_items(const ClassFile& file, ByteView bytes) {
  Item items;
  items.header("version", format("{}.{}", file.major, file.minor), {4, 4});
  items.add("flags", flags_text(file.flags), {file.pool_end, 2});
  items.add("class", file.show(file.this_class), {file.pool_end + 2, 2});
  items.add("superclass", file.super_class == 0 ? "none" : file.show(file.super_class), {file.pool_end + 4, 2});
  {
    auto& interfaces = items.add("interfaces", "");
    interfaces.matching = Matching::as_lines;
    for (const auto index : file.interfaces) interfaces.add("", file.show(index));
  }
  std::string source;
  for (const auto& attribute : file.attributes) {
    if (attribute.name != "SourceFile" || attribute.content.size() < 2) continue;
    ByteReader in(attribute.content, Endian::big);
    source = printable(file.text(in.u16()), 1000);
  }
  {
    auto& fields = items.add("fields", "");
    for (const auto& member : file.fields) add_member(file, member, source, fields);
  }
  {
    auto& methods = items.add("methods", "");
    for (const auto& member : file.methods) add_member(file, member, source, methods);
  }
  for (const auto& attribute : file.attributes) add_attribute(file, attribute, source, items);
  {
    auto& pool = items.add("constant pool", "", {8, file.pool_end - 8}, Kind::header);
    pool.mark_noise("the numbering of the constants; what refers to them is compared by what they hold");
    pool.matching = Matching::as_lines;
    for (std::size_t i = 1; i < file.constants.size(); ++i) {
      if (file.constants[i].tag != 0) pool.add("", file.show(static_cast<std::uint16_t>(i)));
    }
  }
  if (file.end < bytes.size()) {
    items.add("after the class", hex_bytes(bytes.substr(static_cast<std::size_t>(file.end))),
              {file.end, bytes.size() - file.end});
  }
  return items;
}

}  // namespace

bool matches_java_class(ByteView a, ByteView b, std::string_view) { return is_class(a) && is_class(b); }

Result<void> compare_java_class(ByteView a, ByteView b, Context& context, Difference& out) {
  // References make a small file name much; larger ones than compilers write are compared as bytes.
  if (a.size() > kMaxClassBytes || b.size() > kMaxClassBytes) {
    return fail(ErrorKind::limit, "compare.class", "the class file is larger than 4 MiB");
  }
  const auto left = TRY(java::read_class(a));
  const auto right = TRY(java::read_class(b));
  compare_items(class_items(left, a), class_items(right, b), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
