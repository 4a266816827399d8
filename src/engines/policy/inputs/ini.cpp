// INI as sections of keys, as Conftest gives it: an object of objects; keys before the first section are left out;
// values that read as numbers or booleans are such.
#include <charconv>
#include <cmath>

#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::policy::inputs {

namespace {

Value typed_value(const std::string& text) {
  double number = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size() && !digits.empty() && std::isfinite(number)) {
    if (std::abs(number) < 1e15 && number == std::floor(number)) return Value(static_cast<std::int64_t>(number));
    return Value(number);
  }
  for (std::string_view yes : {"t", "T", "TRUE", "true", "True"})
    if (text == yes) return Value(true);
  for (std::string_view no : {"f", "F", "FALSE", "false", "False"})
    if (text == no) return Value(false);
  return Value(text);
}

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {}

  Result<Value> read() {
    Value root = Value::object();
    root.span = {0, static_cast<std::uint32_t>(text_.size())};
    std::size_t section = kNoSection;
    int counter = 1;
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < text_.size()) {
      const auto begin = line_begin();
      const auto end = line_end(begin);
      std::string_view line = text::trim(text_.substr(begin, end - begin));
      const std::size_t start = line.empty() ? begin : static_cast<std::size_t>(line.data() - text_.data());
      at_ = end + 1;
      if (line.empty() || line.front() == '#' || line.front() == ';') continue;
      if (line.front() == '[') {
        const auto close = line.rfind(']');
        if (close == std::string_view::npos)
          return syntax_error("ini", text_, options_, start, format("unclosed section: {}", line));
        const auto name = line.substr(1, close - 1);
        if (name.empty()) return syntax_error("ini", text_, options_, start, "empty section name");
        section = open_section(root, name, start);
        counter = 1;
        continue;
      }
      TRY(read_key(root, section, counter, line, start));
    }
    return root;
  }

 private:
  static constexpr std::size_t kNoSection = static_cast<std::size_t>(-1);

  std::size_t line_begin() const { return at_; }
  std::size_t line_end(std::size_t begin) const { return std::min(text_.find('\n', begin), text_.size()); }

  std::size_t open_section(Value& root, std::string_view name, std::size_t start) const {
    if (name == "DEFAULT") return kNoSection;
    auto& members = root.members();
    for (std::size_t i = 0; i < members.size(); ++i)
      if (members[i].name == name) return i;
    Value object = Value::object();
    object.span = {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(start + name.size() + 2)};
    members.push_back({std::string(name), object.span, std::move(object)});
    return members.size() - 1;
  }

  Result<void> read_key(Value& root, std::size_t section, int& counter, std::string_view line, std::size_t start) {
    std::size_t name_begin = start;
    std::string name;
    std::size_t rest = 0;  // of the value within the line
    const char quote = line.front();
    const std::string_view fence = line.starts_with("\"\"\"") ? "\"\"\"" : "";
    if (quote == '"' || quote == '`') {
      const std::string_view mark = fence.empty() ? line.substr(0, 1) : fence;
      const auto close = line.find(mark, mark.size());
      if (close == std::string_view::npos)
        return syntax_error("ini", text_, options_, start, format("missing closing key quote: {}", line));
      name = line.substr(mark.size(), close - mark.size());
      name_begin = start + mark.size();
      const auto separator = line.find_first_of("=:", close + mark.size());
      if (separator == std::string_view::npos) return no_delimiter(line, start);
      rest = separator + 1;
    } else {
      const auto separator = line.find_first_of("=:");
      if (separator == std::string_view::npos) return no_delimiter(line, start);
      name = text::trim(line.substr(0, separator));
      rest = separator + 1;
    }
    if (name.empty()) return syntax_error("ini", text_, options_, start, "empty key name");
    if (name == "-") name = "#" + std::to_string(counter++);
    const std::size_t name_end = name_begin + name.size();

    std::string_view value_text = text::trim(line.substr(rest));
    const std::size_t value_begin =
        value_text.empty() ? start + line.size() : static_cast<std::size_t>(value_text.data() - text_.data());
    const std::string text = TRY(read_value(value_text, value_begin));
    Value value = typed_value(text);
    value.span = {static_cast<std::uint32_t>(value_begin),
                  static_cast<std::uint32_t>(std::max(value_end_, value_begin))};
    if (section != kNoSection)
      set_member(root.members()[section].value, name,
                 {static_cast<std::uint32_t>(name_begin), static_cast<std::uint32_t>(name_end)}, std::move(value));
    return {};
  }

  std::unexpected<Error> no_delimiter(std::string_view line, std::size_t start) const {
    return syntax_error("ini", text_, options_, start, format("key-value delimiter not found: {}", line),
                        "write key = value, or begin the line with # or ;");
  }

  // The value that begins on this line; quotes and continuation may carry it over the next lines.
  Result<std::string> read_value(std::string_view line, std::size_t begin) {
    value_end_ = begin + line.size();
    if (line.empty()) return std::string();
    const std::string_view fence = line.size() > 3 && line.starts_with("\"\"\"") ? "\"\"\""
                                   : line.front() == '`'                         ? "`"
                                                                                 : "";
    if (!fence.empty()) {
      const auto from = begin + fence.size();
      const auto close = text_.find(fence, from);
      if (close == std::string_view::npos)
        return syntax_error("ini", text_, options_, begin, format("missing closing key quote from {}", line));
      value_end_ = close + fence.size();
      at_ = std::max(at_, line_end(value_end_) + 1);
      return std::string(text_.substr(from, close - from));
    }
    if (line.ends_with('\\')) {
      std::string joined(text::trim(line.substr(0, line.size() - 1)));
      while (at_ < text_.size()) {
        const auto end = line_end(at_);
        const auto next = text::trim(text_.substr(at_, end - at_));
        at_ = end + 1;
        if (next.empty()) break;
        value_end_ = static_cast<std::size_t>(next.data() - text_.data()) + next.size();
        if (!next.ends_with('\\')) {
          joined += next;
          break;
        }
        joined += text::trim(next.substr(0, next.size() - 1));
      }
      return unquote(joined);
    }
    // A comment ends the value, unless the value is quoted.
    if (line.front() != '"' && line.front() != '\'') {
      const auto comment = line.find_first_of("#;");
      if (comment != std::string_view::npos) line = text::trim(line.substr(0, comment));
    } else {
      const auto close = line.find(line.front(), 1);
      if (close != std::string_view::npos) {
        const auto comment = line.find_first_of("#;", close);
        if (comment != std::string_view::npos) line = text::trim(line.substr(0, comment));
      }
    }
    value_end_ = begin + line.size();
    return unquote(std::string(line));
  }

  static std::string unquote(std::string text) {
    const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                        text.back() == text.front() && text.find(text.front(), 1) == text.size() - 1;
    return quoted ? text.substr(1, text.size() - 2) : text;
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
  std::size_t value_end_ = 0;
};

}  // namespace

Result<Value> read_ini(std::string_view text, const ReadOptions& options) { return Reader(text, options).read(); }

}  // namespace chiron::policy::inputs
