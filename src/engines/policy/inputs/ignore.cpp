// Ignore files (.gitignore, .dockerignore): an array with one array of entries, each with Kind (Path, NegatedPath,
// Comment, Empty), Value and Original, as Conftest gives it.
#include "engines/policy/inputs/formats.h"

namespace chiron::policy::inputs {

Result<Value> read_ignore(std::string_view text, const ReadOptions&) {
  Value entries = Value::array();
  entries.span = {0, static_cast<std::uint32_t>(text.size())};
  std::size_t next = 0;
  while (next < text.size()) {
    const auto begin = next;
    const auto end = std::min(text.find('\n', begin), text.size());
    next = end + 1;
    auto line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view original = line;
    // Trailing spaces do not count, unless a backslash stands before them.
    while (line.ends_with(' ') && !(line.size() > 1 && line[line.size() - 2] == '\\')) line.remove_suffix(1);
    std::string_view kind = "Path";
    std::size_t skipped = 0;
    if (line.empty()) {
      kind = "Empty";
    } else if (line.front() == '#') {
      kind = "Comment";
      skipped = 1;
    } else if (line.front() == '!') {
      kind = "NegatedPath";
      skipped = 1;
    }
    std::string value(line.substr(skipped));
    if (kind == "Path" && (value.starts_with("\\#") || value.starts_with("\\!"))) value.erase(0, 1);
    if (value.ends_with("\\ ")) value.erase(value.size() - 2, 1);
    Value entry = Value::object();
    entry.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + original.size())};
    set_member(entry, "Kind", entry.span, string_value(kind, entry.span.begin, entry.span.end));
    set_member(entry, "Value", entry.span, string_value(value, begin + skipped, entry.span.end));
    set_member(entry, "Original", entry.span, string_value(original, entry.span.begin, entry.span.end));
    entries.items().push_back(std::move(entry));
  }
  Value root = Value::array();
  root.span = entries.span;
  root.items().push_back(std::move(entries));
  return root;
}

}  // namespace chiron::policy::inputs
