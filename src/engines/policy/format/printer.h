// Writes a module as OPA lays it out (implementation of format_module).
#pragma once
#include <algorithm>
#include <list>
#include <optional>

#include "engines/policy/format/format.h"
#include "engines/policy/format/layout.h"
#include "engines/policy/format/page.h"

namespace chiron::policy::format {

// How a part was written. Of two parts the worse counts for both.
enum class Flow : std::uint8_t {
  fine,
  verbatim,  // a term in it stands as in the source, since a comment would have been misplaced
  clash      // two comments want one line: the part must be taken back
};
inline void worsen(Flow& flow, Flow other) { flow = std::max(flow, other); }

// An import to write; those that the formatter adds have no node.
struct ImportLine {
  long row = 0;
  long column = 0;
  bool added = false;
  std::vector<std::string> path;  // "data", "a", "b"
  std::vector<bool> quoted;       // the part is written in double quotes
  std::string alias;

  [[nodiscard]] bool is_future() const { return path.size() >= 2 && path[0] == "future"; }
  [[nodiscard]] bool is_rego_v1() const { return path.size() == 2 && path[0] == "rego" && path[1] == "v1"; }
  // "in" for future.keywords.in; empty for others.
  [[nodiscard]] std::string_view future_keyword() const {
    return path.size() == 3 && path[0] == "future" && path[1] == "keywords" ? std::string_view(path[2])
                                                                            : std::string_view();
  }
  [[nodiscard]] bool is_all_keywords() const {
    return path.size() == 2 && path[0] == "future" && path[1] == "keywords";
  }
};
// The imports that the formatted module has, in the order of their places (imports.cpp).
[[nodiscard]] std::vector<ImportLine> imports_to_write(const ast::Module& module, const FormatOptions& options);

class Printer {
 public:
  Printer(const ast::Module& module, const FormatOptions& options);
  [[nodiscard]] std::string module();
  [[nodiscard]] PolicyErrors take_errors() { return std::move(errors_); }

 private:
  using Term = ast::Term;
  // An element of a list (without value) or of an object.
  struct Element {
    const Term* term = nullptr;
    const Term* value = nullptr;
  };
  struct Frame {
    Page::Mark mark;
    std::span<const Note> pending;
  };
  // Nodes written meanwhile stand at one place: the parts of a head that a chained body repeats, of an else body.
  struct Forced {
    Forced(Printer& printer, std::optional<Place> place) : printer_(printer), before_(printer.forced_) {
      if (place) printer_.forced_ = place;
    }
    ~Forced() { printer_.forced_ = before_; }
    Printer& printer_;
    std::optional<Place> before_;
  };

  [[nodiscard]] Place place(ast::Location location) const;
  [[nodiscard]] Place place(const Term& term) const;
  [[nodiscard]] Place place(const ast::Expr& expr) const;
  [[nodiscard]] long row(std::uint32_t offset) const { return module_.row(offset); }
  [[nodiscard]] Frame frame() const { return {page_.mark(), pending_}; }
  void take_back(const Frame& frame);
  // `place` as it stands in the source, in place of what was written since `frame`.
  void verbatim(const Place& place, const Frame& frame);

  // Comments (printer.cpp).
  void read_comments();
  void comments(std::span<const Note> notes);
  Flow comments_to(long row);

  // Statements (printer.cpp).
  void package();
  void imports(std::span<ImportLine*> lines);
  void import_group(std::span<ImportLine*> group, const std::vector<std::pair<ImportLine*, const Note*>>& beside);
  void rules(std::span<const ast::Rule* const> rules);
  [[nodiscard]] bool on_one_line(const ast::Rule& rule) const;
  [[nodiscard]] bool uses_if(const ast::Rule& rule) const;
  void rule(const ast::Rule& rule);
  void rule_body(const ast::Rule& rule, bool unexpected);
  void else_rule(const ast::Rule& rule);
  Flow head(const ast::Rule& rule, bool constant);
  Flow head_parts(const ast::Rule& rule, bool constant);
  Flow head_value(const ast::Rule& rule, bool constant);
  [[nodiscard]] Place head_place(const ast::Rule& rule) const;
  [[nodiscard]] bool has_key(const ast::Rule& rule) const;
  void mark_union(const ast::Expr& expr);

  // Expressions (printer_expressions.cpp).
  Flow body(const ast::Body& body);
  Flow expression(const ast::Expr& expr);
  Flow expression_parts(const ast::Expr& expr, bool parenthesised);
  Flow withs(const ast::Expr& expr);
  Flow with(const ast::With& with, bool indented);
  Flow some(const ast::Expr& expr);
  Flow every(const ast::Expr& expr);
  Flow negation(const ast::Expr& expr);
  Flow logical(const ast::Expr& expr);
  Flow logical_operand(const ChainOperand& operand);
  Flow braced_body(const ast::Body& body, const Place& place);
  [[nodiscard]] Place brace_place(const ast::Body& body) const;
  Flow statement_call(const Term& call);

  // Terms (printer_terms.cpp).
  Flow term(const Term& term);
  Flow term_here(const Term& term, bool parentheses);
  void string(const Term& term);
  Flow template_string(const Term& term);
  Flow template_part(const Term& part, const Term* next);
  Flow reference(std::span<Term* const> parts);
  void reference_name(std::string_view name, bool quoted);
  Flow call(const Term& term, bool parentheses);
  Flow plain_call(const Term& call);
  Flow membership(const Term& call, bool nested, bool operand);
  void wrong_arity(const Term& call, std::size_t wanted);
  Flow collection(const Term& term);
  Flow object_comprehension(const Term& term);
  Flow comprehension(const Term& term, const Term& head, char open, char close);
  Flow comprehension_body(const ast::Body& body, long from_row, const Place& whole, char open, char close);
  [[nodiscard]] std::vector<Element> elements(std::span<Term* const> items, bool pairs, bool distinct) const;
  Flow iterable(std::vector<Element> items, const Place& before, long close_row, bool in_brackets);
  Flow iterable_line(std::span<const Element> items, bool in_brackets);
  Flow element(const Element& element, bool in_brackets);
  [[nodiscard]] std::vector<std::span<const Element>> lines(std::vector<Element>& items, long from_row) const;

  const ast::Module& module_;
  const FormatOptions options_;
  std::vector<ImportLine> import_lines_;
  bool v1_ = false;              // written for v1, or for both
  bool contains_ = false;        // partial sets are written with `contains`
  bool ifs_ = false;             // bodies are written with `if`
  bool long_heads_ = false;      // some head has more than two parts: heads are then written as references
  bool negated_bodies_ = false;  // future.keywords.not
  std::vector<std::string> keywords_;

  Page page_;
  std::list<std::vector<Note>> notes_;  // those left after each group of imports last; nothing in it moves
  std::span<const Note> pending_;       // comments not written yet
  PolicyErrors errors_;
  std::optional<Place> forced_;
  const Term* moved_ = nullptr;  // a term whose place is another than its own …
  Place moved_place_;            // … this one
  const ast::Expr* parenthesised_expression_ = nullptr;
  const Term* parenthesised_term_ = nullptr;
  bool comment_on_last_line_ = false;  // a comment behind a verbatim term belongs to it
};

}  // namespace chiron::policy::format
