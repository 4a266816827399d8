// ELF files: what differs is told at the section, and within it by function, symbol, string or source line. Sections
// that are equal are skipped before anything is parsed; every byte of the file belongs to a header, a section or the
// space between, and all three are compared, so nothing can differ unseen.
#include <algorithm>
#include <unordered_map>

#include "engines/compare/byte_diff.h"
#include "engines/compare/content/elf_code.h"
#include "engines/compare/content/elf_data.h"
#include "engines/compare/content/elf_dwarf.h"
#include "engines/compare/content/elf_program.h"
#include "engines/compare/content/elf_tables.h"
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/task/pool.h"

namespace chiron::compare {
namespace elf {
namespace {

constexpr const char* kDebugNoise = "debugging information has no effect on what the program does";
constexpr const char* kDerived = "this table is made from others, which are compared themselves";
constexpr const char* kMoved = "the same entries at other addresses";
constexpr std::size_t kToldEntries = 200;  // of .debug_info

struct Pair {
  const Image& a;
  const Image& b;
  Context& context;
  std::unique_ptr<Program> left, right;        // made where a section needs them
  bool info_told = false, lines_told = false;  // once, however many sections claim the name

  void load() {
    if (left != nullptr) return;
    auto& budget = context.budget();
    context.pool().for_each(2, [&](std::size_t side) {
      (side == 0 ? left : right) = std::make_unique<Program>(side == 0 ? a : b, budget);
    });
  }
};

bool is_debug(std::string_view name) {
  return name.starts_with(".debug_") || name.starts_with(".zdebug_") || name == ".gnu_debugdata" ||
         name == ".gnu_debuglink" || name == ".gnu_debugaltlink" || name.starts_with(".rela.debug_") ||
         name.starts_with(".rel.debug_");
}

void compare_text(const TableText& a, const TableText& b, Context& context, Difference& node) {
  node.kind = Kind::content;
  if (a.meaning != b.meaning) {
    diff_text(a.meaning, b.meaning, context.budget(), node);
    return;
  }
  // The entries agree one by one; how many moved and the first of them say it all.
  std::size_t moved = 0, begin_a = 0, begin_b = 0;
  std::string first;
  while (begin_a < a.with_addresses.size() && begin_b < b.with_addresses.size()) {
    const auto end_a = a.with_addresses.find('\n', begin_a), end_b = b.with_addresses.find('\n', begin_b);
    const auto line_a = std::string_view(a.with_addresses).substr(begin_a, end_a - begin_a);
    const auto line_b = std::string_view(b.with_addresses).substr(begin_b, end_b - begin_b);
    if (line_a != line_b && ++moved == 1) first = format("{} → {}", line_a, line_b);
    begin_a = end_a + 1;
    begin_b = end_b + 1;
  }
  if (moved == 0) return;
  node.comments.push_back(format("{} {} other addresses of the same things; the first is {}", moved,
                                 moved == 1 ? "entry holds" : "entries hold", first));
  node.mark_noise(kMoved);
}

void compare_strings(std::string_view a, std::string_view b, Context& context, Difference& node) {
  const auto sets = compare_string_tables(a, b);
  if (sets.same_strings) {
    node.comments.push_back("the same strings at other places");
    return;
  }
  std::string text_a, text_b;
  for (const auto& [text, at] : sets.only_a) text_a += printable(text) + "\n";
  for (const auto& [text, at] : sets.only_b) text_b += printable(text) + "\n";
  node.kind = Kind::content;
  diff_text(text_a, text_b, context.budget(), node);
  if (!sets.only_a.empty())
    node.comments.push_back(format("first string only in a: at offset {:#x}", sets.only_a.front().second));
  if (!sets.only_b.empty())
    node.comments.push_back(format("first string only in b: at offset {:#x}", sets.only_b.front().second));
}

void compare_debug_info(Pair& pair, Difference& node) {
  pair.load();
  DebugInfo info_a, info_b;
  pair.context.pool().for_each(2, [&](std::size_t side) {
    (side == 0 ? info_a : info_b) = read_info(side == 0 ? pair.left->debug : pair.right->debug, pair.context.budget());
  });
  for (const auto& problem : info_a.problems) node.comments.push_back("a: " + problem);
  for (const auto& problem : info_b.problems) node.comments.push_back("b: " + problem);
  std::unordered_map<std::string, std::vector<std::size_t>> units_b;
  for (std::size_t i = info_b.units.size(); i-- > 0;) units_b[info_b.units[i].name].push_back(i);
  std::vector<std::size_t> unit_partner(info_a.units.size(), SIZE_MAX);
  for (std::size_t i = 0; i < info_a.units.size(); ++i) {
    auto found = units_b.find(info_a.units[i].name);
    // Units whose paths differ are matched by their place.
    if (found != units_b.end() && !found->second.empty()) {
      unit_partner[i] = found->second.back();
      found->second.pop_back();
    } else if (info_a.units.size() == info_b.units.size()) {
      unit_partner[i] = i;
    }
  }
  for (std::size_t i = 0; i < info_a.units.size(); ++i) {
    if (unit_partner[i] == SIZE_MAX) {
      node.add_child(Kind::only_in_a, "unit " + info_a.units[i].name, "");
      continue;
    }
    const auto& b = info_b.units[unit_partner[i]];
    if (info_a.units[i].text == b.text) continue;
    auto& child = node.add_child(Kind::content, "unit " + info_a.units[i].name, "unit " + b.name);
    diff_text(info_a.units[i].text, b.text, pair.context.budget(), child);
  }
  std::vector<bool> unit_taken(info_b.units.size(), false);
  for (const auto partner : unit_partner) {
    if (partner != SIZE_MAX) unit_taken[partner] = true;
  }
  for (std::size_t i = 0; i < info_b.units.size(); ++i) {
    if (!unit_taken[i]) node.add_child(Kind::only_in_b, "", "unit " + info_b.units[i].name);
  }
  std::unordered_map<std::string, std::vector<const DebugEntry*>> entries_b;  // the last one first
  for (std::size_t i = info_b.entries.size(); i-- > 0;) {
    const auto& entry = info_b.entries[i];
    entries_b[format("{} {}", entry.unit, entry.name)].push_back(&entry);
  }
  std::size_t told = 0, more = 0;
  const auto add = [&](const DebugEntry* a, const DebugEntry* b) {
    if (++told > kToldEntries) {
      ++more;
      return;
    }
    const Kind kind = a == nullptr ? Kind::only_in_b : b == nullptr ? Kind::only_in_a : Kind::content;
    auto& child = node.add_child(kind, a != nullptr ? a->name : "", b != nullptr ? b->name : "");
    child.has_place = true;
    if (a != nullptr) child.place_a = {a->offset, a->end - a->offset};
    if (b != nullptr) child.place_b = {b->offset, b->end - b->offset};
    diff_text(a != nullptr ? entry_text(pair.left->debug, *a, info_a) : "",
              b != nullptr ? entry_text(pair.right->debug, *b, info_b) : "", pair.context.budget(), child);
  };
  for (const auto& a : info_a.entries) {
    const std::size_t unit = a.unit < unit_partner.size() ? unit_partner[a.unit] : SIZE_MAX;
    const auto found = entries_b.find(format("{} {}", unit, a.name));
    if (found == entries_b.end() || found->second.empty()) {
      add(&a, nullptr);
      continue;
    }
    const auto* b = found->second.back();
    found->second.pop_back();
    if (a.meaning != b->meaning) add(&a, b);
  }
  for (const auto& b : info_b.entries) {
    const auto found = entries_b.find(format("{} {}", b.unit, b.name));
    if (found == entries_b.end()) continue;
    const auto at = std::find(found->second.begin(), found->second.end(), &b);
    if (at != found->second.end()) add(nullptr, &b);
  }
  if (more > 0) node.comments.push_back(format("{} more entries of .debug_info differ", more));
  if (node.children.empty() && node.comments.empty()) {
    node.comments.push_back("the entries say the same; only addresses and offsets differ");
  }
}

// .gnu_debuglink: a file's name and, on a multiple of four, its checksum. .gnu_debugaltlink (dwz): a name and the build
// id.
void compare_link(std::string_view a, std::string_view b, Difference& node) {
  const auto split = [](std::string_view bytes) { return std::min(bytes.find('\0'), bytes.size()); };
  const auto rest = [&](std::string_view bytes, bool checksum) {
    const auto at = std::min(split(bytes) + 1, bytes.size());
    const auto begin = checksum ? std::min((at + 3) & ~std::size_t{3}, bytes.size()) : at;
    return Range{begin, bytes.size() - begin};
  };
  const bool checksum = node.title() == ".gnu_debuglink";
  node.add_field(Kind::metadata, "file", printable(a.substr(0, split(a))), printable(b.substr(0, split(b))),
                 {0, split(a)}, {0, split(b)});
  const auto at_a = rest(a, checksum), at_b = rest(b, checksum);
  node.add_field(Kind::metadata, checksum ? "checksum" : "build id",
                 hex_bytes(a.substr(static_cast<std::size_t>(at_a.offset))),
                 hex_bytes(b.substr(static_cast<std::size_t>(at_b.offset))), at_a, at_b);
}

void compare_section_content(Pair& pair, const Section& a, const Section& b, Difference& node) {
  auto& context = pair.context;
  const auto name = a.name;
  const auto by_text = [&](auto&& listing) {
    pair.load();
    compare_text(listing(*pair.left, a), listing(*pair.right, b), context, node);
  };
  if (a.type != b.type) {
    add_windows(a.bytes, b.bytes, node);
  } else if ((a.flags & 4) != 0 && a.type == 1) {
    pair.load();
    compare_code(*pair.left, a, *pair.right, b, context, node);
  } else if (a.type == 7) {
    compare_items(note_items(pair.a, a), note_items(pair.b, b), context.budget(), node);
  } else if (a.type == 6) {
    compare_items(dynamic_items(pair.a, a), dynamic_items(pair.b, b), context.budget(), node);
  } else if (a.type == 2 || a.type == 11) {
    by_text(symbol_listing);
  } else if (a.type == 4 || a.type == 9) {
    by_text(relocation_listing);
  } else if (a.type == 0x6ffffffe || a.type == 0x6ffffffd) {
    by_text(version_listing);
  } else if (a.type == 14 || a.type == 15 || a.type == 16 || name == ".got" || name == ".got.plt" ||
             name == ".data.rel.ro" || name == ".ctors" || name == ".dtors") {
    by_text(pointer_listing);
  } else if (name == ".eh_frame") {
    by_text(unwind_listing);
  } else if (name == ".gnu_debuglink" || name == ".gnu_debugaltlink") {
    compare_link(a.bytes, b.bytes, node);
  } else if ((name == ".debug_info" || name == ".zdebug_info") && !std::exchange(pair.info_told, true)) {
    compare_debug_info(pair, node);
  } else if ((name == ".debug_line" || name == ".zdebug_line") && !std::exchange(pair.lines_told, true)) {
    pair.load();
    const auto lines = line_listings(*pair.left, *pair.right);
    std::string files_a, files_b;
    for (const auto& file : pair.left->lines.files) files_a += printable(file) + "\n";
    for (const auto& file : pair.right->lines.files) files_b += printable(file) + "\n";
    diff_listing("files", "line table", files_a, files_b, context.budget(), node);
    diff_listing("lines", "line table", lines.a, lines.b, context.budget(), node);
    if (node.children.empty()) node.comments.push_back("the same lines; only addresses differ");
  } else if (name == ".debug_str" || name == ".debug_line_str" || name == ".zdebug_str") {
    pair.load();
    const bool lines = name == ".debug_line_str";
    compare_strings(lines ? pair.left->debug.line_str : pair.left->debug.str,
                    lines ? pair.right->debug.line_str : pair.right->debug.str, context, node);
  } else if (a.type == 3 || name == ".comment" || name == ".interp") {
    compare_strings(a.bytes, b.bytes, context, node);
  } else if ((a.flags & 2) != 0 && a.type != 5 && a.type != 0x6ffffff6 && a.type != 0x6fffffff &&
             name != ".eh_frame_hdr") {
    pair.load();
    compare_data(*pair.left, a, *pair.right, b, context, node);
  } else if (!is_debug(name) && (a.flags & 2) == 0 && looks_like_text(a.bytes) && looks_like_text(b.bytes)) {
    diff_text(a.bytes, b.bytes, context.budget(), node);
  }
}

const char* noise_of(const Section& section) {
  if (is_debug(section.name)) return kDebugNoise;
  if (section.name == ".comment") return "the compiler's mark";
  if (section.name == ".shstrtab" || section.name == ".strtab" || section.name == ".dynstr") return kDerived;
  if (section.type == 5 || section.type == 0x6ffffff6 || section.type == 0x6fffffff || section.name == ".eh_frame_hdr")
    return kDerived;
  return nullptr;
}

void compare_section(Pair& pair, const Section& a, const Section& b, Difference& out) {
  auto& node = out.add_child(Kind::group, printable(a.name), printable(b.name));
  node.format = "ELF section";
  node.set_place({a.offset, a.bytes.size()}, {b.offset, b.bytes.size()});
  node.size_a = a.bytes.size();
  node.size_b = b.bytes.size();
  compare_section_content(pair, a, b, node);
  if (node.extent_count == 0) find_extents(a.bytes, b.bytes, &pair.context.pool(), pair.context.budget(), node);
  if (node.children.empty() && node.hunks.empty() && node.windows.empty()) {
    node.kind = Kind::content;
    add_windows(a.bytes, b.bytes, node);
  }
  if (const char* noise = noise_of(a)) node.mark_noise(noise);
}

void add_one_sided(const Section& section, bool in_a, Difference& out) {
  auto& child = out.add_child(in_a ? Kind::only_in_a : Kind::only_in_b, in_a ? printable(section.name) : "",
                              in_a ? "" : printable(section.name));
  child.format = "ELF section";
  child.has_place = true;
  (in_a ? child.place_a : child.place_b) = {section.offset, section.bytes.size()};
  (in_a ? child.size_a : child.size_b) = section.bytes.size();
  child.comments.push_back(
      format("{} of {} bytes, {}", section_type_name(section.type), section.size, section_flags_text(section.flags)));
  if (const char* noise = noise_of(section)) child.mark_noise(noise);
}

void compare_sections(Pair& pair, Difference& out) {
  std::unordered_map<std::string_view, std::vector<const Section*>> by_name;  // of b, the last one first
  for (std::size_t i = pair.b.sections.size(); i-- > 0;) {
    const auto& section = pair.b.sections[i];
    if (section.type != 0) by_name[section.name].push_back(&section);
  }
  // Sections of a sound file do not overlap; a damaged one may say that thousands lie over one another.
  const std::uint64_t most = 8 * (pair.a.bytes.size() + pair.b.bytes.size());
  std::uint64_t compared = 0;
  for (const auto& a : pair.a.sections) {
    if (a.type == 0 || pair.context.budget().stopped()) continue;
    if (compared > most) {
      out.comments.push_back("the sections overlap; those from " + printable(a.name) + " on are not compared");
      break;
    }
    const auto found = by_name.find(a.name);
    if (found == by_name.end() || found->second.empty()) {
      add_one_sided(a, true, out);
      continue;
    }
    const auto& b = *found->second.back();
    found->second.pop_back();
    compared += a.bytes.size() + b.bytes.size() + 64;
    if (a.bytes != b.bytes) compare_section(pair, a, b, out);
  }
  for (const auto& section : pair.b.sections) {
    const auto found = by_name.find(section.name);
    if (section.type != 0 && found != by_name.end() &&
        std::find(found->second.begin(), found->second.end(), &section) != found->second.end()) {
      add_one_sided(section, false, out);
    }
  }
}

// Stretches of the file that neither a header nor a section covers.
std::vector<Range> gaps(const Image& image) {
  std::vector<Range> covered{{0, image.header_size}};
  covered.push_back({image.segment_table, std::uint64_t{image.segment_entry_size} * image.segments.size()});
  covered.push_back({image.section_table, std::uint64_t{image.section_entry_size} * image.sections.size()});
  for (const auto& section : image.sections) {
    if (!section.bytes.empty()) covered.push_back({section.offset, section.bytes.size()});
  }
  std::sort(covered.begin(), covered.end(), [](const Range& x, const Range& y) { return x.offset < y.offset; });
  std::vector<Range> found;
  std::uint64_t at = 0;
  for (const auto& range : covered) {
    if (range.offset > at && at < image.bytes.size()) {
      found.push_back({at, std::min<std::uint64_t>(range.offset, image.bytes.size()) - at});
    }
    at = std::max(at, range.end());
  }
  if (at < image.bytes.size()) found.push_back({at, image.bytes.size() - at});
  return found;
}

void compare_gaps(const Image& a, const Image& b, Context& context, Difference& out) {
  std::string bytes_a, bytes_b;
  const auto gaps_a = gaps(a), gaps_b = gaps(b);
  // A file without sections is one gap: its segments are all there is.
  for (std::size_t i = 0; i < std::max(gaps_a.size(), gaps_b.size()); ++i) {
    const Range at_a = i < gaps_a.size() ? gaps_a[i] : Range{a.bytes.size(), 0};
    const Range at_b = i < gaps_b.size() ? gaps_b[i] : Range{b.bytes.size(), 0};
    const auto piece_a = a.piece(at_a.offset, at_a.length), piece_b = b.piece(at_b.offset, at_b.length);
    if (piece_a == piece_b) continue;
    const bool zeros = piece_a.find_first_not_of('\0') == std::string_view::npos &&
                       piece_b.find_first_not_of('\0') == std::string_view::npos;
    auto& child = out.add_child(Kind::content, "between sections", "between sections");
    child.set_place(at_a, at_b);
    find_extents(piece_a, piece_b, &context.pool(), context.budget(), child);
    if (zeros) {
      child.field = "padding";
      child.old_value = format("{} zero bytes", at_a.length);
      child.new_value = format("{} zero bytes", at_b.length);
      child.mark_noise("padding");
    } else {
      add_windows(piece_a, piece_b, child);
    }
  }
}

}  // namespace
}  // namespace elf

bool matches_elf(ByteView a, ByteView b, std::string_view) {
  return a.substr(0, 4) ==
             "\x7f"
             "ELF" &&
         b.substr(0, 4) ==
             "\x7f"
             "ELF";
}

Result<void> compare_elf(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto image_a = elf::read_image(a);
  const auto image_b = elf::read_image(b);
  if (!image_a || !image_b) {
    return fail(ErrorKind::input, "compare.elf",
                format("the ELF header of side {} is cut off or lies", image_a ? "b" : "a"));
  }
  for (const auto& problem : image_a->problems) out.comments.push_back("a: " + problem);
  for (const auto& problem : image_b->problems) out.comments.push_back("b: " + problem);
  const auto items = [&](const elf::Image& image) {
    Item all;
    all.children.push_back(elf::header_items(image));
    all.children.push_back(elf::segment_items(image));
    all.children.push_back(elf::section_items(image));
    return all;
  };
  compare_items(items(*image_a), items(*image_b), context.budget(), out);
  elf::Pair pair{*image_a, *image_b, context, nullptr, nullptr};
  elf::compare_sections(pair, out);
  elf::compare_gaps(*image_a, *image_b, context, out);
  if (context.budget().stopped()) return std::unexpected(context.budget().stop_error());
  return {};
}

}  // namespace chiron::compare
