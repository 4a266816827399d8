// The recursive-descent parser of Rego (implementation of parse_module and parse_query).
#pragma once
#include "engines/policy/ast.h"
#include "engines/policy/lexer.h"
#include "foundation/base/small_list.h"

namespace chiron::policy {

namespace parser_limits {
inline constexpr int kDepth = 1'500;           // nested terms and bodies: bounds the parser's own recursion
inline constexpr int kSpeculations = 100'000;  // alternatives tried and taken back in one file
inline constexpr std::size_t kErrors = 10;     // reported at most
inline constexpr std::size_t kTextBytes = std::size_t{64} << 20;
}  // namespace parser_limits

class Parser final : Lexer::Comments {
 public:
  Parser(ast::Module& module, const ParseOptions& options);
  bool parse_file();
  bool parse_query_text(ast::Body& body);
  PolicyErrors take_errors() { return std::move(errors_); }

 private:
  using Term = ast::Term;
  struct State {
    Lexeme token;
    std::size_t errors;
    std::uint32_t wildcards;
    std::uint32_t previous_end;
  };
  struct Nesting {
    explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Nesting() { --parser_.depth_; }
    Parser& parser_;
  };

  void comment(std::uint32_t begin, std::uint32_t end) override;
  void scan();
  [[nodiscard]] State save() const { return {token_, errors_.size(), module_.wildcards, previous_end_}; }
  void restore(const State& state);
  [[nodiscard]] bool at(Token token) const { return token_.token == token; }
  [[nodiscard]] std::string_view word() const;
  [[nodiscard]] bool at_word(std::string_view name) const {
    return at(Token::identifier) && word() == name && !names_document();
  }
  [[nodiscard]] bool at_keyword(std::string_view name) const;
  [[nodiscard]] bool is_reserved(std::string_view name) const;
  // A keyword right before a dot or a bracket names a document: `if.foo`, `else["foo"]`.
  [[nodiscard]] bool names_document() const {
    return token_.end < module_.text.size() && (module_.text[token_.end] == '.' || module_.text[token_.end] == '[');
  }
  [[nodiscard]] bool at_name() const { return at(Token::identifier) && !is_reserved(word()); }

  std::nullptr_t error(std::uint32_t offset, std::string message, bool with_line = true);
  std::nullptr_t illegal(std::string_view note = {});
  bool too_deep();

  // Statements.
  bool parse_package();
  bool parse_import();
  ast::Rule* parse_rule(std::vector<ast::Rule*>& rules);
  bool parse_head(ast::Head& head);
  ast::Rule* parse_else(const ast::Rule& first);
  bool parse_braced_body(ast::Body& body);
  bool parse_if_body(ast::Rule& rule);
  void check_keywords(const ast::Rule& rule);
  void check_default(const ast::Rule& rule);
  void attach_annotations();

  // Bodies.
  bool parse_body(Token end, ast::Body& body);
  ast::Expr* parse_literal();
  ast::Expr* parse_some();
  ast::Expr* parse_every();
  bool parse_with(ast::Expr& expr);
  Term* parse_statement_term();

  // Bodies behind `not`, and the unreleased operators `and` and `or` (parser_logic.cpp).
  struct Operand {
    const ast::Body* body = nullptr;  // null for an error
    bool braced = false;
    std::uint32_t begin = 0;
  };
  [[nodiscard]] bool logic() const { return keyword_and_ || keyword_or_; }
  [[nodiscard]] bool at_logic() const {
    return (keyword_and_ && at_word("and") && !at_logic_call()) || (keyword_or_ && at_word("or") && !at_logic_call());
  }
  [[nodiscard]] bool at_logic_call() const {  // `and(x, y)`: the built-in function
    return token_.end < module_.text.size() && module_.text[token_.end] == '(';
  }
  ast::Expr* parse_logic_literal();
  Operand parse_chain(Operand left, bool loosest);
  Operand parse_operand();
  Operand parse_group(bool operand);
  Operand wrap(ast::Expr* expr);
  ast::Expr* negate(Operand inner, std::uint32_t begin);

  // Terms.
  Term* parse_term();
  Term* parse_infix(bool key_value = true) { return parse_in(nullptr, key_value); }
  Term* parse_in(Term* left, bool key_value);
  Term* parse_binary(Term* left, int level);
  Term* parse_reference(Term* head);
  Term* parse_array();
  Term* parse_set_or_object();
  Term* parse_template();
  Term* parse_number();
  Term* parse_string();
  Term* parse_comprehension(ast::TermKind kind, std::initializer_list<Term*> head, std::uint32_t begin, Token close);
  bool parse_list(Token close, SmallList<Term*>& items);
  Term* make_term(ast::TermKind kind, std::uint32_t begin, std::uint32_t end);
  Term* make_name(std::string_view name, std::uint32_t begin, std::uint32_t end);
  Term* make_call(std::string_view operator_name, ast::Location operator_location,
                  std::initializer_list<Term*> arguments);
  Term* make_string(std::string_view text, std::uint32_t begin, std::uint32_t end);
  Term* make_true(ast::Location location);

  ast::Module& module_;
  ParseOptions options_;
  Lexer lexer_;
  Lexeme token_;
  std::uint32_t previous_end_ = 0;
  std::uint32_t last_comment_ = 0;
  bool any_comment_ = false;
  int depth_ = 0;
  int speculations_ = 0;
  int tentative_ = 0;  // within an alternative whose errors nobody will see
  bool keyword_in_ = false, keyword_every_ = false, keyword_contains_ = false, keyword_if_ = false;
  bool keyword_not_ = false;  // `not { … }`
  bool keyword_and_ = false, keyword_or_ = false;
  bool strict_v1_ = false;
  PolicyErrors errors_;
  std::vector<ast::Rule*> rules_;
  std::vector<ast::Import*> imports_;
};

// Reads the METADATA blocks among a module's comments (annotations.cpp).
void read_annotations(ast::Module& module, PolicyErrors& errors);

}  // namespace chiron::policy
