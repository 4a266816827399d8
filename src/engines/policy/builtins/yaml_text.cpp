// Values as YAML text, as Go's YAML library lays it out: block style, members sorted, strings quoted where a reader
// would take them for something else.
#include "engines/policy/builtins/yaml_text.h"

#include <algorithm>
#include <map>

#include "engines/policy/text.h"
#include "foundation/base/text.h"

namespace chiron::policy::functions {

namespace {

bool looks_like_number(std::string_view text) {
  if (text.empty()) return false;
  std::string digits;
  for (const char c : text)
    if (c != '_') digits += c;
  std::string_view rest = digits;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.empty()) return false;
  if (rest.starts_with("0x") || rest.starts_with("0b") || rest.starts_with("0o"))
    return rest.size() > 2 && std::ranges::all_of(rest.substr(2), [](char c) {
             return std::isxdigit(static_cast<unsigned char>(c)) != 0;
           });
  if (text::to_lower_ascii(rest) == ".inf" || text::to_lower_ascii(rest) == ".nan") return true;
  bool digit = false, point = false, exponent = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c >= '0' && c <= '9')
      digit = true;
    else if (c == '.' && !point && !exponent)
      point = true;
    else if ((c == 'e' || c == 'E') && digit && !exponent) {
      exponent = true;
      if (i + 1 < rest.size() && (rest[i + 1] == '+' || rest[i + 1] == '-')) ++i;
      if (i + 1 == rest.size()) return false;
    } else
      return false;
  }
  return digit;
}

bool looks_like_date(std::string_view text) {
  return text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
         std::ranges::all_of(text.substr(0, 4), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether the plain text would be read as something other than this string.
bool is_ambiguous(std::string_view text) {
  static constexpr std::string_view kWords[] = {
      "",    "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "y",   "Y",  "yes", "Yes",
      "YES", "n", "N",    "no",   "No",   "NO",   "on",   "On",   "ON",    "off",   "Off",   "OFF", "<<", "="};
  return std::ranges::find(kWords, text) != std::end(kWords) || looks_like_number(text) || looks_like_date(text);
}

bool needs_quotes(std::string_view text) {
  const char first = text.front();
  if (std::string_view("!&*|>@`%'\"#,[]{}").find(first) != std::string_view::npos) return true;
  if ((first == '-' || first == '?' || first == ':') && (text.size() == 1 || text[1] == ' ')) return true;
  if (first == ' ' || text.back() == ' ' || text.starts_with("---") || text.starts_with("...")) return true;
  if (text.find(": ") != std::string_view::npos || text.back() == ':' || text.find(" #") != std::string_view::npos)
    return true;
  return false;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text,
                             [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == 0x7f; });
}

void append_double_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
          constexpr std::string_view kHex = "0123456789ABCDEF";
          out += "\\x";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_string(std::string& out, std::string_view text, std::size_t indent) {
  if (is_ambiguous(text) || has_control(text)) {
    append_double_quoted(out, text);
  } else if (text.find('\n') != std::string_view::npos) {
    if (text.front() == ' ' || text.front() == '\n') return append_double_quoted(out, text);
    out += '|';
    if (!text.ends_with('\n'))
      out += '-';
    else if (text.ends_with("\n\n"))
      out += '+';
    for (auto line : text::split_lines(text)) {
      out += '\n';
      if (!line.empty()) out.append(indent, ' ').append(line);
    }
  } else if (needs_quotes(text)) {
    out += '\'';
    out += text::replace_all(text, "'", "''");
    out += '\'';
  } else {
    out += text;
  }
}

void append_node(std::string& out, Value value, std::size_t indent, bool in_sequence) {
  if (value.is_object() && value.size() > 0) {
    std::map<std::string, Value> members;
    for (std::uint32_t i = 0; i < value.size(); ++i)
      members[value.key_at(i).is_string() ? std::string(value.key_at(i).string()) : to_json(value.key_at(i))] =
          value.value_at(i);
    bool first = true;
    for (const auto& [name, member] : members) {
      if (!first || !in_sequence) out.append(indent, ' ');
      first = false;
      append_string(out, name, indent);
      out += ':';
      const bool nested = member.is_composite() && member.size() > 0;
      if (nested) {
        out += '\n';
        // Sequences stand at their key's own indentation.
        append_node(out, member, member.is_object() ? indent + 2 : indent, false);
      } else {
        out += ' ';
        append_node(out, member, indent + 2, false);
        out += '\n';
      }
    }
  } else if ((value.is_array() || value.is_set()) && value.size() > 0) {
    bool first = true;
    for (const Value item : value.items()) {
      if (!first || !in_sequence) out.append(indent, ' ');
      first = false;
      out += "- ";
      append_node(out, item, indent + 2, true);
      if (!item.is_composite() || item.size() == 0) out += '\n';
    }
  } else if (value.is_string()) {
    append_string(out, value.string(), indent);
  } else {
    append_json(out, value);
  }
}

}  // namespace

std::string to_yaml(Value value) {
  std::string out;
  append_node(out, value, 0, false);
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

}  // namespace chiron::policy::functions
