// Validation of GraphQL schemas and queries (specification, sections 3 and 5), and the built-ins graphql.*.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "engines/policy/builtins/graphql.h"
#include "engines/policy/builtins/support.h"

namespace chiron::policy {

namespace graphql {

namespace {

std::string_view text_of(Value node, std::string_view name) {
  const Value member = node.is_object() ? node.get(name) : Value();
  return member && member.is_string() ? member.string() : std::string_view();
}
std::span<const Value> list_of(Value node, std::string_view name) {
  const Value member = node.is_object() ? node.get(name) : Value();
  return member && member.is_array() ? member.items() : std::span<const Value>();
}
bool flag_of(Value node, std::string_view name) {
  const Value member = node.is_object() ? node.get(name) : Value();
  return member && member.is_true();
}
// "[Int!]!"
std::string type_text(Value type) {
  const Value element = type.get("Elem");
  std::string out = element ? "[" + type_text(element) + "]" : std::string(text_of(type, "NamedType"));
  return flag_of(type, "NonNull") ? out + "!" : out;
}
std::string_view named_type(Value type) {
  while (type.get("Elem")) type = type.get("Elem");
  return text_of(type, "NamedType");
}

struct Type {
  std::string kind;
  std::vector<Value> fields, directives, values;
  std::vector<std::string> interfaces, members;  // of a union
  Value node;
  [[nodiscard]] Value field(std::string_view name) const {
    for (const Value candidate : fields)
      if (text_of(candidate, "Name") == name) return candidate;
    return {};
  }
  [[nodiscard]] bool is_input() const { return kind == "SCALAR" || kind == "ENUM" || kind == "INPUT_OBJECT"; }
  [[nodiscard]] bool is_output() const { return kind != "INPUT_OBJECT"; }
  [[nodiscard]] bool is_leaf() const { return kind == "SCALAR" || kind == "ENUM"; }
  [[nodiscard]] bool is_composite() const { return kind == "OBJECT" || kind == "INTERFACE" || kind == "UNION"; }
};

constexpr std::string_view kPrelude = R"(
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
type __Schema { description: String types: [__Type!]! queryType: __Type! mutationType: __Type subscriptionType: __Type directives: [__Directive!]! }
type __Type { kind: __TypeKind! name: String description: String fields(includeDeprecated: Boolean = false): [__Field!] interfaces: [__Type!]
  possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean = false): [__EnumValue!] inputFields: [__InputValue!] ofType: __Type specifiedByURL: String }
type __Field { name: String! description: String args: [__InputValue!]! type: __Type! isDeprecated: Boolean! deprecationReason: String }
type __InputValue { name: String! description: String type: __Type! defaultValue: String }
type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
type __Directive { name: String! description: String locations: [__DirectiveLocation!]! args: [__InputValue!]! isRepeatable: Boolean! }
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
enum __DirectiveLocation { QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA SCALAR
  OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION }
)";

// Says only the first thing that is wrong.
class Checker {
 public:
  explicit Checker(const Positions& positions) : positions_(positions) {}
  [[nodiscard]] const std::string& error() const { return error_; }

 protected:
  [[nodiscard]] bool ok() const { return error_.empty(); }
  void fail(Value node, std::string message) {
    if (!ok()) return;
    error_ = std::move(message);
    const auto found = positions_.find(node.bits());
    if (found != positions_.end())
      error_ += format(" in GraphQL string at location {}:{}", found->second.line, found->second.column);
  }

