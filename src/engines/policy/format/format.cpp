#include "engines/policy/format/format.h"

#include <map>

#include "engines/policy/builtin.h"
#include "engines/policy/format/printer.h"
#include "engines/policy/format/visit.h"

namespace chiron::policy {

using ast::Expr;
using ast::Rule;
using ast::Term;
using ast::TermKind;

namespace {

bool is_root(std::string_view name) { return name == "input" || name == "data"; }

}  // namespace

PolicyErrors check_for_v1(const ast::Module& module) {
  PolicyErrors errors;
  auto report = [&](std::string code, ast::Location location, std::string message) {
    PolicyError error;
    error.code = std::move(code);
    error.message = std::move(message);
    error.file = module.file;
    error.row = module.row(location.begin);
    error.column = module.column(location.begin);
    errors.push_back(std::move(error));
  };
  std::map<std::string, std::string> imported;
  for (const ast::Import* import : module.imports) {
    const Term& last = *import->path->items.back();
    const std::string name(import->alias.empty() ? last.text : import->alias);
    const std::string_view root = import->path->items[0]->text;
    if (root == "future" || root == "rego") continue;
    std::string said = "import " + ast::to_string(*import->path);
    if (!import->alias.empty()) said += " as " + std::string(import->alias);
    const auto [found, fresh] = imported.emplace(name, said);
    if (!fresh) report("rego_compile_error", import->location, "import must not shadow " + found->second);
  }
  for (const Rule* rule : module.rules) {
    const Term& name = *rule->head.reference;
    const std::string_view first = name.kind == TermKind::ref ? name.items[0]->text : name.text;
    if (is_root(first)) {
      report("rego_compile_error", rule->location,
             "rules must not shadow " + std::string(first) + " (use a different rule name)");
    }
    for (const Term* argument : rule->head.arguments) {
      if (argument->kind == TermKind::ref && argument->items.size() == 1 && is_root(argument->items[0]->text)) {
        report("rego_compile_error", argument->location,
               "args must not shadow " + std::string(argument->items[0]->text) + " (use a different variable name)");
      }
    }
  }
  format::visit_expressions(module, [&](const Expr& expr) {
    if (expr.kind != ast::ExprKind::term || expr.term == nullptr || expr.term->kind != TermKind::call) return;
    const Term& call = *expr.term;
    if (call.items.size() < 2 || format::operator_name(call) != "assign") return;
    const std::string name = ast::to_string(*call.items[1]);
    if (is_root(name)) {
      report("rego_compile_error", expr.location,
             "variables must not shadow " + name + " (use a different variable name)");
    }
  });
  format::visit_calls(module, [&](const Term& call, ast::Location location) {
    const std::string name = format::operator_name(call);
    if (const Builtin* builtin = find_builtin(name); builtin != nullptr && builtin->deprecated) {
      report("rego_type_error", location, "deprecated built-in function calls in expression: " + name);
    }
  });
  for (const Rule* rule : module.rules) {
    const std::string_view name = rule->head.reference->kind == TermKind::var ? rule->head.reference->text : "";
    if (name == "if" || name == "contains" || name == "in" || name == "every") {
      report("rego_parse_error", rule->location, std::string(name) + " keyword cannot be used for rule name");
    }
  }
  return errors;
}

std::expected<std::string, PolicyErrors> format_module(const ast::Module& module, const FormatOptions& options) {
  format::Printer printer(module, options);
  std::string text = printer.module();
  if (PolicyErrors errors = printer.take_errors(); !errors.empty()) return std::unexpected(std::move(errors));
  return text;
}

std::expected<std::string, PolicyErrors> format_policy(const std::string& file, std::string text,
                                                       const FormatOptions& options) {
  ParseOptions parse;
  parse.version = options.read_as;
  parse.annotations = false;
  parse.logic_keywords = true;
  auto module = parse_module(file, std::move(text), parse);
  if (!module) return std::unexpected(module.error());
  if (options.target != FormatTarget::v0) {
    if (PolicyErrors errors = check_for_v1(**module); !errors.empty()) return std::unexpected(std::move(errors));
  }
  return format_module(**module, options);
}

}  // namespace chiron::policy
