// Parsing of bodies behind `not`, and of `and` and `or` between expressions. OPA has not released the last two: they
// are words only where ParseOptions allow their import.
//
//   literal := chain ("with" …)*       chain := conjunction ("or" conjunction)*      conjunction := operand ("and"
//   operand)* operand := "{" body "}" | "not" operand | "(" chain ("with" …)* ")" | expression
//
// Braces and parentheses are values first where a literal starts, and operands where an operator stands beside them.
#include "engines/policy/parser.h"

namespace chiron::policy {

using ast::Body;
using ast::Expr;
using ast::ExprKind;

Parser::Operand Parser::wrap(Expr* expr) {
  if (expr == nullptr) return {};
  auto* body = module_.make<Body>();
  body->expressions = module_.make_list<Expr*>(std::span<Expr* const>(&expr, 1));
  body->location = expr->location;
  return {body, false, expr->location.begin};
}

// `not` before what is in `inner`: one plain term is negated itself, all else is a body.
Expr* Parser::negate(Operand inner, std::uint32_t begin) {
  auto* expr = module_.make<Expr>();
  const Expr& first = *inner.body->expressions[0];
  expr->negated = true;
  expr->location = {begin, previous_end_};
  if (!inner.braced && first.kind == ExprKind::term && first.term != nullptr && !first.negated && first.with.empty()) {
    expr->term = first.term;
  } else {
    expr->body = inner.body;
    expr->braced = inner.braced;
  }
  return expr;
}

// A parenthesis that holds a chain, a negation or an expression with modifiers. No body: it holds a term, and nothing
// has been read; `operand` tells that an operator or `not` stands before it.
Parser::Operand Parser::parse_group(bool operand) {
  const State before = save();
  const std::uint32_t begin = token_.begin;
  if (++speculations_ > parser_limits::kSpeculations) return {};
  scan();
  Operand inner = parse_operand();
  if (inner.body != nullptr && at_logic()) inner = parse_chain(inner, true);
  if (inner.body != nullptr && !inner.braced) {
    Expr& expr = *inner.body->expressions[0];
    bool committed = expr.kind == ExprKind::logical_and || expr.kind == ExprKind::logical_or || expr.negated;
    if (at_word("with")) {
      if (!parse_with(expr)) {
        restore(before);
        return {};
      }
      expr.location.end = previous_end_;
      committed = committed || operand;
    }
    if (at(Token::right_paren)) {
      scan();
      if (committed || (!expr.with.empty() && at_logic())) {
        inner.begin = begin;
        return inner;
      }
    }
  }
  restore(before);
  return {};
}

Parser::Operand Parser::parse_operand() {
  Nesting nesting(*this);
  if (too_deep()) return {};
  const std::uint32_t begin = token_.begin;
  if (at(Token::left_brace)) {
    auto* body = module_.make<Body>();
    if (!parse_braced_body(*body)) return {};
    return {body, true, begin};
  }
  const bool negated = at_word("not");
  if (negated) scan();
  if (negated && keyword_not_ && at(Token::left_brace)) {
    auto* body = module_.make<Body>();
    if (!parse_braced_body(*body)) return {};
    return wrap(negate({body, true, begin}, begin));
  }
  if (negated && (at_word("some") || at_keyword("every"))) {
    illegal("illegal negation of '" + std::string(word()) + "'");
    return {};
  }
  if (at(Token::left_paren) && (!negated || keyword_not_)) {
    const Operand group = parse_group(true);
    if (group.body != nullptr) return negated ? wrap(negate(group, begin)) : group;
  }
  auto* expr = module_.make<Expr>();
  expr->location.begin = begin;
  expr->negated = negated;
  expr->term = parse_statement_term();
  if (expr->term == nullptr) return {};
  expr->location.end = previous_end_;
  return wrap(expr);
}

// What follows `left`: all operators (`loosest`), or only those that bind tightest.
Parser::Operand Parser::parse_chain(Operand left, bool loosest) {
  while (left.body != nullptr && at_logic()) {
    const bool conjunction = at_word("and");
    if (!conjunction && !loosest) break;
    scan();
    Operand right = parse_operand();
    if (right.body != nullptr && !conjunction) right = parse_chain(right, false);
    if (right.body == nullptr) return {};
    auto* expr = module_.make<Expr>();
    expr->kind = conjunction ? ExprKind::logical_and : ExprKind::logical_or;
    expr->left = left.body;
    expr->right = right.body;
    expr->left_braced = left.braced;
    expr->right_braced = right.braced;
    expr->location = {left.begin, previous_end_};
    left = wrap(expr);
  }
  return left;
}

Expr* Parser::parse_logic_literal() {
  const std::uint32_t begin = token_.begin;
  if (at_word("some")) return parse_some();
  if (at_keyword("every")) return parse_every();
  Operand operand;
  if (at(Token::left_brace)) {
    // A body only where an operator follows it.
    const State before = save();
    if (++speculations_ <= parser_limits::kSpeculations) operand = parse_operand();
    if (operand.body == nullptr || !at_logic()) {
      restore(before);
      operand = {};
    }
  } else if (at(Token::left_paren) && logic()) {
    operand = parse_group(false);
  }
  if (operand.body == nullptr) {
    if (!at(Token::left_brace)) {
      operand = parse_operand();
    } else {
      auto* expr = module_.make<Expr>();
      expr->location.begin = begin;
      expr->term = parse_statement_term();
      if (expr->term == nullptr) return nullptr;
      expr->location.end = previous_end_;
      operand = wrap(expr);
    }
  }
  if (operand.body == nullptr) return nullptr;
  operand = parse_chain(operand, true);
  if (operand.body == nullptr) return nullptr;
  Expr* expr = operand.body->expressions[0];
  expr->location.begin = begin;
  if (at_word("with")) {
    const std::uint32_t place = token_.begin;
    if (!expr->with.empty()) return error(place, "unexpected with keyword: the expression has modifiers already");
    if (!parse_with(*expr)) return nullptr;
    if (at_logic()) return error(place, "`with` modifier is not allowed on operand of `" + std::string(word()) + "`");
  }
  expr->location.end = previous_end_;
  return expr;
}

}  // namespace chiron::policy