 private:
  const Positions& positions_;
  std::string error_;
};

class Schema : public Checker {
 public:
  Schema(Store& store, Value document, const Positions& positions) : Checker(positions) {
    const Value prelude = *parse_schema(store, kPrelude);
    for (const Value definition : list_of(prelude, "Definitions")) declare(definition, false);
    for (const Value definition : list_of(prelude, "Directives"))
      directives[std::string(text_of(definition, "Name"))] = definition;
    for (const Value definition : list_of(document, "Definitions")) declare(definition, false);
    for (const Value definition : list_of(document, "Extensions")) declare(definition, true);
    for (const Value definition : list_of(document, "Directives")) {
      const std::string name(text_of(definition, "Name"));
      // The built-in directives may be declared again.
      if (own_directives_.contains(name)) fail(definition, format("Cannot redeclare directive {}.", name));
      own_directives_.insert(name);
      directives[name] = definition;
    }
    if (list_of(document, "Schema").size() > 1)
      fail(list_of(document, "Schema")[1],
           "Cannot have multiple schema entry points, consider schema extensions instead.");
    for (auto list : {"Schema", "SchemaExtension"})
      for (const Value definition : list_of(document, list))
        for (const Value entry : list_of(definition, "OperationTypes")) {
          const std::string operation(text_of(entry, "Operation")), type(text_of(entry, "Type"));
          if (!types.contains(type))
            fail(entry, format("Schema root {} refers to a type {} that does not exist.", operation, type));
          roots[operation] = type;
        }
    if (list_of(document, "Schema").empty())
      for (auto [operation, name] :
           {std::pair{"query", "Query"}, {"mutation", "Mutation"}, {"subscription", "Subscription"}})
        if (!roots.contains(operation) && types.contains(name)) roots[operation] = name;
    for (const auto& [name, type] : types)
      if (ok() && type.node) check_type(name, type);
    for (const auto& [name, definition] : directives) {
      if (!own_directives_.contains(name)) continue;
      if (name.starts_with("__"))
        fail(definition,
             format("Name \"{}\" must not begin with \"__\", which is reserved by GraphQL introspection.", name));
      check_arguments(definition);
    }
  }

  std::map<std::string, Type, std::less<>> types;
  std::map<std::string, Value, std::less<>> directives;
  std::map<std::string, std::string, std::less<>> roots;  // by operation

  [[nodiscard]] const Type* find(std::string_view name) const {
    const auto found = types.find(name);
    return found == types.end() ? nullptr : &found->second;
  }
  // The object types that a type may be.
  [[nodiscard]] std::set<std::string> possible(std::string_view name) const {
    std::set<std::string> out;
    const Type* type = find(name);
    if (type == nullptr) return out;
    if (type->kind == "OBJECT") out.insert(std::string(name));
    if (type->kind == "UNION") out.insert(type->members.begin(), type->members.end());
    if (type->kind == "INTERFACE")
      for (const auto& [other, candidate] : types)
        if (candidate.kind == "OBJECT" && std::ranges::find(candidate.interfaces, name) != candidate.interfaces.end())
          out.insert(other);
    return out;
  }

 private:
  void declare(Value definition, bool extension) {
    const std::string name(text_of(definition, "Name"));
    auto found = types.find(name);
    if (found != types.end() && !extension) return fail(definition, format("Cannot redeclare type {}.", name));
    auto& type = types[name];
    const bool prelude = name.starts_with("__") || is_builtin_scalar(name);
    if (found == types.end()) {
      type.kind = text_of(definition, "Kind");
      if (!prelude) type.node = definition;
    } else if (type.kind != text_of(definition, "Kind")) {
      return fail(definition, format("Cannot extend type {} because the base type is a {}, not {}.", name, type.kind,
                                     text_of(definition, "Kind")));
    }
    auto append = [&](std::vector<Value>& to, std::string_view member) {
      const auto items = list_of(definition, member);
      to.insert(to.end(), items.begin(), items.end());
    };
    append(type.fields, "Fields");
    append(type.directives, "Directives");
    append(type.values, "EnumValues");
    for (const Value item : list_of(definition, "Interfaces")) type.interfaces.emplace_back(item.string());
    for (const Value item : list_of(definition, "Types")) type.members.emplace_back(item.string());
  }
  static bool is_builtin_scalar(std::string_view name) {
    return name == "Int" || name == "Float" || name == "String" || name == "Boolean" || name == "ID";
  }

