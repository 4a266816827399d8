// Terms: scalars, references, calls, collections, comprehensions, template strings.
#include <algorithm>
#include <unordered_set>

#include "engines/policy/builtin.h"
#include "engines/policy/format/printer.h"
#include "engines/policy/text.h"

namespace chiron::policy::format {

using ast::Term;
using ast::TermKind;

namespace {

// Elements of sets and keys of objects that are longer than this are not compared with one another.
constexpr std::size_t kComparedBytes = 256;

bool in_parentheses(const ast::Module& module, const Term& term) { return module.text[term.location.begin] == '('; }

std::string_view kind_name(const Term& term) {
  switch (term.kind) {
    case TermKind::null:
      return "null";
    case TermKind::boolean:
      return "boolean";
    case TermKind::number:
      return "number";
    case TermKind::string:
      return "string";
    case TermKind::var:
      return "var";
    case TermKind::ref:
      return "ref";
    case TermKind::array:
      return "array";
    case TermKind::object:
      return "object";
    case TermKind::set:
      return "set";
    case TermKind::array_comprehension:
      return "arraycomprehension";
    case TermKind::set_comprehension:
      return "setcomprehension";
    case TermKind::object_comprehension:
      return "objectcomprehension";
    case TermKind::call:
      return "call";
    case TermKind::template_string:
    case TermKind::template_expression:
      return "templatestring";
  }
  return "";
}

// Of a call; empty for other terms.
std::string operand_name(const Term& term) { return term.kind == TermKind::call ? operator_name(term) : ""; }

}  // namespace

// With what stands inside written anew; or, where a comment forbids that, as it stands in the source.
Flow Printer::term(const Term& term) {
  const Frame before = frame();
  const Flow flow = term_here(term, false);
  if (flow == Flow::fine) return flow;
  const Place whole = place(term);
  if (forced_) return flow;
  verbatim({whole.row, whole.offset, module_.source(term.location)}, before);
  return Flow::verbatim;
}

Flow Printer::term_here(const Term& term, bool parentheses) {
  if (parenthesised_term_ == &term) {
    parenthesised_term_ = nullptr;
    parentheses = true;
  }
  if (const Flow flow = comments_to(place(term).row); flow != Flow::fine) return flow;
  if (!page_.open()) page_.start_line();
  Flow flow = Flow::fine;
  switch (term.kind) {
    case TermKind::null:
      page_.write("null");
      break;
    case TermKind::boolean:
      page_.write(term.boolean ? "true" : "false");
      break;
    case TermKind::number:
      page_.write(term.text);
      break;
    case TermKind::string:
      string(term);
      break;
    case TermKind::var:
      page_.write(term.wildcard ? std::string_view("_") : term.text);
      break;
    case TermKind::ref:
      flow = reference(term.items);
      break;
    case TermKind::array:
    case TermKind::object:
    case TermKind::set:
      flow = collection(term);
      break;
    case TermKind::array_comprehension:
      page_.write("[");
      flow = comprehension(term, *term.items[0], '[', ']');
      page_.write("]");
      break;
    case TermKind::set_comprehension:
      page_.write("{");
      flow = comprehension(term, *term.items[0], '{', '}');
      page_.write("}");
      break;
    case TermKind::object_comprehension:
      flow = object_comprehension(term);
      break;
    case TermKind::call:
      flow = call(term, parentheses);
      break;
    case TermKind::template_string:
      flow = template_string(term);
      break;
    case TermKind::template_expression:
      break;  // written by template_string
  }
  if (!page_.open()) page_.start_line();
  return flow;
}

// As it was spelled; a dotted name or what stood in parentheses is quoted anew.
void Printer::string(const Term& term) {
  const std::string_view source = module_.source(term.location);
  if (!term.dotted && (source.starts_with('"') || source.starts_with('`'))) {
    page_.write(source);
    return;
  }
  std::string quoted;
  append_go_quoted(quoted, term.text);
  page_.write(quoted);
}

// ---- template strings ---------------------------------------------------------------------------------------------

Flow Printer::template_string(const Term& term) {
  page_.write(term.raw ? "$`" : "$\"");
  auto text = [&](std::string_view content) {
    std::string out;
    if (term.raw) {
      out = content;
    } else {
      append_go_quoted(out, content);
      out = out.substr(1, out.size() - 2);
    }
    for (const char c : out) page_.write(c == '{' ? std::string_view("\\{") : std::string_view(&c, 1));
  };
  Flow flow = Flow::fine;
  for (std::size_t i = 0; i < term.items.size() && flow == Flow::fine; ++i) {
    const Term& part = *term.items[i];
    if (part.kind == TermKind::string) {
      text(part.text);
      continue;
    }
    const ast::Expr& expr = *part.body->expressions[0];
    const Term* constant = expr.with.empty() ? expr.term : nullptr;
    // A constant needs no braces, unless a comment stands before it.
    const std::string_view before = module_.source({part.location.begin, expr.location.begin});
    if (constant != nullptr && constant->kind <= TermKind::string && before.find('#') == std::string_view::npos) {
      if (constant->kind == TermKind::string)
        text(constant->text);
      else
        page_.write(ast::to_string(*constant));
      continue;
    }
    flow = template_part(part, i + 1 < term.items.size() ? term.items[i + 1] : nullptr);
  }
  page_.write(term.raw ? "`" : "\"");
  return flow;
}

Flow Printer::template_part(const Term& part, const Term* next) {
  const ast::Expr& expr = *part.body->expressions[0];
  auto comments_before = [&](long row) {
    std::size_t count = 0;
    while (count < pending_.size() && pending_[count].row < row) ++count;
    const auto found = pending_.first(count);
    pending_ = pending_.subspan(count);
    return found;
  };
  page_.write("{");
  page_.up();
  if (page_.waiting() != nullptr) {
    page_.end_line();
    page_.start_line();
  } else if (const auto found = comments_before(place(expr).row); !found.empty()) {
    page_.write(" ");
    page_.set_open();
    comments(found);
  }
  const Flow flow = expression(expr);
  if (flow != Flow::fine) return flow;
  if (next != nullptr) {
    const long next_row = next->kind == TermKind::string ? place(*next).row : place(*next->body->expressions[0]).row;
    if (const auto found = comments_before(next_row); !found.empty()) {
      page_.end_line();
      comments(found);
      page_.start_line();
    }
  }
  page_.write("}");
  page_.down();
  return Flow::fine;
}

// ---- references ---------------------------------------------------------------------------------------------------

// ".name", or ["name"] where the name needs or, being a keyword, had quotes.
void Printer::reference_name(std::string_view name, bool quoted) {
  const bool plain =
      !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      });
  const bool keyword = std::find(keywords_.begin(), keywords_.end(), name) != keywords_.end();
  if (plain && (!keyword || (options_.keywords_in_refs && !quoted))) {
    page_.write(".");
    page_.write(name);
    return;
  }
  std::string text;
  append_go_quoted(text, name);
  page_.write("[" + text + "]");
}

