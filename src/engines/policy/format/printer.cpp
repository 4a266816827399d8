// Modules, rules and heads. See format.h for the idea of the layout.
#include "engines/policy/format/printer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engines/policy/text.h"

namespace chiron::policy::format {

using ast::Rule;
using ast::Term;
using ast::TermKind;

namespace {

constexpr std::string_view kKeywordsV0[] = {"not",  "package", "import", "as",    "default", "else",
                                            "with", "null",    "true",   "false", "some"};
constexpr std::string_view kKeywordsV1[] = {"if", "contains", "in", "every"};

std::string_view without_end_space(std::string_view text) {
  while (!text.empty()) {
    const char c = text.back();
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      text.remove_suffix(1);
    } else if (text.ends_with("\xc2\xa0") || text.ends_with("\xc2\x85")) {
      text.remove_suffix(2);
    } else {
      break;
    }
  }
  return text;
}

}  // namespace

Printer::Printer(const ast::Module& module, const FormatOptions& options)
    : module_(module), options_(options), import_lines_(imports_to_write(module, options)) {
  v1_ = options.target != FormatTarget::v0;
  contains_ = ifs_ = v1_;
  keywords_.assign(std::begin(kKeywordsV0), std::end(kKeywordsV0));
  if (v1_) keywords_.insert(keywords_.end(), std::begin(kKeywordsV1), std::end(kKeywordsV1));
  for (const ast::Import* import : module.imports) {
    const auto path = import->path->items;
    if (path[0]->text == "rego" && path.size() == 2 && path[1]->text == "v1") contains_ = ifs_ = true;
    if (path[0]->text != "future" || path.size() < 2 || path[1]->text != "keywords") continue;
    if (path.size() == 2) contains_ = ifs_ = true;
    if (path.size() != 3) continue;
    const std::string_view keyword = path[2]->text;
    keywords_.emplace_back(keyword);
    if (keyword == "contains") contains_ = true;
    if (keyword == "if") ifs_ = true;
    if (keyword == "not") negated_bodies_ = true;
  }
  for (const Rule* rule : module.rules) {
    const Term& name = *rule->head.reference;
    const std::size_t parts = name.kind == TermKind::ref ? name.items.size() : 1;
    if (parts > 2 || (parts == 2 && rule->head.key != nullptr)) long_heads_ = true;
  }
}

Place Printer::place(ast::Location location) const {
  return {row(location.begin), location.begin, module_.source(location)};
}

Place Printer::place(const Term& term) const {
  if (&term == moved_) return moved_place_;
  if (forced_) return *forced_;
  const std::uint32_t offset = inner_offset(module_.text, term.location.begin);
  return {row(offset), offset, module_.source(term.location)};
}

Place Printer::place(const ast::Expr& expr) const { return forced_ ? *forced_ : place(expr.location); }

void Printer::take_back(const Frame& frame) {
  page_.take_back(frame.mark);
  pending_ = frame.pending;
}

void Printer::verbatim(const Place& place, const Frame& frame) {
  take_back(frame);
  const long last = end_row(place);
  // The comment that waits is in the text already, unless the text ends before it.
  if (const Note* note = page_.waiting(); note != nullptr && note->row >= place.row && note->row < last) page_.let_go();
  page_.write(place.text);
  page_.set_open();
  while (!pending_.empty() && pending_[0].row < last) pending_ = pending_.subspan(1);
  if (comment_on_last_line_ && !pending_.empty() && pending_[0].row == last && page_.waiting() == nullptr) {
    if (page_.hold(&pending_[0])) pending_ = pending_.subspan(1);
  }
}

// ---- comments -----------------------------------------------------------------------------------------------------

void Printer::read_comments() {
  std::vector<Note> notes;
  for (const ast::Comment& comment : module_.comments) {
    Note note;
    note.row = row(comment.location.begin);
    const std::string_view text = without_end_space(comment.text);
    note.text = "#" + std::string(text);
    std::string_view content = text;
    while (!content.empty() && (content[0] == ' ' || content[0] == '\t')) content.remove_prefix(1);
    note.metadata = content.starts_with("METADATA");
    notes.push_back(std::move(note));
  }
  std::stable_sort(notes.begin(), notes.end(), [](const Note& a, const Note& b) { return a.row < b.row; });
  notes_.push_back(std::move(notes));
  pending_ = notes_.back();
}