  void check_reference(Value node, Value type) {
    const auto name = named_type(type);
    if (find(name) == nullptr) fail(node, format("Undefined type {}.", name));
  }
  void check_arguments(Value owner) {
    for (const Value argument : list_of(owner, "Arguments")) {
      const Value type = argument.get("Type");
      check_reference(argument, type);
      const Type* found = find(named_type(type));
      if (found != nullptr && !found->is_input())
        fail(argument, format("cannot use {} as argument {} because {} is not a valid input type", named_type(type),
                              text_of(argument, "Name"), found->kind));
      check_directives(argument, "ARGUMENT_DEFINITION");
    }
  }
  void check_directives(Value owner, std::string_view location) {
    check_directives(list_of(owner, "Directives"), location);
  }
  void check_directives(std::span<const Value> applied, std::string_view location) {
    for (const Value directive : applied) {
      const auto name = text_of(directive, "Name");
      const auto found = directives.find(name);
      if (found == directives.end()) return fail(directive, format("Undefined directive {}.", name));
      const auto places = list_of(found->second, "Locations");
      if (std::ranges::none_of(places, [&](Value place) { return place.string() == location; }))
        fail(directive, format("Directive {} is not applicable on {}.", name, location));
    }
  }

  void check_type(const std::string& name, const Type& type) {
    if (name.starts_with("__"))
      fail(type.node,
           format("Name \"{}\" must not begin with \"__\", which is reserved by GraphQL introspection.", name));
    for (const auto& member : type.members) {
      const Type* found = find(member);
      if (found == nullptr)
        fail(type.node, format("Undefined type \"{}\".", member));
      else if (found->kind != "OBJECT")
        fail(type.node, format("UNION type \"{}\" must be OBJECT.", member));
    }
    for (const auto& name_of_interface : type.interfaces) check_implements(name, type, name_of_interface);
    if ((type.kind == "OBJECT" || type.kind == "INTERFACE") && type.fields.empty())
      fail(type.node, format("{} {}: must define one or more fields.", type.kind, name));
    if (type.kind == "ENUM" && type.values.empty())
      fail(type.node, format("{} {}: must define one or more unique enum values.", type.kind, name));
    if (type.kind == "INPUT_OBJECT" && type.fields.empty())
      fail(type.node, format("{} {}: must define one or more input fields.", type.kind, name));
    std::set<std::string_view> seen;
    for (const Value field : type.fields) {
      const auto label = text_of(field, "Name");
      if (label.starts_with("__"))
        fail(field,
             format("Name \"{}\" must not begin with \"__\", which is reserved by GraphQL introspection.", label));
      if (!seen.insert(label).second) fail(field, format("Field {}.{} can only be defined once.", name, label));
      const Value field_type = field.get("Type");
      check_reference(field, field_type);
      const Type* found = find(named_type(field_type));
      if (found != nullptr && type.kind == "INPUT_OBJECT" && !found->is_input())
        fail(field, format("{} {}: field must be one of SCALAR, ENUM, INPUT_OBJECT.", found->kind, label));
      if (found != nullptr && type.kind != "INPUT_OBJECT" && !found->is_output())
        fail(field, format("{} {}: field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.", found->kind, label));
      check_arguments(field);
      check_directives(field, type.kind == "INPUT_OBJECT" ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION");
    }
    std::set<std::string_view> values;
    for (const Value value : type.values) {
      if (!values.insert(text_of(value, "Name")).second)
        fail(value, format("Enum value {}.{} can only be defined once.", name, text_of(value, "Name")));
      check_directives(value, "ENUM_VALUE");
    }
    check_directives(type.directives, type.kind);
  }

  bool is_covariant(Value wanted, Value actual) const {
    if (flag_of(wanted, "NonNull") && !flag_of(actual, "NonNull")) return false;
    const Value wanted_element = wanted.get("Elem"), actual_element = actual.get("Elem");
    if (wanted_element || actual_element)
      return wanted_element && actual_element && is_covariant(wanted_element, actual_element);
    const auto a = text_of(wanted, "NamedType"), b = text_of(actual, "NamedType");
    if (a == b) return true;
    const Type* type = find(b);
    return possible(a).contains(std::string(b)) ||
           (type != nullptr && std::ranges::find(type->interfaces, a) != type->interfaces.end());
  }
  void check_implements(const std::string& name, const Type& type, const std::string& interface_name) {
    const Type* found = find(interface_name);
    if (found == nullptr) return fail(type.node, format("Undefined type \"{}\".", interface_name));
    if (found->kind != "INTERFACE")
      return fail(type.node, format("{} is a non interface type {}.", interface_name, found->kind));
    for (const auto& inherited : found->interfaces)
      if (std::ranges::find(type.interfaces, inherited) == type.interfaces.end())
        fail(type.node,
             format("Type {} must implement {} because it is implemented by {}.", name, inherited, interface_name));
    for (const Value required : found->fields) {
      const auto label = text_of(required, "Name");
      const Value field = type.field(label);
      if (!field)
        return fail(type.node,
                    format("For {} to implement {} it must have a field called {}.", name, interface_name, label));
      if (!is_covariant(required.get("Type"), field.get("Type")))
        fail(field, format("For {} to implement {} the field {} must have type {}.", name, interface_name, label,
                           type_text(required.get("Type"))));
      for (const Value argument : list_of(required, "Arguments")) {
        const auto arguments = list_of(field, "Arguments");
        const auto same = std::ranges::find_if(
            arguments, [&](Value candidate) { return text_of(candidate, "Name") == text_of(argument, "Name"); });
        if (same == arguments.end())
          fail(field, format("For {} to implement {} the field {} must have the same arguments but it is missing {}.",
                             name, interface_name, label, text_of(argument, "Name")));
      }
    }
  }

  std::set<std::string> own_directives_;
};

class Query : public Checker {
 public:
  Query(Store& store, Value document, const Schema& schema, const Positions& positions)
      : Checker(positions), store_(store), schema_(schema) {
    std::set<std::string_view> operations;
    const auto all = list_of(document, "Operations");
    for (const Value fragment : list_of(document, "Fragments")) {
      const std::string name(text_of(fragment, "Name"));
      if (!fragments_.try_emplace(name, fragment).second)
        fail(fragment, format("There can be only one fragment named \"{}\".", name));
    }
    for (const Value operation : all) {
      const auto name = text_of(operation, "Name");
      if (name.empty() && all.size() > 1)
        fail(operation, "This anonymous operation must be the only defined operation.");
      if (!name.empty() && !operations.insert(name).second)
        fail(operation, format("There can be only one operation named \"{}\".", name));
    }
    for (const auto& [name, fragment] : fragments_) check_fragment(fragment);
    for (const Value operation : all) check_operation(operation);
    for (const auto& [name, fragment] : fragments_)
      if (!used_fragments_.contains(name)) fail(fragment, format("Fragment \"{}\" is never used.", name));
  }

