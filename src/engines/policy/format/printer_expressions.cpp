// Bodies and their expressions.
#include <algorithm>

#include "engines/policy/builtin.h"
#include "engines/policy/format/printer.h"

namespace chiron::policy::format {

using ast::Expr;
using ast::ExprKind;
using ast::Term;
using ast::TermKind;

Flow Printer::body(const ast::Body& body) {
  const auto expressions = body.expressions;
  const Flow flow = comments_to(place(*expressions[0]).row);
  if (flow == Flow::clash) return flow;
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    // Empty lines between expressions stay, as one.
    if (i > 0 && place(*expressions[i]).row > end_row(place(*expressions[i - 1])) + 1) page_.blank_line();
    page_.start_line();
    (void)expression(*expressions[i]);
    page_.end_line();
  }
  return Flow::fine;
}

Flow Printer::expression(const Expr& expr) {
  const bool parenthesised = parenthesised_expression_ == &expr;
  if (parenthesised) parenthesised_expression_ = nullptr;
  const Note* waiting = page_.waiting();
  const Place whole = place(expr);
  if (comments_to(whole.row) == Flow::clash) {
    // Both comments: the earlier one on a line that ends here.
    (void)page_.hold(waiting);
    page_.end_line();
    (void)comments_to(whole.row);
  }
  if (!page_.open()) page_.start_line();
  const Frame before = frame();
  Flow flow = expression_parts(expr, parenthesised);
  if (flow == Flow::clash) {
    verbatim(whole, before);
    flow = Flow::verbatim;
  }
  return flow;
}

Flow Printer::expression_parts(const Expr& expr, bool parenthesised) {
  Flow flow = Flow::fine;
  if (expr.negated && (expr.term == nullptr || negated_bodies_)) {
    worsen(flow, negation(expr));
  } else {
    if (expr.negated) page_.write("not ");
    if (parenthesised) page_.write("(");
    switch (expr.kind) {
      case ExprKind::some_vars:
      case ExprKind::some_in:
        worsen(flow, some(expr));
        break;
      case ExprKind::every:
        worsen(flow, every(expr));
        break;
      case ExprKind::logical_and:
      case ExprKind::logical_or:
        worsen(flow, logical(expr));
        break;
      case ExprKind::term:
        worsen(flow, expr.term->kind == TermKind::call ? statement_call(*expr.term) : term(*expr.term));
        break;
    }
    if (parenthesised) page_.write(")");
  }
  if (!expr.with.empty()) worsen(flow, withs(expr));
  return flow;
}

// Modifiers stay on the line of the expression's end, or each on a line of its own where the writer put it there.
Flow Printer::withs(const Expr& expr) {
  Place terms = place(expr);
  if (!forced_) {
    std::string_view text = module_.source({expr.location.begin, expr.with[0].location.begin});
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
      text.remove_suffix(1);
    terms.text = text;
  }
  Flow flow = Flow::fine;
  long last = forced_ ? terms.row : end_row(terms);
  bool indented = false;
  for (const ast::With& each : expr.with) {
    const long at = forced_ ? forced_->row : row(each.location.begin);
    const bool own_line = at > last;
    if (own_line) {
      if (!indented) page_.up();
      indented = true;
      page_.end_line();
      page_.start_line();
      last = at;
    }
    worsen(flow, with(each, own_line));
  }
  if (indented) page_.down();
  return flow;
}

Flow Printer::with(const ast::With& with, bool indented) {
  Flow flow = comments_to(forced_ ? forced_->row : row(with.location.begin));
  page_.write(indented ? "with " : " with ");
  worsen(flow, term(*with.target));
  page_.write(" as ");
  // A value left as it was is written all the same.
  if (term(*with.value) == Flow::clash) flow = Flow::clash;
  return flow;
}

Flow Printer::some(const Expr& expr) {
  page_.write("some ");
  if (expr.kind == ExprKind::some_in) return membership(*expr.term, false, false);
  Flow flow = Flow::fine;
  long at = place(expr).row;
  for (std::size_t i = 0; i < expr.symbols.size(); ++i) {
    const Term& symbol = *expr.symbols[i];
    const long symbol_row = place(symbol).row;
    if (symbol_row > at) {
      page_.end_line();
      page_.start_line();
      page_.write("\t");
      at = symbol_row;
    } else if (i > 0) {
      page_.write(" ");
    }
    worsen(flow, term(symbol));
    if (i + 1 < expr.symbols.size()) page_.write(",");
  }
  return flow;
}

