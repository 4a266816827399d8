// dotenv files: NAME=value lines, with quotes and $NAME references to earlier lines. References to variables of the
// process are empty: what a gate reads must not depend on who runs it.
#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::policy::inputs {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}
bool is_reference(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Only white space and a comment are left.
bool is_rest(std::string_view text) {
  text = text::trim(text);
  return text.empty() || text.front() == '#';
}

std::string expand(std::string_view text, const Value& known, bool literal) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '$';
    if (!escaped && text[i] != '$') {
      out += text[i++];
      continue;
    }
    const std::size_t dollar = i + (escaped ? 1 : 0);
    std::size_t end = dollar + 1;
    const bool brace = end < text.size() && text[end] == '{';
    if (brace) ++end;
    const auto name_begin = end;
    while (end < text.size() && is_reference(text[end])) ++end;
    const std::string name(text.substr(name_begin, end - name_begin));
    if (end < text.size() && text[end] == '}') ++end;
    const auto spelt = text.substr(dollar, end - dollar);
    if (escaped || literal || name.empty())
      out += spelt;
    else
      out += known.string_or(name, "");
    i = end;
    if (out.size() > kExpandedBytes) break;
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size() || text[i + 1] == '$') {
      out += text[i];
    } else {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i] == 'r' ? '\r' : text[i];
    }
  }
  return out;
}

}  // namespace

Result<Value> read_dotenv(std::string_view text, const ReadOptions& options) {
  Value root = Value::object();
  root.span = {0, static_cast<std::uint32_t>(text.size())};
  std::size_t next = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (next < text.size()) {
    const auto begin = next;
    const auto end = std::min(text.find('\n', begin), text.size());
    next = end + 1;
    const auto line = text.substr(begin, end - begin);
    if (is_rest(line)) continue;
    auto wrong = [&] {
      return syntax_error("dotenv", text, options, begin, format("Line `{}` doesn't match format", text::trim(line)),
                          "write NAME=value");
    };
    std::size_t at = 0;
    while (at < line.size() && is_space(line[at])) ++at;
    if (line.substr(at).starts_with("export") && at + 6 < line.size() && is_space(line[at + 6])) {
      at += 6;
      while (at < line.size() && is_space(line[at])) ++at;
    }
    const auto name_begin = at;
    while (at < line.size() && is_name(line[at])) ++at;
    const std::string name(line.substr(name_begin, at - name_begin));
    const Span name_span{static_cast<std::uint32_t>(begin + name_begin), static_cast<std::uint32_t>(begin + at)};
    if (name.empty()) return wrong();
    const auto after_name = at;
    while (at < line.size() && is_space(line[at])) ++at;
    if (at < line.size() && line[at] == '=') {
      ++at;
    } else if (after_name + 1 < line.size() && line[after_name] == ':' && is_space(line[after_name + 1])) {
      at = after_name + 1;
    } else {
      return wrong();
    }
    while (at < line.size() && is_space(line[at])) ++at;

    const char quote = at < line.size() && (line[at] == '"' || line[at] == '\'') ? line[at] : '\0';
    std::size_t value_end = std::string_view::npos;
    if (quote != '\0')
      for (auto close = line.rfind(quote); close != std::string_view::npos && close > at;
           close = line.rfind(quote, close - 1))
        if (is_rest(line.substr(close + 1))) {
          value_end = close + 1;
          break;
        }
    if (value_end == std::string_view::npos) value_end = std::min(line.find('#', at), line.size());
    std::string_view raw = text::trim(line.substr(at, value_end - at));
    const std::size_t value_begin = raw.empty() ? begin + at : static_cast<std::size_t>(raw.data() - text.data());
    const std::size_t raw_size = raw.size();
    if (raw.size() >= 2 && (raw.front() == '"' || raw.front() == '\'') && (raw.back() == '"' || raw.back() == '\''))
      raw = raw.substr(1, raw.size() - 2);
    std::string value = quote == '"' ? unescape(raw) : std::string(raw);
    value = expand(value, root, quote == '\'');
    set_member(root, name, name_span, string_value(value, value_begin, value_begin + raw_size));
  }
  return root;
}

}  // namespace chiron::policy::inputs
