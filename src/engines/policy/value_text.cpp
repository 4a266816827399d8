// Values as JSON and as Rego source, and from and to document trees.
#include <cassert>

#include "engines/policy/text.h"
#include "engines/policy/value.h"
#include "foundation/base/utf8.h"

namespace chiron::policy {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_printable(char32_t c) {
  if (c < 0xa0) return c >= 0x20 && c < 0x7f;
  if (c == 0xad || c == 0xfeff || c == 0x3000 || c == 0x1680 || c == 0xa0) return false;
  if (c >= 0x2000 && c <= 0x200f) return false;
  if (c >= 0x2028 && c <= 0x202f) return false;
  if (c >= 0x205f && c <= 0x206f) return false;
  if (c >= 0xd800 && c <= 0xf8ff) return false;
  if (c >= 0xfff0 && c <= 0xfffb) return false;
  if ((c & 0xfffe) == 0xfffe) return false;
  return c < 0xe0000;
}

}  // namespace

void append_json_text(std::string& out, std::string_view text, bool escape_html) {
  out += '"';
  std::size_t run = 0;
  auto flush = [&](std::size_t end) { out.append(text.substr(run, end - run)); };
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c < 0x80 && !(escape_html && (c == '<' || c == '>' || c == '&'))) {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      const auto [point, length] = utf8::decode(text, i);
      const bool bad = point == 0xfffd && length == 1;
      if (bad || point == 0x2028 || point == 0x2029) {
        flush(i);
        out += bad ? "\\ufffd" : point == 0x2028 ? "\\u2028" : "\\u2029";
        run = i + length;
      }
      i += length;
      continue;
    }
    flush(i);
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
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
    run = ++i;
  }
  flush(text.size());
  out += '"';
}

void append_go_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      ++i;
      switch (c) {
        case '"':
          out += "\\\"";
          continue;
        case '\\':
          out += "\\\\";
          continue;
        case '\a':
          out += "\\a";
          continue;
        case '\b':
          out += "\\b";
          continue;
        case '\f':
          out += "\\f";
          continue;
        case '\n':
          out += "\\n";
          continue;
        case '\r':
          out += "\\r";
          continue;
        case '\t':
          out += "\\t";
          continue;
        case '\v':
          out += "\\v";
          continue;
        default:
          break;
      }
      if (c < 0x20 || c == 0x7f) {
        out += "\\x";
        out += kHex[c >> 4];
        out += kHex[c & 15];
      } else {
        out += static_cast<char>(c);
      }
      continue;
    }
    const auto [point, length] = utf8::decode(text, i);
    if (point == 0xfffd && length == 1) {
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else if (is_printable(point)) {
      out.append(text.substr(i, length));
    } else {
      const int digits = point < 0x10000 ? 4 : 8;
      out += digits == 4 ? "\\u" : "\\U";
      for (int d = digits - 1; d >= 0; --d) out += kHex[(point >> (4 * d)) & 15];
    }
    i += length;
  }
  out += '"';
}

namespace {

void append_scalar(std::string& out, Value v, bool rego, bool escape_html) {
  switch (v.kind()) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += v.is_true() ? "true" : "false";
      break;
    case Kind::number:
      out += v.number_text();
      break;
    case Kind::string:
      if (rego)
        append_go_quoted(out, v.string());
      else
        append_json_text(out, v.string(), escape_html);
      break;
    case Kind::undefined:
      out += "undefined";
      break;
    default:
      break;
  }
}

void append_key(std::string& out, Value key, bool escape_html) {
  if (key.is_string())
    append_json_text(out, key.string(), escape_html);
  else
    append_json_text(out, to_json(key), escape_html);
}

void new_line(std::string& out, int indent, std::size_t depth) {
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * depth, ' ');
}

}  // namespace

void append_json(std::string& out, Value value, JsonStyle style) {
  struct Frame {
    Value value;
    std::uint32_t next;
  };
  std::vector<Frame> stack;
  auto begin = [&](Value v) {
    if (!v.is_composite()) {
      append_scalar(out, v, false, style.escape_html);
    } else if (v.size() == 0) {
      out += v.is_object() ? "{}" : "[]";
    } else {
      out += v.is_object() ? '{' : '[';
      stack.push_back({v, 0});
    }
  };
  begin(value);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const Value v = frame.value;
    if (frame.next == v.size()) {
      stack.pop_back();
      if (style.indent > 0) new_line(out, style.indent, stack.size());
      out += v.is_object() ? '}' : ']';
      continue;
    }
    const std::uint32_t i = frame.next++;
    if (i > 0) out += ',';
    if (style.indent > 0) new_line(out, style.indent, stack.size());
    if (v.is_object()) {
      append_key(out, v.key_at(i), style.escape_html);
      out += style.indent > 0 ? ": " : ":";
      begin(v.value_at(i));
    } else {
      begin(v.items()[i]);
    }
  }
}