 private:
  void check_fragment(Value fragment) {
    const auto condition = text_of(fragment, "TypeCondition");
    const Type* type = schema_.find(condition);
    if (type == nullptr) return fail(fragment, format("Unknown type \"{}\".", condition));
    if (!type->is_composite())
      fail(fragment, format("Fragment \"{}\" cannot condition on non composite type \"{}\".", text_of(fragment, "Name"),
                            condition));
    // A fragment that reaches itself never ends.
    std::set<std::string> reached;
    std::vector<Value> open{fragment};
    const std::string name(text_of(fragment, "Name"));
    while (!open.empty()) {
      const Value node = open.back();
      open.pop_back();
      for (const Value selection : list_of(node, "SelectionSet")) {
        if (!is_spread(selection)) {
          open.push_back(selection);
          continue;
        }
        const std::string other(text_of(selection, "Name"));
        if (other == name) return fail(selection, format("Cannot spread fragment \"{}\" within itself.", name));
        const auto found = fragments_.find(other);
        if (found != fragments_.end() && reached.insert(other).second) open.push_back(found->second);
      }
    }
  }
  static bool is_spread(Value selection) { return !selection.get("Alias") && !selection.get("SelectionSet"); }
  static bool is_field(Value selection) { return selection.get("Alias").defined(); }

