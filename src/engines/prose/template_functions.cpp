// The functions that output templates call: those of Go, of Sprig's library, and the tables of alerts.
#include "engines/prose/template_functions.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "engines/prose/pattern.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"

namespace chiron::prose {

using doc::Value;

bool truthy(const Value& value) {
  switch (value.kind()) {
    case doc::Kind::null:
      return false;
    case doc::Kind::boolean:
      return value.as_boolean();
    case doc::Kind::number:
      return value.as_double() != 0;
    case doc::Kind::string:
      return !value.as_string().empty();
    case doc::Kind::array:
      return !value.items().empty();
    case doc::Kind::object:
      return !value.members().empty();
  }
  return false;
}

std::string show(const Value& value) {
  switch (value.kind()) {
    case doc::Kind::null:
      return "";
    case doc::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case doc::Kind::string:
    case doc::Kind::number:
      return value.as_string();
    case doc::Kind::array: {
      std::string out = "[";
      for (const auto& item : value.items()) out += (out.size() > 1 ? " " : "") + show(item);
      return out + "]";
    }
    case doc::Kind::object: {
      std::string out = "map[";
      for (const auto& member : value.members())
        out += (out.size() > 4 ? " " : "") + member.name + ":" + show(member.value);
      return out + "]";
    }
  }
  return "";
}

namespace {

constexpr std::size_t kOutput = 256u << 20;
constexpr std::int64_t kRange = 100'000;

double number(const Value& value) {
  return value.is_number() ? value.as_double() : text::parse_double(show(value)).value_or(0);
}
std::int64_t whole(const Value& value) {
  const auto n = number(value);
  return std::abs(n) < 9e15 ? static_cast<std::int64_t>(n) : std::int64_t{0};
}

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::config, "prose.template", std::move(message));
}

Result<void> need(const std::string& name, const std::vector<Value>& a, std::size_t count) {
  if (a.size() >= count) return {};
  return wrong(format("'{}' asks for {} arguments", name, count));
}

double rounded(double value, std::int64_t digits) {
  const auto scale = std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(digits, 0, 15)));
  const auto made = std::round(value * scale) / scale;
  return std::isfinite(made) ? made : value;
}

// One verb of Go's Printf with its flags, width and precision.
std::string print_verb(char verb, std::string_view flags, std::size_t width, std::optional<std::size_t> precision,
                       const Value& value) {
  std::string out;
  switch (verb) {
    case 'd':
    case 'x':
    case 'X':
    case 'c': {
      const auto n = whole(value);
      if (verb == 'c') {
        utf8::append(out, static_cast<char32_t>(std::clamp<std::int64_t>(n, 0, 0x10FFFF)));
      } else {
        out = verb == 'd' ? format("{}", n) : verb == 'x' ? format("{:x}", n) : format("{:X}", n);
        if (n >= 0 && flags.contains('+')) out.insert(0, "+");
      }
      break;
    }
    case 'f':
    case 'e':
    case 'g':
      out = verb == 'f'   ? format("{:.{}f}", number(value), precision.value_or(6))
            : verb == 'e' ? format("{:.{}e}", number(value), precision.value_or(6))
                          : format("{}", number(value));
      if (number(value) >= 0 && flags.contains('+')) out.insert(0, "+");
      break;
    case 'q':
      out = doc::write_json(Value(show(value)));
      break;
    default:
      out = show(value);
      if (precision) {
        std::size_t end = 0;
        for (std::size_t i = 0; i < *precision && end < out.size(); ++i) end += utf8::decode(out, end).length;
        out.resize(end);
      }
  }
  const auto columns = utf8::count(out);
  if (columns >= width) return out;
  const std::string pad(width - columns, ' ');
  if (flags.contains('-')) return out + pad;
  if (flags.contains('0') && verb != 's' && verb != 'q' && verb != 'v') {
    const std::size_t sign = !out.empty() && (out[0] == '-' || out[0] == '+') ? 1 : 0;
    return out.insert(sign, std::string(width - columns, '0'));
  }
  return pad + out;
}

