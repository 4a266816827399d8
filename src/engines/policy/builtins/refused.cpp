// Built-ins that are declared, so that policies using them compile, and refused by name when called.
#include "engines/policy/builtins/support.h"

namespace chiron::policy::functions {

namespace {

Value refuse(BuiltinContext& context, std::string_view name) {
  return context.fail(format("{} is not supported", name), BuiltinErrorCode::halt);
}

}  // namespace

Value graphql_is_valid(BuiltinContext& context, Arguments) { return refuse(context, "graphql.is_valid"); }
Value graphql_parse(BuiltinContext& context, Arguments) { return refuse(context, "graphql.parse"); }
Value graphql_parse_and_verify(BuiltinContext& context, Arguments) { return refuse(context, "graphql.parse_and_verify"); }
Value graphql_parse_query(BuiltinContext& context, Arguments) { return refuse(context, "graphql.parse_query"); }
Value graphql_parse_schema(BuiltinContext& context, Arguments) { return refuse(context, "graphql.parse_schema"); }
Value graphql_schema_is_valid(BuiltinContext& context, Arguments) { return refuse(context, "graphql.schema_is_valid"); }
Value json_match_schema(BuiltinContext& context, Arguments) { return refuse(context, "json.match_schema"); }
Value json_verify_schema(BuiltinContext& context, Arguments) { return refuse(context, "json.verify_schema"); }
Value rego_parse_module(BuiltinContext& context, Arguments) { return refuse(context, "rego.parse_module"); }
Value strings_render_template(BuiltinContext& context, Arguments) { return refuse(context, "strings.render_template"); }

}  // namespace chiron::policy::functions
