// Strings: searching, cutting, replacing, trimming, letter case. Positions count code points.
#include <algorithm>
#include <clocale>
#include <cwctype>
#include <map>
#include <set>

#include "engines/policy/builtins/support.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::functions {

namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Byte offset of a code point, clamped to the end.
std::size_t offset_of(std::string_view text, std::size_t point) {
  std::size_t at = 0;
  while (point-- > 0 && at < text.size()) at += utf8::decode(text, at).length;
  return at;
}

std::u32string points_of(std::string_view text) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = utf8::decode(text, at);
    points += decoded.point;
    at += decoded.length;
  }
  return points;
}

// Unicode's simple case mapping, from the C library's locale for Unicode.
template <class Map>
std::string map_case(std::string_view text, Map map) {
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = utf8::decode(text, at);
    utf8::append(out, unicode == nullptr ? decoded.point
                                         : static_cast<char32_t>(map(static_cast<wint_t>(decoded.point), unicode)));
    at += decoded.length;
  }
  return out;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// How many bytes at the front (or back) consist of code points that `matches` takes.
template <class Matches>
std::size_t front_run(std::string_view text, Matches matches) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto decoded = utf8::decode(text, at);
    if (!matches(decoded.point)) break;
    at += decoded.length;
  }
  return at;
}
template <class Matches>
std::size_t back_run(std::string_view text, Matches matches) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    const auto decoded = utf8::decode(text, begin);
    if (begin + decoded.length != end) {
      begin = end - 1;
      if (!matches(char32_t{0xFFFD})) break;
    } else if (!matches(decoded.point)) {
      break;
    }
    end = begin;
  }
  return text.size() - end;
}

struct Cutset {
  explicit Cutset(std::string_view text) : points(points_of(text)) {}
  bool operator()(char32_t point) const { return points.find(point) != std::u32string::npos; }
  std::u32string points;
};

template <class Action>
Value with_two_strings(BuiltinContext& context, Arguments arguments, Action action) {
  std::string_view a, b;
  if (!take_string(context, arguments, 0, a) || !take_string(context, arguments, 1, b)) return {};
  return action(a, b);
}

// A piece of the first operand; the operand itself where nothing was cut.
Value piece(BuiltinContext& context, Arguments arguments, std::string_view text) {
  return text.size() == arguments[0].string().size() ? arguments[0] : context.store.string(text);
}

std::vector<Value> split_text(BuiltinContext& context, std::string_view text, std::string_view separator,
                              std::size_t limit) {
  std::vector<Value> parts;
  if (separator.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      const auto length = parts.size() + 1 == limit ? text.size() - at : utf8::decode(text, at).length;
      parts.push_back(context.store.string(text.substr(at, length)));
      at += length;
    }
    return parts;
  }
  while (parts.size() + 1 < limit) {
    const auto found = text.find(separator);
    if (found == std::string_view::npos) break;
    parts.push_back(context.store.string(text.substr(0, found)));
    text.remove_prefix(found + separator.size());
  }
  parts.push_back(context.store.string(text));
  return parts;
}

// One string, or those of an array or set.
bool take_string_or_strings(BuiltinContext& context, Arguments arguments, std::size_t index,
                            std::vector<std::string_view>& out) {
  if (arguments[index].is_string()) {
    out.push_back(arguments[index].string());
    return true;
  }
  if (!is_collection(arguments[index])) {
    fail_one_of(context, static_cast<int>(index) + 1, "string, set, array", arguments[index]);
    return false;
  }
  return take_strings(context, arguments, index, out, "strings");
}

// Whether a string of `texts` begins with one of `prefixes`.
bool any_prefix(std::vector<std::string_view> texts, const std::vector<std::string_view>& prefixes) {
  std::ranges::sort(texts);
  for (const auto prefix : prefixes) {
    const auto found = std::ranges::lower_bound(texts, prefix);
    if (found != texts.end() && found->starts_with(prefix)) return true;
  }
  return false;
}

// Replaces every first match of one of the patterns, from left to right, the earlier pattern winning at a place.
Value replace_pairs(BuiltinContext& context, std::string_view text,
                    const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  std::string out;
  const bool has_empty = std::ranges::any_of(pairs, [](const auto& pair) { return pair.first.empty(); });
  std::size_t at = 0;
  bool previous_matched = false;  // an empty pattern does not match right behind a match
  std::size_t steps = 0;
  while (at <= text.size()) {
    if (interrupted(context, ++steps)) return {};
    const std::pair<std::string_view, std::string_view>* found = nullptr;
    for (const auto& pair : pairs) {
      if (pair.first.empty() ? !previous_matched : text.substr(at).starts_with(pair.first)) {
        found = &pair;
        break;
      }
    }
    if (found != nullptr) {
      out += found->second;
      if (out.size() > kMaxStringBytes) return too_large(context);
      at += found->first.size();
      previous_matched = !found->first.empty() || at < text.size();
      if (!found->first.empty()) continue;
    }
    if (at >= text.size()) break;
    if (!has_empty) {  // on to where a pattern may begin
      std::size_t next = std::string_view::npos;
      for (const auto& pair : pairs) next = std::min(next, text.find(pair.first, at + (found == nullptr ? 1 : 0)));
      next = std::min(next, text.size());
      out += text.substr(at, next - at);
      at = next;
    } else {
      const auto length = utf8::decode(text, at).length;
      out += text.substr(at, length);
      at += length;
    }
    previous_matched = false;
  }
  return out == text ? Value() : context.store.string(out);
}

}  // namespace

