// The resolved form of a body: every name is a register, a document or a function. Made by the resolver from the
// syntax tree, read by the type checker and the code generator, and forgotten after compilation.
#pragma once
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/policy/ast.h"
#include "engines/policy/builtin.h"
#include "engines/policy/program.h"

namespace chiron::policy::hir {

enum class NodeKind : std::uint8_t {
  constant,
  var,
  ref,
  array,
  set,
  object,
  array_comprehension,
  set_comprehension,
  object_comprehension,
  call,
  template_string
};
enum class Root : std::uint8_t { input, data, term };

struct Block;

struct Node {
  NodeKind kind = NodeKind::constant;
  Root root = Root::term;  // ref
  bool ground = true;      // no variable in it outside closures (constants of composite kind are folded)
  const ast::Term* source = nullptr;
  Value constant;
  std::uint32_t slot = 0;            // var
  Node* head = nullptr;              // ref with root `term`
  std::vector<Node*> items;          // ref: operands; composite: as ast::Term; call: arguments; comprehension: head
  Block* block = nullptr;            // comprehension
  const Builtin* builtin = nullptr;  // call
  std::vector<Value> function;       // call of a rule: its path below data
  std::vector<Block*> parts;         // template_string, print: one block an expression, null for a string (in items)
  std::string_view name;             // call: as written

  void reset() {  // as new, but the lists keep their memory
    auto kept_items = std::move(items);
    auto kept_function = std::move(function);
    auto kept_parts = std::move(parts);
    *this = Node();
    items = std::move(kept_items);
    function = std::move(kept_function);
    parts = std::move(kept_parts);
    items.clear();
    function.clear();
    parts.clear();
  }
};

enum class LiteralKind : std::uint8_t { truth, unify, negation, some_in, every, nothing };

struct With {
  const ast::With* source = nullptr;
  Root root = Root::input;
  std::vector<Value> path;
  const Builtin* builtin = nullptr;  // a built-in is the target
  bool is_function = false;          // path is a function's
  Node* value = nullptr;
  const Builtin* by_builtin = nullptr;
  bool by_function = false;  // value is the path of a function
  std::vector<Value> by_path;
};

struct Literal {
  LiteralKind kind = LiteralKind::truth;
  const ast::Expr* source = nullptr;
  Node* a = nullptr;       // truth: the term; unify: left; some_in: value pattern; every: domain
  Node* b = nullptr;       // unify: right; some_in: collection
  Node* key = nullptr;     // some_in, every
  Node* value = nullptr;   // every
  Block* block = nullptr;  // negation: the literal; every: its body
  bool assign = false;     // unify: written :=
  std::vector<With> with;

  void reset() { *this = Literal(); }
};

struct Block {
  std::vector<Literal*> literals;
  std::vector<std::uint32_t> outer;  // registers of the enclosing scopes that are used inside

  void reset() {
    literals.clear();
    outer.clear();
  }
};

struct Variable {
  std::string_view name;
  const ast::Term* source = nullptr;
  bool explicit_declared = false;
  bool generated = false;
  bool used = false;
};

struct RuleBody {
  const ast::Rule* rule = nullptr;
  Block* block = nullptr;
  std::vector<Node*> arguments;
  std::vector<Node*> suffix;  // dynamic part of the head's reference, constants absorbed
  Node* key = nullptr;
  Node* value = nullptr;
  std::vector<Variable> variables;
  std::vector<std::uint32_t> head_only;  // variables that the head uses and the body does not have
};

}  // namespace chiron::policy::hir
