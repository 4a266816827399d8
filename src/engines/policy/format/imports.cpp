// Which imports a formatted module has: those of the source, without what the target makes needless, with what the
// written form needs.
#include <algorithm>
#include <set>

#include "engines/policy/format/printer.h"
#include "engines/policy/format/visit.h"

namespace chiron::policy::format {

using ast::Expr;
using ast::ExprKind;
using ast::TermKind;

namespace {

// Behind the last import that brings keywords; on row 1 where there is none.
void add(std::vector<ImportLine>& lines, std::vector<std::string> path) {
  ImportLine made;
  made.added = true;
  made.column = 1;
  made.quoted.assign(path.size(), false);
  made.path = std::move(path);
  for (const ImportLine& line : lines) {
    if (line.is_future() || line.is_rego_v1()) made.row = std::max(made.row, line.row);
  }
  ++made.row;
  lines.push_back(std::move(made));
}

void ensure_keyword(std::vector<ImportLine>& lines, const std::string& keyword) {
  for (const ImportLine& line : lines) {
    if (line.is_all_keywords() || line.future_keyword() == keyword) return;
    if (keyword == "in" && line.future_keyword() == "every") return;  // it brings `in`
  }
  add(lines, {"future", "keywords", keyword});
}

// Keywords that the module will be written with.
std::set<std::string> needed_keywords(const ast::Module& module, bool negated_bodies) {
  std::set<std::string> needed;
  visit_expressions(module, [&](const Expr& expr) {
    if (expr.kind == ExprKind::every) needed.emplace("every");
    if (expr.kind == ExprKind::logical_and) needed.emplace("and");
    if (expr.kind == ExprKind::logical_or) needed.emplace("or");
    if (expr.negated && (expr.term == nullptr || negated_bodies)) needed.emplace("not");
    if (expr.kind == ExprKind::term && expr.term != nullptr && expr.term->kind == TermKind::call &&
        operator_symbol(operator_name(*expr.term)) == "in") {
      needed.emplace("in");
    }
  });
  return needed;
}

}  // namespace

std::vector<ImportLine> imports_to_write(const ast::Module& module, const FormatOptions& options) {
  std::vector<ImportLine> lines;
  bool negated_bodies = false;
  for (const ast::Import* import : module.imports) {
    ImportLine line;
    line.row = module.row(import->location.begin);
    line.column = module.column(import->location.begin);
    for (const ast::Term* part : import->path->items) {
      line.path.emplace_back(part->text);
      line.quoted.push_back(module.source(part->location).starts_with('"'));
    }
    line.alias = import->alias;
    negated_bodies = negated_bodies || line.future_keyword() == "not";
    lines.push_back(std::move(line));
  }
  if (options.target == FormatTarget::v1 && options.drop_v0_imports) {
    std::erase_if(lines, [](const ImportLine& line) { return line.is_rego_v1(); });
  } else if (options.target == FormatTarget::both &&
             std::none_of(lines.begin(), lines.end(), [](const ImportLine& line) { return line.is_rego_v1(); })) {
    add(lines, {"rego", "v1"});
  }
  const bool imports_v1 =
      std::any_of(lines.begin(), lines.end(), [](const ImportLine& line) { return line.is_rego_v1(); });
  const bool v1 = options.target != FormatTarget::v0 || imports_v1;
  if (v1 && (options.drop_v0_imports || imports_v1))
    std::erase_if(lines, [](const ImportLine& line) { return line.path[0] == "future"; });
  for (const std::string& keyword : needed_keywords(module, negated_bodies)) {
    const bool beyond_v1 = keyword == "not" || keyword == "and" || keyword == "or";
    if (!v1 || beyond_v1) ensure_keyword(lines, keyword);
  }
  std::stable_sort(lines.begin(), lines.end(), [](const ImportLine& a, const ImportLine& b) {
    return std::pair(a.row, a.column) < std::pair(b.row, b.column);
  });
  return lines;
}

}  // namespace chiron::policy::format
