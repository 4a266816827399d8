// Coverage from the machine's counters.
#include "engines/policy/coverage.h"

#include <cmath>

namespace chiron::policy {
namespace {

struct ExpressionList {
  std::vector<const ast::Expr*> all;

  void term(const ast::Term& term) {
    if (term.body != nullptr) body(*term.body);
    for (const ast::Term* item : term.items) this->term(*item);
  }
  void body(const ast::Body& body) {
    for (const ast::Expr* expr : body.expressions) {
      if (expr->generated || expr->kind == ast::ExprKind::some_vars) continue;
      all.push_back(expr);
      if (expr->term != nullptr) term(*expr->term);
      if (expr->domain != nullptr) term(*expr->domain);
      if (expr->body != nullptr) this->body(*expr->body);
    }
  }
};

double percent_of(std::size_t covered, std::size_t not_covered) {
  const std::size_t total = covered + not_covered;
  return total == 0 ? 0 : std::round(10000.0 * static_cast<double>(covered) / static_cast<double>(total)) / 100;
}

}  // namespace

std::vector<const ast::Expr*> expressions_of(const ast::Rule& rule) {
  ExpressionList list;
  if (!rule.generated_body) list.body(rule.body);
  if (rule.head.key != nullptr) list.term(*rule.head.key);
  if (rule.head.value != nullptr) list.term(*rule.head.value);
  return std::move(list.all);
}

CoverageReport measure_coverage(const Program& program, const Counters& counters) {
  CoverageReport report;
  auto visit = [&](const RuleCode& code, auto& self) -> void {
    FileCoverage& file = report.files[code.module->file];
    const auto mark = [&](std::uint32_t offset) { file.rows.emplace(code.module->row(offset), false); };
    mark(code.rule->head.location.begin);
    for (const ast::Expr* expr : expressions_of(*code.rule)) mark(expr->location.begin);
    for (const Op& op : code.code.ops) {
      const auto found = counters.ops.find(&op);
      if (found == counters.ops.end() || found->second.evaluated == 0) continue;
      const auto row = file.rows.find(code.module->row(op.place));
      if (row != file.rows.end()) row->second = true;
    }
    for (const auto& otherwise : code.otherwise) self(*otherwise, self);
  };
  for (const Leaf* leaf : program.leaves) {
    for (const auto& rule : leaf->rules) visit(*rule, visit);
    if (leaf->fallback) visit(*leaf->fallback, visit);
  }
  for (auto& [name, file] : report.files) {
    for (const auto& [row, covered] : file.rows) ++(covered ? file.covered : file.not_covered);
    file.percent = percent_of(file.covered, file.not_covered);
    report.covered += file.covered;
    report.not_covered += file.not_covered;
  }
  report.percent = percent_of(report.covered, report.not_covered);
  return report;
}

doc::Value coverage_document(const CoverageReport& report) {
  auto ranges = [](const FileCoverage& file, bool wanted) {
    doc::Value list = doc::Value::array();
    std::uint32_t start = 0, end = 0;
    auto flush = [&] {
      if (start == 0) return;
      doc::Value range = doc::Value::object();
      range.set("start", doc::Value::object().set("row", doc::Value(start)));
      range.set("end", doc::Value::object().set("row", doc::Value(end)));
      list.push(std::move(range));
      start = 0;
    };
    for (const auto& [row, covered] : file.rows) {
      if (covered != wanted) continue;
      if (start != 0 && row == end + 1) {
        end = row;
      } else {
        flush();
        start = end = row;
      }
    }
    flush();
    return list;
  };
  doc::Value files = doc::Value::object();
  for (const auto& [name, file] : report.files) {
    doc::Value each = doc::Value::object();
    if (file.covered > 0) each.set("covered", ranges(file, true));
    if (file.not_covered > 0) each.set("not_covered", ranges(file, false));
    if (file.covered > 0) each.set("covered_lines", doc::Value(file.covered));
    if (file.not_covered > 0) each.set("not_covered_lines", doc::Value(file.not_covered));
    if (file.percent > 0) each.set("coverage", doc::Value(file.percent));
    files.set(name, std::move(each));
  }
  doc::Value out = doc::Value::object();
  out.set("files", std::move(files));
  out.set("covered_lines", doc::Value(report.covered));
  out.set("not_covered_lines", doc::Value(report.not_covered));
  out.set("coverage", doc::Value(report.percent));
  return out;
}

}  // namespace chiron::policy
