// The entries of .debug_info (DWARF 5, sections 7.5.1 to 7.5.6), made comparable: strings and references are replaced
// by what they stand for, addresses and offsets are left out, so that a shift of the code changes nothing here.
#include <zlib.h>

#include <unordered_map>

#include "engines/compare/content/elf_dwarf.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"

namespace chiron::compare::elf {
namespace {

constexpr int kMaxDepth = 1000;
constexpr std::size_t kMaxAbbreviations = 200'000;
// Attributes and abbreviations read; a few bytes can announce very many, and each unit its own table.
constexpr std::uint64_t kMaxWork = 200'000'000;
constexpr std::size_t kEntryTextBytes = 256 * 1024;

struct AttributeSpec {
  std::uint64_t name;
  std::uint64_t form;
  std::int64_t constant;
};
struct Abbreviation {
  std::uint64_t tag = 0;
  bool children = false;
  std::vector<AttributeSpec> attributes;
};
using Abbreviations = std::unordered_map<std::uint64_t, Abbreviation>;

struct Unit {
  std::uint64_t offset = 0, body = 0, end = 0;  // in .debug_info; `body` is the first entry
  std::uint16_t version = 0;
  bool is_64 = false;
  std::uint8_t address_bytes = 8;
  std::uint64_t str_offsets_base = 0;
  const Abbreviations* abbreviations = nullptr;
};

enum class What : std::uint8_t { number, text, bytes, address, reference, offset, signature };
struct Value {
  What what = What::number;
  std::uint64_t number = 0;
  bool is_signed = false;
  std::string_view text;
};

std::string_view text_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const auto rest = table.substr(static_cast<std::size_t>(offset)).substr(0, kMaxNameBytes);
  return rest.substr(0, rest.find('\0'));
}

std::string_view tag_name(std::uint64_t tag) {
  switch (tag) {
    case 0x01:
      return "array_type";
    case 0x02:
      return "class_type";
    case 0x04:
      return "enumeration_type";
    case 0x05:
      return "formal_parameter";
    case 0x08:
      return "imported_declaration";
    case 0x0a:
      return "label";
    case 0x0b:
      return "lexical_block";
    case 0x0d:
      return "member";
    case 0x0f:
      return "pointer_type";
    case 0x10:
      return "reference_type";
    case 0x11:
      return "compile_unit";
    case 0x13:
      return "structure_type";
    case 0x15:
      return "subroutine_type";
    case 0x16:
      return "typedef";
    case 0x17:
      return "union_type";
    case 0x18:
      return "unspecified_parameters";
    case 0x1c:
      return "inheritance";
    case 0x1d:
      return "inlined_subroutine";
    case 0x21:
      return "subrange_type";
    case 0x24:
      return "base_type";
    case 0x26:
      return "const_type";
    case 0x28:
      return "enumerator";
    case 0x2e:
      return "subprogram";
    case 0x2f:
      return "template_type_parameter";
    case 0x30:
      return "template_value_parameter";
    case 0x34:
      return "variable";
    case 0x35:
      return "volatile_type";
    case 0x37:
      return "restrict_type";
    case 0x39:
      return "namespace";
    case 0x3a:
      return "imported_module";
    case 0x3b:
      return "unspecified_type";
    case 0x3c:
      return "partial_unit";
    case 0x41:
      return "type_unit";
    case 0x42:
      return "rvalue_reference_type";
    case 0x48:
      return "call_site";
    case 0x49:
      return "call_site_parameter";
    case 0x4a:
      return "skeleton_unit";
    case 0x4109:
      return "call_site";
    case 0x410a:
      return "call_site_parameter";
    default:
      return {};
  }
}

std::string_view attribute_name(std::uint64_t name) {
  switch (name) {
    case 0x01:
      return "sibling";
    case 0x02:
      return "location";
    case 0x03:
      return "name";
    case 0x0b:
      return "byte_size";
    case 0x0d:
      return "bit_size";
    case 0x10:
      return "stmt_list";
    case 0x11:
      return "low_pc";
    case 0x12:
      return "high_pc";
    case 0x13:
      return "language";
    case 0x1b:
      return "comp_dir";
    case 0x1c:
      return "const_value";
    case 0x20:
      return "inline";
    case 0x22:
      return "lower_bound";
    case 0x25:
      return "producer";
    case 0x27:
      return "prototyped";
    case 0x2f:
      return "upper_bound";
    case 0x31:
      return "abstract_origin";
    case 0x32:
      return "accessibility";
    case 0x34:
      return "artificial";
    case 0x37:
      return "count";
    case 0x38:
      return "data_member_location";
    case 0x39:
      return "decl_column";
    case 0x3a:
      return "decl_file";
    case 0x3b:
      return "decl_line";
    case 0x3c:
      return "declaration";
    case 0x3e:
      return "encoding";
    case 0x3f:
      return "external";
    case 0x40:
      return "frame_base";
    case 0x47:
      return "specification";
    case 0x49:
      return "type";
    case 0x52:
      return "entry_pc";
    case 0x55:
      return "ranges";
    case 0x57:
      return "call_column";
    case 0x58:
      return "call_file";
    case 0x59:
      return "call_line";
    case 0x64:
      return "object_pointer";
    case 0x6e:
      return "linkage_name";
    case 0x72:
      return "str_offsets_base";
    case 0x73:
      return "addr_base";
    case 0x74:
      return "rnglists_base";
    case 0x76:
      return "dwo_name";
    case 0x7a:
      return "call_all_calls";
    case 0x7d:
      return "call_return_pc";
    case 0x7e:
      return "call_value";
    case 0x7f:
      return "call_origin";
    case 0x87:
      return "noreturn";
    case 0x88:
      return "alignment";
    case 0x8c:
      return "loclists_base";
    default:
      return {};
  }
}

class Walker {
 public:
  explicit Walker(const DebugSections& sections) : sections_(sections), in_(sections.info, sections.endian) {}

