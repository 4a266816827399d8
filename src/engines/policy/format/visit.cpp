#include "engines/policy/format/visit.h"

namespace chiron::policy::format {

namespace {

using ast::Body;
using ast::Expr;
using ast::Term;

struct Visit {
  std::function<void(const Expr&)> expression_found;
  std::function<void(const Term&, ast::Location)> call_found;

  void term(const Term* term) {
    if (term == nullptr) return;
    if (term->kind == ast::TermKind::call && call_found) call_found(*term, term->location);
    parts(*term);
  }
  void parts(const Term& term) {
    for (const Term* item : term.items) this->term(item);
    if (term.body != nullptr) body(*term.body);
  }
  void body(const Body& body) {
    for (const Expr* expr : body.expressions) expression(*expr);
  }
  void expression(const Expr& expr) {
    if (expression_found) expression_found(expr);
    if (expr.term != nullptr && expr.term->kind == ast::TermKind::call) {
      // `some x in xs` declares, it calls nothing.
      if (call_found && expr.kind != ast::ExprKind::some_in) call_found(*expr.term, expr.location);
      parts(*expr.term);
    } else {
      term(expr.term);
    }
    term(expr.key);
    term(expr.value);
    term(expr.domain);
    for (const Body* each : {expr.body, expr.left, expr.right}) {
      if (each != nullptr) body(*each);
    }
    for (const ast::With& with : expr.with) {
      term(with.target);
      term(with.value);
    }
  }
  void module(const ast::Module& module) {
    for (const ast::Rule* first : module.rules) {
      term(first->head.reference);
      for (const ast::Rule* rule = first; rule != nullptr; rule = rule->else_rule) {
        if (rule == first) {
          for (const Term* argument : rule->head.arguments) term(argument);
          term(rule->head.key);
        }
        term(rule->head.value);
        body(rule->body);
      }
    }
  }
};

}  // namespace

void visit_expressions(const ast::Module& module, const std::function<void(const Expr&)>& found) {
  Visit{found, {}}.module(module);
}

void visit_calls(const ast::Module& module, const std::function<void(const Term&, ast::Location)>& found) {
  Visit{{}, found}.module(module);
}

}  // namespace chiron::policy::format
