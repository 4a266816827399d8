// The syntax tree of Rego: what the parser makes, the compiler reads and the formatter prints.
//
// Nodes live in their Module's arena and are addressed by plain pointers; lists are spans into it. Nothing is
// rewritten: the tree says what the source says, with the place of every node, so that messages and the formatter can
// be exact. What a rule *means* (its kind, its path below `data`) is worked out by the compiler.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/policy/value.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/value.h"

namespace chiron::policy {

enum class RegoVersion : std::uint8_t { v0, v1 };

namespace ast {

// Byte offsets [begin, end) into the module's text.
struct Location {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class TermKind : std::uint8_t {
  null,
  boolean,
  number,
  string,
  var,
  ref,
  array,
  object,
  set,
  array_comprehension,
  set_comprehension,
  object_comprehension,
  call,
  template_string,
  template_expression  // {expr} in a template string: `body` holds the one expression
};

struct Expr;
struct Rule;
struct Module;

struct Body {
  std::span<Expr*> expressions;
  Location location;  // from after the opening brace (or the first expression) to its end
};

struct Term {
  TermKind kind = TermKind::null;
  bool boolean = false;        // boolean: its value
  bool raw = false;            // string, template_string: written between back quotes
  bool infix = false;          // call: written as an operator (a + b, x in xs, x := y)
  bool parenthesised = false;  // written in parentheses of its own
  bool wildcard = false;       // var: `_`; its text is then a name no source can spell, one per occurrence
  bool generated = false;      // not in the source
  bool dotted = false;         // string operand of a ref: written .name, not ["name"]
  Location location;
  // var: its name. number: its spelling. string: its decoded content.
  std::string_view text;
  // ref: head, then operands. array, set: elements. object: key, value, key, value … call: operator (a var or a ref),
  // then arguments. template_string: parts, strings and others in turn as written.
  // array_comprehension, set_comprehension: the one head term. object_comprehension: key, value.
  std::span<Term*> items;
  const Body* body = nullptr;  // comprehensions
  Value constant;              // scalars: the value, made when parsed
  // Left for the compiler: what a var resolves to in its scope.
  std::uint32_t slot = 0xffffffffU;
};

struct With {
  Term* target = nullptr;
  Term* value = nullptr;
  Location location;
};

enum class ExprKind : std::uint8_t { term, some_vars, some_in, every, logical_and, logical_or };

struct Expr {
  ExprKind kind = ExprKind::term;
  bool negated = false;
  bool generated = false;  // a body that the source leaves out: `true`
  Location location;
  // term: the expression (a call with `infix` for x := y, x = y and the operators).
  // some_in: the call internal.member_2(value, collection) or internal.member_3(key, value, collection).
  Term* term = nullptr;
  std::span<Term*> symbols;    // some_vars: the declared vars
  Term* key = nullptr;         // every: may be null
  Term* value = nullptr;       // every
  Term* domain = nullptr;      // every
  const Body* body = nullptr;  // every; term: the body of `not { … }`, where there is no term
  bool braced = false;         // … and whether it stands in braces, not in parentheses
  // logical_and, logical_or: the operands, and whether each is a body in braces. Only where ParseOptions allow them.
  const Body* left = nullptr;
  const Body* right = nullptr;
  bool left_braced = false;
  bool right_braced = false;
  std::span<With> with;
};

struct Head {
  Location location;
  Term* reference = nullptr;  // a var or a ref: what stands before arguments, `contains`, `:=`; for p[x] all of p[x]
  std::span<Term*> arguments;
  bool has_arguments = false;  // a function, also with no arguments
  Term* key = nullptr;         // `contains KEY`, or the KEY of a v0 partial set p[KEY]
  Term* value = nullptr;       // after := or =, or null; `true` is implied for single-value rules
  bool assigned = false;       // := (else =)
  bool contains = false;       // the keyword was written
};

struct Annotations;

struct Rule {
  Location location;  // from `default` or the head to the end of the last body or else
  Head head;
  Body body;
  bool is_default = false;
  bool has_if = false;
  bool has_braces = false;      // the body stands in braces
  bool generated_body = false;  // the source gives none
  bool chained = false;         // `p { … } { … }`: every body after the first
  Rule* else_rule = nullptr;    // its head has reference and arguments of the first
  bool is_else = false;
  const Module* module = nullptr;
  std::span<const Annotations*> annotations;  // attached to this rule: scope rule and document
};

struct Import {
  Location location;
  Term* path = nullptr;  // a ref (or a var for a bare root)
  std::string_view alias;
  Location alias_location;
};

struct Comment {
  Location location;
  std::string_view text;  // after the "#", as written
};

enum class AnnotationScope : std::uint8_t { package, subpackages, rule, document };
[[nodiscard]] std::string_view to_string(AnnotationScope scope);

struct Annotations {
  Location location;  // of the METADATA comment block
  AnnotationScope scope = AnnotationScope::rule;
  bool scope_given = false;
  bool entrypoint = false;
  // The YAML object as OPA normalises it (organizations, authors and related_resources as lists of objects …).
  doc::Value value;
  struct Schema {
    std::vector<std::string> path;    // input.x.y
    std::vector<std::string> schema;  // schema.x.y, or empty where defined in place
    doc::Value definition;
  };
  std::vector<Schema> schemas;
  std::uint32_t row = 0;      // of the block's first line
  std::uint32_t end_row = 0;  // of its last line
};

struct Module {
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  std::string file;
  std::string text;
  RegoVersion version = RegoVersion::v1;  // what it was parsed as; `import rego.v1` makes a v0 module strict
  bool imports_rego_v1 = false;
  Location package_location;
  Term* package = nullptr;  // ref: data, then strings
  std::span<Import*> imports;
  std::span<Rule*> rules;  // in the order of the source
  std::vector<Comment> comments;
  std::vector<std::unique_ptr<Annotations>> annotations;  // in the order of the source
  Store store;                                            // nodes, and the constants in them
  std::unique_ptr<utf8::LineIndex> lines;
  std::uint32_t wildcards = 0;

