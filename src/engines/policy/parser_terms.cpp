// Parsing of terms: scalars, references, calls, collections, comprehensions, operators, template strings.
#include "engines/policy/parser.h"

namespace chiron::policy {

using ast::Term;
using ast::TermKind;

namespace {

struct Operator {
  Token token;
  const char* name;
  int level;
};
// Lowest level binds loosest.
constexpr Operator kOperators[] = {
    {Token::equal, "equal", 0},   {Token::not_equal, "neq", 0},  {Token::less, "lt", 0},
    {Token::greater, "gt", 0},    {Token::less_equal, "lte", 0}, {Token::greater_equal, "gte", 0},
    {Token::bit_or, "or", 1},     {Token::bit_and, "and", 2},    {Token::plus, "plus", 3},
    {Token::minus, "minus", 3},   {Token::multiply, "mul", 4},   {Token::divide, "div", 4},
    {Token::remainder, "rem", 4},
};

}  // namespace

Term* Parser::make_term(TermKind kind, std::uint32_t begin, std::uint32_t end) {
  Term* term = module_.make<Term>();
  term->kind = kind;
  term->location = {begin, end};
  return term;
}

Term* Parser::make_name(std::string_view name, std::uint32_t begin, std::uint32_t end) {
  Term* term = make_term(TermKind::var, begin, end);
  term->text = name;
  return term;
}

Term* Parser::make_string(std::string_view text, std::uint32_t begin, std::uint32_t end) {
  Term* term = make_term(TermKind::string, begin, end);
  term->constant = module_.store.intern(text);
  term->text = term->constant.string();
  return term;
}

Term* Parser::make_true(ast::Location location) {
  Term* term = make_term(TermKind::boolean, location.begin, location.end);
  term->boolean = true;
  term->generated = true;
  term->constant = Value::boolean(true);
  return term;
}

// The operator is a ref of its dotted name, as in a written call.
Term* Parser::make_call(std::string_view name, ast::Location operator_location,
                        std::initializer_list<Term*> arguments) {
  SmallList<Term*> items;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) {
    items.push_back(make_name(name, operator_location.begin, operator_location.end));
  } else {
    Term* reference = make_term(TermKind::ref, operator_location.begin, operator_location.end);
    Term* parts[] = {make_name(name.substr(0, dot), operator_location.begin, operator_location.end),
                     make_string(name.substr(dot + 1), operator_location.begin, operator_location.end)};
    reference->items = module_.make_list<Term*>(parts);
    items.push_back(reference);
  }
  for (Term* argument : arguments) items.push_back(argument);
  Term* call = make_term(TermKind::call, items[1]->location.begin, items.back()->location.end);
  call->items = module_.make_list<Term*>(items);
  call->infix = true;
  return call;
}

// `x in xs`, `k, v in xs`: the loosest operator, joined to the left.
Term* Parser::parse_in(Term* left, bool key_value) {
  Nesting nesting(*this);
  if (too_deep()) return nullptr;
  if (left == nullptr) left = parse_binary(nullptr, 0);
  if (left == nullptr) return nullptr;
  if (at(Token::comma) && key_value && keyword_in_) {
    const State before = save();
    scan();
    if (++speculations_ > parser_limits::kSpeculations)
      return error(token_.begin, "too many alternatives to try in this file");
    Term* middle = parse_binary(nullptr, 0);
    if (middle != nullptr && at_keyword("in")) {
      const ast::Location place{token_.begin, token_.end};
      scan();
      Term* right = parse_binary(nullptr, 0);
      if (right == nullptr) return nullptr;
      left = make_call("internal.member_3", place, {left, middle, right});
    } else {
      restore(before);
    }
  }
  while (at_keyword("in")) {
    const ast::Location place{token_.begin, token_.end};
    scan();
    Term* right = parse_binary(nullptr, 0);
    if (right == nullptr) return nullptr;
    left = make_call("internal.member_2", place, {left, right});
  }
  return left;
}

// Operators of `level` and tighter ones, joined to the left.
Term* Parser::parse_binary(Term* left, int level) {
  if (left == nullptr) left = parse_term();
  if (left == nullptr) return nullptr;
  while (true) {
    const Operator* found = nullptr;
    if (token_.token >= Token::plus && token_.token <= Token::less_equal) {
      for (const Operator& candidate : kOperators) {
        if (at(candidate.token)) found = &candidate;
      }
    }
    if (found == nullptr || found->level < level) return left;
    const ast::Location place{token_.begin, token_.end};
    scan();
    Term* right = parse_binary(nullptr, found->level + 1);
    if (right == nullptr) return nullptr;
    left = make_call(found->name, place, {left, right});
  }
}

