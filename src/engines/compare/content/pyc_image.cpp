// The format is CPython's `marshal`, versions 3 and 4; code objects as each minor version lays them out.
#include "engines/compare/content/pyc_image.h"

#include "engines/compare/content/bytes.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare::pyc {

int minor_version(std::uint16_t magic) {
  if (magic >= 3600 && magic < 3700) return 14;
  if (magic >= 3550) return magic < 3600 ? 13 : 0;
  if (magic >= 3500) return 12;
  if (magic >= 3450) return 11;
  if (magic >= 3430) return 10;
  if (magic >= 3420) return 9;
  if (magic >= 3400) return 8;
  if (magic >= 3390) return 7;
  if (magic >= 3360) return 6;
  if (magic >= 3320) return 5;
  if (magic >= 3250) return 4;
  if (magic >= 3190) return 3;
  return 0;
}

namespace {

class Reader {
 public:
  Reader(std::string_view bytes, Module& module) : in_(bytes), module_(module) {}

  Result<std::uint32_t> read(int depth);
  ByteReader& in() { return in_; }

 private:
  Result<void> read_code(int depth, Object& object);
  Result<void> read_items(std::uint64_t count, int depth, std::uint32_t self);
  [[nodiscard]] std::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorKind::input, "compare.pyc", format("byte {:#x}: {}", in_.offset(), what));
  }
  ByteReader in_;
  Module& module_;
  std::vector<std::uint32_t> references_;
};

Result<void> Reader::read_items(std::uint64_t count, int depth, std::uint32_t self) {
  if (count > in_.left()) return damaged("a tuple has more items than bytes are left");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t item = TRY(read(depth + 1));
    module_.objects[self].items.push_back(item);
  }
  return {};
}

Result<void> Reader::read_code(int depth, Object& object) {
  Code code;
  code.place.offset = in_.offset() - 1;
  const int minor = module_.minor;
  code.argument_count = in_.i32();
  if (minor >= 8) code.positional_only = in_.i32();
  code.keyword_only = in_.i32();
  if (minor < 11) code.local_count = in_.i32();
  code.stack_size = in_.i32();
  code.flags = in_.u32();
  const auto next = [&](std::uint32_t& field) -> Result<void> {
    field = TRY(read(depth + 1));
    return {};
  };
  TRY(next(code.bytecode));
  TRY(next(code.constants));
  TRY(next(code.names));
  TRY(next(code.variables));
  if (minor >= 11) {
    TRY(next(code.variable_kinds));
  } else {
    TRY(next(code.free_variables));
    TRY(next(code.cell_variables));
  }
  TRY(next(code.file));
  TRY(next(code.name));
  if (minor >= 11) TRY(next(code.qualified_name));
  code.first_line = in_.i32();
  TRY(next(code.line_table));
  if (minor >= 11) TRY(next(code.exception_table));
  if (!in_.ok()) return damaged("a code object is cut off");
  code.place.length = in_.offset() - code.place.offset;
  object.code = static_cast<std::uint32_t>(module_.codes.size());
  module_.codes.push_back(code);
  return {};
}

Result<std::uint32_t> Reader::read(int depth) {
  if (depth > kMaxNesting) return damaged("objects are nested more than 200 deep");
  if (module_.objects.size() >= kMaxObjects) return damaged("more than 4,000,000 objects");
  const std::size_t start = in_.offset();
  const std::uint8_t byte = in_.u8();
  if (!in_.ok()) return damaged("the data is cut off");
  const char type = static_cast<char>(byte & 0x7f);
  if (type == 'r') {
    const std::uint32_t reference = in_.u32();
    if (reference >= references_.size()) return damaged("a reference to an object that was not met");
    return references_[reference];
  }
  const auto self = static_cast<std::uint32_t>(module_.objects.size());
  module_.objects.emplace_back();
  if ((byte & 0x80) != 0) references_.push_back(self);
  Object object;
  object.type = type;
  switch (type) {
    case '0':
    case 'N':
    case 'F':
    case 'T':
    case 'S':
    case '.':
      break;
    case 'i':
      object.number = in_.i32();
      break;
    case 'I':
      object.number = in_.i64();
      break;
    case 'f':
      object.bytes = in_.take(in_.u8());
      break;
    case 'g':
      object.real = std::bit_cast<double>(in_.u64());
      break;
    case 'x':
      object.bytes = in_.take(in_.u8());
      (void)in_.take(in_.u8());
      break;
    case 'y':
      object.real = std::bit_cast<double>(in_.u64());
      object.imaginary = std::bit_cast<double>(in_.u64());
      break;
    case 'l': {
      object.number = in_.i32();
      const std::uint64_t digits = static_cast<std::uint64_t>(object.number < 0 ? -object.number : object.number);
      object.bytes = in_.take(digits * 2);
      break;
    }
    case 's':
    case 't':
    case 'u':
    case 'a':
    case 'A':
      object.bytes = in_.take(in_.u32());
      break;
    case 'z':
    case 'Z':
      object.bytes = in_.take(in_.u8());
      break;
    case ')':
    case '(':
    case '[':
    case '<':
    case '>': {
      const std::uint64_t count = type == ')' ? in_.u8() : in_.u32();
      module_.objects[self] = object;
      TRY(read_items(count, depth, self));
      object = std::move(module_.objects[self]);
      break;
    }
    case '{': {
      module_.objects[self] = object;
      while (in_.ok() && in_.peek() != '0') {
        TRY(read_items(2, depth, self));
      }
      in_.skip(1);
      object = std::move(module_.objects[self]);
      break;
    }
    case ':':
      module_.objects[self] = object;
      TRY(read_items(3, depth, self));
      object = std::move(module_.objects[self]);
      break;
    case 'c':
      TRY(read_code(depth, object));
      break;
    default:
      return damaged(format("unknown type {:#x}", byte));
  }
  if (!in_.ok()) return damaged("the data is cut off");
  object.place = {start, in_.offset() - start};
  module_.objects[self] = std::move(object);
  return self;
}