void Printer::comments(std::span<const Note> notes) {
  bool in_metadata = false;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (i > 0 && notes[i].row - notes[i - 1].row > 1) {
      page_.blank_line();
      in_metadata = false;
    } else if (i > 0 && in_metadata && notes[i].metadata) {
      page_.blank_line();  // two blocks of metadata are two
    }
    in_metadata = in_metadata || notes[i].metadata;
    page_.whole_line(notes[i].text);
  }
}

// Writes the comments of earlier rows, and has the one on `row` wait for the end of the line.
Flow Printer::comments_to(long row) {
  std::size_t before = 0;
  while (before < pending_.size() && pending_[before].row < row) ++before;
  if (before > 0) {
    comments(pending_.first(before));
    if (row - pending_[before - 1].row > 1) page_.blank_line();
    pending_ = pending_.subspan(before);
  }
  if (pending_.empty() || pending_[0].row != row) return Flow::fine;
  const Note* beside = &pending_[0];
  pending_ = pending_.subspan(1);
  return page_.hold(beside) ? Flow::fine : Flow::clash;
}

// ---- the module ---------------------------------------------------------------------------------------------------

std::string Printer::module() {
  read_comments();
  package();
  // Imports and rules in the order of their places. An added import has a made-up one: it goes before all rules.
  const long first_rule = module_.rules.empty() ? 0 : row(module_.rules[0]->location.begin);
  const bool move_added = !module_.rules.empty() &&
                          std::any_of(import_lines_.begin(), import_lines_.end(),
                                      [&](const ImportLine& line) { return line.added && line.row >= first_rule; });
  std::vector<ImportLine*> added, others;
  for (ImportLine& line : import_lines_) (move_added && line.added ? added : others).push_back(&line);
  if (!added.empty()) imports(added);
  std::size_t next_import = 0, next_rule = 0;
  const auto all_rules = module_.rules;
  auto import_first = [&] {
    if (next_import == others.size()) return false;
    if (next_rule == all_rules.size()) return true;
    const std::uint32_t begin = all_rules[next_rule]->location.begin;
    const ImportLine& line = *others[next_import];
    return std::pair(line.row, line.column) < std::pair<long, long>(row(begin), module_.column(begin));
  };
  while (next_import < others.size() || next_rule < all_rules.size()) {
    const std::size_t import_begin = next_import, rule_begin = next_rule;
    while (next_import < others.size() && import_first()) ++next_import;
    if (next_import > import_begin) imports(std::span(others).subspan(import_begin, next_import - import_begin));
    while (next_rule < all_rules.size() && !import_first()) ++next_rule;
    rules(std::span<const Rule* const>(all_rules.data() + rule_begin, next_rule - rule_begin));
  }
  for (const Note& note : pending_) page_.whole_line(note.text);
  return page_.finish();
}

void Printer::package() {
  (void)comments_to(row(module_.package_location.begin));
  page_.start_line();
  page_.write("package ");
  const auto parts = module_.package->items;
  page_.write(parts[1]->text);
  for (const Term* part : parts.subspan(2)) {
    reference_name(part->text, module_.source(part->location).starts_with('"'));
  }
  page_.blank_line();
}

void Printer::imports(std::span<ImportLine*> lines) {
  // Comments beside imports stay with them when the imports are sorted.
  std::vector<std::pair<ImportLine*, const Note*>> beside;
  std::vector<Note> left;
  for (const Note& note : pending_) {
    const auto line =
        std::find_if(lines.begin(), lines.end(), [&](const ImportLine* each) { return each->row == note.row; });
    if (line == lines.end())
      left.push_back(note);
    else
      beside.emplace_back(*line, &note);
  }
  if (!beside.empty()) {
    notes_.push_back(std::move(left));
    pending_ = notes_.back();
  }
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= lines.size(); ++i) {
    if (i < lines.size() && lines[i]->row - lines[i - 1]->row <= 1) continue;
    import_group(lines.subspan(begin, i - begin), beside);
    begin = i;
  }
}

void Printer::import_group(std::span<ImportLine*> group,
                           const std::vector<std::pair<ImportLine*, const Note*>>& beside) {
  (void)comments_to(group[0]->row);
  std::stable_sort(group.begin(), group.end(), [](const ImportLine* a, const ImportLine* b) {
    return std::tie(a->path, a->alias) < std::tie(b->path, b->alias);
  });
  for (const ImportLine* line : group) {
    page_.start_line();
    page_.write("import " + line->path[0]);
    const bool future = !line->future_keyword().empty();
    for (std::size_t i = 1; i < line->path.size(); ++i) {
      if (future && ast::is_plain_name(line->path[i] + "_") && !line->quoted[i])
        page_.write("." + line->path[i]);
      else
        reference_name(line->path[i], line->quoted[i]);
    }
    if (!line->alias.empty()) page_.write(" as " + line->alias);
    // The last comment counts, where several imports share a row.
    const Note* note = nullptr;
    for (const auto& [of, each] : beside) note = of == line ? each : note;
    if (note != nullptr) page_.write(" " + note->text);
    page_.end_line();
  }
  page_.blank_line();
}