Flow Printer::reference(std::span<Term* const> parts) {
  const Term& head = *parts[0];
  const bool parentheses = head.kind == TermKind::call && in_parentheses(module_, head);
  if (const Flow flow = term_here(head, parentheses); flow != Flow::fine) return flow;
  for (const Term* part : parts.subspan(1)) {
    if (part->kind == TermKind::string) {
      reference_name(part->text, module_.source(part->location).starts_with('"'));
    } else if (part->kind == TermKind::var) {
      page_.write("[" + ast::to_string(*part) + "]");
    } else {
      page_.write("[");
      const Flow flow = term(*part);
      if (flow == Flow::clash) return flow;
      if (flow == Flow::verbatim) page_.end_line();  // a comment may stand at the end
      page_.write("]");
      page_.set_open();
    }
  }
  return Flow::fine;
}

// ---- calls --------------------------------------------------------------------------------------------------------

Flow Printer::call(const Term& term, bool parentheses) {
  const std::string name = operator_name(term);
  const std::string_view symbol = operator_symbol(name);
  if (symbol.empty()) return plain_call(term);
  if (symbol == "in") return membership(term, true, parentheses);
  if (term.items.size() != 3) {
    wrong_arity(term, 2);
    return Flow::fine;
  }
  if (parentheses) page_.write("(");
  Flow flow = term_here(*term.items[1], true);
  if (flow != Flow::fine) return flow;
  page_.write(" ");
  page_.write(symbol);
  page_.write(" ");
  flow = term_here(*term.items[2], true);
  if (parentheses) page_.write(")");
  return flow;
}

Flow Printer::plain_call(const Term& call) {
  const Term& name = *call.items[0];
  if (name.kind == TermKind::ref) {
    if (const Flow flow = reference(name.items); flow != Flow::fine) return flow;
  } else {
    if (const Flow flow = term_here(name, false); flow != Flow::fine) return flow;
  }
  page_.write("(");
  const Place whole = place(name);
  const Flow flow = iterable(elements(call.items.subspan(1), false, false), whole, kNowhere, false);
  page_.write(")");
  return flow;
}

