// The syntax tree of scripts and its parser.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engines/prose/script.h"

namespace chiron::prose::script {

enum class NodeKind : std::uint8_t {
  number_integer,
  number_float,
  text,
  character,
  boolean,
  undefined,
  name,
  array,
  map,
  function,
  unary,
  binary,
  conditional,
  index,
  slice,
  selector,
  call,
  import_module,
  // Statements.
  expression,
  assign,
  define,
  increment,
  block,
  if_,
  for_,
  for_in,
  break_,
  continue_,
  return_
};

struct Node {
  NodeKind kind;
  std::uint32_t line = 0;
  std::string text;  // name, operator, literal text
  std::int64_t integer = 0;
  double number = 0;
  // Children by role; which ones are there is a matter of the kind. A missing one is null.
  std::vector<std::unique_ptr<Node>> children;
  std::vector<std::string> names;  // keys of a map, parameters of a function, variables of a for-in
  bool flag = false;               // a variadic function
};

[[nodiscard]] Result<std::unique_ptr<Node>> parse(std::string_view source, const std::string& file);

}  // namespace chiron::prose::script