std::string to_json(Value value, JsonStyle style) {
  std::string out;
  append_json(out, value, style);
  return out;
}

void append_rego(std::string& out, Value value) {
  // A frame's step counts keys and values of objects, elements of the others.
  struct Frame {
    Value value;
    std::uint32_t next;
  };
  std::vector<Frame> stack;
  auto begin = [&](Value v) {
    if (!v.is_composite()) {
      append_scalar(out, v, true, false);
    } else if (v.is_set() && v.size() == 0) {
      out += "set()";
    } else {
      out += v.is_array() ? '[' : '{';
      stack.push_back({v, 0});
    }
  };
  begin(value);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const Value v = frame.value;
    const std::uint32_t steps = v.is_object() ? v.size() * 2 : v.size();
    if (frame.next == steps) {
      out += v.is_array() ? ']' : '}';
      stack.pop_back();
      continue;
    }
    const std::uint32_t i = frame.next++;
    if (v.is_object()) {
      if ((i & 1) == 1)
        out += ": ";
      else if (i > 0)
        out += ", ";
      begin((i & 1) == 0 ? v.key_at(i / 2) : v.value_at(i / 2));
    } else {
      if (i > 0) out += ", ";
      begin(v.items()[i]);
    }
  }
}

std::string to_rego(Value value) {
  std::string out;
  append_rego(out, value);
  return out;
}

Value Store::from_document(const doc::Value& root) {
  ValueBuilder builder(*this);
  struct Frame {
    const doc::Value* value;
    std::size_t next;
  };
  std::vector<Frame> stack;
  auto begin = [&](const doc::Value& v) {
    switch (v.kind()) {
      case doc::Kind::null:
        builder.null({});
        break;
      case doc::Kind::boolean:
        builder.boolean(v.as_boolean(), {});
        break;
      case doc::Kind::number:
        builder.number(v.as_string(), {});
        break;
      case doc::Kind::string:
        builder.string(v.as_string(), {});
        break;
      case doc::Kind::array:
        builder.begin_array({});
        stack.push_back({&v, 0});
        break;
      case doc::Kind::object:
        builder.begin_object({});
        stack.push_back({&v, 0});
        break;
    }
  };
  begin(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const doc::Value& v = *frame.value;
    if (v.is_array()) {
      if (frame.next == v.items().size()) {
        stack.pop_back();
        builder.end_array({});
      } else {
        begin(v.items()[frame.next++]);
      }
    } else if (frame.next == v.members().size()) {
      stack.pop_back();
      builder.end_object({});
    } else {
      const doc::Member& member = v.members()[frame.next++];
      builder.key(member.name, {});
      begin(member.value);
    }
  }
  return builder.take();
}

doc::Value to_document(Value root) {
  doc::TreeBuilder builder;
  struct Frame {
    Value value;
    std::uint32_t next;
  };
  std::vector<Frame> stack;
  auto begin = [&](Value v) {
    switch (v.kind()) {
      case Kind::boolean:
        builder.boolean(v.is_true(), {});
        break;
      case Kind::number:
        builder.number(v.number_text(), {});
        break;
      case Kind::string:
        builder.string(v.string(), {});
        break;
      case Kind::array:
      case Kind::set:
        builder.begin_array({});
        stack.push_back({v, 0});
        break;
      case Kind::object:
        builder.begin_object({});
        stack.push_back({v, 0});
        break;
      default:
        builder.null({});
    }
  };
  begin(root);
  while (!stack.empty()) {
    Frame& frame = stack.back();
    const Value v = frame.value;
    if (frame.next == v.size()) {
      stack.pop_back();
      if (v.is_object())
        builder.end_object({});
      else
        builder.end_array({});
    } else if (v.is_object()) {
      const std::uint32_t i = frame.next++;
      const Value key = v.key_at(i);
      builder.key(key.is_string() ? std::string(key.string()) : to_json(key), {});
      begin(v.value_at(i));
    } else {
      begin(v.items()[frame.next++]);
    }
  }
  return builder.take();
}

}  // namespace chiron::policy