// ---- rules --------------------------------------------------------------------------------------------------------

bool Printer::uses_if(const Rule& rule) const {
  const bool set = rule.head.key != nullptr && rule.head.value == nullptr;
  return (v1_ || ifs_) && (contains_ || !set);
}

bool Printer::on_one_line(const Rule& rule) const {
  if (rule.body.expressions.size() > 1 || rule.is_default) return false;
  if (rule.body.expressions.size() == 1 && is_set(*rule.body.expressions[0])) return false;
  return uses_if(rule);
}

void Printer::rules(std::span<const Rule* const> rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const long at = row(rules[i]->location.begin);
    (void)comments_to(at);
    rule(*rules[i]);
    // An else branch behind the rule begins lines of its own.
    const bool joined = i + 1 < rules.size() && rules[i]->else_rule == nullptr && on_one_line(*rules[i]) &&
                        on_one_line(*rules[i + 1]) && row(rules[i + 1]->location.begin) == at + 1;
    if (!joined) page_.blank_line();
  }
}

Place Printer::head_place(const Rule& rule) const { return place(rule.chained ? rule.location : rule.head.location); }

void Printer::rule(const Rule& rule) {
  if (!rule.is_else) page_.start_line();
  if (rule.is_default) page_.write("default ");
  const auto body = rule.body.expressions;
  const bool constant = rule.else_rule == nullptr && body.size() == 1 && !body[0]->negated && body[0]->with.empty() &&
                        body[0]->kind == ast::ExprKind::term && is_true(body[0]->term);
  comment_on_last_line_ = constant;
  const bool unexpected = head(rule, constant) != Flow::fine;
  if (constant) {
    page_.end_line();
    return;
  }
  comment_on_last_line_ = true;
  rule_body(rule, unexpected);
}

void Printer::rule_body(const Rule& rule, bool unexpected) {
  std::optional<Place> at_else;
  if (rule.is_else && !rule.has_braces) at_else = place(rule.location);
  const auto expressions = rule.body.expressions;
  const bool with_if = uses_if(rule);
  if (with_if) {
    page_.write(" if");
    const ast::Expr& first = *expressions[0];
    const long first_row = at_else ? at_else->row : row(first.location.begin);
    if (expressions.size() == 1 && first_row == end_row(head_place(rule)) && !is_set(first)) {
      page_.write(" ");
      {
        Forced forced(*this, at_else);
        (void)expression(first);
      }
      page_.end_line();
      if (rule.else_rule != nullptr) else_rule(rule);
      return;
    }
  }
  if (unexpected && !pending_.empty()) {
    page_.write(" { ");
  } else {
    page_.write(" {");
    page_.end_line();
  }
  if (with_if && !rule.is_else) mark_union(*expressions[0]);
  page_.up();
  {
    Forced forced(*this, at_else);
    (void)body(rule.body);
  }
  const Place whole = place(rule.location);
  const std::string_view skip = !rule.head.arguments.empty() && !rule.is_else ? "()" : has_key(rule) ? "[]" : "";
  (void)comments_to(closing_row(whole, '{', '}', skip));
  page_.down();
  page_.start_line();
  page_.write("}");
  if (rule.else_rule != nullptr) else_rule(rule);
}

void Printer::else_rule(const Rule& rule) {
  const Rule& other = *rule.else_rule;
  // An `else` that begins its line goes on doing so.
  const long rows = row(other.location.begin) - row(rule.location.begin);
  bool behind_brace = false;
  if (rows > 0) {
    const std::uint32_t at = module_.lines->line_start(module_.row(other.location.begin));
    std::uint32_t word = at;
    while (word < other.location.begin && (module_.text[word] == ' ' || module_.text[word] == '\t')) ++word;
    behind_brace = word != other.location.begin;
  }
  const long else_row = row(other.head.location.begin);
  const bool comment_above = (!pending_.empty() && pending_[0].row < else_row) || page_.waiting() != nullptr;
  if (!comment_above && behind_brace) {
    page_.write(" ");
  } else {
    page_.blank_line();
    page_.start_line();
  }
  (void)comments_to(else_row);
  if (comment_above && !behind_brace && !page_.open()) page_.start_line();
  if (!page_.open()) page_.start_line();
  this->rule(other);
}

