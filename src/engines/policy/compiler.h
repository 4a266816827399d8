// Compiles a set of modules into a Program, and queries against it.
#pragma once
#include <functional>

#include "engines/policy/codegen.h"
#include "engines/policy/program.h"
#include "engines/policy/resolver.h"

namespace chiron::policy {

struct SchemaSet;

namespace compiler_limits {
inline constexpr std::size_t kPathSteps = 256;  // of a package and a rule's reference together
inline constexpr std::size_t kErrors = 10;      // reported before "error limit reached"
}  // namespace compiler_limits

struct CompileOptions {
  bool strict = false;
  std::size_t max_errors = compiler_limits::kErrors;
  // Whether base documents stand at a path; a rule may not share it. May be empty.
  std::function<bool(std::span<const Value> path)> data_at;
  // Names of built-ins that may be called; empty for all.
  std::vector<std::string> allowed_builtins;
  const SchemaSet* schemas = nullptr;  // of documents, for the type checker
  bool test_cases = false;             // test_name[case] has an entry for every case that was tried
  bool keep_references = false;        // fills Program::references
  bool local_files = false;             // parse_config_file and the like, Conftest's, may be called
};

class Compiler {
 public:
  Compiler();
  ~Compiler();
  // `modules` must outlive the program.
  [[nodiscard]] std::expected<std::unique_ptr<Program>, PolicyErrors> compile(std::vector<const ast::Module*> modules,
                                                                              const CompileOptions& options);

  struct Query {
    Code code;
    std::vector<std::string> variables;  // named, in the order of a row's first values
    std::vector<CodeGenerator::Capture> captures;
    const ast::Module* module = nullptr;
    References references;
  };
  // A query over a compiled program, in the package `package` (may be empty) with the query's own imports.
  [[nodiscard]] static std::expected<Query, PolicyErrors> query(Program& program, const ParsedQuery& parsed,
                                                                std::span<const Value> package,
                                                                const CompileOptions& options);

 private:
  struct Unit;
  // Errors by the stage that found them, in the order they are reported.
  struct Stages {
    PolicyErrors names, unused, conflicts, functions, heads, safety, types;
    [[nodiscard]] bool empty() const {
      return names.empty() && unused.empty() && conflicts.empty() && functions.empty() && heads.empty() &&
             safety.empty();
    }
  };
  void build_tree();
  void check_conflicts();
  void resolve();
  void check_imports();
  void check_shadowing();
  void rules(Stages& stages);
  void check_recursion();
  void error(const ast::Module& module, const char* code, ast::Location location, std::string message);

  std::unique_ptr<Program> program_;
  std::vector<std::unique_ptr<Unit>> units_;
  std::vector<Globals> globals_;
  HirPool pool_;
  std::vector<std::vector<std::uint32_t>> edges_;  // which leaf reads which
  PolicyErrors errors_;
  CompileOptions options_;
};

[[nodiscard]] References references_of(const Program& program, const hir::RuleBody& body);
// Calls `each` for every reference to data or input and every function call in a body, closures included.
void visit_references(const hir::RuleBody& body, const std::function<void(const hir::Node&)>& each);
// The leaves that a reference may read.
void leaves_of(const Program& program, const hir::Node& reference, std::vector<const Leaf*>& out);
void leaves_of(const Program& program, std::span<const Value> path, std::vector<const Leaf*>& out);
[[nodiscard]] std::string path_text(std::span<const Value> path);  // data.a["b c"]
// Type errors of a resolved rule or query (types.cpp).
void check_undefined_functions(const Program& program, const ast::Module& module, const hir::RuleBody& body,
                               const CompileOptions& options, PolicyErrors& errors);
// The value of rego.metadata.rule() or chain() for a rule.
[[nodiscard]] Value metadata_value(Program& program, const ast::Rule* rule, bool chain);

}  // namespace chiron::policy
