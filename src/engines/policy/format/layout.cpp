#include "engines/policy/format/layout.h"

#include <algorithm>

#include "engines/policy/builtin.h"

namespace chiron::policy::format {

using ast::Body;
using ast::Expr;
using ast::ExprKind;
using ast::Term;
using ast::TermKind;

namespace {

// From `at` on: the offset of the bracket that closes the first `open`, npos without.
std::size_t closing_bracket(std::string_view text, std::size_t at, char open, char close) {
  at = text.find(open, at);
  if (at == std::string_view::npos) return at;
  std::size_t depth = 1;
  for (++at; at < text.size(); ++at) {
    if (text[at] == open) {
      ++depth;
    } else if (text[at] == close && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

long breaks(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

long end_row(const Place& place) { return place.row + breaks(place.text); }

long closing_row(const Place& place, char open, char close, std::string_view skip) {
  const std::string_view text = place.text;
  // Nested brackets are each looked for in their own text: what is longer than this is taken to close at its end.
  if (text.size() > kBracketScan) return end_row(place);
  std::size_t at = 0;
  // OPA counts line breaks from the first bracket on, not from where the text begins.
  std::size_t counted = text.find(skip.empty() ? open : skip[0]);
  long rows = 0;
  if (!skip.empty()) {
    if (counted == std::string_view::npos) return kNowhere;
    at = closing_bracket(text, 0, skip[0], skip[1]);
    if (at == std::string_view::npos) return kNowhere;
    rows = breaks(text.substr(counted, at - counted));
  }
  const std::size_t first = text.find(open, at);
  if (first == std::string_view::npos) return kNowhere;
  const std::size_t end = closing_bracket(text, at, open, close);
  if (end == std::string_view::npos) return kNowhere;
  return place.row + rows + breaks(text.substr(first, end - first));
}

std::uint32_t inner_offset(std::string_view text, std::uint32_t begin) {
  std::uint32_t at = begin;
  if (at >= text.size() || text[at] != '(') return begin;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '#') {
      while (at < text.size() && text[at] != '\n') ++at;
    } else if (c == '(' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

std::string operator_name(const Term& call) {
  const Term& name = *call.items[0];
  return name.kind == TermKind::var ? std::string(name.text) : ast::to_string(name);
}

std::string_view operator_symbol(std::string_view name) {
  if (name.starts_with("internal.member_")) return "in";
  const Builtin* builtin = find_builtin(name);
  return builtin == nullptr ? std::string_view() : builtin->infix;
}

bool is_union(const Term& term) {
  return term.kind == TermKind::call && term.items[0]->kind == TermKind::var && term.items[0]->text == "or";
}

bool is_union(const Expr& expr) {
  return expr.kind == ExprKind::term && expr.term != nullptr && is_union(*expr.term) && expr.term->items.size() == 3;
}

bool is_set(const Expr& expr) {
  return !expr.negated && expr.kind == ExprKind::term && expr.term != nullptr && expr.term->kind == TermKind::set;
}

bool is_logical(const Expr& expr) { return expr.kind == ExprKind::logical_and || expr.kind == ExprKind::logical_or; }

bool leads_with_brace(const Term& term) {
  switch (term.kind) {
    case TermKind::set:
      return !term.items.empty();
    case TermKind::object:
    case TermKind::set_comprehension:
    case TermKind::object_comprehension:
      return true;
    case TermKind::ref:
      return leads_with_brace(*term.items[0]);
    case TermKind::call:
      return term.items.size() == 3 && !operator_symbol(operator_name(term)).empty() &&
             leads_with_brace(*term.items[1]);
    default:
      return false;
  }
}

bool leads_with_brace(const Expr& expr) {
  if (expr.kind != ExprKind::term || expr.term == nullptr) return false;
  const Term& term = *expr.term;
  if (term.kind == TermKind::call && term.items.size() == 4 && !operator_symbol(operator_name(term)).empty()) {
    return leads_with_brace(*term.items[3]);  // z = x | y, written or(x, y, z)
  }
  return leads_with_brace(term);
}

bool is_true(const Term* term) { return term != nullptr && term->kind == TermKind::boolean && term->boolean; }

namespace {

// Whether an operand without braces reads back as itself only in parentheses.
bool wants_parentheses(const Expr& expr, bool under_and, bool right) {
  if (!expr.with.empty()) return true;
  if (expr.kind == ExprKind::logical_or) return under_and || right;
  if (expr.kind == ExprKind::logical_and) return under_and && right;
  return !expr.negated && leads_with_brace(expr);
}

ChainOperand operand(const Body& body, bool braced, bool under_and, bool right) {
  if (braced) return {&body, true, false};
  return {&body, false, wants_parentheses(*body.expressions[0], under_and, right)};
}

}  // namespace

Chain flatten(const Expr& expr) {
  Chain chain;
  const Expr* at = &expr;
  while (true) {
    const bool conjunction = at->kind == ExprKind::logical_and;
    chain.steps.push_back({conjunction ? "and" : "or", operand(*at->right, at->right_braced, conjunction, true), at});
    const Expr& left = *at->left->expressions[0];
    if (at->left_braced || !is_logical(left) || wants_parentheses(left, conjunction, false)) {
      chain.first = operand(*at->left, at->left_braced, conjunction, false);
      break;
    }
    at = &left;
  }
  std::reverse(chain.steps.begin(), chain.steps.end());
  return chain;
}

}  // namespace chiron::policy::format