Term* Parser::parse_term() {
  Nesting nesting(*this);
  if (too_deep()) return nullptr;
  const std::uint32_t begin = token_.begin;
  Term* term = nullptr;
  switch (token_.token) {
    case Token::identifier: {
      const std::string_view name = word();
      if (!names_document() && (name == "null" || name == "true" || name == "false")) {
        term = make_term(name == "null" ? TermKind::null : TermKind::boolean, begin, token_.end);
        term->boolean = name == "true";
        term->constant = name == "null" ? Value::null() : Value::boolean(name == "true");
        scan();
        break;
      }
      const bool call = (name == "and" || name == "or") && at_logic_call();
      if (is_reserved(name) && name != "contains" && !call && !names_document()) return illegal();
      if (name == "_") {
        term = make_name(module_.keep("$" + std::to_string(module_.wildcards++)), begin, token_.end);
        term->wildcard = true;
      } else {
        term = make_name(name, begin, token_.end);
      }
      scan();
      break;
    }
    case Token::number:
    case Token::minus:
      term = parse_number();
      break;
    case Token::string:
    case Token::raw_string:
      term = parse_string();
      break;
    case Token::template_start:
    case Token::raw_template_start:
      term = parse_template();
      break;
    case Token::left_bracket:
      term = parse_array();
      break;
    case Token::left_brace:
      term = parse_set_or_object();
      break;
    case Token::left_paren: {
      scan();
      term = parse_infix();
      if (term == nullptr) return nullptr;
      if (!at(Token::right_paren)) return error(token_.begin, "non-terminated expression");
      term->parenthesised = true;
      term->location = {begin, token_.end};
      scan();
      break;
    }
    default:
      return illegal();
  }
  if (term == nullptr) return nullptr;
  const bool continues = !token_.after_space && (at(Token::dot) || at(Token::left_bracket) || at(Token::left_paren));
  if (continues) return parse_reference(term);
  if (term->kind == TermKind::var && (term->text == "input" || term->text == "data")) {
    Term* reference = make_term(TermKind::ref, term->location.begin, term->location.end);
    reference->items = module_.make_list<Term*>(std::span<Term* const>(&term, 1));
    return reference;
  }
  return term;
}

Term* Parser::parse_number() {
  const std::uint32_t begin = token_.begin;
  if (at(Token::minus)) {
    scan();
    if (!at(Token::number)) return illegal("expected number");
  }
  std::string text(module_.source({begin, token_.end}));
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  if (!is_number_text(text)) return error(begin, "illegal number format");
  Term* term = make_term(TermKind::number, begin, token_.end);
  term->constant = module_.store.number(text);
  term->text = module_.keep(text);
  scan();
  return term;
}

Term* Parser::parse_string() {
  const std::string_view literal = module_.source({token_.begin, token_.end});
  if (at(Token::raw_string)) {
    const std::string text(literal.substr(1, literal.size() - 2));
    Term* term = make_string(text, token_.begin, token_.end);
    term->raw = true;
    scan();
    return term;
  }
  Term* term = nullptr;
  const std::string_view inner = literal.substr(1, literal.size() - 2);
  bool plain = true;
  for (const char c : inner) plain = plain && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
  if (plain) {
    term = make_string(inner, token_.begin, token_.end);
  } else {
    std::string text;
    std::size_t bad = 0;
    if (!unquote(literal, text, bad)) {
      return error(token_.begin, "illegal string literal: " + std::string(literal));
    }
    term = make_string(text, token_.begin, token_.end);
  }
  scan();
  return term;
}