// `x in xs` and `k, v in xs`; the latter in parentheses wherever it is part of a term, the former as an operand.
Flow Printer::membership(const Term& call, bool nested, bool operand) {
  const auto operands = call.items.subspan(1);
  const std::size_t wanted =
      call.items[0]->kind == TermKind::ref && call.items[0]->items[1]->text == "member_3" ? 3 : 2;
  if (operands.size() != wanted) {
    wrong_arity(call, wanted);
    return Flow::fine;
  }
  const bool parentheses = wanted == 3 ? nested : operand;
  if (parentheses) page_.write("(");
  Flow flow = Flow::fine;
  for (std::size_t i = 0; i < operands.size() && flow == Flow::fine; ++i) {
    if (i > 0) page_.write(i + 1 == operands.size() ? " in " : ", ");
    // Membership joins to the left.
    flow = term_here(*operands[i], wanted == 3 || i > 0 || operator_symbol(operand_name(*operands[i])) != "in");
  }
  if (parentheses) page_.write(")");
  return flow;
}

void Printer::wrong_arity(const Term& call, std::size_t wanted) {
  PolicyError error;
  error.code = "rego_type_error";
  const std::string name = operator_name(call);
  error.message = name + ": arity mismatch";
  error.file = module_.file;
  error.row = module_.row(call.location.begin);
  error.column = module_.column(call.location.begin);
  std::string have, want;
  for (const Term* each : call.items.subspan(1)) have += (have.empty() ? "" : ",") + std::string(kind_name(*each));
  if (const Builtin* builtin = find_builtin(name); builtin != nullptr) {
    const std::string_view signature = builtin->signature;
    const std::size_t end = signature.rfind(") =>");
    want = signature.substr(1, end == std::string_view::npos ? std::string_view::npos : end - 1);
    for (std::size_t at = want.find(", "); at != std::string::npos; at = want.find(", ", at)) want.erase(at + 1, 1);
  } else {
    for (std::size_t i = 0; i < wanted; ++i) want += i == 0 ? "any" : ",any";
  }
  error.details = "have: (" + have + ")\n\twant: (" + want + ")";
  errors_.push_back(std::move(error));
}

// ---- collections --------------------------------------------------------------------------------------------------

std::vector<Printer::Element> Printer::elements(std::span<Term* const> items, bool pairs, bool distinct) const {
  std::vector<Element> out;
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < items.size(); i += pairs ? 2 : 1) {
    const Element made{items[i], pairs ? items[i + 1] : nullptr};
    const ast::Location place = items[i]->location;
    if (distinct && items.size() > (pairs ? 2U : 1U) && place.end - place.begin <= kComparedBytes &&
        !(items[i]->kind == TermKind::var && items[i]->wildcard)) {
      const auto [found, fresh] = seen.emplace(ast::to_string(*items[i]), out.size());
      if (!fresh) {  // the last value of a key counts, at the first one's place
        out[found->second].value = made.value;
        continue;
      }
    }
    out.push_back(made);
  }
  return out;
}

Flow Printer::collection(const Term& term) {
  const Place whole = place(term);
  if (term.kind == TermKind::set && term.items.empty()) {
    page_.write("set()");
    return comments_to(closing_row(whole, '(', ')'));
  }
  const bool array = term.kind == TermKind::array;
  const bool object = term.kind == TermKind::object;
  page_.write(array ? "[" : "{");
  const long close = array ? closing_row(whole, '[', ']') : closing_row(whole, '{', '}');
  const Flow flow = iterable(elements(term.items, object, !array), whole, close, !object);
  page_.write(array ? "]" : "}");
  return flow;
}

// Those that begin on one row, together. Where all stand at one place, in the order of their values.
std::vector<std::span<const Printer::Element>> Printer::lines(std::vector<Element>& items, long) const {
  std::vector<std::span<const Element>> out;
  if (forced_) {
    std::stable_sort(items.begin(), items.end(), [](const Element& a, const Element& b) {
      const bool constant = a.value != nullptr && a.term->kind <= TermKind::string && b.term->kind <= TermKind::string;
      return constant && a.term->constant < b.term->constant;
    });
    out.emplace_back(items);
    return out;
  }
  std::size_t begin = 0;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (place(*items[i].term).row > place(*items[i - 1].term).row) {
      out.push_back(std::span<const Element>(items).subspan(begin, i - begin));
      begin = i;
    }
  }
  out.push_back(std::span<const Element>(items).subspan(begin));
  return out;
}

