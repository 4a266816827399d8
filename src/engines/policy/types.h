// Types of Rego, as far as they can be known without evaluating: enough to say that a call or a comparison cannot hold.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engines/policy/hir.h"
#include "foundation/base/result.h"

namespace chiron::policy {

struct Type {
  enum class Kind : std::uint8_t { any, null, boolean, number, string, array, object, set, one_of };
  Kind kind = Kind::any;
  std::vector<const Type*> items;                            // array: known elements; one_of: the choices
  std::vector<std::pair<std::string, const Type*>> members;  // object: known members, keys as Rego text
  const Type* key = nullptr;                                 // object: of further keys
  const Type* element = nullptr;  // array, set: of further elements; object: of further values
};
[[nodiscard]] std::string to_string(const Type& type);

[[nodiscard]] doc::Value type_document(const Type& type);  // as OPA's errors show it in JSON

// The arguments and result of a signature.
struct FunctionType {
  std::vector<const Type*> arguments;
  const Type* result = nullptr;
  bool has_result = false;
  std::vector<std::string> names, descriptions;  // of the arguments, then of the result; may be empty
};

class Types {
 public:
  Types();
  [[nodiscard]] const Type* any() const { return any_; }
  // Notation as in builtin.h; what cannot be read is `any`.
  [[nodiscard]] const Type* parse(std::string_view text);
  [[nodiscard]] const FunctionType& function(const Builtin& builtin);
  [[nodiscard]] const Type* of(Value value);
  [[nodiscard]] const Type* make(Type type);
  [[nodiscard]] const Type* scalar(Type::Kind kind) const { return scalars_[static_cast<std::size_t>(kind) - 1]; }
  [[nodiscard]] const Type* one_of(std::vector<const Type*> choices);
  // Below a composite type: of all its keys, of all its values, of the value at one key (null where there is none).
  [[nodiscard]] const Type* keys(const Type& type);
  [[nodiscard]] const Type* values(const Type& type);
  [[nodiscard]] const Type* select(const Type& type, Value key);

 private:
  const Type* parse_at(std::string_view text, std::size_t& at, int depth);
  std::deque<Type> types_;
  const Type* any_;
  const Type* scalars_[4];  // null, boolean, number, string
  std::unordered_map<const Builtin*, FunctionType> functions_;
};

// Whether some value has both types.
[[nodiscard]] bool overlap(const Type& a, const Type& b);

// JSON Schemas by the names that annotations give them: {"schema"} for one file, {"schema", "x", "y"} below a folder.
struct SchemaSet {
  std::vector<std::pair<std::vector<std::string>, doc::Value>> schemas;
  [[nodiscard]] const doc::Value* find(const std::vector<std::string>& name) const;
};
// What a schema says of types, as OPA reads schemas: properties and items; additional properties are none.
[[nodiscard]] Result<const Type*> type_of_schema(Types& types, const doc::Value& schema);

// The types that documents below input and data are known to have.
struct TypeEnvironment {
  std::vector<std::pair<std::vector<std::string>, const Type*>> documents;  // {"input", "x"}
};
// What the schemas that a rule's annotations name say; mistakes are errors at the annotation.
[[nodiscard]] TypeEnvironment environment_of(Types& types, const SchemaSet* schemas, const ast::Module& module,
                                             const ast::Rule* rule, PolicyErrors& errors);

// Adds an error for every call, comparison and reference of the body that no value can satisfy.
void check_types(Types& types, const ast::Module& module, const hir::RuleBody& body, const TypeEnvironment& environment,
                 PolicyErrors& errors);
// The details of a call with the wrong number of arguments.
void describe_arity(const hir::Node& call, PolicyError& error);

}  // namespace chiron::policy
