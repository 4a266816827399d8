// Parsing of files, statements, rules and bodies.
#include "engines/policy/parser.h"

#include <algorithm>

#include "foundation/base/utf8.h"

namespace chiron::policy {

using ast::Body;
using ast::Expr;
using ast::ExprKind;
using ast::Head;
using ast::Rule;
using ast::Term;
using ast::TermKind;

Parser::Parser(ast::Module& module, const ParseOptions& options)
    : module_(module), options_(options), lexer_(module.text) {
  if (options.version == RegoVersion::v1 || options.all_future_keywords) {
    keyword_in_ = keyword_every_ = keyword_contains_ = keyword_if_ = true;
  }
  strict_v1_ = options.version == RegoVersion::v1;
}

void Parser::comment(std::uint32_t begin, std::uint32_t end) {
  if (any_comment_ && begin <= last_comment_) return;  // seen before an alternative was taken back
  any_comment_ = true;
  last_comment_ = begin;
  module_.comments.push_back({{begin, end}, std::string_view(module_.text).substr(begin + 1, end - begin - 1)});
}

void Parser::scan() {
  previous_end_ = token_.end;
  token_ = lexer_.next(token_.end, this);
}

void Parser::restore(const State& state) {
  token_ = state.token;
  errors_.resize(std::min(errors_.size(), state.errors));
  module_.wildcards = state.wildcards;
  previous_end_ = state.previous_end;
}

std::string_view Parser::word() const { return module_.source({token_.begin, token_.end}); }

bool Parser::at_keyword(std::string_view name) const {
  if (!at(Token::identifier) || word() != name || names_document()) return false;
  if (name == "in") return keyword_in_;
  if (name == "every") return keyword_every_;
  if (name == "contains") return keyword_contains_;
  if (name == "if") return keyword_if_;
  return true;
}

bool Parser::is_reserved(std::string_view name) const {
  switch (name.size()) {
    case 2:
      return name == "as" || (keyword_in_ && name == "in") || (keyword_if_ && name == "if") ||
             (keyword_or_ && name == "or");
    case 3:
      return name == "not" || (keyword_and_ && name == "and");
    case 4:
      return name == "else" || name == "null" || name == "some" || name == "true" || name == "with";
    case 5:
      return name == "false" || (keyword_every_ && name == "every");
    case 6:
      return name == "import";
    case 7:
      return name == "default" || name == "package";
    case 8:
      return keyword_contains_ && name == "contains";
    default:
      return false;
  }
}

std::nullptr_t Parser::error(std::uint32_t offset, std::string message, bool with_line) {
  if (tentative_ > 0) {
    errors_.emplace_back();
    return nullptr;
  }
  PolicyError result;
  result.code = "rego_parse_error";
  result.message = std::move(message);
  result.file = module_.file;
  const std::string_view text = module_.text;
  result.row = module_.row(offset);
  result.column = module_.column(offset);
  // At the end of the file there is no character to point at: the place is one before it.
  if (offset >= text.size()) --result.column;
  if (with_line && !text.empty()) {
    std::size_t at = std::min<std::size_t>(offset, text.size() - 1);
    while (at > 0 && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) --at;
    std::size_t begin = at;
    while (begin > 0 && text[begin] != '\n' && text[begin] != '\r') --begin;
    if (text[begin] == '\n' || text[begin] == '\r') ++begin;
    std::size_t end = at;
    while (end < text.size() && text[end] != '\n' && text[end] != '\r') ++end;
    if (begin > end) begin = end;
    result.line_text = std::string(text.substr(begin, end - begin));
    result.index = static_cast<std::uint32_t>(at - std::min(at, begin));
  }
  errors_.push_back(std::move(result));
  return nullptr;
}

std::nullptr_t Parser::illegal(std::string_view note) {
  if (tentative_ > 0) return error(token_.begin, {});
  if (at(Token::illegal)) return error(token_.begin, token_.problem != nullptr ? token_.problem : "illegal token");
  std::string name(token_name(token_.token));
  const char* kind = "token";
  if (at(Token::identifier)) {
    const std::string_view text = word();
    if (is_reserved(text)) {
      name = text;
      kind = "keyword";
    }
  }
  std::string message = "unexpected " + name + " " + kind;
  if (!note.empty()) message += ": " + std::string(note);
  return error(token_.begin, std::move(message));
}

bool Parser::too_deep() {
  if (depth_ <= parser_limits::kDepth) return false;
  if (errors_.empty() || !errors_.back().message.starts_with("nested too deeply")) {
    error(token_.begin, "nested too deeply: at most " + std::to_string(parser_limits::kDepth) + " levels");
  }
  return true;
}

// ---- bodies -------------------------------------------------------------------------------------------------------

// Literals up to `end`, which is left as the current token.
bool Parser::parse_body(Token end, Body& body) {
  Nesting nesting(*this);
  if (too_deep()) return false;
  SmallList<Expr*> expressions;
  body.location.begin = token_.begin;
  if (at(end)) {
    if (end == Token::end)
      illegal();
    else
      error(token_.begin, "found empty body");
    return false;
  }
  while (true) {
    Expr* expr = parse_literal();
    if (expr == nullptr) return false;
    expressions.push_back(expr);
    body.location.end = previous_end_;
    bool separated = token_.after_line;
    if (at(Token::semicolon)) {
      scan();
      separated = true;
    }
    if (at(end)) break;
    if (!separated) {
      illegal("expected \\n or ; or " + std::string(end == Token::end ? "eof" : token_name(end)));
      return false;
    }
  }
  body.expressions = module_.make_list<Expr*>(expressions);
  return true;
}

bool Parser::parse_braced_body(Body& body) {
  scan();
  if (!parse_body(Token::right_brace, body)) return false;
  scan();
  return true;
}

// A term, or two joined by := or =.
Term* Parser::parse_statement_term() {
  Term* left = parse_infix();
  if (left == nullptr) return nullptr;
  if (!at(Token::assign) && !at(Token::unify)) return left;
  const char* name = at(Token::assign) ? "assign" : "eq";
  const ast::Location place{token_.begin, token_.end};
  scan();
  Term* right = parse_infix();
  if (right == nullptr) return nullptr;
  return make_call(name, place, {left, right});
}

Expr* Parser::parse_literal() {
  Nesting nesting(*this);
  if (too_deep()) return nullptr;
  if (logic() || keyword_not_) return parse_logic_literal();
  const std::uint32_t begin = token_.begin;
  bool negated = false;
  if (at_word("not")) {
    scan();
    negated = true;
  }
  if (at_word("some")) return negated ? illegal("illegal negation of 'some'"), nullptr : parse_some();
  if (at_keyword("every")) return negated ? illegal("illegal negation of 'every'"), nullptr : parse_every();
  Term* term = parse_statement_term();
  if (term == nullptr) return nullptr;
  auto* expr = module_.make<Expr>();
  expr->negated = negated;
  expr->term = term;
  expr->location = {begin, previous_end_};
  if (at_word("with") && !parse_with(*expr)) return nullptr;
  expr->location.end = previous_end_;
  return expr;
}

bool Parser::parse_with(Expr& expr) {
  std::vector<ast::With> all;
  while (at_word("with")) {
    ast::With with;
    with.location.begin = token_.begin;
    scan();
    if (!at(Token::identifier)) {
      illegal("expected identifier");
      return false;
    }
    with.target = parse_term();
    if (with.target == nullptr) return false;
    if (with.target->kind != TermKind::ref && with.target->kind != TermKind::var) {
      error(with.target->location.begin, "with target must be a reference");
      return false;
    }
    if (!at_word("as")) {
      illegal("expected as keyword");
      return false;
    }
    scan();
    with.value = parse_infix();
    if (with.value == nullptr) return false;
    with.location.end = previous_end_;
    all.push_back(with);
  }
  expr.with = module_.make_list<ast::With>(all);
  return true;
}

Expr* Parser::parse_some() {
  auto* expr = module_.make<Expr>();
  expr->location.begin = token_.begin;
  scan();
  const State before = save();
  if (keyword_in_) {
    Term* term = parse_infix();
    if (term != nullptr && term->kind == TermKind::call && term->infix && term->items[0]->kind == TermKind::ref &&
        term->items[0]->items[0]->text == "internal") {
      expr->kind = ExprKind::some_in;
      expr->term = term;
      expr->location.end = previous_end_;
      if (at_word("with") && !parse_with(*expr)) return nullptr;
      expr->location.end = previous_end_;
      return expr;
    }
    if (term != nullptr && term->kind != TermKind::var) {
      restore(before);
      return illegal("expected `x in xs` or `x, y in xs` expression");
    }
    if (term == nullptr && errors_.size() > before.errors && !errors_.back().message.starts_with("unexpected"))
      return nullptr;
    restore(before);
  }
  expr->kind = ExprKind::some_vars;
  SmallList<Term*> symbols;
  while (true) {
    if (!at_name()) return illegal("expected var");
    Term* symbol = make_name(word(), token_.begin, token_.end);
    if (symbol->text == "_") {
      symbol->text = module_.keep("$" + std::to_string(module_.wildcards++));
      symbol->wildcard = true;
    }
    symbols.push_back(symbol);
    scan();
    if (!at(Token::comma)) break;
    scan();
  }
  expr->symbols = module_.make_list<Term*>(symbols);
  expr->location.end = previous_end_;
  return expr;
}

Expr* Parser::parse_every() {
  auto* expr = module_.make<Expr>();
  expr->kind = ExprKind::every;
  expr->location.begin = token_.begin;
  scan();
  Term* first = parse_term();
  if (first == nullptr) return nullptr;
  if (first->kind != TermKind::var) {
    return error(first->location.begin,
                 "unexpected " + std::string(module_.source(first->location)) + " token: expected variable");
  }
  expr->value = first;
  if (at(Token::comma)) {
    scan();
    Term* second = parse_term();
    if (second == nullptr) return nullptr;
    if (second->kind != TermKind::var) return error(second->location.begin, "expected variable in `every` declaration");
    expr->key = first;
    expr->value = second;
  }
  if (!at_keyword("in")) return illegal("expected `x[, y] in xs { ... }` expression");
  scan();
  expr->domain = parse_infix();
  if (expr->domain == nullptr) return illegal("expected `x[, y] in xs { ... }` expression");
  if (!at(Token::left_brace)) return illegal("missing body");
  auto* body = module_.make<Body>();
  if (!parse_braced_body(*body)) return nullptr;
  expr->body = body;
  expr->location.end = previous_end_;
  if (at_word("with") && !parse_with(*expr)) return nullptr;
  return expr;
}

// ---- statements ---------------------------------------------------------------------------------------------------

bool Parser::parse_package() {
  module_.package_location.begin = token_.begin;
  scan();
  if (!at(Token::identifier) || (is_reserved(word()) && word() != "contains"))
    return illegal("expected identifier"), false;
  const std::uint32_t begin = token_.begin;
  Term* head = make_name("data", begin, begin);
  head->generated = true;
  Term* path = parse_term();
  if (path == nullptr) return false;
  SmallList<Term*> parts{head};
  const Term& first = path->kind == TermKind::ref ? *path->items[0] : *path;
  if (first.wildcard) return error(begin, "unexpected _ token: a package needs a name"), false;
  if (path->kind == TermKind::var) {
    parts.push_back(make_string(path->text, path->location.begin, path->location.end));
  } else if (path->kind == TermKind::ref && path->items[0]->kind == TermKind::var) {
    parts.push_back(make_string(path->items[0]->text, path->items[0]->location.begin, path->items[0]->location.end));
    for (Term* part : path->items.subspan(1)) {
      if (part->kind != TermKind::string) {
        return error(begin, "unexpected " + ast::to_string(*part) + " token: expecting string"), false;
      }
      parts.push_back(part);
    }
  } else {
    return error(begin, "expected path"), false;
  }
  Term* reference = make_term(TermKind::ref, begin, previous_end_);
  reference->items = module_.make_list<Term*>(parts);
  module_.package = reference;
  module_.package_location.end = previous_end_;
  return true;
}

bool Parser::parse_import() {
  auto* import = module_.make<ast::Import>();
  import->location.begin = token_.begin;
  scan();
  if (!at(Token::identifier)) return illegal("expected identifier"), false;
  const std::uint32_t begin = token_.begin;
  Term* path = parse_term();
  if (path == nullptr) return false;
  if (path->kind == TermKind::var) {
    Term* reference = make_term(TermKind::ref, path->location.begin, path->location.end);
    reference->items = module_.make_list<Term*>(std::span<Term* const>(&path, 1));
    path = reference;
  }
  if (path->kind != TermKind::ref || path->items[0]->kind != TermKind::var) {
    return error(begin, "unexpected import path"), false;
  }
  const std::string_view root = path->items[0]->text;
  if (root != "data" && root != "input" && root != "future" && root != "rego") {
    return error(begin, "unexpected import path, must begin with one of: {data, future, input, rego}, got: " +
                            std::string(root) + " (hint: if this is unexpected, try updating OPA)"),
           false;
  }
  for (const Term* part : path->items.subspan(1)) {
    if (part->kind != TermKind::string) {
      return error(begin, "unexpected import path: must only contain string literals"), false;
    }
  }
  import->path = path;
  if (at_word("as")) {
    scan();
    if (!at_name()) return illegal("expected var"), false;
    import->alias = module_.keep(word());
    import->alias_location = {token_.begin, token_.end};
    scan();
  }
  import->location.end = previous_end_;
  if (root == "future") {
    const auto parts = path->items;
    if (parts.size() == 1 || parts[1]->text != "keywords") {
      return error(begin, "invalid import, must be `future.keywords`"), false;
    }
    if (!import->alias.empty()) return error(begin, "`future` imports cannot be aliased"), false;
    if (parts.size() == 2) {
      keyword_in_ = keyword_every_ = keyword_contains_ = keyword_if_ = true;
    } else if (parts.size() == 3) {
      const std::string_view name = parts[2]->text;
      if (name == "in")
        keyword_in_ = true;
      else if (name == "every")
        keyword_in_ = keyword_every_ = true;
      else if (name == "contains")
        keyword_contains_ = true;
      else if (name == "if")
        keyword_if_ = true;
      else if (name == "not")
        keyword_not_ = true;
      else if (name == "and" && options_.logic_keywords)
        keyword_and_ = true;
      else if (name == "or" && options_.logic_keywords)
        keyword_or_ = true;
      else if (name == "and" || name == "or")
        return error(begin, "keyword `" + std::string(name) + "` is experimental and not supported"), false;
      else
        return error(begin, "unexpected keyword, must be one of [contains every if in]"), false;
    } else {
      return error(begin, "invalid import, must be `future.keywords` or `future.keywords.<keyword>`"), false;
    }
  } else if (root == "rego") {
    const auto parts = path->items;
    if (parts.size() != 2 || parts[1]->text != "v1") return error(begin, "invalid import, must be `rego.v1`"), false;
    if (!import->alias.empty()) return error(begin, "`rego` imports cannot be aliased"), false;
    keyword_in_ = keyword_every_ = keyword_contains_ = keyword_if_ = true;
    strict_v1_ = true;
    module_.imports_rego_v1 = true;
  }
  imports_.push_back(import);
  return true;
}

bool Parser::parse_head(Head& head) {
  head.location.begin = token_.begin;
  if (!at_name() && !at_word("contains") && !(at(Token::identifier) && names_document())) {
    illegal("expected rule head name");
    return false;
  }
  Term* term = parse_term();
  if (term == nullptr) return false;
  head.reference = term;
  if (term->kind == TermKind::call) {
    head.reference = term->items[0];
    head.arguments = term->items.subspan(1);
    head.has_arguments = true;
  }
  if (head.reference->kind != TermKind::var &&
      !(head.reference->kind == TermKind::ref && head.reference->items[0]->kind == TermKind::var)) {
    error(head.location.begin, "rule head ref " + std::string(module_.source(head.reference->location)) + " invalid");
    return false;
  }
  if (head.reference->kind == TermKind::ref && head.reference->items.size() == 1)
    head.reference = head.reference->items[0];
  const std::string name = ast::to_string(*head.reference);
  if (at_keyword("contains")) {
    if (head.has_arguments) {
      illegal("the contains keyword can only be used with multi-value rule definitions (e.g., " + name +
              " contains <VALUE> { ... })");
      return false;
    }
    scan();
    head.contains = true;
    head.key = parse_infix();
    if (head.key == nullptr) return false;
  } else if (at(Token::unify) || at(Token::assign)) {
    head.assigned = at(Token::assign);
    scan();
    head.value = parse_infix();
    if (head.value == nullptr) return false;
  }
  head.location.end = previous_end_;
  return true;
}

bool Parser::parse_if_body(Rule& rule) {
  rule.has_if = true;
  scan();
  if (at(Token::left_brace)) {
    // A comprehension or an object may stand here as the one expression; a set, which is always true, may not.
    const State before = save();
    ++tentative_;
    Expr* expr = ++speculations_ > parser_limits::kSpeculations ? nullptr : parse_literal();
    --tentative_;
    const bool alone = expr != nullptr &&
                       (expr->negated || expr->term == nullptr || expr->term->kind != TermKind::set) &&
                       (expr->term == nullptr || expr->term->kind != TermKind::object || !expr->term->items.empty());
    if (alone) {
      rule.body.expressions = module_.make_list<Expr*>(std::span<Expr* const>(&expr, 1));
      rule.body.location = expr->location;
      return true;
    }
    restore(before);
    rule.has_braces = true;
    return parse_braced_body(rule.body);
  }
  Expr* expr = parse_literal();
  if (expr == nullptr) return false;
  rule.body.expressions = module_.make_list<Expr*>(std::span<Expr* const>(&expr, 1));
  rule.body.location = expr->location;
  return true;
}

Rule* Parser::parse_else(const Rule& first) {
  Nesting nesting(*this);
  if (too_deep()) return nullptr;
  auto* rule = module_.make<Rule>();
  rule->module = &module_;
  rule->is_else = true;
  rule->location.begin = token_.begin;
  rule->head = first.head;
  rule->head.location = {token_.begin, token_.end};
  rule->head.value = nullptr;
  rule->head.assigned = false;
  scan();
  if (at(Token::assign) || at(Token::unify)) {
    rule->head.assigned = at(Token::assign);
    scan();
    rule->head.value = parse_infix();
    if (rule->head.value == nullptr) return nullptr;
    rule->head.location.end = previous_end_;
  } else if (!at(Token::left_brace) && !at_keyword("if")) {
    return illegal("expected else value term or rule body");
  }
  rule->has_if = at_keyword("if");
  if (rule->has_if) scan();
  if (at(Token::left_brace)) {  // always a body here, where `if` of a rule may have a comprehension
    rule->has_braces = true;
    if (!parse_braced_body(rule->body)) return nullptr;
  } else if (rule->has_if) {
    if (at(Token::end)) return illegal("rule body expected");
    Expr* expr = parse_literal();
    if (expr == nullptr) return nullptr;
    rule->body.expressions = module_.make_list<Expr*>(std::span<Expr* const>(&expr, 1));
    rule->body.location = expr->location;
  } else {
    rule->generated_body = true;
    auto* expr = module_.make<Expr>();
    expr->generated = true;
    expr->location = rule->head.location;
    expr->term = make_true(rule->head.location);
    rule->body.expressions = module_.make_list<Expr*>(std::span<Expr* const>(&expr, 1));
  }
  rule->location.end = previous_end_;
  if (at_word("else")) {
    rule->else_rule = parse_else(first);
    if (rule->else_rule == nullptr) return nullptr;
    rule->location.end = previous_end_;
  }
  return rule;
}

Rule* Parser::parse_rule(std::vector<Rule*>& rules) {
  auto* rule = module_.make<Rule>();
  rule->module = &module_;
  rule->location.begin = token_.begin;
  if (at_word("default")) {
    rule->is_default = true;
    scan();
  }
  Head& head = rule->head;
  if (!parse_head(head)) return nullptr;
  auto give_true_body = [&] {
    rule->generated_body = true;
    auto* expr = module_.make<Expr>();
    expr->generated = true;
    expr->location = head.location;
    expr->term = make_true(head.location);
    rule->body.expressions = module_.make_list<Expr*>(std::span<Expr* const>(&expr, 1));
    rule->body.location = head.location;
  };
  if (rule->is_default) {
    give_true_body();
    rule->location.end = previous_end_;
    check_default(*rule);
    rules.push_back(rule);
    return rule;
  }
  const bool has_if = at_keyword("if");
  const bool two_parts = head.reference->kind == TermKind::ref && head.reference->items.size() == 2;
  if (!has_if && !head.contains && !head.has_arguments && two_parts && head.value == nullptr) {
    // p[x] { … }: the old way to say `p contains x`.
    // In v0 also p.x, with a body or alone.
    if (!head.reference->items[1]->dotted || at(Token::left_brace) || !strict_v1_) {
      head.key = head.reference->items[1];
      head.reference = head.reference->items[0];
    }
  }
  if (has_if) {
    if (!parse_if_body(*rule)) return nullptr;
  } else if (at(Token::left_brace)) {
    rule->has_braces = true;
    if (!parse_braced_body(rule->body)) return nullptr;
  } else {
    const bool names_value = head.has_arguments || (!strict_v1_ && head.reference->kind == TermKind::ref);
    if (head.value == nullptr && head.key == nullptr && !names_value) {
      if (!token_.after_line && !at(Token::end)) return illegal();
      return error(head.location.begin, std::string(head.has_arguments                      ? "call"
                                                    : head.reference->kind == TermKind::var ? "var"
                                                                                            : "ref") +
                                            " cannot be used for rule name");
    }
    if (!token_.after_line && !at(Token::end) && !at_word("else") && !at(Token::semicolon)) return illegal();
    give_true_body();
  }
  rule->location.end = previous_end_;
  if (at_word("else")) {
    if (head.reference->kind == TermKind::ref && !ast::is_ground(*head.reference)) {
      return error(token_.begin, "else keyword cannot be used on rules with variables in head");
    }
    if (head.key != nullptr) return error(token_.begin, "else keyword cannot be used on multi-value rules");
    rule->else_rule = parse_else(*rule);
    if (rule->else_rule == nullptr) return nullptr;
    rule->location.end = previous_end_;
  }
  rules.push_back(rule);
  check_keywords(*rule);
  while (at(Token::left_brace) && !rule->generated_body) {
    if (rule->else_rule != nullptr) return error(token_.begin, "expected else keyword");
    auto* next = module_.make<Rule>();
    *next = *rule;
    next->chained = true;
    next->has_braces = true;
    next->location.begin = token_.begin;
    next->head.location = {token_.begin, token_.end};
    next->body = {};
    if (!parse_braced_body(next->body)) return nullptr;
    next->location.end = previous_end_;
    rules.push_back(next);
  }
  return rule;
}

// Rego v1 wants the keywords that v0 could do without.
void Parser::check_keywords(const Rule& rule) {
  if (!strict_v1_) return;
  for (const Rule* at_rule = &rule; at_rule != nullptr; at_rule = at_rule->else_rule) {
    if (!at_rule->generated_body && !at_rule->has_if) {
      error(at_rule->location.begin, "`if` keyword is required before rule body", false);
    }
    if (!at_rule->is_else && rule.head.key != nullptr && !rule.head.contains) {
      error(rule.location.begin, "`contains` keyword is required for partial set rules", false);
    }
  }
}

void Parser::check_default(const Rule& rule) {
  if (rule.head.value == nullptr) {
    illegal("expected default rule value");
    return;
  }
  if (rule.head.contains) {
    error(rule.location.begin, "default rules cannot be multi-value");
    return;
  }
  std::vector<const Term*> pending{rule.head.value};
  while (!pending.empty()) {
    const Term& term = *pending.back();
    pending.pop_back();
    switch (term.kind) {
      case TermKind::var:
        error(rule.location.begin, "illegal default rule (value cannot contain var)");
        return;
      case TermKind::ref:
        error(rule.location.begin, "illegal default rule (value cannot contain ref)");
        return;
      case TermKind::call:
        error(rule.location.begin, "illegal default rule (value cannot contain call)");
        return;
      case TermKind::template_string:
        error(rule.location.begin, "illegal default rule (value cannot contain template-string)");
        return;
      case TermKind::array:
      case TermKind::set:
      case TermKind::object:
        for (const Term* item : term.items) pending.push_back(item);
        break;
      default:
        break;
    }
  }
  for (const Term* argument : rule.head.arguments) {
    if (argument->kind != TermKind::var) {
      error(rule.location.begin, "illegal default rule (arguments cannot contain " + ast::to_string(*argument) + ")");
      return;
    }
  }
}

bool Parser::parse_file() {
  if (module_.text.size() > parser_limits::kTextBytes) {
    error(0, "file is too large: at most " + std::to_string(parser_limits::kTextBytes) + " bytes of Rego", false);
    return false;
  }
  if (const std::size_t bad = utf8::find_invalid(module_.text); bad != std::string_view::npos) {
    error(static_cast<std::uint32_t>(bad), "file is not valid UTF-8 (at byte " + std::to_string(bad) + ")", false);
    return false;
  }
  scan();
  if (at(Token::end)) {
    PolicyError empty;
    empty.code = "rego_parse_error";
    empty.message = "empty module";
    empty.file = module_.file;
    errors_.push_back(empty);
    return false;
  }
  if (!at_word("package")) {
    error(token_.begin, "package expected");
    return false;
  }
  if (!parse_package()) return false;
  while (true) {
    while (at(Token::semicolon)) scan();
    if (at(Token::end)) break;
    bool good = true;
    if (at_word("import"))
      good = parse_import();
    else if (at_word("package"))
      good = (illegal(), false);
    else
      good = parse_rule(rules_) != nullptr;
    if (!good) break;
    if (errors_.size() > parser_limits::kErrors) break;
    if (!at(Token::end) && !token_.after_line && !at(Token::semicolon)) {
      illegal();
      break;
    }
  }
  module_.rules = module_.make_list<Rule*>(rules_);
  module_.imports = module_.make_list<ast::Import*>(imports_);
  if (errors_.empty() && options_.annotations) read_annotations(module_, errors_);
  return errors_.empty();
}

bool Parser::parse_query_text(Body& body) {
  if (const std::size_t bad = utf8::find_invalid(module_.text); bad != std::string_view::npos) {
    error(static_cast<std::uint32_t>(bad), "query is not valid UTF-8 (at byte " + std::to_string(bad) + ")", false);
    return false;
  }
  scan();
  while (at_word("import")) {
    if (!parse_import()) return false;
    if (at(Token::semicolon)) scan();
  }
  module_.imports = module_.make_list<ast::Import*>(imports_);
  return parse_body(Token::end, body) && errors_.empty();
}

// ---- entry points -------------------------------------------------------------------------------------------------

std::expected<std::unique_ptr<ast::Module>, PolicyErrors> parse_module(std::string file, std::string text,
                                                                       const ParseOptions& options) {
  auto module = std::make_unique<ast::Module>();
  module->file = std::move(file);
  module->text = std::move(text);
  module->version = options.version;
  module->lines = std::make_unique<utf8::LineIndex>(module->text);
  Parser parser(*module, options);
  if (!parser.parse_file()) return std::unexpected(parser.take_errors());
  return module;
}

std::expected<ParsedQuery, PolicyErrors> parse_query(std::string text, const ParseOptions& options, std::string file) {
  ParsedQuery query;
  query.module = std::make_unique<ast::Module>();
  query.module->file = std::move(file);
  query.module->text = std::move(text);
  query.module->version = options.version;
  query.module->lines = std::make_unique<utf8::LineIndex>(query.module->text);
  Parser parser(*query.module, options);
  if (!parser.parse_query_text(query.body)) return std::unexpected(parser.take_errors());
  return query;
}

}  // namespace chiron::policy