Term* Parser::parse_reference(Term* head) {
  SmallList<Term*> parts{head};
  const std::uint32_t begin = head->location.begin;
  auto finish = [&](std::uint32_t end) -> Term* {
    if (parts.size() == 1 && !(head->kind == TermKind::var && (head->text == "input" || head->text == "data")))
      return parts[0];
    Term* reference = make_term(TermKind::ref, begin, end);
    reference->items = module_.make_list<Term*>(parts);
    return reference;
  };
  switch (head->kind) {
    case TermKind::null:
    case TermKind::boolean:
    case TermKind::number:
    case TermKind::string:
      return error(begin, "illegal ref (head cannot be " +
                              std::string(head->kind == TermKind::null      ? "null"
                                          : head->kind == TermKind::boolean ? "boolean"
                                          : head->kind == TermKind::number  ? "number"
                                                                            : "string") +
                              ")");
    default:
      break;
  }
  std::uint32_t end = head->location.end;
  bool first = true;
  while (first || !token_.after_space) {
    first = false;
    if (at(Token::dot)) {
      scan();
      if (token_.after_space || !at(Token::identifier)) return illegal("expected identifier");
      Term* part = make_string(word(), token_.begin, token_.end);
      part->dotted = true;
      parts.push_back(part);
      end = token_.end;
      scan();
    } else if (at(Token::left_bracket)) {
      scan();
      Term* part = parse_infix();
      if (part == nullptr) return nullptr;
      if (!at(Token::right_bracket)) return illegal("expected \",\" or \"]\"");
      parts.push_back(part);
      end = token_.end;
      scan();
    } else if (at(Token::left_paren)) {
      Term* operation = finish(end);
      scan();
      SmallList<Term*> items{operation};
      if (!parse_list(Token::right_paren, items)) return nullptr;
      Term* call =
          make_term(items.size() == 1 && operation->kind == TermKind::var && operation->text == "set" ? TermKind::set
                                                                                                      : TermKind::call,
                    begin, token_.end);
      if (call->kind == TermKind::call) call->items = module_.make_list<Term*>(items);
      end = token_.end;
      scan();
      parts.clear();
      parts.push_back(call);
      head = call;
    } else {
      break;
    }
  }
  return finish(end);
}

// Elements up to `close`, which is left as the current token. A comma may follow the last.
bool Parser::parse_list(Token close, SmallList<Term*>& items) {
  while (!at(close)) {
    Term* item = parse_infix(false);
    if (item == nullptr) return false;
    items.push_back(item);
    if (at(Token::comma)) {
      scan();
    } else if (!at(close)) {
      illegal("expected \",\" or \"" + std::string(token_name(close)) + "\"");
      return false;
    }
  }
  return true;
}

Term* Parser::parse_comprehension(TermKind kind, std::initializer_list<Term*> head, std::uint32_t begin, Token close) {
  scan();
  auto* body = module_.make<ast::Body>();
  if (!parse_body(close, *body)) return nullptr;
  Term* term = make_term(kind, begin, token_.end);
  term->items = module_.make_list<Term*>(std::span<Term* const>(head.begin(), head.size()));
  term->body = body;
  scan();
  return term;
}

Term* Parser::parse_array() {
  const std::uint32_t begin = token_.begin;
  scan();
  SmallList<Term*> items;
  bool comprehension = true;
  if (at(Token::comma)) {
    comprehension = false;
    scan();
  }
  if (!at(Token::right_bracket)) {
    // A bar after a single term opens a comprehension before it means "or".
    Term* first = parse_term();
    if (first == nullptr) return nullptr;
    if (at(Token::bit_or) && comprehension) {
      const State before = save();
      Term* term = parse_comprehension(TermKind::array_comprehension, {first}, begin, Token::right_bracket);
      if (term != nullptr) return term;
      if (!at(Token::comma) || ++speculations_ > parser_limits::kSpeculations / 100) return nullptr;
      restore(before);
    }
    first = parse_in(parse_binary(first, 0), false);
    if (first == nullptr) return nullptr;
    items.push_back(first);
    if (at(Token::comma))
      scan();
    else if (!at(Token::right_bracket))
      return illegal("expected \",\" or \"]\"");
    if (!parse_list(Token::right_bracket, items)) return nullptr;
  }
  Term* term = make_term(TermKind::array, begin, token_.end);
  term->items = module_.make_list<Term*>(items);
  scan();
  return term;
}

