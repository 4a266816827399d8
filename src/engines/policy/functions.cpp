// Calls of functions that do not exist, or with the wrong number of arguments.
#include <algorithm>

#include "engines/policy/compiler.h"
#include "engines/policy/types.h"

namespace chiron::policy {

using hir::Node;
using hir::NodeKind;

void check_undefined_functions(const Program& program, const ast::Module& module, const hir::RuleBody& body,
                               const CompileOptions& options, PolicyErrors& errors) {
  auto report = [&](const Node& node, std::string message) {
    PolicyError error;
    error.code = "rego_type_error";
    error.message = std::move(message);
    error.file = module.file;
    error.row = module.row(node.source->location.begin);
    error.column = module.column(node.source->location.begin);
    errors.push_back(std::move(error));
    return &errors.back();
  };
  auto arguments = [](std::size_t n) { return std::to_string(n) + (n == 1 ? " argument" : " arguments"); };
  const bool strict = options.strict || module.version == RegoVersion::v1 || module.imports_rego_v1;
  visit_references(body, [&](const Node& node) {
    if (node.kind != NodeKind::call) return;
    if (!node.function.empty()) {
      const TreeNode* at = &program.root;
      for (const Value step : node.function) at = at == nullptr ? nullptr : at->child(step);
      if (at == nullptr || !at->leaf) {
        report(node, "undefined function " + path_text(node.function));
      } else if (at->leaf->kind != LeafKind::function || at->leaf->arity != node.items.size()) {
        report(node, "function " + path_text(node.function) + " has arity " +
                         std::to_string(at->leaf->kind == LeafKind::function ? at->leaf->arity : 0) + ", got " +
                         arguments(node.items.size()));
      }
      return;
    }
    const std::string_view name = node.name;
    const bool allowed = options.allowed_builtins.empty() ||
                         std::find(options.allowed_builtins.begin(), options.allowed_builtins.end(), name) !=
                             options.allowed_builtins.end();
    if (node.builtin == nullptr || !allowed || (node.builtin->local && !options.local_files)) {
      if (name != "print") report(node, "undefined function " + std::string(name));
      return;
    }
    if (node.name != "print" && builtin_arity(*node.builtin) != node.items.size())
      describe_arity(node, *report(node, std::string(name) + ": arity mismatch"));
    if (node.builtin->deprecated && strict)
      report(node, "deprecated built-in function calls in expression: " + std::string(name));
  });
}

}  // namespace chiron::policy