Flow Printer::every(const Expr& expr) {
  Flow flow = Flow::fine;
  page_.write("every ");
  if (expr.key != nullptr) {
    worsen(flow, term(*expr.key));
    page_.write(", ");
  }
  worsen(flow, term(*expr.value));
  page_.write(" in ");
  worsen(flow, term(*expr.domain));
  page_.write(" {");
  const Place whole = place(expr);
  // What is left as it was inside is in braces of its own lines.
  if (comprehension_body(*expr.body, whole.row, whole, '{', '}') == Flow::clash) flow = Flow::clash;
  const auto body = expr.body->expressions;
  if (body.size() == 1 && place(*body[0]).row == whole.row) page_.write(" ");
  page_.write("}");
  return flow;
}

// { … } as an operand; `place` begins with what stands before the brace, or with it.
Flow Printer::braced_body(const ast::Body& body, const Place& place) {
  if (is_union(*body.expressions[0])) parenthesised_expression_ = body.expressions[0];
  page_.write("{");
  Flow flow = comprehension_body(body, place.row, place, '{', '}');
  if (flow == Flow::verbatim) flow = Flow::fine;
  if (this->place(*body.expressions.back()).row == place.row) page_.write(" ");
  page_.write("}");
  return flow;
}

// With future.keywords.not a negation is of a body.
Flow Printer::negation(const Expr& expr) {
  page_.write("not ");
  if (expr.term != nullptr) {
    const bool parentheses = leads_with_brace(expr);
    if (parentheses) page_.write("(");
    Flow flow = expr.term->kind == TermKind::call ? statement_call(*expr.term) : term(*expr.term);
    if (flow == Flow::verbatim) flow = Flow::fine;
    if (parentheses) page_.write(")");
    return flow;
  }
  if (expr.braced || expr.body->expressions.size() > 1) return braced_body(*expr.body, place(expr));
  const Expr& inner = *expr.body->expressions[0];
  const bool parentheses = !inner.with.empty() || is_logical(inner) || inner.negated || leads_with_brace(inner);
  if (parentheses) page_.write("(");
  Flow flow = expression(inner);
  if (flow == Flow::verbatim) flow = Flow::fine;
  if (parentheses) page_.write(")");
  return flow;
}

// ---- and, or ------------------------------------------------------------------------------------------------------

// From the brace that opens the body.
Place Printer::brace_place(const ast::Body& body) const {
  std::uint32_t begin = body.expressions[0]->location.begin;
  while (begin > 0 && module_.text[--begin] != '{') {
  }
  return place(ast::Location{begin, static_cast<std::uint32_t>(std::min(module_.text.size(), begin + kBracketScan))});
}

Flow Printer::logical(const Expr& expr) {
  const Chain chain = flatten(expr);
  Flow flow = Flow::fine;
  if (logical_operand(chain.first) == Flow::clash) flow = Flow::clash;
  bool indented = false;
  for (std::size_t i = 0; i < chain.steps.size(); ++i) {
    const ChainStep& step = chain.steps[i];
    page_.write(" ");
    page_.write(step.word);
    // Where everything to the left ends: a brace that closes there, or its last expression.
    long left_end = 0;
    if (i == 0 && chain.first.braced) left_end = closing_row(brace_place(*chain.first.body), '{', '}');
    if (left_end <= 0) left_end = end_row(place(*step.node->left->expressions.back()));
    const ast::Body& right = *step.operand.body;
    const long begin = step.operand.braced ? brace_place(right).row : place(*right.expressions[0]).row;
    if (begin > left_end) {
      if (!indented) page_.up();
      indented = true;
      page_.end_line();
      page_.start_line();
    } else {
      page_.write(" ");
    }
    if (logical_operand(step.operand) == Flow::clash) flow = Flow::clash;
  }
  if (indented) page_.down();
  return flow;
}

Flow Printer::logical_operand(const ChainOperand& operand) {
  if (operand.braced) return braced_body(*operand.body, brace_place(*operand.body));
  if (operand.parenthesised) page_.write("(");
  const Flow flow = expression(*operand.body->expressions[0]);
  if (operand.parenthesised) page_.write(")");
  return flow;
}

// ---- calls as expressions -----------------------------------------------------------------------------------------

Flow Printer::statement_call(const Term& call) {
  const std::string name = operator_name(call);
  const std::string_view symbol = operator_symbol(name);
  if (symbol.empty()) return plain_call(call);
  if (symbol == "in") return membership(call, false, false);
  const auto items = call.items;
  Flow flow = Flow::fine;
  auto infix = [&](const Term& left, const Term& right) {
    worsen(flow, term(left));
    page_.write(" ");
    page_.write(symbol);
    page_.write(" ");
    worsen(flow, term(right));
  };
  if (items.size() == 3) {
    infix(*items[1], *items[2]);
  } else if (items.size() == 4) {
    worsen(flow, term(*items[3]));
    page_.write(" = ");
    infix(*items[1], *items[2]);
  } else {
    wrong_arity(call, 2);
  }
  return flow;
}

}  // namespace chiron::policy::format
