// Encodings: base64, hex, JSON, YAML, URL queries.
#include <algorithm>
#include <map>

#include "engines/policy/builtins/json_problem.h"
#include "engines/policy/builtins/support.h"
#include "engines/policy/builtins/yaml_text.h"
#include "engines/policy/text.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/doc/yaml.h"

namespace chiron::policy::functions {

namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::expected<std::string, std::string> query_unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::unexpected(format("invalid URL escape \"{}\"", text.substr(i, 3)));
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string query_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out += format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// JSON with a prefix for every line, as Go's MarshalIndent writes it.
void append_indented(std::string& out, Value value, std::string_view prefix, std::string_view indent,
                     std::size_t depth) {
  auto line = [&](std::size_t levels) {
    out += '\n';
    out += prefix;
    for (std::size_t i = 0; i < levels; ++i) out += indent;
  };
  if (value.is_object() && value.size() > 0) {
    out += '{';
    // Members by the text of their keys, which is Go's order for maps.
    std::map<std::string, Value> members;
    for (std::uint32_t i = 0; i < value.size(); ++i) {
      const Value key = value.key_at(i);
      members[key.is_string() ? std::string(key.string()) : to_json(key)] = value.value_at(i);
    }
    bool first = true;
    for (const auto& [name, member] : members) {
      if (!first) out += ',';
      first = false;
      line(depth + 1);
      append_json_text(out, name, true);
      out += ": ";
      append_indented(out, member, prefix, indent, depth + 1);
    }
    line(depth);
    out += '}';
  } else if (is_collection(value) && value.size() > 0) {
    out += '[';
    bool first = true;
    for (const Value item : value.items()) {
      if (!first) out += ',';
      first = false;
      line(depth + 1);
      append_indented(out, item, prefix, indent, depth + 1);
    }
    line(depth);
    out += ']';
  } else {
    append_json(out, value, {.indent = 0, .escape_html = true});
  }
}

template <class Action>
Value with_string(BuiltinContext& context, Arguments arguments, Action action) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  return action(text);
}
Value result(BuiltinContext& context, const std::expected<std::string, std::string>& text) {
  return text ? context.store.string(*text) : context.fail(text.error());
}

}  // namespace

std::string encode_base64(std::string_view bytes, bool url, bool padded) {
  const std::string_view alphabet = url ? kUrl : kStandard;
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j <= have; ++j) out += alphabet[group >> (18 - 6 * j) & 63];
    if (padded) out.append(3 - have, '=');
  }
  return out;
}

std::expected<std::string, std::string> decode_base64(std::string_view text, bool url) {
  const std::string_view alphabet = url ? kUrl : kStandard;
  auto illegal = [](std::size_t at) { return std::unexpected(format("illegal base64 data at input byte {}", at)); };
  std::string out;
  std::uint32_t group = 0;
  std::size_t have = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      if (have < 2) return illegal(i);
      std::size_t needed = have == 2 ? 2 : 1;
      std::size_t at = i;
      while (needed > 0) {
        while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) ++at;
        if (at >= text.size()) return illegal(text.size());
        if (text[at] != '=') return illegal(at);
        ++at;
        --needed;
      }
      while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) ++at;
      if (at < text.size()) return illegal(at);
      group <<= 6 * (4 - have);
      out += static_cast<char>(group >> 16);
      if (have == 3) out += static_cast<char>(group >> 8 & 255);
      return out;
    }
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos || c == '\0') return illegal(i);
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (++have == 4) {
      out += static_cast<char>(group >> 16);
      out += static_cast<char>(group >> 8 & 255);
      out += static_cast<char>(group & 255);
      group = 0;
      have = 0;
    }
  }
  if (have != 0) return illegal(text.size() - have);
  return out;
}

std::expected<std::string, std::string> decode_base64url(std::string_view text) {
  if (text.ends_with('=')) return decode_base64(text, true);
  std::string padded(text);
  switch (text.size() % 4) {
    case 0:
      break;
    case 2:
      padded += "==";
      break;
    case 3:
      padded += '=';
      break;
    default:
      return std::unexpected(format("illegal base64url string: {}", text));
  }
  return decode_base64(padded, true);
}

std::expected<Value, std::string> parse_json_text(Store& store, std::string_view text) {
  doc::ReadOptions options;
  options.allow_duplicate_keys = true;
  ValueBuilder builder(store);
  if (auto read = doc::read_json(text, builder, options); !read) return std::unexpected(read.error().message);
  return builder.take();
}

Value base64_encode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments,
                     [&](auto text) { return context.store.string(encode_base64(text, false, true)); });
}
Value base64_decode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) { return result(context, decode_base64(text, false)); });
}
Value base64_is_valid(BuiltinContext&, Arguments arguments) {
  return Value::boolean(arguments[0].is_string() && decode_base64(arguments[0].string(), false).has_value());
}
Value base64url_encode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments,
                     [&](auto text) { return context.store.string(encode_base64(text, true, true)); });
}
Value base64url_encode_no_pad(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments,
                     [&](auto text) { return context.store.string(encode_base64(text, true, false)); });
}
Value base64url_decode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) { return result(context, decode_base64url(text)); });
}

