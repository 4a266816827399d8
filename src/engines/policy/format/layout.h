// Where nodes stand in the source, as the layout sees it, and small questions about how they will read.
#pragma once
#include "engines/policy/ast.h"

namespace chiron::policy::format {

inline constexpr long kNowhere = -1;  // the row of what has no place
inline constexpr std::size_t kBracketScan = std::size_t{1} << 20;

struct Place {
  long row = 0;
  std::uint32_t offset = 0;
  std::string_view text;
};

// The row on which `place` ends.
[[nodiscard]] long end_row(const Place& place);
// The row of the bracket that closes the first `open` in the place's text, behind the first pair of `skip` brackets
// where those are given. Brackets in strings and comments count, as they do in OPA. kNowhere where there is none.
[[nodiscard]] long closing_row(const Place& place, char open, char close, std::string_view skip = {});
// Behind the parentheses that a term begins with: OPA places a term there.
[[nodiscard]] std::uint32_t inner_offset(std::string_view text, std::uint32_t begin);

[[nodiscard]] std::string operator_name(const ast::Term& call);
// "+" for plus, "in" for membership; empty for functions without an operator.
[[nodiscard]] std::string_view operator_symbol(std::string_view name);
[[nodiscard]] bool is_union(const ast::Term& term);
// Whether it will read `a | b`.
[[nodiscard]] bool is_union(const ast::Expr& expr);
// A non-negated set.
[[nodiscard]] bool is_set(const ast::Expr& expr);
[[nodiscard]] bool is_logical(const ast::Expr& expr);
// Whether what is written begins with "{".
[[nodiscard]] bool leads_with_brace(const ast::Term& term);
[[nodiscard]] bool leads_with_brace(const ast::Expr& expr);
[[nodiscard]] bool is_true(const ast::Term* term);

// One operand of a chain of `and` or `or`, and the chain laid flat: all operators that need no parentheses between.
struct ChainOperand {
  const ast::Body* body = nullptr;
  bool braced = false;
  bool parenthesised = false;
};
struct ChainStep {
  std::string_view word;
  ChainOperand operand;
  const ast::Expr* node = nullptr;  // that the step belongs to
};
struct Chain {
  ChainOperand first;
  std::vector<ChainStep> steps;
};
[[nodiscard]] Chain flatten(const ast::Expr& expr);

}  // namespace chiron::policy::format
