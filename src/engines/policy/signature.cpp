// Reading the signatures of built-ins.
#include "engines/policy/builtin.h"

namespace chiron::policy {

std::size_t builtin_arity(const Builtin& builtin) {
  const std::string_view text = builtin.signature;
  if (text.empty() || text[0] != '(') return 0;
  std::size_t count = 0;
  int depth = 0;
  bool any = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '<' || c == '{')
      ++depth;
    else if (c == ')' && depth == 0)
      break;
    else if (c == ')' || c == ']' || c == '}' || (c == '>' && text[i - 1] != '='))
      --depth;
    else if (c == ',' && depth == 0)
      ++count;
    else if (c != ' ')
      any = true;
  }
  return any ? count + 1 : 0;
}

}  // namespace chiron::policy
