#include "engines/repository/file.h"

#include <algorithm>

#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/doc/yaml.h"

namespace chiron::repository {

namespace {

doc::Value place_value(std::string_view file, std::uint64_t line, std::uint64_t column) {
  std::vector<doc::Member> members;
  members.push_back({"file", {}, doc::Value(file)});
  members.push_back({"line", {}, doc::Value(line)});
  members.push_back({"column", {}, doc::Value(column)});
  return doc::Value::object(std::move(members));
}

}  // namespace

doc::Value File::place(doc::Span span) const {
  const auto place = placer_.place(path_, span.begin, span.end);
  return place_value(path_, place.line, place.column);
}

doc::Value File::place_of_line(std::size_t line) const {
  const auto row = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(line, 1, std::max<std::size_t>(1, placer_.lines().line_count())));
  const auto words = placer_.lines().line_text(row);
  const auto first = words.find_first_not_of(" \t");
  return place_value(path_, row, (first == std::string_view::npos ? 0 : first) + 1);
}

std::string_view File::rest_of_line(doc::Span span) const {
  const auto rest = text().substr(std::min<std::size_t>(span.end, text_.size()));
  return rest.substr(0, std::min(rest.find('\n'), rest.size()));
}

doc::ReadOptions File::options() const {
  doc::ReadOptions options;
  options.file = path_;
  options.allow_duplicate_keys = true;
  return options;
}

Result<doc::Value> File::json() const { return doc::parse_json(text_, options()); }
Result<doc::Value> File::yaml() const { return doc::parse_yaml(text_, options()); }
Result<doc::Value> File::toml() const { return doc::parse_toml(text_, options()); }

const std::vector<doc::Member>& members_of(const doc::Value* value) {
  static const std::vector<doc::Member> none;
  return value != nullptr && value->is_object() ? value->members() : none;
}

const std::vector<doc::Value>& items_of(const doc::Value* value) {
  static const std::vector<doc::Value> none;
  return value != nullptr && value->is_array() ? value->items() : none;
}

const doc::Value* at(const doc::Value& value, std::initializer_list<std::string_view> path) {
  const doc::Value* found = &value;
  for (const auto name : path)
    if (found = found->find(name); found == nullptr) return nullptr;
  return found;
}

std::string text_of(const doc::Value* value) {
  if (value == nullptr) return {};
  if (value->is_string() || value->is_number()) return value->as_string();
  if (value->is_boolean()) return value->as_boolean() ? "true" : "false";
  return {};
}

doc::Value list_of(const doc::Value* value) {
  doc::Value list = doc::Value::array();
  if (value != nullptr && value->is_string()) list.push(doc::Value(value->as_string()));
  for (const auto& item : items_of(value))
    if (const auto text = text_of(&item); !text.empty()) list.push(doc::Value(text));
  return list;
}

void add_name(Names& names, std::string_view name, std::string_view text) {
  auto& texts = names[std::string(name)];
  if (std::ranges::find(texts, text) == texts.end()) texts.emplace_back(text);
}

doc::Value to_value(const Names& names) {
  std::vector<doc::Member> members;
  members.reserve(names.size());
  for (const auto& [name, texts] : names) {
    doc::Value list = doc::Value::array();
    for (const auto& text : texts) list.push(doc::Value(text));
    members.push_back({name, {}, std::move(list)});
  }
  return doc::Value::object(std::move(members));
}

}  // namespace chiron::repository