bool take_strings(BuiltinContext& context, Arguments arguments, std::size_t index, std::vector<std::string_view>& out,
                  std::string_view element) {
  const Value list = arguments[index];
  if (!is_collection(list)) {
    fail_one_of(context, static_cast<int>(index) + 1, "set, array", list);
    return false;
  }
  for (const Value item : list.items()) {
    if (!item.is_string()) {
      const auto kind = to_string(list.kind());
      context.fail(format("operand {} must be {} of {} but got {} containing {}", index + 1, kind, element, kind,
                          to_string(item.kind())),
                   BuiltinErrorCode::type);
      return false;
    }
    out.push_back(item.string());
  }
  return true;
}

std::string plain_text(Value value) { return value.is_string() ? std::string(value.string()) : to_rego(value); }

Value concat(BuiltinContext& context, Arguments arguments) {
  std::string_view separator;
  std::vector<std::string_view> parts;
  if (!take_string(context, arguments, 0, separator) || !take_strings(context, arguments, 1, parts)) return {};
  std::size_t size = 0;
  for (const auto part : parts) size += part.size() + separator.size();
  if (size > kMaxStringBytes) return too_large(context);
  std::string joined;
  joined.reserve(size);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) joined += separator;
    joined += parts[i];
  }
  return context.store.string(joined);
}
Value contains(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [](auto text, auto part) {
    return Value::boolean(text.find(part) != std::string_view::npos);
  });
}
Value startswith(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments,
                          [](auto text, auto part) { return Value::boolean(text.starts_with(part)); });
}
Value endswith(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments,
                          [](auto text, auto part) { return Value::boolean(text.ends_with(part)); });
}
Value indexof(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto part) {
    if (part.empty()) return context.fail("empty search character");
    const auto found = text.find(part);
    if (found == std::string_view::npos) return Value::small(-1);
    return Value::small(static_cast<std::int64_t>(utf8::count(text.substr(0, found))));
  });
}
Value indexof_n(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto part) {
    if (part.empty()) return context.fail("empty search character");
    std::vector<Value> places;
    std::size_t counted = 0;
    std::int64_t point = 0;
    for (auto found = text.find(part); found != std::string_view::npos; found = text.find(part, found + 1)) {
      point += static_cast<std::int64_t>(utf8::count(text.substr(counted, found - counted)));
      counted = found;
      places.push_back(Value::small(point));
    }
    return context.store.array(places);
  });
}
Value lower(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  if (!is_ascii(text)) return context.store.string(map_case(text, towlower_l));
  if (std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) return arguments[0];
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return context.store.string(out);
}
Value upper(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  if (!is_ascii(text)) return context.store.string(map_case(text, towupper_l));
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return context.store.string(out);
}
Value replace(BuiltinContext& context, Arguments arguments) {
  std::string_view text, from, to;
  if (!take_string(context, arguments, 0, text) || !take_string(context, arguments, 1, from) ||
      !take_string(context, arguments, 2, to))
    return {};
  const Value replaced = replace_pairs(context, text, {{from, to}});
  return replaced || context.failed() ? replaced : arguments[0];
}
Value strings_replace_n(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!require(context, arguments, 0, Kind::object) || !take_string(context, arguments, 1, text)) return {};
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (std::uint32_t i = 0; i < arguments[0].size(); ++i) {
    const Value key = arguments[0].key_at(i), value = arguments[0].value_at(i);
    if (!key.is_string())
      return context.fail("operand 1 non-string key found in pattern object", BuiltinErrorCode::type);
    if (!value.is_string())
      return context.fail("operand 1 non-string value found in pattern object", BuiltinErrorCode::type);
    pairs.emplace_back(key.string(), value.string());
  }
  const Value replaced = replace_pairs(context, text, pairs);
  return replaced || context.failed() ? replaced : arguments[1];
}
Value split(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto separator) {
    return context.store.array(split_text(context, text, separator, kMaxElements));
  });
}
Value strings_split_n(BuiltinContext& context, Arguments arguments) {
  std::string_view text, separator;
  std::int64_t limit = 0;
  if (!take_string(context, arguments, 0, text) || !take_string(context, arguments, 1, separator) ||
      !take_integer(context, arguments, 2, limit))
    return {};
  // The first `limit` parts, or the last ones where it is negative.
  const auto parts = split_text(context, text, separator, kMaxElements);
  const std::size_t wanted = std::min(parts.size(), static_cast<std::size_t>(std::abs(limit)));
  const std::span<const Value> all(parts);
  return context.store.array(limit < 0 ? all.last(wanted) : all.first(wanted));
}
Value strings_count(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [](auto text, auto part) {
    if (part.empty()) return Value::small(static_cast<std::int64_t>(utf8::count(text)) + 1);
    std::int64_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
    return Value::small(found);
  });
}
Value strings_reverse(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  std::string out;
  const auto points = points_of(text);
  for (auto point = points.rbegin(); point != points.rend(); ++point) utf8::append(out, *point);
  return context.store.string(out);
}
Value strings_any_prefix_match(BuiltinContext& context, Arguments arguments) {
  std::vector<std::string_view> texts, prefixes;
  if (!take_string_or_strings(context, arguments, 0, texts) || !take_string_or_strings(context, arguments, 1, prefixes))
    return {};
  return Value::boolean(any_prefix(std::move(texts), prefixes));
}
Value strings_any_suffix_match(BuiltinContext& context, Arguments arguments) {
  std::vector<std::string_view> texts, suffixes;
  if (!take_string_or_strings(context, arguments, 0, texts) || !take_string_or_strings(context, arguments, 1, suffixes))
    return {};
  std::vector<std::string> kept;
  kept.reserve(texts.size() + suffixes.size());
  for (auto* list : {&texts, &suffixes})
    for (auto& text : *list) {
      kept.emplace_back(text.rbegin(), text.rend());
      text = kept.back();
    }
  return Value::boolean(any_prefix(std::move(texts), suffixes));
}
Value substring(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  std::int64_t start = 0, length = 0;
  if (!take_string(context, arguments, 0, text) || !take_integer(context, arguments, 1, start) ||
      !take_integer(context, arguments, 2, length))
    return {};
  if (start < 0) return context.fail("negative offset");
  const auto begin = is_ascii(text) ? std::min<std::size_t>(static_cast<std::size_t>(start), text.size())
                                    : offset_of(text, static_cast<std::size_t>(start));
  auto rest = text.substr(begin);
  if (length >= 0)
    rest = rest.substr(
        0, is_ascii(rest) ? static_cast<std::size_t>(length) : offset_of(rest, static_cast<std::size_t>(length)));
  return piece(context, arguments, rest);
}
Value trim(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto cut) {
    const Cutset cutset(cut);
    text.remove_prefix(front_run(text, cutset));
    text.remove_suffix(back_run(text, cutset));
    return piece(context, arguments, text);
  });
}
Value trim_left(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto cut) {
    text.remove_prefix(front_run(text, Cutset(cut)));
    return piece(context, arguments, text);
  });
}
Value trim_right(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto cut) {
    text.remove_suffix(back_run(text, Cutset(cut)));
    return piece(context, arguments, text);
  });
}
Value trim_prefix(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto prefix) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    return piece(context, arguments, text);
  });
}
Value trim_suffix(BuiltinContext& context, Arguments arguments) {
  return with_two_strings(context, arguments, [&](auto text, auto suffix) {
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
    return piece(context, arguments, text);
  });
}
Value trim_space(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  text.remove_prefix(front_run(text, is_space));
  text.remove_suffix(back_run(text, is_space));
  return piece(context, arguments, text);
}

