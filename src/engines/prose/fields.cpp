#include "engines/prose/fields.h"

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::prose {

namespace {

std::optional<std::string> scalar(const doc::Value& value) {
  switch (value.kind()) {
    case doc::Kind::string:
    case doc::Kind::number:
      return value.as_string();
    case doc::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case doc::Kind::null:
      return "";
    default:
      return std::nullopt;
  }
}

}  // namespace

Fields::Fields(const doc::Value& object, const std::string& file, std::string_view source)
    : object_(object), file_(file), source_(source) {}

const doc::Member* Fields::find(std::string_view key) const {
  if (!object_.is_object()) return nullptr;
  for (const auto& member : object_.members()) {
    if (member.name == key || text::to_lower_ascii(member.name) == key) return &member;
  }
  return nullptr;
}

Place Fields::place(doc::Span span) const {
  if (source_.empty()) return Place{file_};
  return utf8::LineIndex(source_).place(file_, span.begin, span.end);
}

std::unexpected<Error> Fields::wrong(std::string_view key, std::string message, std::string next) const {
  const auto* member = find(key);
  return fail(ErrorKind::config, "prose.rule", std::move(message),
              member == nullptr ? Place{file_, 1, 1} : place(member->name_span), std::move(next));
}

bool Fields::has(std::string_view key) const { return find(key) != nullptr; }

const doc::Value* Fields::value(std::string_view key) {
  taken_.emplace(key);
  const auto* member = find(key);
  return member == nullptr ? nullptr : &member->value;
}

Result<std::string> Fields::text(std::string_view key, std::string fallback) {
  const auto* found = value(key);
  if (found == nullptr || found->is_null()) return fallback;
  if (found->is_array()) {
    std::string joined;
    for (const auto& item : found->items()) joined += scalar(item).value_or("");
    return joined;
  }
  auto text = scalar(*found);
  if (!text) return wrong(key, format("'{}' must be text", key));
  return *std::move(text);
}

Result<bool> Fields::flag(std::string_view key, bool fallback) {
  const auto* found = value(key);
  if (found == nullptr || found->is_null()) return fallback;
  const auto text = text::to_lower_ascii(scalar(*found).value_or("?"));
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off" || text.empty()) return false;
  return wrong(key, format("'{}' must be true or false", key));
}

Result<double> Fields::number(std::string_view key, double fallback) {
  const auto* found = value(key);
  if (found == nullptr || found->is_null()) return fallback;
  const auto number = text::parse_double(scalar(*found).value_or(""));
  if (!number) return wrong(key, format("'{}' must be a number", key));
  return *number;
}

Result<std::vector<std::string>> Fields::list(std::string_view key) {
  std::vector<std::string> items;
  const auto* found = value(key);
  if (found == nullptr || found->is_null()) return items;
  if (!found->is_array()) {
    auto text = scalar(*found);
    if (!text) return wrong(key, format("'{}' must be a list", key));
    items.push_back(*std::move(text));
    return items;
  }
  for (const auto& item : found->items()) {
    auto text = scalar(item);
    if (!text) return wrong(key, format("'{}' must be a list of texts", key));
    items.push_back(*std::move(text));
  }
  return items;
}

Result<std::vector<std::pair<std::string, std::string>>> Fields::pairs(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> result;
  const auto* found = value(key);
  if (found == nullptr || found->is_null()) return result;
  const auto add = [&](const doc::Value& map) {
    for (const auto& member : map.members()) {
      auto text = scalar(member.value);
      if (!text) return false;
      result.emplace_back(member.name, *std::move(text));
    }
    return true;
  };
  bool fits = false;
  if (found->is_object()) {
    fits = add(*found);
  } else if (found->is_array()) {
    fits = true;
    for (const auto& item : found->items()) fits = fits && item.is_object() && add(item);
  }
  if (!fits) return wrong(key, format("'{}' must be a map of texts", key));
  return result;
}

Result<void> Fields::finish() const {
  for (const auto& member : object_.members()) {
    const auto lower = text::to_lower_ascii(member.name);
    if (taken_.count(member.name) == 0 && taken_.count(lower) == 0) {
      const std::vector<std::string> known(taken_.begin(), taken_.end());
      const auto near = text::nearest(lower, known);
      return fail(ErrorKind::config, "prose.rule", format("'{}' is not a key of this kind of rule", member.name),
                  place(member.name_span), near ? format("did you mean '{}'?", *near) : "remove it");
    }
  }
  return {};
}

}  // namespace chiron::prose
