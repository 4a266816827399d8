// Types of Rego, as far as they can be known without evaluating: enough to say that a call or a comparison cannot hold.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engines/policy/hir.h"

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

// The arguments and result of a signature.
struct FunctionType {
  std::vector<const Type*> arguments;
  const Type* result = nullptr;
  std::string wanted;  // "x: number, y: number, z: number": as messages show it
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

 private:
  const Type* parse_at(std::string_view text, std::size_t& at, int depth);
  std::deque<Type> types_;
  const Type* any_;
  const Type* scalars_[4];  // null, boolean, number, string
  std::unordered_map<const Builtin*, FunctionType> functions_;
};

// Whether some value has both types.
[[nodiscard]] bool overlap(const Type& a, const Type& b);

// Adds an error for every call and comparison of the body that no value can satisfy.
void check_types(Types& types, const ast::Module& module, const hir::RuleBody& body, PolicyErrors& errors);

}  // namespace chiron::policy
