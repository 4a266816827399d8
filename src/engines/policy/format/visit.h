// Walks the expressions of a module from the outside in, also those in comprehensions, `every` and else branches.
#pragma once
#include <functional>

#include "engines/policy/ast.h"

namespace chiron::policy::format {

void visit_expressions(const ast::Module& module, const std::function<void(const ast::Expr&)>& found);
// Every call, with its place or that of the expression that it is.
void visit_calls(const ast::Module& module, const std::function<void(const ast::Term&, ast::Location)>& found);

}  // namespace chiron::policy::format