void show_into(const Module& module, std::uint32_t index, int depth, std::string& out) {
  if (out.size() > kShownValueBytes) return;
  const auto& object = module.object(index);
  const auto list = [&](std::string_view open, std::string_view close) {
    out += open;
    for (std::size_t i = 0; i < object.items.size() && out.size() <= kShownValueBytes; ++i) {
      if (i > 0) out += ", ";
      if (depth > 20) {
        out += "...";
        break;
      }
      show_into(module, object.items[i], depth + 1, out);
    }
    out += close;
  };
  switch (object.type) {
    case '0':
      out += "NULL";
      break;
    case 'N':
      out += "None";
      break;
    case 'F':
      out += "False";
      break;
    case 'T':
      out += "True";
      break;
    case 'S':
      out += "StopIteration";
      break;
    case '.':
      out += "Ellipsis";
      break;
    case 'i':
    case 'I':
      out += format("{}", object.number);
      break;
    case 'f':
    case 'x':
      out += printable(object.bytes);
      break;
    case 'g':
      out += format("{}", object.real);
      break;
    case 'y':
      out += format("({}+{}j)", object.real, object.imaginary);
      break;
    case 'l': {
      out += object.number < 0 ? "-0x" : "0x";
      // Digits of 15 bits, the lowest first; shown as they lie, which is exact if not pretty.
      for (std::size_t i = object.bytes.size(); i >= 2; i -= 2) {
        const unsigned digit =
            static_cast<unsigned char>(object.bytes[i - 2]) | static_cast<unsigned char>(object.bytes[i - 1]) << 8;
        out += i == object.bytes.size() ? format("{:x}", digit) : format("_{:04x}", digit);
      }
      break;
    }
    case 's':
      out += "b'" + printable(object.bytes, kShownValueBytes) + "'";
      break;
    case 't':
    case 'u':
    case 'a':
    case 'A':
    case 'z':
    case 'Z':
      out += "'" + printable(object.bytes, kShownValueBytes) + "'";
      break;
    case '(':
    case ')':
      list("(", object.items.size() == 1 ? ",)" : ")");
      break;
    case '[':
      list("[", "]");
      break;
    case '<':
      list("{", "}");
      break;
    case '>':
      list("frozenset({", "})");
      break;
    case '{':
      list("{", "}");
      break;
    case ':':
      list("slice(", ")");
      break;
    case 'c':
      out += "<code " + module.text(module.codes[object.code].name) + ">";
      break;
    default:
      out += "?";
      break;
  }
}

}  // namespace

std::string Module::show(std::uint32_t index) const {
  std::string out;
  show_into(*this, index, 0, out);
  if (out.size() > kShownValueBytes) {
    out.resize(kShownValueBytes);
    out += "...";
  }
  return out;
}

std::string Module::text(std::uint32_t index) const { return printable(object(index).bytes, 1000); }

Result<Module> read_module(std::string_view bytes) {
  Module module;
  ByteReader in(bytes);
  module.magic = in.u16();
  (void)in.u16();
  module.minor = minor_version(module.magic);
  if (module.minor == 0) {
    return fail(ErrorKind::unsupported, "compare.pyc",
                format("magic number {} belongs to no version of Python from 3.3 to 3.14", module.magic));
  }
  if (module.minor >= 7) {
    module.flags = in.u32();
    if ((module.flags & 1) != 0) {
      module.source_hash = in.take(8);
    } else {
      module.time = in.u32();
      module.source_size = in.u32();
    }
  } else {
    module.header_bytes = 12;
    module.time = in.u32();
    module.source_size = in.u32();
  }
  if (!in.ok()) return fail(ErrorKind::input, "compare.pyc", "the header is cut off");
  Reader reader(bytes, module);
  reader.in().seek(module.header_bytes);
  module.root = TRY(reader.read(0));
  module.end = reader.in().offset();
  if (module.object(module.root).type != 'c')
    return fail(ErrorKind::input, "compare.pyc", "the module is no code object");
  return module;
}

}  // namespace chiron::compare::pyc