  bool read_unit_header(std::uint64_t at, Unit& unit);
  const Abbreviation* read_code(const Unit& unit, ByteReader& in);  // nullptr: the null entry or damage
  bool read_value(const Unit& unit, std::uint64_t form, std::int64_t constant, ByteReader& in, Value& value);
  std::string label(const Unit& unit, std::uint64_t offset);  // what a reference stands for
  // Appends "name=value"; nothing for what only says where something lies.
  void append(const Unit& unit, const AttributeSpec& spec, const Value& value, std::string& out);
  void find_bases(Unit& unit);
  ByteReader& in() { return in_; }

 private:
  const Abbreviations* abbreviations(std::uint64_t offset);
  const DebugSections& sections_;
  ByteReader in_;
  std::uint64_t work_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Abbreviations>> tables_;
  std::unordered_map<std::uint64_t, std::string> labels_;
};

const Abbreviations* Walker::abbreviations(std::uint64_t offset) {
  auto& table = tables_[offset];
  if (table != nullptr) return table.get();
  table = std::make_unique<Abbreviations>();
  ByteReader in(sections_.abbrev, sections_.endian);
  in.seek(offset);
  while (in.ok() && table->size() < kMaxAbbreviations) {
    const std::uint64_t code = in.uleb();
    if (code == 0) break;
    if (++work_ > kMaxWork) break;
    Abbreviation entry;
    entry.tag = in.uleb();
    entry.children = in.u8() != 0;
    while (in.ok()) {
      const std::uint64_t name = in.uleb();
      const std::uint64_t form = in.uleb();
      const std::int64_t constant = form == 0x21 ? in.sleb() : 0;
      if ((name == 0 && form == 0) || ++work_ > kMaxWork) break;
      entry.attributes.push_back({name, form, constant});
    }
    table->emplace(code, std::move(entry));
  }
  return table.get();
}

bool Walker::read_unit_header(std::uint64_t at, Unit& unit) {
  in_ = ByteReader(sections_.info, sections_.endian);
  in_.seek(at);
  unit.offset = at;
  std::uint64_t length = in_.u32();
  unit.is_64 = length == 0xffffffff;
  if (unit.is_64) length = in_.u64();
  if (!in_.ok() || length > in_.left()) return false;
  unit.end = in_.offset() + length;
  unit.version = in_.u16();
  if (unit.version < 2 || unit.version > 5) return false;
  std::uint64_t abbreviation_offset = 0;
  if (unit.version == 5) {
    const std::uint8_t type = in_.u8();
    unit.address_bytes = in_.u8();
    abbreviation_offset = in_.number(unit.is_64 ? 8 : 4);
    if (type == 4 || type == 5) in_.skip(8);                     // skeleton, split: the unit's id
    if (type == 2 || type == 6) in_.skip(unit.is_64 ? 16 : 12);  // type units: signature and offset
  } else {
    abbreviation_offset = in_.number(unit.is_64 ? 8 : 4);
    unit.address_bytes = in_.u8();
  }
  unit.body = in_.offset();
  if (unit.address_bytes == 0 || unit.address_bytes > 8 || !in_.ok()) return false;
  unit.abbreviations = abbreviations(abbreviation_offset);
  unit.str_offsets_base = unit.is_64 ? 16 : 8;
  return true;
}

void Walker::find_bases(Unit& unit) {
  ByteReader in(sections_.info, sections_.endian);
  in.seek(unit.body);
  const auto* root = read_code(unit, in);
  if (root == nullptr) return;
  for (const auto& spec : root->attributes) {
    Value value;
    if (!read_value(unit, spec.form, spec.constant, in, value)) return;
    if (spec.name == 0x72) unit.str_offsets_base = value.number;
  }
}

const Abbreviation* Walker::read_code(const Unit& unit, ByteReader& in) {
  const std::uint64_t code = in.uleb();
  if (code == 0 || !in.ok()) return nullptr;
  const auto found = unit.abbreviations->find(code);
  if (found == unit.abbreviations->end()) {
    in.fail();
    return nullptr;
  }
  return &found->second;
}

bool Walker::read_value(const Unit& unit, std::uint64_t form, std::int64_t constant, ByteReader& in, Value& value) {
  const unsigned word = unit.is_64 ? 8 : 4;
  if (++work_ > kMaxWork) {
    in.fail();
    return false;
  }
  for (int indirections = 0; form == 0x16 && indirections < 4; ++indirections) form = in.uleb();
  const auto set = [&](What what, std::uint64_t number) {
    value.what = what;
    value.number = number;
    return in.ok();
  };
  const auto indexed = [&](std::uint64_t index) {
    ByteReader table(sections_.str_offsets, sections_.endian);
    if (index > sections_.str_offsets.size()) return set(What::text, 0);
    table.seek(unit.str_offsets_base + index * word);
    value.text = text_at(sections_.str, table.number(word));
    return set(What::text, 0);
  };
  switch (form) {
    case 0x01:
      return set(What::address, in.number(unit.address_bytes));
    case 0x03:
      value.text = in.take(in.u16());
      return set(What::bytes, 0);
    case 0x04:
      value.text = in.take(in.u32());
      return set(What::bytes, 0);
    case 0x09:
    case 0x18:
      value.text = in.take(in.uleb());
      return set(What::bytes, 0);
    case 0x0a:
      value.text = in.take(in.u8());
      return set(What::bytes, 0);
    case 0x0b:
      return set(What::number, in.u8());
    case 0x05:
      return set(What::number, in.u16());
    case 0x06:
      return set(What::number, in.u32());
    case 0x07:
      return set(What::number, in.u64());
    case 0x1e:
      value.text = in.take(16);
      return set(What::bytes, 0);
    case 0x0c:
      return set(What::number, in.u8());
    case 0x19:
      return set(What::number, 1);
    case 0x0d:
      value.is_signed = true;
      return set(What::number, static_cast<std::uint64_t>(in.sleb()));
    case 0x0f:
      return set(What::number, in.uleb());
    case 0x21:
      value.is_signed = true;
      return set(What::number, static_cast<std::uint64_t>(constant));
    case 0x08:
      value.text = in.zero_terminated();
      return set(What::text, 0);
    case 0x0e:
      value.text = text_at(sections_.str, in.number(word));
      return set(What::text, 0);
    case 0x1f:
      value.text = text_at(sections_.line_str, in.number(word));
      return set(What::text, 0);
    case 0x10:
      return set(What::reference, in.number(unit.version <= 2 ? unit.address_bytes : word));
    case 0x11:
      return set(What::reference, unit.offset + in.u8());
    case 0x12:
      return set(What::reference, unit.offset + in.u16());
    case 0x13:
      return set(What::reference, unit.offset + in.u32());
    case 0x14:
      return set(What::reference, unit.offset + in.u64());
    case 0x15:
      return set(What::reference, unit.offset + in.uleb());
    case 0x17:
      return set(What::offset, in.number(word));
    case 0x1a:
      return indexed(in.uleb());
    case 0x25:
      return indexed(in.u8());
    case 0x26:
      return indexed(in.u16());
    case 0x27:
      return indexed(in.u24());
    case 0x28:
      return indexed(in.u32());
    case 0x1b:
      return set(What::address, in.uleb());
    case 0x29:
      return set(What::address, in.u8());
    case 0x2a:
      return set(What::address, in.u16());
    case 0x2b:
      return set(What::address, in.u24());
    case 0x2c:
      return set(What::address, in.u32());
    case 0x22:
    case 0x23:
      return set(What::offset, in.uleb());
    case 0x20:
      return set(What::signature, in.u64());
    case 0x1c:
      return set(What::offset, in.u32());
    case 0x24:
      return set(What::offset, in.u64());
    case 0x1d:
    case 0x1f20:
    case 0x1f21:
      return set(What::offset, in.number(word));
    default:
      in.fail();
      return false;
  }
}

std::string Walker::label(const Unit& unit, std::uint64_t offset) {
  const auto known = labels_.find(offset);
  if (known != labels_.end()) return known->second;
  std::string text;
  // Pointers and qualifiers have no name of their own: follow a few types down to one that has.
  std::uint64_t at = offset;
  for (int step = 0; step < 8; ++step) {
    ByteReader in(sections_.info.substr(0, static_cast<std::size_t>(unit.end)), sections_.endian);
    in.seek(at);
    if (at < unit.body || at >= unit.end) break;
    const auto* entry = read_code(unit, in);
    if (entry == nullptr) break;
    std::string_view name;
    std::uint64_t type = 0;
    for (const auto& spec : entry->attributes) {
      Value value;
      if (!read_value(unit, spec.form, spec.constant, in, value)) break;
      if (spec.name == 0x03 && value.what == What::text) name = value.text;
      if ((spec.name == 0x49 || spec.name == 0x31 || spec.name == 0x47) && value.what == What::reference)
        type = value.number;
    }
    if (!text.empty()) text += ' ';
    if (!name.empty()) {
      text += printable(name, 200);
      break;
    }
    const auto tag = tag_name(entry->tag);
    text += tag.empty() ? hex(entry->tag) : std::string(tag);
    if (type == 0) break;
    at = type;
  }
  labels_.emplace(offset, text);
  return text;
}

void Walker::append(const Unit& unit, const AttributeSpec& spec, const Value& value, std::string& out) {
  // Where things lie, and high_pc given as a size, is told by the code itself.
  if (spec.name == 0x01 || spec.name == 0x11 || spec.name == 0x12 || spec.name == 0x52 || spec.name == 0x7d) return;
  if (value.what == What::address || value.what == What::offset) return;
  std::string text;
  switch (value.what) {
    case What::text:
      text = in_quotes(value.text, 1000);
      break;
    case What::number:
      text = value.is_signed ? format("{}", static_cast<std::int64_t>(value.number)) : format("{}", value.number);
      break;
    case What::bytes:
      // DW_OP_addr and its indexed form hold an address.
      if (!value.text.empty() && (value.text[0] == '\x03' || value.text[0] == '\xa1')) return;
      text = hex_bytes(value.text, 256);
      break;
    case What::reference:
      text = label(unit, value.number);
      break;
    case What::signature:
      text = hex(value.number);
      break;
    default:
      return;
  }
  const auto name = attribute_name(spec.name);
  out += ' ';
  out += name.empty() ? hex(spec.name) : std::string(name);
  out += '=';
  out += text;
}

}  // namespace