Term* Parser::parse_set_or_object() {
  const std::uint32_t begin = token_.begin;
  scan();
  bool comprehension = true;
  if (at(Token::comma)) {
    comprehension = false;
    scan();
  }
  if (at(Token::right_brace)) {
    Term* empty = make_term(TermKind::object, begin, token_.end);
    scan();
    return empty;
  }
  Term* first = parse_term();
  if (first == nullptr) return nullptr;
  if (at(Token::bit_or) && comprehension) {
    const State before = save();
    Term* term = parse_comprehension(TermKind::set_comprehension, {first}, begin, Token::right_brace);
    if (term != nullptr) return term;
    if (!at(Token::comma) || ++speculations_ > parser_limits::kSpeculations / 100) return nullptr;
    restore(before);
  }
  first = parse_in(parse_binary(first, 0), false);
  if (first == nullptr) return nullptr;
  SmallList<Term*> items{first};
  if (!at(Token::colon)) {
    if (at(Token::comma))
      scan();
    else if (!at(Token::right_brace))
      return illegal("expected \",\" or \"}\"");
    if (!parse_list(Token::right_brace, items)) return nullptr;
    Term* term = make_term(TermKind::set, begin, token_.end);
    term->items = module_.make_list<Term*>(items);
    scan();
    return term;
  }
  while (true) {
    scan();
    Term* value = parse_term();
    if (value == nullptr) return nullptr;
    if (at(Token::bit_or) && comprehension && items.size() == 1) {
      const State before = save();
      Term* term = parse_comprehension(TermKind::object_comprehension, {items[0], value}, begin, Token::right_brace);
      if (term != nullptr) return term;
      if (!at(Token::comma) || ++speculations_ > parser_limits::kSpeculations / 100) return nullptr;
      restore(before);
    }
    value = parse_in(parse_binary(value, 0), false);
    if (value == nullptr) return nullptr;
    items.push_back(value);
    if (at(Token::comma))
      scan();
    else if (!at(Token::right_brace))
      return illegal("expected \",\" or \"}\"");
    if (at(Token::right_brace)) break;
    Term* key = parse_infix(false);
    if (key == nullptr) return nullptr;
    items.push_back(key);
    if (!at(Token::colon)) return illegal("expected \":\"");
  }
  Term* term = make_term(TermKind::object, begin, token_.end);
  term->items = module_.make_list<Term*>(items);
  scan();
  return term;
}

// $"text {expression} text" and $`…`: "\{" stands for a brace in both.
Term* Parser::parse_template() {
  const bool raw = at(Token::raw_template_start);
  const char quote = raw ? '`' : '"';
  const std::uint32_t begin = token_.begin;
  std::uint32_t i = token_.end;
  SmallList<Term*> parts;
  std::string chunk;
  std::uint32_t chunk_begin = i;
  auto flush = [&](std::uint32_t end) -> bool {
    if (chunk.empty()) return true;
    std::string text;
    if (raw) {
      text = chunk;
    } else {
      std::size_t bad = 0;
      if (!unquote("\"" + chunk + "\"", text, bad)) {
        error(chunk_begin, "illegal string literal: \"" + chunk + "\"");
        return false;
      }
    }
    Term* part = make_string(text, chunk_begin, end);
    part->raw = raw;
    parts.push_back(part);
    chunk.clear();
    return true;
  };
  while (true) {
    if (i >= module_.text.size() || (!raw && module_.text[i] == '\n')) return error(begin, "non-terminated string");
    const char c = module_.text[i];
    if (c == quote) break;
    if (c == '\\' && i + 1 < module_.text.size() && module_.text[i + 1] == '{') {
      chunk += '{';
      i += 2;
    } else if (c == '\\' && !raw && i + 1 < module_.text.size()) {
      chunk += c;
      chunk += module_.text[i + 1];
      i += 2;
    } else if (c == '{') {
      if (!flush(i)) return nullptr;
      token_.token = Token::left_brace;
      token_.begin = i;
      token_.end = i + 1;
      scan();
      if (at(Token::right_brace)) return error(i, "invalid template-string expression: expected expression");
      const std::uint32_t inner = token_.begin;
      ast::Expr* expr = parse_literal();
      if (expr == nullptr) return nullptr;
      if (!at(Token::right_brace)) return illegal("expected \"}\"");
      if (expr->kind != ast::ExprKind::term || expr->negated) return error(inner, "invalid template-string expression");
      auto* body = module_.make<ast::Body>();
      body->expressions = module_.make_list<ast::Expr*>(std::span<ast::Expr* const>(&expr, 1));
      body->location = expr->location;
      Term* part = make_term(TermKind::template_expression, i, token_.end);
      part->body = body;
      parts.push_back(part);
      i = token_.end;
      chunk_begin = i;
    } else {
      chunk += c;
      ++i;
    }
  }
  if (!flush(i)) return nullptr;
  Term* term = make_term(TermKind::template_string, begin, i + 1);
  term->raw = raw;
  term->items = module_.make_list<Term*>(parts);
  token_.end = i + 1;
  scan();
  return term;
}

}  // namespace chiron::policy