Value hex_encode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) { return context.store.string(text::to_hex(text)); });
}
Value hex_decode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 2) {
      for (std::size_t j = i; j < std::min(i + 2, text.size()); ++j)
        if (hex_digit(text[j]) < 0)
          return context.fail(
              format("encoding/hex: invalid byte: U+{:04X} '{}'", static_cast<unsigned char>(text[j]), text[j]));
      if (i + 1 == text.size()) return context.fail("encoding/hex: odd length hex string");
      out += static_cast<char>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1]));
    }
    return context.store.string(out);
  });
}

Value json_marshal(BuiltinContext& context, Arguments arguments) {
  return context.store.string(to_json(arguments[0], {.indent = 0, .escape_html = true}));
}
Value json_marshal_with_options(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 1, Kind::object)) return {};
  std::string_view indent = "\t", prefix;
  bool implied = false;
  std::optional<bool> pretty;
  for (std::uint32_t i = 0; i < arguments[1].size(); ++i) {
    const Value key = arguments[1].key_at(i), value = arguments[1].value_at(i);
    const std::string name = to_rego(key);
    if (name == "\"prefix\"" || name == "\"indent\"") {
      if (!value.is_string())
        return context.fail(format("operand 2 key {} failed cast to string: operand must be string but got {}", name,
                                   to_string(value.kind())),
                            BuiltinErrorCode::type);
      (name == "\"prefix\"" ? prefix : indent) = value.string();
      implied = true;
    } else if (name == "\"pretty\"") {
      if (!value.is_boolean())
        return context.fail(format("operand 2 key {} failed cast to bool", name), BuiltinErrorCode::type);
      pretty = value.is_true();
    } else {
      return context.fail(format("operand 2 object contained unknown key {}", name), BuiltinErrorCode::type);
    }
  }
  if (!pretty.value_or(implied)) return json_marshal(context, arguments);
  if (arguments[0].depth() > 3000) return too_large(context);
  std::string out(prefix);
  append_indented(out, arguments[0], prefix, indent, 0);
  return context.store.string(out);
}
Value json_unmarshal(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) {
    auto value = parse_json_text(context.store, text);
    if (value) return *value;
    std::string problem = json_problem(text);
    return context.fail(problem.empty() ? value.error() : std::move(problem));
  });
}
Value json_is_valid(BuiltinContext& context, Arguments arguments) {
  return Value::boolean(arguments[0].is_string() && parse_json_text(context.store, arguments[0].string()).has_value());
}

namespace {

// The first document of a YAML stream, as a value.
std::expected<Value, std::string> parse_yaml_text(Store& store, std::string_view text) {
  auto documents = doc::parse_yaml_all(text);
  if (!documents) {
    const auto& error = documents.error();
    std::string message = error.message;
    if (error.place && error.place->line > 0 && !message.starts_with("line"))
      message = format("line {}: {}", error.place->line, message);
    return std::unexpected("yaml: " + message);
  }
  if (documents->empty()) return Value::null();
  return store.from_document(documents->front());
}

}  // namespace

Value yaml_marshal(BuiltinContext& context, Arguments arguments) {
  if (arguments[0].depth() > 1000) return too_large(context);
  return context.store.string(to_yaml(arguments[0]));
}
Value yaml_unmarshal(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) {
    auto value = parse_yaml_text(context.store, text);
    return value ? *value : context.fail(value.error());
  });
}
Value yaml_is_valid(BuiltinContext& context, Arguments arguments) {
  return Value::boolean(arguments[0].is_string() && parse_yaml_text(context.store, arguments[0].string()).has_value());
}

Value urlquery_encode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) { return context.store.string(query_escape(text)); });
}
Value urlquery_decode(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) { return result(context, query_unescape(text)); });
}
Value urlquery_encode_object(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::object)) return {};
  std::string out;
  auto wrong = [&] {
    return context.fail("operand 1 values must be string, array[string], or set[string]", BuiltinErrorCode::type);
  };
  auto add = [&](Value key, Value value) {
    if (!out.empty()) out += '&';
    out += query_escape(key.is_string() ? key.string() : std::string_view(to_json(key))) + "=" +
           query_escape(value.string());
  };
  for (std::uint32_t i = 0; i < arguments[0].size(); ++i) {
    const Value key = arguments[0].key_at(i), value = arguments[0].value_at(i);
    if (value.is_string()) {
      add(key, value);
    } else if (is_collection(value)) {
      for (const Value item : value.items()) {
        if (!item.is_string()) return wrong();
        add(key, item);
      }
    } else {
      return wrong();
    }
  }
  return context.store.string(out);
}
Value urlquery_decode_object(BuiltinContext& context, Arguments arguments) {
  return with_string(context, arguments, [&](auto text) {
    std::map<std::string, std::vector<Value>> query;
    for (auto piece : text::split(text, '&')) {
      if (piece.empty()) continue;
      if (piece.find(';') != std::string_view::npos) return context.fail("invalid semicolon separator in query");
      const auto equals = piece.find('=');
      auto key = query_unescape(piece.substr(0, equals));
      if (!key) return context.fail(key.error());
      auto value = query_unescape(equals == std::string_view::npos ? std::string_view() : piece.substr(equals + 1));
      if (!value) return context.fail(value.error());
      query[*key].push_back(context.store.string(*value));
    }
    std::vector<Member> members;
    for (const auto& [key, values] : query) members.push_back({context.store.intern(key), context.store.array(values)});
    return context.store.object(members);
  });
}

}  // namespace chiron::policy::functions