std::string print_formatted(std::string_view text, std::span<const Value> values) {
  constexpr std::size_t kWidth = 1000;
  std::string out;
  std::size_t next = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%' || at + 1 >= text.size()) {
      out.push_back(text[at]);
      continue;
    }
    auto stop = at + 1;
    const auto flags_begin = stop;
    while (stop < text.size() && std::string_view("+-# 0").contains(text[stop])) ++stop;
    const auto flags = text.substr(flags_begin, stop - flags_begin);
    const auto digits = [&] {
      std::size_t count = 0;
      for (; stop < text.size() && text[stop] >= '0' && text[stop] <= '9'; ++stop)
        count = std::min(kWidth, count * 10 + static_cast<std::size_t>(text[stop] - '0'));
      return count;
    };
    auto width = digits();
    std::optional<std::size_t> precision;
    if (stop < text.size() && text[stop] == '.') {
      ++stop;
      precision = digits();
    }
    if (stop < text.size() && text[stop] == '[') {
      const auto close = std::min(text.find(']', stop), text.size());
      if (const auto index = text::parse_unsigned(text.substr(stop + 1, close - stop - 1)); index && *index > 0)
        next = *index - 1;
      stop = close + 1;
    }
    if (stop >= text.size()) {
      out += text.substr(at);
      break;
    }
    if (text[stop] == '%') {
      out.push_back('%');
    } else {
      static const Value kMissing;
      out += print_verb(text[stop], flags, width, precision, next < values.size() ? values[next] : kMissing);
      ++next;
    }
    at = stop;
  }
  return out;
}

Value change_letters(const std::string& name, const std::string& text) {
  if (name == "toUpper") return Value(to_upper(text));
  std::string out;
  if (name == "nospace") {
    for (const auto c : text) {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out.push_back(c);
    }
    return Value(out);
  }
  bool begins = true;
  for (const auto c : text) {
    out.push_back(begins && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c);
    begins = c == ' ' || c == '\n' || c == '\t';
  }
  return Value(out);
}

// Lists made of lists; the second value is an item, or a list for concat.
Value change_list(const std::string& name, const Value& list, const Value& other = {}) {
  Value out = Value::array();
  if (!list.is_array()) return out;
  const auto& items = list.items();
  const auto count = items.size();
  if (name == "prepend") out.push(other);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& item = name == "reverse" ? items[count - 1 - i] : items[i];
    if (name == "rest" && i == 0) continue;
    if (name == "initial" && i + 1 == count) continue;
    if (name == "compact" && !truthy(item)) continue;
    if (name == "without" && item == other) continue;
    out.push(item);
  }
  if (name == "concat" && other.is_array()) {
    for (const auto& item : other.items()) out.push(item);
  }
  return out;
}

std::string kind_of(const Value& value) {
  switch (value.kind()) {
    case doc::Kind::boolean:
      return "bool";
    case doc::Kind::number:
      return show(value).find_first_of(".eE") == std::string::npos ? "int" : "float64";
    case doc::Kind::string:
      return "string";
    case doc::Kind::array:
      return "slice";
    case doc::Kind::object:
      return "map";
    default:
      return "invalid";
  }
}

Result<Value> with_pattern(const std::string& name, const std::vector<Value>& a) {
  const auto pattern = TRY(Pattern::compile(show(a[0])));
  const auto text = show(a[1]);
  if (name == "regexMatch" || name == "mustRegexMatch") return Value(pattern.found_in(text));
  if (name == "regexReplaceAll") {
    TRY(need(name, a, 3));
    std::string out;
    std::size_t from = 0;
    for (const auto& match : pattern.find_all(text)) {
      out.append(text, from, match.begin() - from);
      out += pattern.replace(text.substr(match.begin(), match.end() - match.begin()), show(a[2]));
      from = match.end();
    }
    return Value(out + text.substr(from));
  }
  Value found = Value::array();
  for (const auto& match : pattern.find_all(text)) {
    auto piece = Value(text.substr(match.begin(), match.end() - match.begin()));
    if (name == "regexFind") return piece;
    found.push(std::move(piece));
  }
  return name == "regexFind" ? Value("") : found;
}

bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
  return a == b;
}