// Whether OPA's tree has a key for the head: also the second part of p[x] and p.x.
bool Printer::has_key(const Rule& rule) const {
  const ast::Head& head = rule.head;
  if (head.key != nullptr) return true;
  if (rule.is_default || rule.is_else || head.has_arguments || head.reference->kind != TermKind::ref ||
      head.reference->items.size() != 2) {
    return false;
  }
  const Term& second = *head.reference->items[1];
  if (rule.has_if) return second.kind == TermKind::ref || !ast::is_ground(second);
  return !rule.generated_body || head.value != nullptr;
}

Flow Printer::head(const Rule& rule, bool constant) {
  const Place whole = head_place(rule);
  Forced forced(*this, rule.chained ? std::optional(whole) : std::nullopt);
  if (rule.is_else) {
    page_.write("else");
    return head_value(rule, constant);
  }
  const Frame before = frame();
  Flow flow = head_parts(rule, constant);
  if (flow == Flow::clash && !rule.chained) {
    verbatim(whole, before);
    flow = Flow::verbatim;
  }
  return flow;
}

Flow Printer::head_parts(const Rule& rule, bool constant) {
  const ast::Head& head = rule.head;
  const Term& name = *head.reference;
  Flow flow = Flow::fine;
  if (name.kind == TermKind::var) {
    page_.write(name.text);
  } else if (long_heads_) {
    worsen(flow, reference(name.items));
  } else {
    if (!pending_.empty() && place(*name.items[1]).row == pending_[0].row) {
      verbatim(head_place(rule), frame());
      return Flow::fine;
    }
    page_.write(name.items[0]->text);
    page_.write("[" + ast::to_string(*name.items[1]) + "]");
  }
  if (!head.arguments.empty()) {
    const Place whole = head_place(rule);
    page_.write("(");
    worsen(flow, iterable(elements(head.arguments, false, false), whole, closing_row(whole, '(', ')'), false));
    page_.write(")");
  }
  if (head.key != nullptr && head.value == nullptr) {
    page_.write(contains_ ? " contains " : "[");
    worsen(flow, term(*head.key));
    if (!contains_) page_.write("]");
  }
  if (flow == Flow::clash) return flow;
  worsen(flow, head_value(rule, constant));
  return flow;
}

Flow Printer::head_value(const Rule& rule, bool constant) {
  const ast::Head& head = rule.head;
  const bool set = head.key != nullptr && head.value == nullptr;
  const bool implied = head.value == nullptr;
  const bool true_value = implied || is_true(head.value);
  if (set || (!has_key(rule) && true_value && !constant && !rule.is_default)) return Flow::fine;
  // A value that the source leaves out is left out, but for constants of v1.
  const bool name_alone = v1_ && constant && !has_key(rule) && head.arguments.empty();
  const bool left_out = rule.chained || (implied && (rule.generated_body || (rule.has_if && has_key(rule))));
  if (left_out && true_value && !rule.is_else && !name_alone) return Flow::fine;
  page_.write(head.assigned || v1_ ? " := " : " = ");
  if (implied) {
    page_.write("true");
    return Flow::fine;
  }
  if (!rule.is_else) return term(*head.value);
  const Term* moved = std::exchange(moved_, head.value);
  const Place moved_place = std::exchange(moved_place_, place(head.location));
  moved_place_.text = module_.source(head.value->location);
  const Flow flow = term(*head.value);
  moved_ = moved;
  moved_place_ = moved_place;
  return flow;
}

// A union that a body begins with would read as a comprehension: it is put in parentheses.
void Printer::mark_union(const ast::Expr& expr) {
  if (expr.negated) return;
  if (is_logical(expr)) {
    const Chain chain = flatten(expr);
    if (!chain.first.braced && !chain.first.parenthesised) mark_union(*chain.first.body->expressions[0]);
    return;
  }
  if (is_union(expr)) {
    parenthesised_expression_ = &expr;
    return;
  }
  if (expr.kind != ast::ExprKind::term || expr.term->kind != TermKind::call) return;
  const Term& call = *expr.term;
  if (operator_symbol(operator_name(call)).empty() || call.items.size() < 3 || call.items.size() > 4) return;
  const Term* first = call.items.size() == 3 ? call.items[1] : call.items[3];
  if (is_union(*first)) parenthesised_term_ = first;
}

}  // namespace chiron::policy::format
