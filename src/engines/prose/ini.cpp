// The dialect of .ini that Vale reads: "=" or ":" between key and value, comments after " #" or " ;", a "\" at the
// end goes on in the next line, quotes around a whole value are dropped, a repeated key has several values.
#include "engines/prose/config.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::prose {

namespace {

std::string clean_value(std::string_view value) {
  value = text::trim(value);
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'' || value.front() == '`')) {
    const auto close = value.find(value.front(), 1);
    if (close == value.size() - 1) return std::string(value.substr(1, value.size() - 2));
  }
  for (std::size_t at = 1; at < value.size(); ++at) {
    if ((value[at] == '#' || value[at] == ';') && (value[at - 1] == ' ' || value[at - 1] == '\t')) {
      return std::string(text::trim(value.substr(0, at)));
    }
  }
  return std::string(value);
}

}  // namespace

Result<std::vector<IniSection>> parse_ini(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<IniSection> sections(1);
  std::size_t current = 0;
  const auto lines = text::split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(i + 1);
    const auto line = text::trim(lines[i]);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const auto close = line.rfind(']');
      if (close == std::string_view::npos) {
        return fail(ErrorKind::config, "prose.ini", "the section name is not closed", Place{file, number, 1},
                    "end the line with \"]\"");
      }
      const auto name = std::string(text::trim(line.substr(1, close - 1)));
      current = 0;
      while (current < sections.size() && (current == 0 || sections[current].name != name)) ++current;
      if (current == sections.size()) sections.push_back({name, {}, number});
      continue;
    }
    const auto delimiter = line.find_first_of("=:");
    if (delimiter == std::string_view::npos || delimiter == 0) {
      return fail(ErrorKind::config, "prose.ini", format("'{}' has no value", line), Place{file, number, 1},
                  "write it as KEY = VALUE");
    }
    auto name = std::string(text::trim(line.substr(0, delimiter)));
    if (name.size() >= 2 && (name.front() == '"' || name.front() == '`') && name.back() == name.front()) {
      name = name.substr(1, name.size() - 2);
    }
    std::string value(text::trim(line.substr(delimiter + 1)));
    while (value.ends_with('\\') && i + 1 < lines.size()) {
      value.pop_back();
      value += text::trim(lines[++i]);
    }
    value = clean_value(value);
    auto& keys = sections[current].keys;
    auto found = keys.begin();
    while (found != keys.end() && found->name != name) ++found;
    if (found == keys.end()) found = keys.insert(found, IniKey{name, {}, number});
    found->values.push_back(std::move(value));
  }
  return sections;
}

}  // namespace chiron::prose