  // 1-based. The column counts bytes, as OPA's does.
  [[nodiscard]] std::uint32_t row(std::uint32_t offset) const { return lines->line_of(offset); }
  [[nodiscard]] std::uint32_t column(std::uint32_t offset) const {
    return static_cast<std::uint32_t>(offset - lines->line_start(row(offset))) + 1;
  }
  [[nodiscard]] std::string_view source(Location location) const {
    return std::string_view(text).substr(location.begin, location.end - location.begin);
  }

  // For whoever makes nodes.
  template <class T>
  [[nodiscard]] T* make() {
    return new (store.arena().allocate(sizeof(T))) T();
  }
  template <class T>
  [[nodiscard]] std::span<T> make_list(std::span<const T> items) {
    auto* to = static_cast<T*>(store.arena().allocate(items.size_bytes()));
    std::uninitialized_copy(items.begin(), items.end(), to);
    return {to, items.size()};
  }
  [[nodiscard]] std::string_view keep(std::string_view text_to_keep);
};

// The term as Rego source on one line, as OPA's String() prints it (in messages, and names of documents).
[[nodiscard]] std::string to_string(const Term& term);
[[nodiscard]] std::string to_string(const Expr& expr);
[[nodiscard]] std::string to_string(const Body& body);  // joined by "; "

[[nodiscard]] bool is_ground(const Term& term);  // no variable anywhere outside closures
// Whether a name can stand as .name in a ref.
[[nodiscard]] bool is_plain_name(std::string_view name);

}  // namespace ast

// What the front end says of a source: OPA's codes, each with its place.
struct PolicyError {
  std::string code;  // "rego_parse_error", "rego_unsafe_var_error" …
  std::string message;
  std::string file;
  std::uint32_t row = 0;     // 1-based; 0 for none
  std::uint32_t column = 0;  // 1-based, bytes
  std::string line_text;     // parse errors: the line it stands in
  std::string details;       // further lines, where there are some
  doc::Value structure;      // the same as JSON shows it; null where there is none
  std::uint32_t index = 0;   // byte of line_text that the caret stands under

  bool operator==(const PolicyError&) const = default;
};
using PolicyErrors = std::vector<PolicyError>;
// "file:row: code: message" and, for parse errors, the line and a caret; many are headed "N errors occurred:".
[[nodiscard]] std::string to_string(const PolicyError& error);
[[nodiscard]] std::string to_string(const PolicyErrors& errors);

struct ParseOptions {
  RegoVersion version = RegoVersion::v1;
  bool annotations = true;           // read METADATA blocks
  bool all_future_keywords = false;  // v0 with every keyword of v1 enabled
  bool logic_keywords = false;       // the unreleased `and` / `or`
};
// Parses one file. The text is taken over by the module.
[[nodiscard]] std::expected<std::unique_ptr<ast::Module>, PolicyErrors> parse_module(std::string file, std::string text,
                                                                                     const ParseOptions& options = {});
// A query: a body, in a module of its own without package. `body` lives in `module`.
struct ParsedQuery {
  std::unique_ptr<ast::Module> module;
  ast::Body body;
};
[[nodiscard]] std::expected<ParsedQuery, PolicyErrors> parse_query(std::string text, const ParseOptions& options = {},
                                                                   std::string file = {});

}  // namespace chiron::policy
