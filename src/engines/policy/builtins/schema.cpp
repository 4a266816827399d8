// JSON Schema (drafts 4, 6 and 7): json.verify_schema and json.match_schema, with the messages that policies know.
// References stay inside the schema: one that leads elsewhere is refused.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>

#include "engines/policy/builtins/support.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::policy::functions {

namespace {

constexpr int kSchemaDepth = 400;
constexpr std::size_t kSchemaErrors = 10'000;
constexpr std::array<std::string_view, 7> kTypes = {"array", "boolean", "integer", "number",
                                                    "null",  "object",  "string"};

struct Mismatch {
  std::string type, field, description;
};

// The type of a value as schemas name it; whole numbers are integers.
std::string_view type_of(Value value) {
  if (value.is_number()) return value.number_is_integer() ? "integer" : "number";
  return to_string(value.kind());
}

std::shared_ptr<re2::RE2> pattern_of(std::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  return pattern->ok() ? pattern : nullptr;
}

class Schema {
 public:
  explicit Schema(Value root) : root_(root) {}

  // What is wrong with the schema itself; "" where nothing is.
  std::string verify() {
    check(root_, 0);
    return problem_;
  }
  std::vector<Mismatch> match(Value document) {
    std::vector<Mismatch> found;
    apply(root_, document, "(root)", found, 0);
    return found;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void fail(std::string why) {
    if (problem_.empty()) problem_ = std::move(why);
  }

  const re2::RE2* compiled(std::string_view text) {
    auto& kept = patterns_[std::string(text)];
    if (!kept) kept = pattern_of(text);
    if (!kept) fail(format("error parsing regexp: `{}`", text));
    return kept.get();
  }

  // "#/definitions/a", "#", "#name" of an $id.
  Value resolve(std::string_view reference) {
    if (reference == "#") return root_;
    if (!reference.starts_with("#/")) {
      fail(format("the reference {} leads out of the schema, which is not allowed", reference));
      return {};
    }
    Value at = root_;
    for (auto part : text::split(reference.substr(2), '/')) {
      std::string name = text::replace_all(text::replace_all(part, "~1", "/"), "~0", "~");
      name = text::replace_all(name, "%25", "%");
      if (at.is_array()) {
        const auto index = text::parse_unsigned(name);
        at = index && *index < at.size() ? at.items()[*index] : Value();
      } else {
        at = at.is_object() ? at.get(name) : Value();
      }
      if (!at) {
        fail(format("Object has no key '{}'", name));
        return {};
      }
    }
    return at;
  }

  void expect(bool right, std::string_view keyword, std::string_view type) {
    if (!right) fail(format("{} must be of type {}", keyword, type));
  }

  void check(Value schema, int depth) {
    if (depth > kSchemaDepth) return fail(format("the schema is nested deeper than {} levels", kSchemaDepth));
    if (!problem_.empty() || schema.is_boolean()) return;
    if (!schema.is_object())
      return fail("Invalid type. Expected: valid schema, given: " + std::string(to_string(schema.kind())));
    auto each_type = [&](Value type) {
      if (!type.is_string()) return fail("type must be of type string/array of strings");
      if (std::ranges::find(kTypes, type.string()) == kTypes.end())
        fail(format("has a primitive type that is NOT VALID -- given: /{}/ Expected valid values are:[{}]",
                    type.string(), "array boolean integer number null object string"));
    };
    for (std::uint32_t i = 0; i < schema.size(); ++i) {
      const Value key = schema.key_at(i), value = schema.value_at(i);
      if (!key.is_string()) continue;
      const auto name = key.string();
      if (name == "type") {
        if (value.is_array())
          for (const Value type : value.items()) each_type(type);
        else
          each_type(value);
      } else if (name == "properties" || name == "patternProperties" || name == "definitions" || name == "$defs") {
        expect(value.is_object(), name, "object");
        if (!value.is_object()) return;
        for (std::uint32_t j = 0; j < value.size(); ++j) {
          if (name == "patternProperties" && value.key_at(j).is_string()) (void)compiled(value.key_at(j).string());
          check(value.value_at(j), depth + 1);
        }
      } else if (name == "allOf" || name == "anyOf" || name == "oneOf") {
        expect(value.is_array() && value.size() > 0, name, "array of schemas");
        if (value.is_array())
          for (const Value item : value.items()) check(item, depth + 1);
      } else if (name == "items" && value.is_array()) {
        for (const Value item : value.items()) check(item, depth + 1);
      } else if (name == "items" || name == "additionalItems" || name == "additionalProperties" || name == "not" ||
                 name == "contains" || name == "propertyNames" || name == "if" || name == "then" || name == "else") {
        check(value, depth + 1);
      } else if (name == "pattern") {
        expect(value.is_string(), name, "string");
        if (value.is_string()) (void)compiled(value.string());
      } else if (name == "required") {
        if (value.is_boolean()) continue;  // draft 3
        expect(value.is_array(), name, "array");
        if (value.is_array())
          for (const Value item : value.items()) expect(item.is_string(), "required items", "string");
      } else if (name == "enum") {
        expect(value.is_array() && value.size() > 0, name, "array");
      } else if (name == "minLength" || name == "maxLength" || name == "minItems" || name == "maxItems" ||
                 name == "minProperties" || name == "maxProperties") {
        std::int64_t number = 0;
        expect(value.is_number() && value.number_integer(number), name, "integer");
        if (number < 0) fail(format("{} must be greater than or equal to 0", name));
      } else if (name == "minimum" || name == "maximum") {
        expect(value.is_number(), name, "number");
      } else if (name == "multipleOf") {
        expect(value.is_number() && value.number_double() > 0, name, "number greater than 0");
      } else if (name == "uniqueItems") {
        expect(value.is_boolean(), name, "boolean");
      } else if (name == "$ref") {
        expect(value.is_string(), name, "string");
        if (value.is_string()) (void)resolve(value.string());
      }
    }
  }

  static std::string child_field(const std::string& field, std::string_view name) {
    return field == "(root)" ? std::string(name) : field + "." + std::string(name);
  }

  bool valid(Value schema, Value document, const std::string& field, int depth) {
    std::vector<Mismatch> ignored;
    apply(schema, document, field, ignored, depth + 1);
    return ignored.empty();
  }

  void apply(Value schema, Value document, const std::string& field, std::vector<Mismatch>& found, int depth) {
    if (depth > kSchemaDepth) return fail("the schema or the document is nested too deeply");
    if (found.size() > kSchemaErrors || !problem_.empty()) return;
    auto add = [&](std::string_view type, std::string description) {
      found.push_back({std::string(type), field, std::move(description)});
    };
    if (schema.is_boolean()) {
      if (schema.is_false()) add("false", "False always fails validation");
      return;
    }
    if (!schema.is_object()) return;
    if (const Value reference = schema.get("$ref"); reference && reference.is_string()) {
      const Value target = resolve(reference.string());
      if (target) apply(target, document, field, found, depth + 1);
      return;
    }
    check_type(schema, document, add);
    check_logic(schema, document, field, found, depth, add);
    if (const Value allowed = schema.get("enum"); allowed && allowed.is_array()) {
      if (std::ranges::find(allowed.items(), document) == allowed.items().end()) {
        std::string list;
        for (const Value item : allowed.items()) list += (list.empty() ? "" : ", ") + to_json(item);
        add("enum", format("{} must be one of the following: {}", field, list));
      }
    }
    if (const Value wanted = schema.get("const"); wanted && !(wanted == document))
      add("const", format("{} does not match: {}", field, to_json(wanted)));
    if (document.is_number()) check_number(schema, document, add);
    if (document.is_string()) check_string(schema, document, add);
    if (document.is_array()) check_array(schema, document, field, found, depth, add);
    if (document.is_object()) check_object(schema, document, field, found, depth, add);
  }

  template <class Add>
  static void check_type(Value schema, Value document, const Add& add) {
    const Value type = schema.get("type");
    if (!type) return;
    const auto actual = type_of(document);
    auto fits = [&](Value wanted) {
      return wanted.is_string() && (wanted.string() == actual || (wanted.string() == "number" && actual == "integer"));
    };
    const bool right = type.is_array() ? std::ranges::any_of(type.items(), fits) : fits(type);
    if (right) return;
    std::string expected;
    if (type.is_array())
      for (const Value item : type.items())
        expected += (expected.empty() ? "" : "/") + std::string(item.is_string() ? item.string() : "");
    else if (type.is_string())
      expected = type.string();
    add("invalid_type", format("Invalid type. Expected: {}, given: {}", expected, actual));
  }

  template <class Add>
  void check_logic(Value schema, Value document, const std::string& field, std::vector<Mismatch>& found, int depth,
                   const Add& add) {
    if (const Value list = schema.get("anyOf"); list && list.is_array()) {
      if (std::ranges::none_of(list.items(), [&](Value item) { return valid(item, document, field, depth); })) {
        add("number_any_of", "Must validate at least one schema (anyOf)");
        if (list.size() > 0) apply(list.items().front(), document, field, found, depth + 1);
      }
    }
    if (const Value list = schema.get("oneOf"); list && list.is_array()) {
      const auto count =
          std::ranges::count_if(list.items(), [&](Value item) { return valid(item, document, field, depth); });
      if (count != 1) {
        add("number_one_of", "Must validate one and only one schema (oneOf)");
        if (count == 0 && list.size() > 0) apply(list.items().front(), document, field, found, depth + 1);
      }
    }
    if (const Value list = schema.get("allOf"); list && list.is_array()) {
      bool all = true;
      for (const Value item : list.items()) {
        const std::size_t before = found.size();
        apply(item, document, field, found, depth + 1);
        all = all && found.size() == before;
      }
      if (!all) add("number_all_of", "Must validate all the schemas (allOf)");
    }
    if (const Value inner = schema.get("not"); inner && valid(inner, document, field, depth))
      add("number_not", "Must not validate the schema (not)");
    if (const Value condition = schema.get("if")) {
      const bool held = valid(condition, document, field, depth);
      const Value branch = schema.get(held ? "then" : "else");
      if (branch && !valid(branch, document, field, depth)) {
        add(held ? "condition_then" : "condition_else",
            held ? "Must validate \"then\" as \"if\" was valid" : "Must validate \"else\" as \"if\" was not valid");
        apply(branch, document, field, found, depth + 1);
      }
    }
  }

  template <class Add>
  static void check_number(Value schema, Value document, const Add& add) {
    auto bound = [&](std::string_view name) {
      const Value value = schema.get(name);
      return value && value.is_number() ? value : Value();
    };
    const bool exclusive_minimum = schema.get("exclusiveMinimum") && schema.get("exclusiveMinimum").is_true();
    const bool exclusive_maximum = schema.get("exclusiveMaximum") && schema.get("exclusiveMaximum").is_true();
    if (const Value factor = bound("multipleOf")) {
      const long double quotient = number_real(document) / number_real(factor);
      if (std::abs(quotient - std::round(quotient)) > 1e-9L)
        add("multiple_of", format("Must be a multiple of {}", factor.number_text()));
    }
    if (const Value least = bound("minimum")) {
      const int order = compare(document, least);
      if (exclusive_minimum ? order <= 0 : order < 0)
        add(exclusive_minimum ? "number_gt" : "number_gte",
            format("Must be greater than {}{}", exclusive_minimum ? "" : "or equal to ", least.number_text()));
    }
    if (const Value least = bound("exclusiveMinimum"); least && compare(document, least) <= 0)
      add("number_gt", format("Must be greater than {}", least.number_text()));
    if (const Value most = bound("maximum")) {
      const int order = compare(document, most);
      if (exclusive_maximum ? order >= 0 : order > 0)
        add(exclusive_maximum ? "number_lt" : "number_lte",
            format("Must be less than {}{}", exclusive_maximum ? "" : "or equal to ", most.number_text()));
    }
    if (const Value most = bound("exclusiveMaximum"); most && compare(document, most) >= 0)
      add("number_lt", format("Must be less than {}", most.number_text()));
  }

  static std::optional<std::int64_t> count_of(Value schema, std::string_view name) {
    const Value value = schema.get(name);
    std::int64_t number = 0;
    return value && value.is_number() && value.number_integer(number) ? std::optional(number) : std::nullopt;
  }

  template <class Add>
  void check_string(Value schema, Value document, const Add& add) {
    const auto length = static_cast<std::int64_t>(utf8::count(document.string()));
    if (const auto least = count_of(schema, "minLength"); least && length < *least)
      add("string_gte", format("String length must be greater than or equal to {}", *least));
    if (const auto most = count_of(schema, "maxLength"); most && length > *most)
      add("string_lte", format("String length must be less than or equal to {}", *most));
    if (const Value pattern = schema.get("pattern"); pattern && pattern.is_string()) {
      const auto* regex = compiled(pattern.string());
      const auto text = document.string();
      if (regex != nullptr && !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex))
        add("pattern", format("Does not match pattern '{}'", pattern.string()));
    }
    if (const Value wanted = schema.get("format");
        wanted && wanted.is_string() && !fits_format(wanted.string(), document.string()))
      add("format", format("Does not match format '{}'", wanted.string()));
  }
  // Formats whose meaning is a plain pattern; others hold for every string.
  static bool fits_format(std::string_view name, std::string_view text) {
    static const std::map<std::string_view, const char*> kPatterns = {
        {"date", R"(\A\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\z)"},
        {"time", R"(\A([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]\d\d:\d\d)?\z)"},
        {"date-time",
         R"(\A\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[tT ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]\d\d:\d\d)\z)"},
        {"email", R"(\A[^@\s]+@[^@\s]+\z)"},
        {"hostname",
         R"(\A([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.?\z)"},
        {"ipv4", R"(\A((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.|\z)){4}\z)"},
        {"uri", R"(\A[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>"{}|\\^`]*\z)"},
        {"uuid", R"(\A[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\z)"},
        {"json-pointer", R"(\A(/([^~/]|~[01])*)*\z)"}};
    const auto found = kPatterns.find(name);
    return found == kPatterns.end() ||
           re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), found->second);
  }

  template <class Add>
  void check_array(Value schema, Value document, const std::string& field, std::vector<Mismatch>& found, int depth,
                   const Add& add) {
    const auto items = document.items();
    const auto size = static_cast<std::int64_t>(items.size());
    if (const Value inner = schema.get("items")) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string child = child_field(field, std::to_string(i));
        if (!inner.is_array()) {
          apply(inner, items[i], child, found, depth + 1);
        } else if (i < inner.size()) {
          apply(inner.items()[i], items[i], child, found, depth + 1);
        } else if (const Value rest = schema.get("additionalItems")) {
          if (rest.is_false()) {
            add("array_no_additional_items", "No additional items allowed on array");
            break;
          }
          apply(rest, items[i], child, found, depth + 1);
        }
      }
    }
    if (const auto least = count_of(schema, "minItems"); least && size < *least)
      add("array_min_items", format("Array must have at least {} items", *least));
    if (const auto most = count_of(schema, "maxItems"); most && size > *most)
      add("array_max_items", format("Array must have at most {} items", *most));
    if (const Value unique = schema.get("uniqueItems"); unique && unique.is_true()) {
      std::map<std::string, std::size_t> seen;
      for (std::size_t i = 0; i < items.size(); ++i) {
        const auto [first, fresh] = seen.try_emplace(to_json(items[i]), i);
        if (!fresh) add("unique", format("array items[{},{}] must be unique", first->second, i));
      }
    }
    if (const Value inner = schema.get("contains");
        inner && std::ranges::none_of(items, [&](Value item) { return valid(inner, item, field, depth); }))
      add("contains", "At least one of the items must match");
  }

  template <class Add>
  void check_object(Value schema, Value document, const std::string& field, std::vector<Mismatch>& found, int depth,
                    const Add& add) {
    const auto size = static_cast<std::int64_t>(document.size());
    if (const Value required = schema.get("required"); required && required.is_array())
      for (const Value name : required.items())
        if (name.is_string() && !document.get(name)) add("required", format("{} is required", name.string()));
    if (const auto least = count_of(schema, "minProperties"); least && size < *least)
      add("array_min_properties", format("Must have at least {} properties", *least));
    if (const auto most = count_of(schema, "maxProperties"); most && size > *most)
      add("array_max_properties", format("Must have at most {} properties", *most));
    const Value properties = schema.get("properties"), patterns = schema.get("patternProperties"),
                rest = schema.get("additionalProperties");
    for (std::uint32_t i = 0; i < document.size(); ++i) {
      const Value key = document.key_at(i), value = document.value_at(i);
      const std::string name = key.is_string() ? std::string(key.string()) : to_json(key);
      const std::string child = child_field(field, name);
      bool known = false;
      if (properties && properties.is_object())
        if (const Value inner = properties.get(name)) {
          known = true;
          apply(inner, value, child, found, depth + 1);
        }
      if (patterns && patterns.is_object())
        for (std::uint32_t j = 0; j < patterns.size(); ++j) {
          const auto* regex = compiled(patterns.key_at(j).string());
          if (regex == nullptr || !re2::RE2::PartialMatch(name, *regex)) continue;
          known = true;
          apply(patterns.value_at(j), value, child, found, depth + 1);
        }
      if (!known && rest) {
        if (rest.is_false())
          add("additional_property_not_allowed", format("Additional property {} is not allowed", name));
        else
          apply(rest, value, child, found, depth + 1);
      }
      if (const Value names = schema.get("propertyNames"); names && key.is_string() && !valid(names, key, field, depth))
        add("invalid_property_name", format("Property name of \"{}\" does not match", name));
    }
    if (const Value dependencies = schema.get("dependencies"); dependencies && dependencies.is_object())
      for (std::uint32_t i = 0; i < dependencies.size(); ++i) {
        if (!document.get(dependencies.key_at(i))) continue;
        const Value needed = dependencies.value_at(i);
        if (!needed.is_array()) {
          apply(needed, document, field, found, depth + 1);
          continue;
        }
        for (const Value name : needed.items())
          if (!document.get(name))
            add("missing_dependency", format("Has a dependency on {}", name.is_string() ? name.string() : ""));
      }
  }

  Value root_;
  std::string problem_;
  std::map<std::string, std::shared_ptr<re2::RE2>> patterns_;
};

// A document given as JSON text or as a value.
std::expected<Value, std::string> take_document(BuiltinContext& context, Value operand) {
  if (operand.is_string()) {
    auto value = parse_json_text(context.store, operand.string());
    if (!value) return std::unexpected("invalid JSON string");
    return value;
  }
  if (operand.is_object() || operand.is_array()) return operand;
  return std::unexpected("wrong type, expected string or object");
}

}  // namespace

Value json_verify_schema(BuiltinContext& context, Arguments arguments) {
  auto& store = context.store;
  const auto schema = take_document(context, arguments[0]);
  const std::string problem = schema ? Schema(*schema).verify() : schema.error();
  if (!problem.empty()) return store.array({Value::boolean(false), store.string("jsonschema: " + problem)});
  return store.array({Value::boolean(true), Value::null()});
}

Value json_match_schema(BuiltinContext& context, Arguments arguments) {
  auto& store = context.store;
  const auto document = take_document(context, arguments[0]);
  if (!document) return context.fail(document.error());
  const auto schema_value = take_document(context, arguments[1]);
  if (!schema_value) return context.fail(schema_value.error());
  Schema schema(*schema_value);
  if (const std::string problem = schema.verify(); !problem.empty()) return context.fail(problem);
  const auto mismatches = schema.match(*document);
  if (!schema.problem().empty()) return context.fail(schema.problem());
  std::vector<Value> errors;
  for (const auto& mismatch : mismatches)
    errors.push_back(store.object({{store.intern("error"), store.string(mismatch.field + ": " + mismatch.description)},
                                   {store.intern("type"), store.string(mismatch.type)},
                                   {store.intern("field"), store.string(mismatch.field)},
                                   {store.intern("desc"), store.string(mismatch.description)}}));
  return store.array({Value::boolean(mismatches.empty()), store.array(errors)});
}

}  // namespace chiron::policy::functions
