// Layout: The Java Virtual Machine Specification, chapter 4.
#include "engines/compare/content/class_image.h"

#include <algorithm>

#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare::java {
namespace {

constexpr std::size_t kShownText = 120;

std::unexpected<Error> damaged(const ByteReader& in, std::string_view what) {
  return fail(ErrorKind::input, "compare.class", format("byte {:#x}: {}", in.offset(), what));
}

Result<void> read_pool(ByteReader& in, ClassFile& file) {
  const std::uint16_t count = in.u16();
  file.constants.resize(std::max<std::size_t>(count, 1));
  for (std::size_t i = 1; i < count; ++i) {
    auto& constant = file.constants[i];
    const std::size_t start = in.offset();
    constant.tag = in.u8();
    switch (constant.tag) {
      case 1:
        constant.text = in.take(in.u16());
        break;
      case 3:
      case 4:
        constant.number = in.u32();
        break;
      case 5:
      case 6:
        constant.number = in.u64();
        break;
      case 7:
      case 8:
      case 16:
      case 19:
      case 20:
        constant.first = in.u16();
        break;
      case 9:
      case 10:
      case 11:
      case 12:
      case 17:
      case 18:
        constant.first = in.u16();
        constant.second = in.u16();
        break;
      case 15:
        constant.first = in.u8();
        constant.second = in.u16();
        break;
      default:
        return damaged(in, format("unknown constant tag {}", constant.tag));
    }
    if (!in.ok()) return damaged(in, "the constant pool is cut off");
    constant.place = {start, in.offset() - start};
    if (constant.tag == 5 || constant.tag == 6) ++i;  // takes two indices
  }
  file.pool_end = in.offset();
  return {};
}

Result<void> read_members(ByteReader& in, const ClassFile& file, std::vector<Member>& out) {
  const std::uint16_t count = in.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    Member member;
    const std::size_t start = in.offset();
    member.flags = in.u16();
    member.name = file.text(in.u16());
    member.descriptor = file.text(in.u16());
    member.attributes = read_attributes(file, in, 0);
    if (!in.ok()) return damaged(in, "a field or method is cut off");
    member.place = {start, in.offset() - start};
    out.push_back(std::move(member));
  }
  return {};
}

}  // namespace

std::string_view ClassFile::text(std::uint16_t index) const {
  return index < constants.size() && constants[index].tag == 1 ? constants[index].text : std::string_view("?");
}

std::string ClassFile::show(std::uint16_t index) const {
  if (index >= constants.size()) return format("#{}", index);
  const auto& c = constants[index];
  const auto name_at = [&](std::uint16_t i) {
    return i < constants.size() && (constants[i].tag == 7 || constants[i].tag == 12) ? constants[i].first
                                                                                     : std::uint16_t{0};
  };
  const auto name_and_type = [&](std::uint16_t i) {
    if (i >= constants.size() || constants[i].tag != 12) return std::string("?");
    return printable(text(constants[i].first), kShownText) + ":" + printable(text(constants[i].second), kShownText);
  };
  const auto member = [&](const Constant& from) {
    return printable(text(name_at(from.first)), kShownText) + "." + name_and_type(from.second);
  };
  switch (c.tag) {
    case 1:
      return printable(c.text, kShownText);
    case 3:
      return format("int {}", static_cast<std::int32_t>(c.number));
    case 4:
      return format("float {}", std::bit_cast<float>(static_cast<std::uint32_t>(c.number)));
    case 5:
      return format("long {}", static_cast<std::int64_t>(c.number));
    case 6:
      return format("double {}", std::bit_cast<double>(c.number));
    case 7:
      return "class " + printable(text(c.first), kShownText);
    case 8:
      return "String " + in_quotes(text(c.first), kShownText);
    case 9:
      return "Field " + member(c);
    case 10:
      return "Method " + member(c);
    case 11:
      return "InterfaceMethod " + member(c);
    case 12:
      return "NameAndType " + name_and_type(index);
    case 15: {
      std::string target = "?";
      if (c.second < constants.size() && constants[c.second].tag >= 9 && constants[c.second].tag <= 11)
        target = member(constants[c.second]);
      return format("MethodHandle {} {}", c.first, target);
    }
    case 16:
      return "MethodType " + printable(text(c.first), kShownText);
    case 17:
      return format("Dynamic #{} {}", c.first, name_and_type(c.second));
    case 18:
      return format("InvokeDynamic #{} {}", c.first, name_and_type(c.second));
    case 19:
      return "Module " + printable(text(c.first), kShownText);
    case 20:
      return "Package " + printable(text(c.first), kShownText);
    default:
      return format("#{}", index);
  }
}