  void check_operation(Value operation) {
    const auto kind = text_of(operation, "Operation");
    const auto root = schema_.roots.find(kind);
    if (root == schema_.roots.end())
      return fail(operation, format("Schema does not support operation type \"{}\"", kind));
    variables_.clear();
    used_variables_.clear();
    for (const Value variable : list_of(operation, "VariableDefinitions")) {
      const std::string name(text_of(variable, "Variable"));
      const Value type = variable.get("Type");
      const Type* found = schema_.find(named_type(type));
      if (found == nullptr) return fail(variable, format("Unknown type \"{}\".", named_type(type)));
      if (!found->is_input())
        fail(variable, format("Variable \"${}\" cannot be non-input type \"{}\".", name, type_text(type)));
      if (!variables_.try_emplace(name, variable).second)
        fail(variable, format("There can be only one variable named \"${}\".", name));
      if (const Value value = variable.get("DefaultValue")) check_value(value, type);
    }
    check_directives(operation, kind == "query" ? "QUERY" : kind == "mutation" ? "MUTATION" : "SUBSCRIPTION");
    visiting_.clear();
    check_selections(operation, root->second);
    if (kind == "subscription" && list_of(operation, "SelectionSet").size() > 1)
      fail(operation, "Subscription must select only one top level field.");
    for (const auto& [name, variable] : variables_)
      if (!used_variables_.contains(name)) {
        const auto label = text_of(operation, "Name");
        fail(variable, label.empty() ? format("Variable \"${}\" is never used.", name)
                                     : format("Variable \"${}\" is never used in operation \"{}\".", name, label));
      }
    std::map<std::string, Value> merged;
    check_merge(operation, merged, {});
  }

  // Two fields that answer under one name must be the same field with the same arguments.
  void check_merge(Value node, std::map<std::string, Value>& merged, std::set<std::string> seen) {
    for (const Value selection : list_of(node, "SelectionSet")) {
      if (is_field(selection)) {
        const std::string alias(text_of(selection, "Alias"));
        const auto [found, fresh] = merged.try_emplace(alias, selection);
        if (fresh) continue;
        if (text_of(found->second, "Name") != text_of(selection, "Name"))
          fail(selection, format("Fields \"{}\" conflict because \"{}\" and \"{}\" are different fields. Use different "
                                 "aliases on the fields to fetch both if this was intentional.",
                                 alias, text_of(found->second, "Name"), text_of(selection, "Name")));
        else if (!(found->second.get("Arguments") == selection.get("Arguments")))
          fail(selection, format("Fields \"{}\" conflict because they have differing arguments. Use different aliases "
                                 "on the fields to fetch both if this was intentional.",
                                 alias));
      } else if (is_spread(selection)) {
        const auto fragment = fragments_.find(text_of(selection, "Name"));
        if (fragment != fragments_.end() && seen.insert(fragment->first).second)
          check_merge(fragment->second, merged, seen);
      } else if (text_of(selection, "TypeCondition").empty()) {
        check_merge(selection, merged, seen);
      }
    }
  }

