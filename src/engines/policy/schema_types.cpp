// Types from JSON Schema: what a document's schema says of its members, and which schemas a rule's annotations name.
#include <algorithm>

#include "engines/policy/loader.h"
#include "engines/policy/types.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::policy {

namespace {

using K = Type::Kind;
constexpr int kSchemaDepth = 64;

struct Reader {
  Types& types;
  const doc::Value& root;

  [[nodiscard]] bool is_type(const doc::Value& schema, std::string_view name) const {
    const doc::Value* type = schema.find("type");
    if (type == nullptr) return false;
    if (type->is_string()) return type->as_string() == name;
    if (!type->is_array()) return false;
    return std::any_of(type->items().begin(), type->items().end(),
                       [&](const doc::Value& each) { return each.is_string() && each.as_string() == name; });
  }

  Result<const doc::Value*> follow(std::string_view reference) const {
    if (!reference.starts_with('#')) {
      return fail(ErrorKind::input, "policy.schema",
                  "schema reference " + std::string(reference) + " leads out of its file; only #/… is followed");
    }
    const doc::Value* at = &root;
    std::string_view rest = reference.substr(1);
    while (at != nullptr && rest.starts_with('/')) {
      rest.remove_prefix(1);
      const std::size_t end = std::min(rest.find('/'), rest.size());
      std::string step(rest.substr(0, end));
      step = text::replace_all(text::replace_all(step, "~1", "/"), "~0", "~");
      rest.remove_prefix(end);
      at = at->is_object() ? at->find(step) : nullptr;
    }
    if (at == nullptr)
      return fail(ErrorKind::input, "policy.schema", "schema reference " + std::string(reference) + " leads nowhere");
    return at;
  }

  Result<const Type*> object(const doc::Value& schema, int depth) {
    Type type;
    type.kind = K::object;
    const doc::Value* properties = schema.find("properties");
    if (properties == nullptr || !properties->is_object() || properties->members().empty()) {
      type.key = type.element = types.any();
      return types.make(std::move(type));
    }
    for (const doc::Member& member : properties->members())
      type.members.emplace_back(std::string(member.name), TRY(read(member.value, depth + 1)));
    std::sort(type.members.begin(), type.members.end());
    return types.make(std::move(type));
  }

  Result<const Type*> array(const doc::Value& schema, int depth) {
    Type type;
    type.kind = K::array;
    const doc::Value* items = schema.find("items");
    if (items != nullptr && items->is_array()) {
      for (const doc::Value& each : items->items()) type.items.push_back(TRY(read(each, depth + 1)));
    } else {
      type.element = items != nullptr && items->is_object() ? TRY(read(*items, depth + 1)) : types.any();
    }
    return types.make(std::move(type));
  }

  // allOf: the members of all its objects together.
  Result<const Type*> all_of(const doc::Value& list, int depth) {
    Type merged;
    merged.kind = K::object;
    const Type* other = nullptr;
    for (const doc::Value& each : list.items()) {
      const Type* type = TRY(read(each, depth + 1));
      if (type->kind != K::object) {
        if (type->kind == K::any) continue;
        if (other != nullptr && other->kind != type->kind)
          return fail(ErrorKind::input, "policy.schema", "unable to merge the types of allOf");
        other = type;
        continue;
      }
      for (const auto& member : type->members) {
        const auto known = std::find_if(merged.members.begin(), merged.members.end(),
                                        [&](const auto& entry) { return entry.first == member.first; });
        if (known == merged.members.end()) merged.members.push_back(member);
      }
    }
    if (other != nullptr) return other;
    if (merged.members.empty()) return types.any();
    std::sort(merged.members.begin(), merged.members.end());
    return types.make(std::move(merged));
  }

  Result<const Type*> read(const doc::Value& schema, int depth) {
    if (depth > kSchemaDepth || !schema.is_object()) return types.any();
    if (const doc::Value* reference = schema.find("$ref"); reference != nullptr && reference->is_string())
      return read(*TRY(follow(reference->as_string())), depth + 1);
    if (const doc::Value* all = schema.find("allOf"); all != nullptr && all->is_array()) return all_of(*all, depth);
    if (const doc::Value* any = schema.find("anyOf"); any != nullptr && any->is_array()) {
      std::vector<const Type*> choices;
      for (const doc::Value& each : any->items()) choices.push_back(TRY(read(each, depth + 1)));
      return types.one_of(std::move(choices));
    }
    std::vector<const Type*> choices;
    if (is_type(schema, "boolean")) choices.push_back(types.scalar(K::boolean));
    if (is_type(schema, "string")) choices.push_back(types.scalar(K::string));
    if (is_type(schema, "integer") || is_type(schema, "number")) choices.push_back(types.scalar(K::number));
    if (is_type(schema, "null")) choices.push_back(types.scalar(K::null));
    const bool typed = schema.find("type") != nullptr;
    if (is_type(schema, "object") || (!typed && schema.find("properties") != nullptr))
      choices.push_back(TRY(object(schema, depth)));
    if (is_type(schema, "array") || (!typed && schema.find("items") != nullptr))
      choices.push_back(TRY(array(schema, depth)));
    if (choices.empty()) return types.any();
    return types.one_of(std::move(choices));
  }
};

}  // namespace

const doc::Value* SchemaSet::find(const std::vector<std::string>& name) const {
  for (const auto& [path, schema] : schemas) {
    if (path == name) return &schema;
  }
  return nullptr;
}