// `before` is what opens the list: on its row, and in its text, the elements begin.
Flow Printer::iterable(std::vector<Element> items, const Place& before, long close_row, bool in_brackets) {
  const auto rows = lines(items, before.row);
  bool break_first = false;
  if (rows.size() == 1) {
    // One line has no room for the comments inside.
    for (const Note& note : pending_) {
      if (note.row > before.row && note.row < close_row) return Flow::clash;
      if (note.row >= close_row) break;
    }
    if (!items.empty() && !forced_) {
      const std::string_view first = module_.source(items[0].term->location);
      const std::size_t at = before.text.find(first);
      const std::size_t line = before.text.substr(0, at).find('\n');
      break_first = at != std::string_view::npos && at > 0 && line != std::string_view::npos && line > 0;
    }
  }
  const bool many = rows.size() > 1 || break_first;
  if (many) {
    page_.delay();
    page_.end_line();
    page_.up();
    page_.start_line();
  }
  Flow flow = Flow::fine;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    worsen(flow, iterable_line(rows[i], in_brackets));
    if (flow == Flow::clash) return flow;
    if (i + 1 < rows.size()) {
      page_.write(",");
      page_.end_line();
      page_.start_line();
    }
  }
  if (many) {
    page_.write(",");
    page_.end_line();
    worsen(flow, comments_to(close_row));
    page_.down();
    page_.start_line();
  }
  return flow;
}

Flow Printer::iterable_line(std::span<const Element> items, bool in_brackets) {
  Flow flow = Flow::fine;
  for (std::size_t i = 0; i < items.size() && flow == Flow::fine; ++i) {
    if (i > 0) page_.write(", ");
    flow = element(items[i], in_brackets);
  }
  return flow;
}

// A union stands in parentheses in brackets and braces, where it would read as a comprehension; in a call as written.
Flow Printer::element(const Element& element, bool in_brackets) {
  auto write = [&](const Term& each, bool parentheses) {
    if (parentheses) page_.write("(");
    const Flow flow = term(each);
    if (parentheses) page_.write(")");
    return flow;
  };
  if (element.value == nullptr) {
    const Term& each = *element.term;
    return write(each, is_union(each) && (in_brackets || in_parentheses(module_, each)));
  }
  if (const Flow flow = write(*element.term, is_union(*element.term)); flow != Flow::fine) return flow;
  page_.write(": ");
  return write(*element.value, is_union(*element.value));
}

// ---- comprehensions -----------------------------------------------------------------------------------------------

Flow Printer::object_comprehension(const Term& term) {
  const Place whole = place(term);
  const Term& key = *term.items[0];
  const Term& value = *term.items[1];
  page_.write("{");
  const bool parentheses = is_union(key);
  if (parentheses) page_.write("(");
  Flow flow = this->term(key);
  if (flow != Flow::fine) return flow;
  if (parentheses) page_.write(")");
  page_.write(": ");
  // The value goes on the line of the key: it counts as standing where the comprehension opens.
  const Place value_place = place(value);
  const Term* moved = std::exchange(moved_, &value);
  const Place before = std::exchange(moved_place_, {whole.row, value_place.offset, value_place.text});
  flow = comprehension(term, value, '{', '}');
  moved_ = moved;
  moved_place_ = before;
  page_.write("}");
  return flow;
}

Flow Printer::comprehension(const Term& term, const Term& head, char open, char close) {
  const Place whole = place(term);
  const long head_row = place(head).row;
  if (head_row - whole.row >= 1) {
    page_.end_line();
    page_.start_line();
  }
  const bool parentheses = head.kind == TermKind::call && (is_union(head) || in_parentheses(module_, head));
  if (const Flow flow = term_here(head, parentheses); flow != Flow::fine) return flow;
  page_.write(" |");
  return comprehension_body(*term.body, head_row, whole, open, close);
}

Flow Printer::comprehension_body(const ast::Body& body, long from_row, const Place& whole, char open, char close) {
  const auto expressions = body.expressions;
  bool many = place(*expressions[0]).row > from_row;
  for (std::size_t i = 1; i < expressions.size(); ++i)
    many = many || place(*expressions[i]).row > place(*expressions[i - 1]).row;
  const long close_row = closing_row(whole, open, close);
  Flow flow = Flow::fine;
  if (many) {
    page_.end_line();
    page_.up();
    flow = this->body(body);
    if (flow == Flow::fine) flow = comments_to(close_row);
    page_.down();
    page_.start_line();
    return flow;
  }
  page_.write(" ");
  for (std::size_t i = 0; i < expressions.size() && flow == Flow::fine; ++i) {
    if (i > 0) page_.write("; ");
    flow = expression(*expressions[i]);
  }
  if (flow == Flow::fine) flow = comments_to(close_row);
  return flow;
}

}  // namespace chiron::policy::format
