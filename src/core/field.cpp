#include "core/field.h"

#include <algorithm>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron {

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::flag:
      return "on or off";
    case FieldType::integer:
      return "whole number";
    case FieldType::real:
      return "number";
    case FieldType::text:
      return "text";
    case FieldType::path:
      return "path";
    case FieldType::choice:
      return "choice";
    case FieldType::list:
      return "list of texts";
    case FieldType::paths:
      return "list of paths";
  }
  return "";
}

namespace {

std::unexpected<Error> wrong_value(const Field& field, std::string_view given, std::string_view wanted) {
  return fail(ErrorKind::usage, "usage.value", format("{} takes {}, not \"{}\"", field.name, wanted, given));
}

Result<void> check_bounds(const Field& field, double number, std::string_view shown) {
  if (field.minimum && number < *field.minimum) return wrong_value(field, shown, format("at least {}", *field.minimum));
  if (field.maximum && number > *field.maximum) return wrong_value(field, shown, format("at most {}", *field.maximum));
  return {};
}

}  // namespace

Result<void> check_field(const Field& field, const FieldValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return check_bounds(field, static_cast<double>(*integer), std::to_string(*integer));
  if (const auto* real = std::get_if<double>(&value)) return check_bounds(field, *real, format("{}", *real));
  if (field.check != nullptr) {
    const auto check_text = [&](const std::string& text) -> Result<void> {
      if (auto wrong = field.check(text))
        return fail(ErrorKind::usage, "usage.value", format("{}: {}", field.name, *wrong), {},
                    field.example.empty() ? "" : format("For example: {}", field.example));
      return {};
    };
    if (const auto* text = std::get_if<std::string>(&value)) TRY(check_text(*text));
    if (const auto* list = std::get_if<std::vector<std::string>>(&value))
      for (const auto& item : *list) TRY(check_text(item));
  }
  if (field.choices.empty()) return {};
  const auto check_choice = [&](const std::string& text) -> Result<void> {
    if (std::ranges::find(field.choices, text) != field.choices.end()) return {};
    std::vector<std::string> choices(field.choices.begin(), field.choices.end());
    auto error = wrong_value(field, text, "one of " + text::join(choices, ", "));
    if (const auto nearest = text::nearest(text, choices))
      error.error().next = format("Did you mean \"{}\"?", *nearest);
    return error;
  };
  if (const auto* text = std::get_if<std::string>(&value)) return check_choice(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value))
    for (const auto& item : *list) TRY(check_choice(item));
  return {};
}

Result<FieldValue> parse_field(const Field& field, std::string_view text) {
  FieldValue value;
  switch (field.type) {
    case FieldType::flag:
      if (text != "true" && text != "false") return wrong_value(field, text, "true or false");
      value = text == "true";
      break;
    case FieldType::integer: {
      const auto number = text::parse_signed(text);
      if (!number) return wrong_value(field, text, "a whole number");
      value = *number;
      break;
    }
    case FieldType::real: {
      const auto number = text::parse_double(text);
      if (!number) return wrong_value(field, text, "a number");
      value = *number;
      break;
    }
    case FieldType::text:
    case FieldType::path:
    case FieldType::choice:
      value = std::string(text);
      break;
    case FieldType::list:
    case FieldType::paths:
      value = std::vector<std::string>{std::string(text)};
      break;
  }
  TRY(check_field(field, value));
  return value;
}

}  // namespace chiron
