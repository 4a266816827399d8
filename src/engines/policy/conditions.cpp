#include "engines/policy/conditions.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engines/policy/coverage.h"
#include "foundation/base/format.h"

namespace chiron::policy {

namespace {

constexpr std::size_t kShownBytes = 60;

bool is_generator(Opcode code) { return code == Opcode::scan || code == Opcode::scan_eager || code == Opcode::walk; }

// Cannot go back: what they compute is always there.
bool always_goes_on(Opcode code) {
  switch (code) {
    case Opcode::move:
    case Opcode::compare:
    case Opcode::make_array:
    case Opcode::make_set:
    case Opcode::make_object:
    case Opcode::member:
    case Opcode::member_key:
    case Opcode::collect_array:
    case Opcode::collect_set:
    case Opcode::collect_object:
    case Opcode::template_string:
    case Opcode::print:
    case Opcode::metadata:
    case Opcode::with_enter:
    case Opcode::with_exit:
    case Opcode::succeed:
    case Opcode::yield_element:
    case Opcode::yield_pair:
    case Opcode::yield_value:
    case Opcode::yield_member:
    case Opcode::yield_entry:
    case Opcode::yield_row:
      return true;
    default:
      return false;
  }
}

// x := … names a value; it decides nothing by itself.
bool is_binding(const ast::Expr& expr) {
  return expr.term != nullptr && expr.term->kind == ast::TermKind::call && expr.term->infix &&
         expr.term->items[0]->text == "assign" && !expr.negated;
}

// The innermost expression around a byte; null for the head.
const ast::Expr* expression_around(const std::vector<const ast::Expr*>& expressions, std::uint32_t place) {
  const ast::Expr* best = nullptr;
  for (const ast::Expr* each : expressions) {
    if (place < each->location.begin || place >= each->location.end) continue;
    if (best == nullptr || each->location.end - each->location.begin <= best->location.end - best->location.begin)
      best = each;
  }
  return best;
}

struct Seen {
  bool can_fail = false, held = false, failed = false;
};

void measure(const RuleCode& code, const Counters& counters, std::map<const ast::Expr*, Seen>& out) {
  const auto& ops = code.code.ops;
  const auto counter = [&](std::size_t i) -> Counters::Line {
    const auto found = counters.ops.find(&ops[i]);
    return found == counters.ops.end() ? Counters::Line() : found->second;
  };
  const auto expressions = expressions_of(*code.rule);
  std::map<const ast::Expr*, std::size_t> last;    // the position behind the last operation of each expression itself
  std::map<const ast::Expr*, std::size_t> closed;  // the end of its negation, comprehension or every: what ends
                                                   // in there without a result does not end the expression
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    const ast::Expr* owner = expression_around(expressions, op.place);
    const bool ends = op.code >= Opcode::yield_value && op.code <= Opcode::yield_row;
    if (owner == nullptr || ends || op.code == Opcode::yield_element || op.code == Opcode::yield_pair ||
        op.code == Opcode::succeed || op.code == Opcode::metadata)
      continue;
    if (closed.contains(owner) && i < closed[owner]) continue;
    if (op.end != 0) closed[owner] = op.end;
    Seen& seen = out[owner];
    const std::size_t next = op.end != 0 ? op.end : i + 1;
    last[owner] = std::max(last.contains(owner) ? last[owner] : 0, next);
    if (always_goes_on(op.code) || next >= ops.size()) continue;
    seen.can_fail = !is_binding(*owner);
    const Counters::Line here = counter(i);
    if (is_generator(op.code) ? here.empty > 0 : here.evaluated > counter(next).evaluated) seen.failed = true;
  }
  for (const auto& [owner, next] : last)
    if (next < ops.size() && counter(next).evaluated > 0) out[owner].held = true;
}

}  // namespace

