#include "core/describe.h"

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron {

std::string_view value_placeholder(const Field& field) {
  if (!field.placeholder.empty()) return field.placeholder;
  switch (field.type) {
    case FieldType::flag:
      return "";
    case FieldType::integer:
    case FieldType::real:
      return "N";
    case FieldType::path:
    case FieldType::paths:
      return "PATH";
    case FieldType::choice:
      return "CHOICE";
    default:
      return "TEXT";
  }
}

std::string flag_spelling(const Field& field) {
  std::string out = field.letter != 0 ? format("-{}, ", field.letter) : std::string(4, ' ');
  // A flag that is on unless told otherwise is shown as the way to turn it off.
  out += field.type == FieldType::flag && field.fallback == "true" ? "--no-" : "--";
  out += field.name;
  const auto value = value_placeholder(field);
  if (!value.empty()) out += format(" {}", value);
  return out;
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  bool first = true;
  for (const auto line : text::split(text, '\n')) {
    if (!first) out += "\n" + std::string(line.empty() ? 0 : indent, ' ');
    first = false;
    if (line.starts_with(' ')) {
      out += line;
      continue;
    }
    std::size_t used = 0;
    for (const auto word : text::split(line, ' ')) {
      const auto size = utf8::display_width(word);
      if (used != 0 && used + 1 + size > width) {
        out += "\n" + std::string(indent, ' ');
        used = 0;
      }
      if (used != 0) {
        out += ' ';
        ++used;
      }
      out += word;
      used += size;
    }
  }
  return out;
}

}  // namespace chiron
