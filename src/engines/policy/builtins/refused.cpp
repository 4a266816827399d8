// Built-ins that are declared, so that policies using them compile, and refused by name when called.
#include "engines/policy/builtins/support.h"

namespace chiron::policy::functions {

namespace {

Value refuse(BuiltinContext& context, std::string_view name) {
  return context.fail(format("{} is not supported", name), BuiltinErrorCode::halt);
}

}  // namespace

Value strings_render_template(BuiltinContext& context, Arguments) { return refuse(context, "strings.render_template"); }

}  // namespace chiron::policy::functions
