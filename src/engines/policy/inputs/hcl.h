// HCL 2 as a tree: blocks, attributes and expressions with their byte ranges (hcl_parser.cpp), and its
// conversion to a document (hcl_convert.cpp). Expressions are not evaluated; what the conversion needs of
// their structure is kept, the rest is a range of source.
#pragma once
#include <string>
#include <vector>

#include "engines/policy/inputs/formats.h"

namespace chiron::policy::inputs::hcl {

enum class ExpressionKind : std::uint8_t {
  null,
  boolean,        // text: true or false
  number,         // text: as spelt
  unary,          // text: the operator; children: operand
  literal,        // a piece of a template; text: unescaped
  string,         // a template; children: its parts
  wrap,           // a template that is one interpolation; children: the expression
  tuple,          // children: items
  object,         // children: key, value, key, value…
  traversal,      // a.b[0].c
  conditional,    // children: condition, then, else
  directive_if,   // %{if}: children: condition, then, else (else may be an empty literal)
  directive_for,  // %{for}: text: variables as spelt; children: collection, body
  other,          // calls, operators, for expressions, parentheses: only the range matters
};

struct Expression {
  ExpressionKind kind = ExpressionKind::other;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
  std::vector<Expression> children;
};

struct Label {
  std::string text;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Attribute {
  Label name;
  Expression value;
};

struct Block;
struct Body {
  std::vector<Attribute> attributes;
  std::vector<Block> blocks;
};

struct Block {
  Label type;
  std::vector<Label> labels;
  Body body;
  std::size_t end = 0;
};

[[nodiscard]] Result<Body> parse(std::string_view text, const ReadOptions& options);

}  // namespace chiron::policy::inputs::hcl
