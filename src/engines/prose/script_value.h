// The values of scripts: what they hold, how they are shown, compared and taken for true.
#pragma once
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engines/prose/pattern.h"
#include "engines/prose/script_syntax.h"
#include "foundation/base/format.h"
#include "foundation/base/utf8.h"

namespace chiron::prose::script {

struct Value;
using Array = std::vector<Value>;
using Map = std::map<std::string, Value>;

struct Scope;
struct Function {
  const Node* node;
  std::shared_ptr<Scope> scope;  // shared: a closure keeps the variables it saw
};
struct Native {
  std::string module;  // "" for a built-in
  std::string name;
};
struct Module {
  std::string name;
};

// Arrays and maps are references in the language, hence shared.
struct Value : std::variant<std::monostate, bool, std::int64_t, double, std::shared_ptr<const std::string>,
                            std::shared_ptr<Array>, std::shared_ptr<Map>, std::shared_ptr<Function>, Native, Module,
                            std::shared_ptr<Pattern>, char32_t> {
  using variant::variant;
};
using Text = std::shared_ptr<const std::string>;

struct Scope {
  std::map<std::string, Value, std::less<>> variables;
  std::shared_ptr<Scope> outer;
};

inline Value make_text(std::string text) { return std::make_shared<const std::string>(std::move(text)); }
inline Value make_array(Array items = {}) { return std::make_shared<Array>(std::move(items)); }
inline bool is_undefined(const Value& value) { return std::holds_alternative<std::monostate>(value); }
inline const std::string* as_text(const Value& value) {
  const auto* text = std::get_if<Text>(&value);
  return text == nullptr ? nullptr : text->get();
}

inline std::string show(const Value& value, std::size_t depth = 0) {
  if (const auto* text = as_text(value)) return depth == 0 ? *text : "\"" + *text + "\"";
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return format("{}", *number);
  if (const auto* point = std::get_if<char32_t>(&value)) {
    std::string out;
    utf8::append(out, *point);
    return out;
  }
  if (depth > 20) return "…";
  if (const auto* array = std::get_if<std::shared_ptr<Array>>(&value)) {
    std::string out = "[";
    for (const auto& item : **array) out += (out.size() > 1 ? ", " : "") + show(item, depth + 1);
    return out + "]";
  }
  if (const auto* map = std::get_if<std::shared_ptr<Map>>(&value)) {
    std::string out = "{";
    for (const auto& [key, item] : **map) out += (out.size() > 1 ? ", " : "") + key + ": " + show(item, depth + 1);
    return out + "}";
  }
  return is_undefined(value) ? "<undefined>" : "<function>";
}

inline bool truthy(const Value& value) {
  if (is_undefined(value)) return false;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer != 0;
  if (const auto* number = std::get_if<double>(&value)) return !std::isnan(*number);
  if (const auto* text = as_text(value)) return !text->empty();
  if (const auto* array = std::get_if<std::shared_ptr<Array>>(&value)) return !(*array)->empty();
  if (const auto* map = std::get_if<std::shared_ptr<Map>>(&value)) return !(*map)->empty();
  return true;
}

inline std::optional<double> as_number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* point = std::get_if<char32_t>(&value)) return static_cast<double>(*point);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  return std::nullopt;
}

inline bool equal(const Value& a, const Value& b, std::size_t depth = 0) {
  if (const auto* left = as_text(a)) {
    const auto* right = as_text(b);
    return right != nullptr && *left == *right;
  }
  if (std::holds_alternative<bool>(a) || std::holds_alternative<bool>(b)) {
    return a.index() == b.index() && std::get<bool>(a) == std::get<bool>(b);
  }
  const auto left = as_number(a);
  const auto right = as_number(b);
  if (left || right) return left && right && *left == *right;
  if (depth > 50 || a.index() != b.index()) return false;
  if (const auto* array = std::get_if<std::shared_ptr<Array>>(&a)) {
    const auto& other = *std::get<std::shared_ptr<Array>>(b);
    if ((*array)->size() != other.size()) return false;
    for (std::size_t i = 0; i < other.size(); ++i) {
      if (!equal((**array)[i], other[i], depth + 1)) return false;
    }
    return true;
  }
  return is_undefined(a);
}

}  // namespace chiron::prose::script
