// The table of built-in functions, sorted by name.
#include <algorithm>

#include "engines/policy/builtin.h"

namespace chiron::policy {

Value BuiltinContext::fail_operand(int position, std::string_view expected, Value got) {
  return fail("operand " + std::to_string(position) + " must be " + std::string(expected) + " but got " +
                  std::string(to_string(got.kind())),
              BuiltinErrorCode::type);
}

std::span<const Builtin> builtins() { return {}; }

const Builtin* find_builtin(std::string_view name) {
  const auto all = builtins();
  const auto found = std::lower_bound(all.begin(), all.end(), name,
                                      [](const Builtin& builtin, std::string_view wanted) { return builtin.name < wanted; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

const Builtin* find_infix(std::string_view symbol) {
  for (const Builtin& builtin : builtins()) {
    if (!builtin.infix.empty() && builtin.infix == symbol) return &builtin;
  }
  return nullptr;
}

}  // namespace chiron::policy
