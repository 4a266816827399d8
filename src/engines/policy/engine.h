// The policy engine's front door: load modules and data, compile once, prepare queries, evaluate.
//
//   Policy policy;
//   policy.add_module("a.rego", text);           // parse errors are kept for compile()
//   policy.add_data(value);                      // base documents, merged
//   TRY compile()  →  prepare("data.a.deny")  →  Evaluator(policy).evaluate(prepared, options)
//
// A compiled Policy and its prepared queries are not changed by evaluation: one Evaluator a thread runs them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engines/policy/compiler.h"
#include "engines/policy/machine.h"

namespace chiron::policy {

struct PolicyOptions {
  RegoVersion version = RegoVersion::v1;
  bool all_future_keywords = false;
  CompileOptions compile;
};

class Policy {
 public:
  explicit Policy(PolicyOptions options = {});
  ~Policy();
  Policy(Policy&&) noexcept;
  Policy& operator=(Policy&&) noexcept;

  // Parses and adds one module; its errors are given back and nothing is added. A `version` overrides the policy's.
  [[nodiscard]] PolicyErrors add_module(std::string file, std::string text, std::optional<RegoVersion> version = {});
  void add_parsed(std::unique_ptr<ast::Module> module);
  // Merges base documents below data; objects join, anything else that meets is an error naming the path.
  [[nodiscard]] Result<void> add_data(Value data);
  [[nodiscard]] Result<void> add_data_at(std::span<const std::string> path, Value data);
  // Where data and constants are made that live as long as the policy.
  [[nodiscard]] Store& store();

  [[nodiscard]] PolicyErrors compile();
  [[nodiscard]] const Program& program() const { return *program_; }
  [[nodiscard]] Program& program() { return *program_; }
  [[nodiscard]] Value data() const { return data_; }
  [[nodiscard]] const std::vector<std::unique_ptr<ast::Module>>& modules() const { return modules_; }
  [[nodiscard]] const PolicyOptions& options() const { return options_; }

  struct Prepared {
    ParsedQuery parsed;
    Compiler::Query query;
    std::string text;
  };
  // `imports` are lines like "data.x as y"; `package` a dotted path, or empty.
  [[nodiscard]] std::expected<std::unique_ptr<Prepared>, PolicyErrors> prepare(
      std::string query, const std::vector<std::string>& imports = {}, std::string_view package = {});

 private:
  PolicyOptions options_;
  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<ast::Module>> modules_;
  std::unique_ptr<Program> program_;
  Value data_;
};

struct ResultRow {
  struct Expression {
    Value value;
    std::string text;
    std::uint32_t row = 0, column = 0;
  };
  std::vector<Expression> expressions;
  std::vector<std::pair<std::string, Value>> bindings;  // by name
};

class Evaluator {
 public:
  explicit Evaluator(const Policy& policy);
  ~Evaluator();
  // Values of the rows live until the next evaluation.
  [[nodiscard]] std::expected<std::vector<ResultRow>, PolicyError> evaluate(const Policy::Prepared& prepared,
                                                                            EvaluationOptions options);
  // The document at a path below data.
  [[nodiscard]] std::expected<Value, PolicyError> document(std::span<const Value> path, EvaluationOptions options);
  // Where inputs may be made; not touched by evaluation.
  [[nodiscard]] Store& inputs();
  [[nodiscard]] Machine& machine();

 private:
  struct State;
  const Policy& policy_;
  std::unique_ptr<State> state_;
};

}  // namespace chiron::policy
