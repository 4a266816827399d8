// Policies in the form that the interpreter runs: the syntax tree with names resolved, declared variables renamed
// apart, and every call, comprehension and reference that needs evaluation an expression of its own. The passes and
// the names they make (__local3__) follow those that users of OPA know from its traces and partial results.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/policy/engine.h"

namespace chiron::policy::interpreter {

enum class Kind : std::uint8_t {
  constant,
  var,
  ref,
  array,
  set,
  object,
  array_comprehension,
  set_comprehension,
  object_comprehension,
  call
};

struct Expr;
using Body = std::vector<const Expr*>;

struct Term {
  Kind kind = Kind::constant;
  Value constant;  // also composite: a document
  std::string name;
  // ref: head, operands; collections: elements, key and value in turn; comprehensions: head terms; call: operator, …
  std::vector<const Term*> items;
  std::shared_ptr<const Body> body;  // comprehensions; shared, since plugging copies terms
};

struct With {
  const Term* target = nullptr;
  const Term* value = nullptr;
};

struct Expr {
  bool negated = false;
  std::vector<const Term*> terms;  // one: a term; more: the operator, then operands
  // every, and `not { … }` where there is no term
  const Term *key = nullptr, *value = nullptr, *domain = nullptr;
  std::shared_ptr<const Body> body;
  std::vector<With> with;
  const ast::Module* module = nullptr;
  ast::Location location;
  const ast::Expr* source = nullptr;

  [[nodiscard]] bool is_every() const { return domain != nullptr; }
  [[nodiscard]] bool is_call() const { return terms.size() > 1; }
  [[nodiscard]] bool is_equality() const;
};

struct Rule {
  const ast::Rule* source = nullptr;
  const ast::Module* module = nullptr;
  const Leaf* leaf = nullptr;
  std::vector<const Term*> arguments;
  std::vector<const Term*> suffix;  // of the head's reference, below the leaf
  const Term* key = nullptr;        // of a partial set
  const Term* value = nullptr;      // null for a partial set
  Body body;
  Rule* otherwise = nullptr;
};

// Made once for a policy; nodes live as long as it does.
class Tree {
 public:
  explicit Tree(const Policy& policy);
  [[nodiscard]] const std::vector<Rule*>& rules(const Leaf& leaf) const;  // without defaults, in source order
  [[nodiscard]] const Rule* fallback(const Leaf& leaf) const;
  [[nodiscard]] const Policy& policy() const { return policy_; }
  // What a made name stood for in the source; empty for those that the passes made up.
  [[nodiscard]] std::string_view original(std::string_view name) const;

  struct Query {
    Body body;
    std::vector<std::string> variables;  // that the query names
  };
  // A query in a package's scope. The parsed query must outlive the result.
  [[nodiscard]] Query query(const ParsedQuery& parsed, std::span<const Value> package,
                            const std::vector<ast::Import*>& imports = {});

  // Expressions that are terms become equations with a variable for their value, as traces show queries.
  void capture(Query& query);

  // For whoever makes terms.
  Term* term(Kind kind);
  Expr* expr();
  const Term* constant(Value value);
  const Term* var(std::string name);
  const Term* string(std::string_view text);
  Store& store() { return store_; }

 private:
  friend struct Passes;
  const Policy& policy_;
  Store store_;
  std::deque<Term> terms_;
  std::deque<Expr> exprs_;
  std::deque<Rule> rules_;
  std::unordered_map<const Leaf*, std::vector<Rule*>> by_leaf_;
  std::unordered_map<const Leaf*, Rule*> fallbacks_;
  std::unordered_map<std::string, std::string> originals_;
  std::uint32_t locals_ = 0, query_locals_ = 0;
};

// As OPA prints them. `names` gives the name to show for a variable, or nothing to show it as it is.
using ShowName = std::function<std::string(const std::string& name)>;
[[nodiscard]] std::string to_string(const Term& term, const ShowName& names = {});
[[nodiscard]] std::string to_string(const Expr& expr, const ShowName& names = {});
[[nodiscard]] std::string to_string(const Body& body, const ShowName& names = {});
// Calls `each` for every variable of a term or expression, in comprehensions too where `closures` says so.
void visit_vars(const Term& term, bool closures, const std::function<void(const std::string&)>& each);
void visit_vars(const Expr& expr, bool closures, const std::function<void(const std::string&)>& each);
[[nodiscard]] bool is_ground(const Term& term);
[[nodiscard]] bool is_comprehension(const Term& term);
[[nodiscard]] bool same(const Term& a, const Term& b);
// The expressions in an order in which each finds its variables bound by those before it, given the bound ones.
[[nodiscard]] Body ordered(const Program& program, const Body& body, std::vector<std::string> bound);
// The name of a built-in that a call's operator names, or empty.
[[nodiscard]] std::string operator_name(const Term& operation);
// The arguments that a call's function takes: npos where it is unknown.
[[nodiscard]] std::size_t arity_of(const Program& program, const Term& operation);
[[nodiscard]] const Leaf* leaf_at(const Program& program, const Term& reference);

}  // namespace chiron::policy::interpreter
