// Debian's control files (.dsc, .changes, .buildinfo, control, Packages): paragraphs and fields by name, lists of files
// and of packages line by line. Syntax: Debian Policy, chapter 5. A signature around the text is compared apart.
#include <algorithm>

#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::compare {
namespace {

constexpr std::size_t kMaxLines = 20'000'000;

std::string_view file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_control_name(std::string_view path) {
  const auto name = file_name(path);
  for (const std::string_view end : {".dsc", ".changes", ".buildinfo", ".deb822"}) {
    if (name.ends_with(end)) return true;
  }
  return name == "control" || name == "Packages" || name == "Sources" || name == "Release" || name == "InRelease";
}

bool reads_as_control(ByteView bytes) {
  auto head = bytes.substr(0, 4096);
  if (head.find('\0') != std::string_view::npos) return false;
  if (head.starts_with("-----BEGIN PGP SIGNED MESSAGE-----")) return true;
  const auto colon = head.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  return std::all_of(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_file_list(std::string_view name) {
  return name == "Files" || name.starts_with("Checksums-") || name == "Package-List";
}
bool is_package_list(std::string_view name) {
  return name.ends_with("Depends") || name == "Installed-Build-Depends" || name == "Build-Environment" ||
         name == "Recommends" || name == "Suggests" || name == "Environment" || name == "Binary";
}

// One field with its lines; `place` spans the whole of it.
struct Field {
  std::string_view name;
  std::vector<std::string_view> lines;  // the first without its name
  Range place;
};

void add_field(const Field& field, std::string_view bytes, Item& out) {
  const auto at = [&](std::string_view piece) {
    return Range{static_cast<std::uint64_t>(piece.data() - bytes.data()), piece.size()};
  };
  if (is_file_list(field.name)) {
    auto& item = out.add(field.name, "", field.place);
    for (const auto line : field.lines) {
      const auto trimmed = text::trim(line);
      if (trimmed.empty()) continue;
      // Keyed by the file's name, which stands last; a package list's stands first.
      const auto blank = field.name == "Package-List" ? trimmed.find(' ') : trimmed.rfind(' ');
      const auto name = blank == std::string_view::npos ? trimmed
                        : field.name == "Package-List"  ? trimmed.substr(0, blank)
                                                        : trimmed.substr(blank + 1);
      item.add(printable(name), printable(trimmed), at(trimmed));
    }
    return;
  }
  if (is_package_list(field.name)) {
    auto& item = out.add(field.name, "", field.place);
    const bool by_line = field.name == "Environment";
    for (auto line : field.lines) {
      while (!line.empty()) {
        const auto comma = by_line ? std::string_view::npos : line.find(',');
        const auto trimmed = text::trim(line.substr(0, comma));
        line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
        if (trimmed.empty()) continue;
        item.add(printable(trimmed.substr(0, trimmed.find_first_of(by_line ? "=" : " ("))), printable(trimmed),
                 at(trimmed));
      }
    }
    return;
  }
  std::string value;
  for (std::size_t i = 0; i < field.lines.size(); ++i) {
    if (i > 0) value += '\n';
    value += printable(text::trim(field.lines[i]), 65536);
  }
  auto& item = out.add(field.name, value, field.place);
  if (field.name == "Build-Date" || field.name == "Date" || field.name == "Build-Path") {
    item.kind = Kind::metadata;
    item.mark_noise("when and where the package was built");
  }
}

Result<Item> control_items(std::string_view bytes) {
  Item items;
  std::vector<Field> fields;
  std::size_t paragraph = 0, lines = 0;
  std::string first_value;
  Range paragraph_place;
  const auto finish = [&] {
    if (fields.empty()) return;
    std::string name = paragraph == 0 ? "paragraph 1" : format("paragraph {}", paragraph + 1);
    for (const auto& field : fields) {
      if (field.name == "Package" && !field.lines.empty())
        name = "Package " + printable(text::trim(field.lines[0]), 200);
    }
    paragraph_place.length = fields.back().place.end() - paragraph_place.offset;
    auto& item = items.add(name, "", paragraph_place);
    for (const auto& field : fields) add_field(field, bytes, item);
    fields.clear();
    ++paragraph;
  };
  std::size_t at = 0;
  bool in_armor_header = false, in_signature = false;
  std::size_t signature_at = 0;
  while (at < bytes.size()) {
    if (++lines > kMaxLines) return fail(ErrorKind::limit, "compare.control", "more than 20,000,000 lines");
    auto end = bytes.find('\n', at);
    const std::size_t next = end == std::string_view::npos ? bytes.size() : end + 1;
    auto line = bytes.substr(at, (end == std::string_view::npos ? bytes.size() : end) - at);
    const std::size_t start = at;
    at = next;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (in_signature) continue;
    if (line == "-----BEGIN PGP SIGNED MESSAGE-----") {
      in_armor_header = true;
      continue;
    }
    if (line == "-----BEGIN PGP SIGNATURE-----") {
      finish();
      in_signature = true;
      signature_at = start;
      continue;
    }
    if (line.empty() || text::trim(line).empty()) {
      if (!in_armor_header) finish();
      in_armor_header = false;
      continue;
    }
    if (in_armor_header) {
      items.header("signed message header", printable(line), {start, line.size()});
      continue;
    }
    if (line[0] == '#') {
      items.add("comment", printable(line), {start, line.size()}).mark_noise("a comment");
      continue;
    }
    if (line[0] == ' ' || line[0] == '\t') {
      if (fields.empty())
        return fail(ErrorKind::input, "compare.control", format("byte {:#x}: a continuation without a field", start));
      fields.back().lines.push_back(line.substr(1));
      fields.back().place.length = start + line.size() - fields.back().place.offset;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return fail(ErrorKind::input, "compare.control",
                  format("byte {:#x}: neither a field nor its continuation", start));
    if (fields.empty()) paragraph_place = {start, line.size()};
    fields.push_back({line.substr(0, colon), {line.substr(colon + 1)}, {start, line.size()}});
  }
  finish();
  if (in_signature) {
    items.add("signature", printable(bytes.substr(signature_at), 65536), {signature_at, bytes.size() - signature_at},
              Kind::metadata);
  }
  return items;
}

}  // namespace

bool matches_control(ByteView a, ByteView b, std::string_view path) {
  return is_control_name(path) && reads_as_control(a) && reads_as_control(b);
}

Result<void> compare_control(ByteView a, ByteView b, Context& context, Difference& out) {
  compare_items(TRY(control_items(a)), TRY(control_items(b)), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