DebugInfo read_info(const DebugSections& sections, const Budget& budget) {
  DebugInfo info;
  Walker walker(sections);
  std::uint64_t at = 0;
  std::size_t entries = 0;
  const std::hash<std::string_view> hash;
  std::string text;
  while (at < sections.info.size() && !budget.stopped()) {
    Unit unit;
    if (!walker.read_unit_header(at, unit)) {
      info.problems.push_back(format("the unit at {:#x} of .debug_info could not be read", at));
      break;
    }
    walker.find_bases(unit);
    ByteReader in(sections.info.substr(0, static_cast<std::size_t>(unit.end)), sections.endian);
    in.seek(unit.body);
    const std::size_t unit_index = info.units.size();
    info.units.push_back({"", unit.offset, ""});
    int depth = 0;
    DebugEntry current;
    bool open = false;
    const auto close = [&](std::uint64_t end) {
      if (!open) return;
      current.end = end;
      info.entries.push_back(std::move(current));
      current = {};
      open = false;
    };
    while (in.ok() && in.offset() < unit.end) {
      if ((++entries & 0x3fff) == 0 && budget.stopped()) break;
      if (entries > kMaxEntries) break;
      const std::uint64_t start = in.offset();
      const auto* entry = walker.read_code(unit, in);
      if (entry == nullptr) {
        if (!in.ok()) break;
        if (--depth <= 0) break;
        if (depth == 1) close(in.offset());
        continue;
      }
      text.clear();
      const auto tag = tag_name(entry->tag);
      text += tag.empty() ? hex(entry->tag) : std::string(tag);
      std::string_view name;
      bool read = true;
      if (depth == 0) {
        for (const auto& spec : entry->attributes) {
          Value value;
          if (!(read = walker.read_value(unit, spec.form, spec.constant, in, value))) break;
          if (spec.name == 0x03 && value.what == What::text) info.units[unit_index].name = printable(value.text, 1000);
          text.clear();
          walker.append(unit, spec, value, text);
          if (!text.empty()) info.units[unit_index].text += text.substr(1) + "\n";
        }
      } else {
        if (depth == 1) {
          close(start);
          open = true;
          current.offset = start;
          current.unit = unit_index;
        }
        for (const auto& spec : entry->attributes) {
          Value value;
          if (!(read = walker.read_value(unit, spec.form, spec.constant, in, value))) break;
          if (spec.name == 0x03 && value.what == What::text) name = value.text;
          walker.append(unit, spec, value, text);
        }
        if (depth == 1) {
          current.name = tag.empty() ? hex(entry->tag) : std::string(tag);
          if (!name.empty()) current.name += " " + printable(name, 1000);
        }
        current.meaning = current.meaning * 0x9e3779b97f4a7c15ull + hash(text) + static_cast<std::uint64_t>(depth);
      }
      if (!read) break;
      if (entry->children && ++depth > kMaxDepth) break;
      if (depth == 0) break;  // a unit without children
    }
    if (!in.ok()) info.problems.push_back(format("the unit at {:#x} of .debug_info is damaged", at));
    close(in.ok() ? in.offset() : unit.end);
    at = unit.end;
  }
  return info;
}