  void check_selections(Value node, const std::string& parent) {
    for (const Value selection : list_of(node, "SelectionSet")) {
      if (!ok()) return;
      if (is_field(selection))
        check_field(selection, parent);
      else if (is_spread(selection))
        check_spread(selection, parent);
      else
        check_inline(selection, parent);
    }
  }
  void check_field(Value selection, const std::string& parent) {
    const auto name = text_of(selection, "Name");
    const Type* type = schema_.find(parent);
    check_directives(selection, "FIELD");
    if (name == "__typename") return;
    Value field;
    const auto query = schema_.roots.find("query");
    if (query != schema_.roots.end() && query->second == parent && (name == "__schema" || name == "__type"))
      field = introspection_field(name);
    else if (type != nullptr)
      field = type->field(name);
    if (!field) return fail(selection, format("Cannot query field \"{}\" on type \"{}\".", name, parent));
    check_arguments(selection, field, format("Field \"{}\"", name), format("Field \"{}\"", name), parent);
    const std::string result(named_type(field.get("Type")));
    const Type* result_type = schema_.find(result);
    const bool selects = !list_of(selection, "SelectionSet").empty();
    if (result_type != nullptr && result_type->is_leaf() && selects)
      return fail(selection,
                  format("Field \"{}\" must not have a selection since type \"{}\" has no subfields.", name, result));
    if (result_type != nullptr && !result_type->is_leaf() && !selects)
      return fail(
          selection,
          format("Field \"{}\" of type \"{}\" must have a selection of subfields. Did you mean \"{} {{ ... }}\"?", name,
                 type_text(field.get("Type")), name));
    check_selections(selection, result);
  }
  Value introspection_field(std::string_view name) {
    const auto parsed = parse_schema(store_, "type Query { __schema: __Schema! __type(name: String!): __Type }");
    for (const Value field : list_of(list_of(*parsed, "Definitions")[0], "Fields"))
      if (text_of(field, "Name") == name) return field;
    return {};
  }
  void check_spread(Value selection, const std::string& parent) {
    const std::string name(text_of(selection, "Name"));
    check_directives(selection, "FRAGMENT_SPREAD");
    const auto found = fragments_.find(name);
    if (found == fragments_.end()) return fail(selection, format("Unknown fragment \"{}\".", name));
    used_fragments_.insert(name);
    const std::string condition(text_of(found->second, "TypeCondition"));
    if (!overlap(parent, condition))
      return fail(selection,
                  format("Fragment \"{}\" cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
                         name, parent, condition));
    if (!visiting_.insert(name).second) return;
    check_directives(found->second, "FRAGMENT_DEFINITION");
    check_selections(found->second, condition);
  }
  void check_inline(Value selection, const std::string& parent) {
    const std::string condition(text_of(selection, "TypeCondition"));
    check_directives(selection, "INLINE_FRAGMENT");
    if (condition.empty()) return check_selections(selection, parent);
    const Type* type = schema_.find(condition);
    if (type == nullptr) return fail(selection, format("Unknown type \"{}\".", condition));
    if (!type->is_composite())
      return fail(selection, format("Fragment cannot condition on non composite type \"{}\".", condition));
    if (!overlap(parent, condition))
      return fail(selection,
                  format("Fragment cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
                         parent, condition));
    check_selections(selection, condition);
  }
  bool overlap(const std::string& a, const std::string& b) const {
    if (a == b) return true;
    const auto x = schema_.possible(a), y = schema_.possible(b);
    return std::ranges::any_of(x, [&](const std::string& name) { return y.contains(name); });
  }

  void check_directives(Value node, std::string_view location) {
    std::set<std::string_view> seen;
    for (const Value directive : list_of(node, "Directives")) {
      const auto name = text_of(directive, "Name");
      const auto found = schema_.directives.find(name);
      if (found == schema_.directives.end()) return fail(directive, format("Unknown directive \"@{}\".", name));
      const auto places = list_of(found->second, "Locations");
      if (std::ranges::none_of(places, [&](Value place) { return place.string() == location; }))
        fail(directive, format("Directive \"@{}\" may not be used on {}.", name, location));
      if (!seen.insert(name).second && !flag_of(found->second, "IsRepeatable"))
        fail(directive, format("The directive \"@{}\" can only be used once at this location.", name));
      check_arguments(directive, found->second, format("Directive \"@{}\"", name), format("Directive \"@{}\"", name),
                      "");
    }
  }
  void check_arguments(Value node, Value definition, const std::string& owner, const std::string& required_owner,
                       std::string_view parent) {
    const auto declared = list_of(definition, "Arguments");
    std::set<std::string_view> given;
    for (const Value argument : list_of(node, "Arguments")) {
      const auto name = text_of(argument, "Name");
      if (!given.insert(name).second) fail(argument, format("There can be only one argument named \"{}\".", name));
      const auto found =
          std::ranges::find_if(declared, [&](Value candidate) { return text_of(candidate, "Name") == name; });
      if (found == declared.end()) {
        fail(node, parent.empty()
                       ? format("Unknown argument \"{}\" on {}.", name, owner)
                       : format("Unknown argument \"{}\" on field \"{}.{}\".", name, parent, text_of(node, "Name")));
        continue;
      }
      check_value(argument.get("Value"), found->get("Type"), found->get("DefaultValue").defined());
    }
    for (const Value argument : declared) {
      const Value type = argument.get("Type");
      if (flag_of(type, "NonNull") && !argument.get("DefaultValue") && !given.contains(text_of(argument, "Name")))
        fail(node, format("{} argument \"{}\" of type \"{}\" is required, but it was not provided", required_owner,
                          text_of(argument, "Name"), type_text(type)));
    }
  }

