// Compiled Python modules: header fields, then code object by code object: constants, names, bytecode with source
// lines.
#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/content/pyc_image.h"
#include "foundation/base/format.h"

namespace chiron::compare {
namespace {

constexpr const char* kTraceback = "used in tracebacks only";

bool is_pyc(ByteView bytes) {
  return bytes.size() >= 16 && bytes.substr(2, 2) == "\r\n" &&
         pyc::minor_version(static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) |
                                                       static_cast<unsigned char>(bytes[1]) << 8)) != 0;
}

// What listing a module has cost so far: references make a small file name much, so each code object is listed once and
// the shown text is bounded.
struct Listing {
  const pyc::Module& module;
  std::vector<bool> listed;
  std::size_t shown_bytes = 0;
};
constexpr std::size_t kMaxShownBytes = 256 * limits::kMiB;

void add_names(Listing& listing, std::string_view name, std::uint32_t tuple, Item& out) {
  const auto& module = listing.module;
  auto& item = out.add(name, "", module.object(tuple).place);
  item.matching = Matching::as_lines;
  for (const auto index : module.object(tuple).items) {
    if (listing.shown_bytes > kMaxShownBytes) return;
    // Code objects are compared each.
    if (module.object(index).type == 'c')
      item.add("", "<code " + module.text(module.codes[module.object(index).code].name) + ">");
    else
      item.add("", module.show(index));
    listing.shown_bytes += item.children.back().value.size() + sizeof(Item);
  }
}

// Within the module's bound on nesting, so the recursion is bounded too.
void add_code(Listing& done, std::uint32_t code_index, int depth, Item& out) {
  const auto& module = done.module;
  if (depth > pyc::kMaxNesting || done.listed[code_index] || done.shown_bytes > kMaxShownBytes) return;
  done.listed[code_index] = true;
  const auto& code = module.codes[code_index];
  auto& item = out.add("code " + module.text(module.minor >= 11 ? code.qualified_name : code.name), "", code.place);
  const auto number = [&](std::string_view name, std::int64_t value) -> Item& {
    return item.add(name, format("{}", value));
  };
  number("arguments", code.argument_count);
  number("positional-only arguments", code.positional_only);
  number("keyword-only arguments", code.keyword_only);
  if (module.minor < 11) number("locals", code.local_count);
  number("stack size", code.stack_size);
  item.add("flags", hex(static_cast<std::uint64_t>(code.flags)));
  item.add("file", module.text(code.file), module.object(code.file).place, Kind::metadata).mark_noise(kTraceback);
  item.add("first line", format("{}", code.first_line), {}, Kind::metadata).mark_noise(kTraceback);
  add_names(done, "constants", code.constants, item);
  add_names(done, "names", code.names, item);
  add_names(done, "variables", code.variables, item);
  if (module.minor >= 11) {
    item.add("variable kinds", hex_bytes(module.object(code.variable_kinds).bytes, 4096),
             module.object(code.variable_kinds).place);
    item.add("exception table", hex_bytes(module.object(code.exception_table).bytes, 65536),
             module.object(code.exception_table).place);
  } else {
    add_names(done, "free variables", code.free_variables, item);
    add_names(done, "cell variables", code.cell_variables, item);
  }
  const auto steps = pyc::list_code(module, code);
  {
    auto& listing = item.add("bytecode", "", module.object(code.bytecode).place);
    listing.matching = Matching::as_lines;
    listing.source = module.text(code.file);
    for (const auto& step : steps) {
      listing.add("", step.text);
      listing.source_lines.push_back(step.line);
    }
  }
  {
    auto& lines = item.add("line numbers", "", module.object(code.line_table).place, Kind::metadata);
    lines.mark_noise(kTraceback);
    lines.matching = Matching::as_lines;
    std::uint32_t last = UINT32_MAX;
    for (const auto& step : steps) {
      if (step.line == last) continue;
      last = step.line;
      // Relative to the function's start, so that moving a function is told once, by its first line.
      lines.add("",
                format("+{} {}", step.offset,
                       step.line == 0 ? "no line"
                                      : format("line {:+}", static_cast<std::int64_t>(step.line) - code.first_line)));
    }
    lines.add("", "columns " + hex_bytes(module.object(code.line_table).bytes, 65536));
  }
  done.shown_bytes += steps.size() * 2 * sizeof(Item);
  for (const auto index : module.object(code.constants).items) {
    if (module.object(index).type == 'c') add_code(done, module.object(index).code, depth + 1, item);
  }
}

Result<Item> module_items(const pyc::Module& module, ByteView bytes) {
  Item items;
  items.header("magic", format("{} (Python 3.{})", module.magic, module.minor), {0, 2});
  const std::uint64_t at = module.minor >= 7 ? 8 : 4;
  if (module.minor >= 7)
    items.header("flags", format("{:#x}{}", module.flags, (module.flags & 1) != 0 ? " (checked by hash)" : ""), {4, 4});
  if ((module.flags & 1) != 0 && module.minor >= 7) {
    items.add("source hash", hex_bytes(module.source_hash), {at, 8}, Kind::metadata);
  } else {
    items.add("source time", utc_time(module.time), {at, 4}, Kind::metadata)
        .mark_noise("the source's time, by which Python tells whether to compile again");
    items.add("source size", format("{}", module.source_size), {at + 4, 4}, Kind::metadata);
  }
  Listing listing{module, std::vector<bool>(module.codes.size(), false)};
  add_code(listing, module.object(module.root).code, 0, items);
  if (listing.shown_bytes > kMaxShownBytes) {
    return fail(ErrorKind::limit, "compare.pyc", "listing the module takes more than 256 MiB");
  }
  if (module.end < bytes.size()) {
    items.add("after the code", hex_bytes(bytes.substr(static_cast<std::size_t>(module.end))),
              {module.end, bytes.size() - module.end});
  }
  return items;
}

}  // namespace

bool matches_pyc(ByteView a, ByteView b, std::string_view) { return is_pyc(a) && is_pyc(b); }

Result<void> compare_pyc(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(pyc::read_module(a));
  const auto right = TRY(pyc::read_module(b));
  compare_items(TRY(module_items(left, a)), TRY(module_items(right, b)), context.budget(), out);
  return {};
}

}  // namespace chiron::compare