Result<SchemaSet> load_schemas(const std::string& path) {
  SchemaSet out;
  auto add = [&](const std::string& file, std::vector<std::string> name) -> Result<void> {
    const std::string text = TRY(io::read_file(file));
    doc::Value schema;
    if (file.ends_with(".yaml") || file.ends_with(".yml")) {
      auto documents = TRY(doc::parse_yaml_all(text));
      if (!documents.empty()) schema = std::move(documents.front());
    } else {
      schema = TRY(doc::parse_json(text));
    }
    out.schemas.emplace_back(std::move(name), std::move(schema));
    return {};
  };
  if (!io::is_folder(path)) {
    TRY(add(path, {"schema"}));
    return out;
  }
  for (const io::Entry& entry : TRY(io::walk(path))) {
    if (entry.type != io::EntryType::file) continue;
    const std::string_view extension = io::extension(entry.path);
    if (extension != ".json" && extension != ".yaml" && extension != ".yml") continue;
    std::vector<std::string> name{"schema"};
    const std::string_view stem = std::string_view(entry.path).substr(0, entry.path.size() - extension.size());
    for (const std::string_view step : text::split(stem, '/')) name.emplace_back(step);
    TRY(add(io::join_path(path, entry.path), std::move(name)));
  }
  return out;
}

Result<const Type*> type_of_schema(Types& types, const doc::Value& schema) {
  if (!schema.is_object() && schema.kind() != doc::Kind::boolean)
    return fail(ErrorKind::input, "policy.schema", "a schema must be an object or a boolean");
  return Reader{types, schema}.read(schema, 0);
}

const Type* Types::one_of(std::vector<const Type*> choices) {
  if (choices.size() == 1) return choices[0];
  if (std::any_of(choices.begin(), choices.end(), [](const Type* each) { return each->kind == K::any; })) return any_;
  Type type;
  type.kind = K::one_of;
  type.items = std::move(choices);
  return make(std::move(type));
}

const Type* Types::keys(const Type& type) {
  switch (type.kind) {
    case K::array:
      return scalar(K::number);
    case K::object:
      return type.key != nullptr ? type.key->kind == K::string || type.members.empty() ? type.key : any_
                                 : scalar(K::string);
    case K::set:
      return type.element != nullptr ? type.element : any_;
    default:
      return any_;
  }
}

const Type* Types::values(const Type& type) {
  if (type.kind == K::one_of) return any_;
  std::vector<const Type*> all = type.items;
  for (const auto& [name, member] : type.members) all.push_back(member);
  if (type.element != nullptr) all.push_back(type.element);
  if (all.empty()) return nullptr;
  return one_of(std::move(all));
}

const Type* Types::select(const Type& type, Value key) {
  switch (type.kind) {
    case K::array: {
      std::int64_t index = 0;
      if (!key.is_number()) return nullptr;
      if (!key.is_small()) return type.element;
      index = key.small_value();
      if (index < 0) return nullptr;
      return static_cast<std::size_t>(index) < type.items.size() ? type.items[static_cast<std::size_t>(index)]
                                                                 : type.element;
    }
    case K::object: {
      const std::string name = key.is_string() ? std::string(key.string()) : to_rego(key);
      for (const auto& [known, member] : type.members) {
        if (known == name) return member;
      }
      if (type.key == nullptr || !overlap(*type.key, *of(key))) return nullptr;
      return type.element;
    }
    case K::set:
      return type.element == nullptr || overlap(*type.element, *of(key)) ? of(key) : nullptr;
    case K::one_of: {
      std::vector<const Type*> found;
      for (const Type* each : type.items) {
        if (const Type* below = each->kind == K::any ? each : select(*each, key)) found.push_back(below);
      }
      return found.empty() ? nullptr : one_of(std::move(found));
    }
    case K::any:
      return any_;
    default:
      return nullptr;
  }
}

TypeEnvironment environment_of(Types& types, const SchemaSet* schemas, const ast::Module& module, const ast::Rule* rule,
                               PolicyErrors& errors) {
  TypeEnvironment out;
  if (schemas == nullptr && module.annotations.empty()) return out;
  auto problem = [&](ast::Location at, std::string message) {
    PolicyError error;
    error.code = "rego_type_error";
    error.message = std::move(message);
    error.file = module.file;
    error.row = module.row(at.begin);
    error.column = module.column(at.begin);
    if (std::find(errors.begin(), errors.end(), error) == errors.end()) errors.push_back(std::move(error));
  };
  auto add = [&](const std::vector<std::string>& path, const doc::Value& schema, ast::Location at) {
    auto type = type_of_schema(types, schema);
    if (!type) return problem(at, type.error().message);
    // A later annotation is nearer to the rule: it stands in for what is known of the same document.
    std::erase_if(out.documents, [&](const auto& known) { return known.first == path; });
    out.documents.emplace_back(path, *type);
  };
  if (schemas != nullptr) {
    if (const doc::Value* whole = schemas->find({"schema"})) add({"input"}, *whole, {});
  }
  if (rule == nullptr) return out;
  auto apply = [&](const ast::Annotations& annotations) {
    for (const auto& each : annotations.schemas) {
      if (each.schema.empty()) {
        add(each.path, each.definition, rule->location);
        continue;
      }
      if (schemas == nullptr) continue;  // no schemas were loaded: nothing is checked
      const doc::Value* found = schemas->find(each.schema);
      if (found == nullptr)
        problem(rule->location, "undefined schema: " + text::join(each.schema, "."));
      else
        add(each.path, *found, rule->location);
    }
  };
  for (const auto& each : module.annotations) {
    if (each->scope == ast::AnnotationScope::package || each->scope == ast::AnnotationScope::subpackages) apply(*each);
  }
  for (const ast::AnnotationScope scope : {ast::AnnotationScope::document, ast::AnnotationScope::rule}) {
    for (const ast::Annotations* each : rule->annotations) {
      if (each->scope == scope) apply(*each);
    }
  }
  return out;
}

}  // namespace chiron::policy