std::vector<Attribute> read_attributes(const ClassFile& file, ByteReader& in, std::uint64_t base) {
  std::vector<Attribute> attributes;
  const std::uint16_t count = in.u16();
  for (std::uint16_t i = 0; i < count && in.ok(); ++i) {
    Attribute attribute;
    attribute.name = file.text(in.u16());
    const std::uint32_t length = in.u32();
    attribute.offset = base + in.offset();
    attribute.content = in.take(length);
    if (in.ok()) attributes.push_back(attribute);
  }
  return attributes;
}

Result<ClassFile> read_class(std::string_view bytes) {
  ClassFile file;
  ByteReader in(bytes, Endian::big);
  in.skip(4);
  file.minor = in.u16();
  file.major = in.u16();
  TRY(read_pool(in, file));
  file.flags = in.u16();
  file.this_class = in.u16();
  file.super_class = in.u16();
  const std::uint16_t interfaces = in.u16();
  for (std::uint16_t i = 0; i < interfaces; ++i) file.interfaces.push_back(in.u16());
  TRY(read_members(in, file, file.fields));
  TRY(read_members(in, file, file.methods));
  file.attributes = read_attributes(file, in, 0);
  if (!in.ok()) return damaged(in, "the class file is cut off");
  file.end = in.offset();
  return file;
}

std::vector<Step> list_code(const ClassFile& file, std::string_view code,
                            const std::vector<std::pair<std::uint16_t, std::uint16_t>>& lines) {
  std::vector<Step> steps;
  ByteReader in(code, Endian::big);
  const auto table = opcode_table();
  std::size_t line = 0;
  while (!in.at_end() && in.ok()) {
    const std::size_t at = in.offset();
    while (line + 1 < lines.size() && lines[line + 1].first <= at) ++line;
    Step step;
    step.offset = static_cast<std::uint32_t>(at);
    step.line = !lines.empty() && lines[line].first <= at ? lines[line].second : 0;
    std::uint8_t opcode = in.u8();
    if (opcode >= table.size()) {
      step.text = format("<{}>", opcode);
      steps.push_back(std::move(step));
      continue;
    }
    const char shape = table[opcode][0];
    step.text = table[opcode].substr(1);
    switch (shape) {
      case 'b':
        step.text += format(" {}", in.i8());
        break;
      case 's':
        step.text += format(" {}", in.i16());
        break;
      case 'l':
        step.text += format(" {}", in.u8());
        break;
      case 'c':
        step.text += " " + file.show(in.u8());
        break;
      case 'C':
        step.text += " " + file.show(in.u16());
        break;
      // Jumps are shown relative, so that code added before changes nothing.
      case 'j':
        step.text += format(" {:+}", in.i16());
        break;
      case 'J':
        step.text += format(" {:+}", in.i32());
        break;
      case 'i': {
        const auto local = in.u8();
        step.text += format(" {} {:+}", local, in.i8());
        break;
      }
      case 'I':
        step.text += " " + file.show(in.u16());
        in.skip(2);
        break;
      case 'd':
        step.text += " " + file.show(in.u16());
        in.skip(2);
        break;
      case 'a':
        step.text += format(" type {}", in.u8());
        break;
      case 'm': {
        step.text += " " + file.show(in.u16());
        step.text += format(" dimensions {}", in.u8());
        break;
      }
      case 'w': {
        opcode = in.u8();
        step.text += opcode < table.size() ? " " + std::string(table[opcode].substr(1)) : format(" <{}>", opcode);
        step.text += format(" {}", in.u16());
        if (opcode == 132) step.text += format(" {:+}", in.i16());
        break;
      }
      default:
        break;
    }
    if (shape != 't' && shape != 'L') {
      steps.push_back(std::move(step));
      continue;
    }
    in.skip(std::min<std::size_t>((4 - in.offset() % 4) % 4, in.left()));
    step.text += format(" default {:+}", in.i32());
    const std::int64_t low = in.i32();
    const std::int64_t high = shape == 't' ? in.i32() : 0;
    steps.push_back(std::move(step));
    const std::uint64_t count = shape == 't' ? (high >= low ? static_cast<std::uint64_t>(high - low + 1) : 0)
                                             : static_cast<std::uint64_t>(std::max<std::int64_t>(low, 0));
    for (std::uint64_t i = 0; i < count && in.left() >= (shape == 't' ? 4u : 8u); ++i) {
      const std::int64_t key = shape == 't' ? low + static_cast<std::int64_t>(i) : in.i32();
      steps.push_back({static_cast<std::uint32_t>(at), steps.back().line, format("  case {} {:+}", key, in.i32())});
    }
  }
  return steps;
}

}  // namespace chiron::compare::java