std::vector<ConditionCoverage> measure_conditions(const Program& program, const Counters& counters) {
  std::map<const ast::Expr*, Seen> seen;
  std::map<const ast::Expr*, const ast::Module*> modules;
  const auto visit = [&](const RuleCode& code, const auto& self) -> void {
    if (code.module->file.ends_with("_test.rego")) return;
    std::map<const ast::Expr*, Seen> own;
    measure(code, counters, own);
    for (const auto& [expr, each] : own) {
      Seen& all = seen[expr];
      all.can_fail |= each.can_fail;
      all.held |= each.held;
      all.failed |= each.failed;
      modules[expr] = code.module;
    }
    for (const auto& otherwise : code.otherwise) self(*otherwise, self);
  };
  for (const Leaf* leaf : program.leaves) {
    if (leaf->node->key.is_string() && leaf->node->key.string().starts_with("test_")) continue;
    for (const auto& rule : leaf->rules) visit(*rule, visit);
  }
  std::vector<ConditionCoverage> out;
  for (const auto& [expr, each] : seen) {
    if (!each.can_fail) continue;
    const ast::Module& module = *modules[expr];
    ConditionCoverage condition;
    condition.file = module.file;
    condition.row = module.row(expr->location.begin);
    condition.column = module.column(expr->location.begin);
    condition.end_row = module.row(expr->location.end);
    condition.end_column = module.column(expr->location.end);
    const std::string_view text =
        std::string_view(module.text).substr(expr->location.begin, expr->location.end - expr->location.begin);
    condition.text = text.substr(0, text.find_first_of("\r\n"));
    condition.held = each.held;
    condition.failed = each.failed;
    out.push_back(std::move(condition));
  }
  std::ranges::sort(out, [](const ConditionCoverage& a, const ConditionCoverage& b) {
    return std::tie(a.file, a.row, a.column) < std::tie(b.file, b.row, b.column);
  });
  return out;
}

namespace {

struct Outcomes {
  std::size_t all, covered;
  double percent;
};
Outcomes count_outcomes(const std::vector<ConditionCoverage>& conditions) {
  Outcomes made{2 * conditions.size(), 0, 100};
  for (const ConditionCoverage& each : conditions)
    made.covered += static_cast<std::size_t>(each.held) + static_cast<std::size_t>(each.failed);
  if (made.all > 0)
    made.percent = std::floor(10000.0 * static_cast<double>(made.covered) / static_cast<double>(made.all)) / 100;
  return made;
}

}  // namespace

doc::Value conditions_document(const std::vector<ConditionCoverage>& conditions) {
  const Outcomes outcomes = count_outcomes(conditions);
  doc::Value list = doc::Value::array();
  const auto place = [](std::uint32_t row, std::uint32_t column) {
    return doc::Value::object().set("row", doc::Value(row)).set("col", doc::Value(column));
  };
  for (const ConditionCoverage& each : conditions) {
    doc::Value entry = doc::Value::object();
    entry.set("file", doc::Value(each.file));
    entry.set("start", place(each.row, each.column));
    entry.set("end", place(each.end_row, each.end_column));
    entry.set("text", doc::Value(each.text));
    entry.set("held", doc::Value(each.held));
    entry.set("failed", doc::Value(each.failed));
    list.push(std::move(entry));
  }
  doc::Value out = doc::Value::object();
  out.set("outcomes", doc::Value(outcomes.all));
  out.set("covered_outcomes", doc::Value(outcomes.covered));
  out.set("coverage", doc::Value(outcomes.percent));
  out.set("conditions", std::move(list));
  return out;
}

std::string conditions_text(const std::vector<ConditionCoverage>& conditions) {
  std::vector<std::pair<std::string, const ConditionCoverage*>> missing;
  std::size_t width = 0;
  for (const ConditionCoverage& each : conditions) {
    if (each.held && each.failed) continue;
    missing.emplace_back(format("{}:{}:{}", each.file, each.row, each.column), &each);
    width = std::max(width, missing.back().first.size());
  }
  std::string out;
  for (const auto& [place, each] : missing) {
    const char* what = !each->held && !each->failed ? "never tried" : each->held ? "never failed" : "never held";
    std::string text = each->text;
    if (text.size() > kShownBytes) {
      std::size_t end = kShownBytes;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
      text = text.substr(0, end) + "...";
    }
    out += format("{:<{}}  {:<12}  {}\n", place, width, what, text);
  }
  const Outcomes outcomes = count_outcomes(conditions);
  out += format("conditions: {} of {} outcomes seen ({:.2f} %)\n", outcomes.covered, outcomes.all, outcomes.percent);
  return out;
}

}  // namespace chiron::policy
