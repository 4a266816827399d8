// From resolved bodies to bytecode. Ordering a body so that every variable is bound before it is needed (safety) and
// generating its code are one step: a literal that cannot be generated yet is taken back and tried again later.
#pragma once
#include "engines/policy/hir.h"
#include "engines/policy/program.h"

namespace chiron::policy {

class CodeGenerator {
 public:
  CodeGenerator(Program& program, Code& code, hir::RuleBody& body, const ast::Module& module, PolicyErrors& errors);

  void set_test_cases(bool on) { test_cases_ = on; }
  // One rule of `leaf`. Returns whether the value is a constant (then given in `constant`).
  void rule(const Leaf& leaf, bool is_set_entry, bool& constant_value, Value& constant);
  // A query: yields rows of every named variable (their slots in `variables`) and each expression's value
  // (`captures`: an operand per literal, or no capture where `captured` is false).
  struct Capture {
    const ast::Expr* source;
    bool captured;
    bool always_true;
  };
  void query(std::vector<std::uint32_t>& variables, std::vector<Capture>& captures);

 private:
  struct Mark {
    std::size_t ops, lists, constants, trail;
    std::uint32_t next_register, caches, calls;
  };
  Mark mark() const;
  void rollback(const Mark& mark);

  bool block(hir::Block& block);
  bool literals(std::vector<hir::Literal*>& remaining);
  bool literal(hir::Literal& literal);
  bool plain(hir::Literal& literal);
  bool truth(hir::Node& node);
  bool some_in(hir::Literal& literal);
  bool every(hir::Literal& literal);
  bool negation(hir::Literal& literal);
  bool unify(hir::Node& a, hir::Node& b);
  bool match(hir::Node& pattern, Operand value);
  bool match_all(std::vector<std::pair<hir::Node*, Operand>>& pending, bool always_bind);
  bool has_unbound(const hir::Node& pattern) const;
  bool closure_ready(const hir::Block& block) const;

  bool term(hir::Node& node, Operand& out);
  bool terms(std::span<hir::Node* const> nodes, std::vector<Operand>& out);
  bool reference(hir::Node& node, Operand& out);
  bool steps(std::span<hir::Node* const> operands, Operand& at);
  bool call(hir::Node& node, Operand& out);
  bool walk(hir::Node& node, hir::Node* pattern);
  bool comprehension(hir::Node& node, Operand& out);
  bool parts(hir::Node& node, Opcode code, Operand& out);

  Op& emit(Opcode code, const hir::Node* at = nullptr);
  Operand constant(Value value);
  Operand fresh() { return static_cast<Operand>(next_register_++); }
  std::uint32_t list(std::span<const Operand> operands);
  void bind(std::uint32_t slot) {
    if (!bound_[slot]) {
      bound_[slot] = 1;
      trail_.push_back(slot);
    }
  }
  void store_into(std::uint32_t slot, Operand from);
  void report_unsafe(const std::vector<hir::Literal*>& literals);
  void unsafe_vars(const hir::Node& node, std::vector<std::uint32_t>& out) const;
  void error(const char* code, ast::Location location, std::string message);

  Program& program_;
  Code& code_;
  hir::RuleBody& body_;
  const ast::Module& module_;
  PolicyErrors& errors_;
  std::vector<char> bound_;
  std::vector<std::uint32_t> trail_;
  std::vector<std::uint32_t> closed_;  // bound inside a closure: no answer of a query
  std::uint32_t next_register_;
  void try_case();
  bool test_cases_ = false, case_pending_ = false;
  bool failed_ = false;  // an error that trying another order cannot mend
  std::uint32_t place_ = 0;
};

}  // namespace chiron::policy