// Functions of two and three arguments.
Result<Value> call_with_more(const std::string& name, std::vector<Value>& a) {
  constexpr std::string_view kNames[] = {
      "add",     "addRow",  "append",     "concat",     "contains",  "default",      "div",        "eq",
      "ge",      "get",     "gt",         "has",        "hasKey",    "hasPrefix",    "hasSuffix",  "indent",
      "join",    "le",      "lt",         "max",        "min",       "mod",          "mul",        "mustRegexMatch",
      "ne",      "nindent", "plural",     "prepend",    "regexFind", "regexFindAll", "regexMatch", "regexReplaceAll",
      "repeat",  "replace", "round",      "slice",      "split",     "splitList",    "sub",        "substr",
      "ternary", "trimAll", "trimPrefix", "trimSuffix", "trunc",     "without"};
  if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames))
    return wrong(format("the function '{}' is not available to templates", name));
  TRY(need(name, a, 2));
  if (name == "eq") {
    for (std::size_t i = 1; i < a.size(); ++i) {
      if (same(a[0], a[i])) return Value(true);
    }
    return Value(false);
  }
  if (name == "ne") return Value(!same(a[0], a[1]));
  if (name == "lt" || name == "le" || name == "gt" || name == "ge") {
    const int order = a[0].is_number() && a[1].is_number() ? (number(a[0]) < number(a[1])   ? -1
                                                              : number(a[0]) > number(a[1]) ? 1
                                                                                            : 0)
                                                           : show(a[0]).compare(show(a[1]));
    return Value(name == "lt" ? order < 0 : name == "le" ? order <= 0 : name == "gt" ? order > 0 : order >= 0);
  }
  if (name == "add" || name == "mul") {
    std::int64_t total = name == "add" ? 0 : 1;
    for (const auto& value : a) {
      const auto n = static_cast<std::uint64_t>(whole(value));
      const auto t = static_cast<std::uint64_t>(total);
      total = static_cast<std::int64_t>(name == "add" ? t + n : t * n);
    }
    return Value(total);
  }
  if (name == "sub") return Value(whole(a[0]) - whole(a[1]));
  if (name == "div" || name == "mod") {
    if (whole(a[1]) == 0) return wrong("division by zero");
    return Value(name == "div" ? whole(a[0]) / whole(a[1]) : whole(a[0]) % whole(a[1]));
  }
  if (name == "max") return Value(std::max(whole(a[0]), whole(a[1])));
  if (name == "min") return Value(std::min(whole(a[0]), whole(a[1])));
  if (name == "default") return truthy(a[1]) ? a[1] : a[0];
  if (name == "get") {
    const auto* found = a[0].find(show(a[1]));
    return found == nullptr ? Value("") : Value(*found);
  }
  if (name == "hasKey") return Value(a[0].find(show(a[1])) != nullptr);
  if (name == "has") {
    return Value(a[1].is_array() && std::find(a[1].items().begin(), a[1].items().end(), a[0]) != a[1].items().end());
  }
  if (name == "append" || name == "addRow") {
    auto list = a[0].is_array() ? a[0] : Value::array();
    list.push(a[1]);
    return list;
  }
  if (name == "join") {
    const auto& list = a[1].is_array() ? a[1] : a[0];
    const auto separator = show(a[1].is_array() ? a[0] : a[1]);
    std::string out;
    if (list.is_array()) {
      for (std::size_t i = 0; i < list.items().size(); ++i) out += (i > 0 ? separator : "") + show(list.items()[i]);
    }
    return Value(out);
  }
  if (name == "split" || name == "splitList") {
    Value out = Value::array();
    const auto separator = show(a[0]);
    auto rest = show(a[1]);
    for (auto at = separator.empty() ? std::string::npos : rest.find(separator); at != std::string::npos;
         at = rest.find(separator)) {
      out.push(Value(rest.substr(0, at)));
      rest = rest.substr(at + separator.size());
    }
    out.push(Value(rest));
    return out;
  }
  if (name == "contains") return Value(show(a[1]).find(show(a[0])) != std::string::npos);
  if (name == "hasPrefix") return Value(show(a[1]).starts_with(show(a[0])));
  if (name == "hasSuffix") return Value(show(a[1]).ends_with(show(a[0])));
  if (name == "trimPrefix" || name == "trimSuffix") {
    auto out = show(a[1]);
    const auto cut = show(a[0]);
    if (name == "trimPrefix" && out.starts_with(cut)) out.erase(0, cut.size());
    if (name == "trimSuffix" && out.ends_with(cut)) out.resize(out.size() - cut.size());
    return Value(out);
  }
  if (name == "indent" || name == "nindent") {
    const std::string pad(static_cast<std::size_t>(std::clamp<std::int64_t>(whole(a[0]), 0, 200)), ' ');
    return Value((name == "nindent" ? "\n" : "") + pad + text::replace_all(show(a[1]), "\n", "\n" + pad));
  }
  if (name == "repeat") {
    const auto times = static_cast<std::size_t>(std::clamp<std::int64_t>(whole(a[0]), 0, 10'000));
    const auto unit = show(a[1]);
    std::string out;
    for (std::size_t i = 0; i < times && out.size() < kOutput; ++i) out += unit;
    return Value(out);
  }
  if (name == "slice" || name == "substr") {
    // slice TEXT FROM TO, substr FROM TO TEXT.
    const bool first = name == "slice";
    const auto& value = first ? a[0] : a.back();
    const auto size = static_cast<std::int64_t>(value.is_array() ? value.items().size() : show(value).size());
    const auto from = whole(a[first ? 1 : 0]);
    auto to = a.size() > 2 ? whole(a[first ? 2 : 1]) : size;
    if (!first && (to < 0 || to > size)) to = size;
    if (from < 0 || to < from || to > size) return wrong("the range lies outside of what is cut");
    if (!value.is_array()) {
      return Value(show(value).substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
    }
    Value out = Value::array();
    for (auto i = from; i < to; ++i) out.push(value.items()[static_cast<std::size_t>(i)]);
    return out;
  }
  if (name == "prepend" || name == "concat" || name == "without") return change_list(name, a[0], a[1]);
  if (name == "round") return Value(rounded(number(a[0]), whole(a[1])));
  if (name == "regexMatch" || name == "regexFind" || name == "regexFindAll" || name == "regexReplaceAll" ||
      name == "mustRegexMatch") {
    return with_pattern(name, a);
  }
  if (name == "trimAll") {
    const auto set = show(a[0]);
    auto out = show(a[1]);
    out.erase(0, std::min(out.find_first_not_of(set), out.size()));
    out.resize(out.find_last_not_of(set) + 1);
    return Value(out);
  }
  if (name == "trunc")
    return Value(show(a[1]).substr(0, static_cast<std::size_t>(std::max<std::int64_t>(0, whole(a[0])))));
  TRY(need(name, a, 3));
  if (name == "replace") return Value(text::replace_all(show(a[2]), show(a[0]), show(a[1])));
  if (name == "ternary") return truthy(a[2]) ? a[0] : a[1];
  if (name == "plural") return number(a[2]) == 1 ? a[0] : a[1];
  return wrong(format("the function '{}' is not available to templates", name));
}

Result<Value> call_with_one(const std::string& name, std::vector<Value>& a) {
  if (name == "dict") {
    Value map = Value::object();
    for (std::size_t i = 0; i + 1 < a.size(); i += 2) map.set(show(a[i]), std::move(a[i + 1]));
    return map;
  }
  if (name == "list") return Value::array(std::move(a));
  if (name == "newTable") return Value::array();
  if (name == "println" && a.empty()) return Value("\n");
  if (name == "print" && a.empty()) return Value("");
  if (a.empty()) return wrong(format("the function '{}' is not available to templates without arguments", name));
  if (name == "not") return Value(!truthy(a[0]));
  if (name == "and" || name == "or") {
    for (const auto& value : a) {
      if (truthy(value) == (name == "or")) return value;
    }
    return a.back();
  }
  if (name == "len") {
    if (a[0].is_array()) return Value(a[0].items().size());
    if (a[0].is_object()) return Value(a[0].members().size());
    return Value(show(a[0]).size());
  }
  if (name == "printf") {
    return Value(print_formatted(show(a[0]), std::span(a).subspan(1)));
  }
  if (name == "print" || name == "println") {
    std::string out;
    for (const auto& value : a) out += (out.empty() ? "" : " ") + show(value);
    return Value(out + (name == "println" ? "\n" : ""));
  }
  if (name == "index") {
    Value value = a[0];
    for (std::size_t i = 1; i < a.size(); ++i) {
      if (value.is_array()) {
        const auto at = whole(a[i]);
        if (at < 0 || static_cast<std::size_t>(at) >= value.items().size())
          return wrong("the index lies outside of the list");
        value = Value(value.items()[static_cast<std::size_t>(at)]);
      } else {
        const auto* found = value.find(show(a[i]));
        value = found == nullptr ? Value() : Value(*found);
      }
    }
    return value;
  }
  if (name == "add1") return Value(whole(a[0]) + 1);
  if (name == "int" || name == "int64") return Value(whole(a[0]));
  if (name == "toString") return Value(show(a[0]));
  if (name == "toStrings") {
    Value out = Value::array();
    if (a[0].is_array())
      for (const auto& item : a[0].items()) out.push(Value(show(item)));
    return out;
  }
  if (name == "toJson" || name == "toRawJson") return Value(doc::write_json(a[0]));
  if (name == "toPrettyJson") return Value(doc::write_json_pretty(a[0]));
  if (name == "jsonEscape") {
    auto out = doc::write_json(Value(show(a[0])));
    return Value(out.substr(1, out.size() - 2));
  }
  if (name == "quote") return Value("\"" + show(a[0]) + "\"");
  if (name == "squote") return Value("'" + show(a[0]) + "'");
  if (name == "upper") return Value(to_upper(show(a[0])));
  if (name == "lower") return Value(to_lower(show(a[0])));
  if (name == "base") return Value(std::string(io::file_name(show(a[0]))));
  if (name == "dir") return Value(std::string(io::parent_path(show(a[0]))));
  if (name == "ext") return Value(std::string(io::extension(show(a[0]))));
  if (name == "title") return Value(to_title(show(a[0]), false));
  if (name == "trim") return Value(std::string(text::trim(show(a[0]))));
  if (name == "html") return Value(text::escape_html(show(a[0])));
  // Output is not a terminal's: colours and underlining are left out.
  if (name == "red" || name == "yellow" || name == "blue" || name == "green" || name == "underline" || name == "bold") {
    return Value(show(a[0]));
  }
  if (name == "empty") return Value(!truthy(a[0]));
  if (name == "coalesce") {
    for (const auto& value : a) {
      if (truthy(value)) return value;
    }
    return Value();
  }
  if (name == "cat") {
    std::string out;
    for (const auto& value : a) out += (out.empty() ? "" : " ") + show(value);
    return Value(out);
  }
  if (name == "toUpper" || name == "untitle" || name == "nospace") return change_letters(name, show(a[0]));
  if (name == "float64") return Value(number(a[0]));
  if (name == "ceil") return Value(std::ceil(number(a[0])));
  if (name == "floor") return Value(std::floor(number(a[0])));
  if (name == "abs") return Value(std::abs(number(a[0])));
  if (name == "sub1") return Value(whole(a[0]) - 1);
  if (name == "until") {
    Value out = Value::array();
    for (std::int64_t i = 0; i < std::min<std::int64_t>(whole(a[0]), kRange); ++i) out.push(Value(i));
    return out;
  }
  if (name == "rest" || name == "initial" || name == "reverse" || name == "compact") return change_list(name, a[0]);
  if (name == "kindOf" || name == "typeOf") return Value(kind_of(a[0]));
  if (name == "keys" || name == "values") {
    Value out = Value::array();
    if (a[0].is_object()) {
      for (const auto& member : a[0].members()) out.push(name == "keys" ? Value(member.name) : member.value);
    }
    return out;
  }
  if (name == "first" || name == "last") {
    if (!a[0].is_array() || a[0].items().empty()) return Value();
    return Value(name == "first" ? a[0].items().front() : a[0].items().back());
  }
  if (name == "uniq") {
    Value out = Value::array();
    if (a[0].is_array()) {
      for (const auto& item : a[0].items()) {
        if (std::find(out.items().begin(), out.items().end(), item) == out.items().end()) out.push(item);
      }
    }
    return out;
  }
  if (name == "sortAlpha") {
    std::vector<std::string> items;
    if (a[0].is_array())
      for (const auto& item : a[0].items()) items.push_back(show(item));
    std::sort(items.begin(), items.end());
    Value out = Value::array();
    for (auto& item : items) out.push(Value(std::move(item)));
    return out;
  }
  return call_with_more(name, a);
}

}  // namespace

std::string render_table(const Value& table) {
  std::vector<std::size_t> widths;
  std::string out;
  if (!table.is_array()) return out;
  for (const auto& row : table.items()) {
    if (!row.is_array()) continue;
    for (std::size_t i = 0; i < row.items().size(); ++i) {
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], utf8::display_width(show(row.items()[i])));
    }
  }
  for (const auto& row : table.items()) {
    if (!row.is_array()) continue;
    std::string text;
    for (std::size_t i = 0; i < row.items().size(); ++i) {
      const auto cell = show(row.items()[i]);
      text += " " + cell + std::string(widths[i] - utf8::display_width(cell), ' ') + " ";
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

Result<Value> call_template_function(const std::string& name, std::vector<Value>& arguments) {
  return call_with_one(name, arguments);
}

}  // namespace chiron::prose
