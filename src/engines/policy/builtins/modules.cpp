// rego.parse_module: a module's syntax tree as a document.
#include "engines/policy/builtins/support.h"
#include "engines/policy/report.h"

namespace chiron::policy::functions {

Value rego_parse_module(BuiltinContext& context, Arguments arguments) {
  std::string_view file, text;
  if (!take_string(context, arguments, 0, file) || !take_string(context, arguments, 1, text)) return {};
  ParseOptions options;
  options.annotations = false;
  auto module = parse_module(std::string(file), std::string(text), options);
  if (!module) return context.fail(to_string(module.error()));
  return context.store.from_document(module_document(**module, {}));
}

}  // namespace chiron::policy::functions