Value internal_template_string(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::array)) return {};
  std::string out;
  for (const Value part : arguments[0].items()) {
    if (!part.is_set()) {
      out += plain_text(part);
    } else if (part.size() == 0) {
      out += "<undefined>";
    } else if (part.size() == 1) {
      out += plain_text(part.items().front());
    } else {
      return context.fail("template-strings must not produce multiple outputs", BuiltinErrorCode::conflict);
    }
    if (out.size() > kMaxStringBytes) return too_large(context);
  }
  return context.store.string(out);
}

// print(): each operand is the set of values that its expression has; every combination is a line.
Value internal_print(BuiltinContext& context, Arguments arguments) {
  if (!require(context, arguments, 0, Kind::array)) return {};
  if (context.printed == nullptr) return Value::boolean(true);
  std::vector<std::string> lines{{}};
  bool first = true;
  for (const Value operand : arguments[0].items()) {
    if (!operand.is_set()) return context.fail_operand(1, "array of set", operand);
    std::vector<std::string> texts;
    for (const Value value : operand.items()) texts.push_back(plain_text(value));
    if (texts.empty()) texts.emplace_back("<undefined>");
    if (lines.size() * texts.size() > 100'000) return too_large(context);
    std::vector<std::string> longer;
    for (const auto& line : lines)
      for (const auto& text : texts) longer.push_back(first ? text : line + " " + text);
    lines = std::move(longer);
    first = false;
  }
  for (auto& line : lines) context.printed->push_back(std::move(line));
  return Value::boolean(true);
}
Value trace(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  return Value::boolean(true);
}

}  // namespace chiron::policy::functions