  bool variable_fits(Value actual, Value wanted, bool has_default) const {
    if (flag_of(wanted, "NonNull") && !flag_of(actual, "NonNull") && !has_default) return false;
    const Value wanted_element = wanted.get("Elem"), actual_element = actual.get("Elem");
    if (wanted_element || actual_element)
      return wanted_element && actual_element && variable_fits(actual_element, wanted_element, false);
    return text_of(wanted, "NamedType") == text_of(actual, "NamedType");
  }
  static std::string literal(Value value) {
    std::int64_t kind = 0;
    (void)value.get("Kind").number_integer(kind);
    const std::string raw(text_of(value, "Raw"));
    if (kind == 3 || kind == 4) return "\"" + raw + "\"";
    if (kind == 8 || kind == 9) {
      std::string out = kind == 8 ? "[" : "{";
      for (const Value child : list_of(value, "Children")) {
        if (out.size() > 1) out += ",";
        if (kind == 9) out += std::string(text_of(child, "Name")) + ":";
        out += literal(child.get("Value"));
      }
      return out + (kind == 8 ? "]" : "}");
    }
    return raw;
  }
  void check_value(Value value, Value type, bool location_default = false) {
    std::int64_t kind = 0;
    if (!value || !value.get("Kind") || !value.get("Kind").number_integer(kind)) return;
    const std::string_view raw = text_of(value, "Raw");
    if (kind == 0) {
      used_variables_.insert(std::string(raw));
      const auto found = variables_.find(raw);
      if (found == variables_.end()) return fail(value, format("Variable \"{}\" is not defined.", raw));
      const Value default_value = found->second.get("DefaultValue");
      std::int64_t default_kind = 0;
      const bool has_default =
          (default_value && default_value.get("Kind").number_integer(default_kind) && default_kind != 6) ||
          location_default;
      if (!variable_fits(found->second.get("Type"), type, has_default))
        fail(value, format("Variable \"${}\" of type \"{}\" used in position expecting type \"{}\".", raw,
                           type_text(found->second.get("Type")), type_text(type)));
      return;
    }
    if (kind == 6) {
      if (flag_of(type, "NonNull")) fail(value, format("Expected value of type \"{}\", found null.", type_text(type)));
      return;
    }
    if (const Value element = type.get("Elem")) {
      if (kind != 8) return check_value(value, element);
      for (const Value child : list_of(value, "Children")) check_value(child.get("Value"), element);
      return;
    }
    const std::string_view name = text_of(type, "NamedType");
    const Type* found = schema_.find(name);
    if (found == nullptr) return;
    if (found->kind == "INPUT_OBJECT") {
      if (kind != 9)
        return fail(value, format("Expected value of type \"{}\", found {}.", type_text(type), literal(value)));
      std::set<std::string_view> given;
      for (const Value child : list_of(value, "Children")) {
        const auto label = text_of(child, "Name");
        if (!given.insert(label).second) fail(value, format("There can be only one input field named \"{}\".", label));
        const Value field = found->field(label);
        if (!field) return fail(value, format("Field \"{}\" is not defined by type \"{}\".", label, name));
        check_value(child.get("Value"), field.get("Type"), field.get("DefaultValue").defined());
      }
      for (const Value field : found->fields)
        if (flag_of(field.get("Type"), "NonNull") && !field.get("DefaultValue") &&
            !given.contains(text_of(field, "Name")))
          fail(value, format("Field \"{}.{}\" of required type \"{}\" was not provided.", name, text_of(field, "Name"),
                             type_text(field.get("Type"))));
      return;
    }
    bool fits = true;
    if (found->kind == "ENUM") {
      fits =
          kind == 7 && std::ranges::any_of(found->values, [&](Value entry) { return text_of(entry, "Name") == raw; });
      if (kind == 7 && !fits) return fail(value, format("Value \"{}\" does not exist in \"{}\" enum.", raw, name));
    } else if (name == "Int") {
      fits = kind == 1;
    } else if (name == "Float") {
      fits = kind == 1 || kind == 2;
    } else if (name == "String") {
      fits = kind == 3 || kind == 4;
    } else if (name == "Boolean") {
      fits = kind == 5;
    } else if (name == "ID") {
      fits = kind == 1 || kind == 3 || kind == 4;
    }
    if (!fits)
      fail(value, name == "Int" || name == "Float" || name == "String" || name == "Boolean" || name == "ID"
                      ? format("{} cannot represent a value: {}", name, literal(value))
                      : format("Expected value of type \"{}\", found {}.", type_text(type), literal(value)));
  }