std::string entry_text(const DebugSections& sections, const DebugEntry& entry, const DebugInfo& info) {
  Walker walker(sections);
  Unit unit;
  std::string out;
  if (entry.unit >= info.units.size() || !walker.read_unit_header(info.units[entry.unit].offset, unit)) return out;
  walker.find_bases(unit);
  ByteReader in(sections.info.substr(0, static_cast<std::size_t>(std::min(entry.end, unit.end))), sections.endian);
  in.seek(entry.offset);
  int depth = 0;
  while (in.ok() && !in.at_end() && out.size() < kEntryTextBytes) {
    const auto* die = walker.read_code(unit, in);
    if (die == nullptr) {
      if (!in.ok() || --depth <= 0) break;
      continue;
    }
    out.append(static_cast<std::size_t>(std::min(depth, 40)) * 2, ' ');
    const auto tag = tag_name(die->tag);
    out += tag.empty() ? hex(die->tag) : std::string(tag);
    for (const auto& spec : die->attributes) {
      Value value;
      if (!walker.read_value(unit, spec.form, spec.constant, in, value)) break;
      walker.append(unit, spec, value, out);
    }
    out += '\n';
    if (die->children && ++depth > kMaxDepth) break;
    if (depth == 0) break;
  }
  return out;
}

namespace {

// The section's bytes, decompressed where they are compressed (gABI: SHF_COMPRESSED; before it: .zdebug_ names).
std::string_view decoded(const Image& image, const Section& section, DebugSections& out, Budget& budget) {
  const bool old_style = section.name.starts_with(".zdebug_");
  if ((section.flags & 0x800) == 0 && !old_style) return section.bytes;
  auto in = image.reader(section.bytes);
  std::uint64_t size = 0;
  if (old_style) {
    if (in.take(4) != "ZLIB") return {};
    in.set_endian(Endian::big);
    size = in.u64();
  } else {
    if (in.u32() != 1) return {};  // zlib only
    if (image.is_64) in.skip(4);
    size = in.number(image.word());
    in.skip(image.word());
  }
  // zlib reaches 1032 to one at most; a larger size is a lie.
  if (!in.ok() || size > kMaxDebugSection || size > in.left() * 1100 + 64 || !budget.count_decoded(size)) return {};
  auto text = std::make_unique<std::string>(static_cast<std::size_t>(size), '\0');
  uLongf length = static_cast<uLongf>(size);
  const auto packed = section.bytes.substr(in.offset());
  if (uncompress(reinterpret_cast<Bytef*>(text->data()), &length, reinterpret_cast<const Bytef*>(packed.data()),
                 static_cast<uLong>(packed.size())) != Z_OK) {
    return {};
  }
  text->resize(length);
  out.owned.push_back(std::move(text));
  return *out.owned.back();
}

// Applies the relocations of an object file's debug section, as far as they are plain addresses.
std::string_view relocated(const Image& image, const Section& section, std::string_view bytes,
                           const std::vector<std::uint64_t>& bases, DebugSections& out) {
  for (const auto& table : image.sections) {
    if ((table.type != 4 && table.type != 9) || table.info != section.index || table.bytes.empty()) continue;
    const auto* symbol_table = image.section(table.link);
    if (symbol_table == nullptr) continue;
    const auto symbols = image.symbols(*symbol_table);
    auto copy = std::make_unique<std::string>(bytes);
    auto in = image.reader(table.bytes);
    while (in.ok() && in.left() >= (image.is_64 ? 16u : 8u)) {
      const std::uint64_t at = in.number(image.word());
      const std::uint64_t info = in.number(image.word());
      const std::uint64_t type = image.is_64 ? info & 0xffffffff : info & 0xff;
      const std::uint64_t index = image.is_64 ? info >> 32 : info >> 8;
      const std::uint64_t addend = table.type == 4 ? in.number(image.word()) : 0;
      unsigned width = 0;
      if (image.machine == 62) width = type == 1 ? 8 : type == 10 ? 4 : 0;
      if (image.machine == 3) width = type == 1 ? 4 : 0;
      if (image.machine == 183) width = type == 257 ? 8 : type == 258 ? 4 : 0;
      if (width == 0 || index >= symbols.size() || at > copy->size() || copy->size() - at < width) continue;
      const auto& symbol = symbols[index];
      std::uint64_t value = symbol.value + addend;
      if (symbol.section < bases.size()) value += bases[symbol.section];
      auto* p = reinterpret_cast<unsigned char*>(copy->data() + at);
      if (table.type == 9) {
        for (unsigned i = 0; i < width; ++i) {
          value += static_cast<std::uint64_t>(p[image.endian == Endian::little ? i : width - 1 - i]) << (8 * i);
        }
      }
      for (unsigned i = 0; i < width; ++i) {
        p[image.endian == Endian::little ? i : width - 1 - i] = static_cast<unsigned char>(value >> (8 * i));
      }
    }
    out.owned.push_back(std::move(copy));
    return *out.owned.back();
  }
  return bytes;
}

}  // namespace

DebugSections debug_sections(const Image& image, const std::vector<std::uint64_t>& bases, Budget& budget) {
  DebugSections out;
  out.endian = image.endian;
  out.address_bytes = image.word();
  const auto get = [&](std::string_view suffix) -> std::string_view {
    for (const auto& section : image.sections) {
      if (section.name != std::string(".debug_") + std::string(suffix) &&
          section.name != std::string(".zdebug_") + std::string(suffix)) {
        continue;
      }
      const auto bytes = decoded(image, section, out, budget);
      return image.type == 1 ? relocated(image, section, bytes, bases, out) : bytes;
    }
    return {};
  };
  out.info = get("info");
  out.abbrev = get("abbrev");
  out.line = get("line");
  out.str = get("str");
  out.line_str = get("line_str");
  out.str_offsets = get("str_offsets");
  return out;
}

}  // namespace chiron::compare::elf