  Store& store_;
  const Schema& schema_;
  std::map<std::string, Value, std::less<>> fragments_, variables_;
  std::set<std::string, std::less<>> used_fragments_, used_variables_, visiting_;
};

}  // namespace

std::string validate_schema(Store& store, Value schema, const Positions& positions) {
  return Schema(store, schema, positions).error();
}
std::string validate_query(Store& store, Value query, Value schema, const Positions& positions) {
  const Schema checked(store, schema, {});
  if (!checked.error().empty()) return checked.error();
  return Query(store, query, checked, positions).error();
}

}  // namespace graphql

namespace functions {

namespace {

using graphql::Positions;
using Parse = std::expected<Value, std::string> (*)(Store&, std::string_view, Positions*);

// A document given as text or as a tree; nothing after context.fail.
std::expected<Value, std::string> document_of(BuiltinContext& context, Value operand, Parse parse,
                                              Positions& positions) {
  if (operand.is_string()) return parse(context.store, operand.string(), &positions);
  return operand;
}
bool is_document(Value value) { return value.is_string() || value.is_object(); }

struct Verified {
  Value query, schema;
  std::string error;
};
Verified verify(BuiltinContext& context, Arguments arguments) {
  Verified out;
  Positions query_places, schema_places;
  auto query = document_of(context, arguments[0], graphql::parse_query, query_places);
  auto schema = document_of(context, arguments[1], graphql::parse_schema, schema_places);
  if (!query || !schema) {
    out.error = !query ? query.error() : schema.error();
    return out;
  }
  out.query = *query;
  out.schema = *schema;
  if (out.query.depth() > 5000 || out.schema.depth() > 5000) out.error = "the document is nested too deeply";
  if (out.error.empty()) out.error = graphql::validate_schema(context.store, out.schema, schema_places);
  if (out.error.empty()) out.error = graphql::validate_query(context.store, out.query, out.schema, query_places);
  return out;
}

bool take_documents(BuiltinContext& context, Arguments arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (!is_document(arguments[i])) {
      fail_one_of(context, static_cast<int>(i) + 1, "string, object", arguments[i]);
      return false;
    }
  return true;
}

}  // namespace

Value graphql_parse_query(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  auto document = graphql::parse_query(context.store, text);
  return document ? *document : context.fail(document.error());
}
Value graphql_parse_schema(BuiltinContext& context, Arguments arguments) {
  std::string_view text;
  if (!take_string(context, arguments, 0, text)) return {};
  auto document = graphql::parse_schema(context.store, text);
  return document ? *document : context.fail(document.error());
}
Value graphql_parse(BuiltinContext& context, Arguments arguments) {
  if (!take_documents(context, arguments)) return {};
  const auto verified = verify(context, arguments);
  if (!verified.error.empty()) return context.fail(verified.error);
  return context.store.array({verified.query, verified.schema});
}
Value graphql_parse_and_verify(BuiltinContext& context, Arguments arguments) {
  auto& store = context.store;
  const Value empty = store.object({});
  if (!is_document(arguments[0]) || !is_document(arguments[1]))
    return store.array({Value::boolean(false), empty, empty});
  const auto verified = verify(context, arguments);
  if (!verified.error.empty()) return store.array({Value::boolean(false), empty, empty});
  return store.array({Value::boolean(true), verified.query, verified.schema});
}
Value graphql_is_valid(BuiltinContext& context, Arguments arguments) {
  if (!is_document(arguments[0]) || !is_document(arguments[1])) return Value::boolean(false);
  return Value::boolean(verify(context, arguments).error.empty());
}
Value graphql_schema_is_valid(BuiltinContext& context, Arguments arguments) {
  if (!is_document(arguments[0])) return Value::boolean(false);
  Positions places;
  auto schema = document_of(context, arguments[0], graphql::parse_schema, places);
  if (!schema || schema->depth() > 5000) return Value::boolean(false);
  return Value::boolean(graphql::validate_schema(context.store, *schema, places).empty());
}

}  // namespace functions

}  // namespace chiron::policy
