// chiron schema: the JSON Schema of chiron.toml, for editors.
#include "core/config.h"
#include "foundation/doc/json.h"
#include "operations/operations.h"

namespace chiron {

namespace {
struct SchemaRequest {};

Result<Response> run_schema(const SchemaRequest&, Context& context) {
  Response response;
  response.output = doc::write_json_pretty(config_schema(*context.registry)) + "\n";
  return response;
}
}  // namespace

Operation schema_operation() {
  auto made = operation<SchemaRequest>("schema", "Print the JSON Schema of chiron.toml", {}, run_schema);
  made.description =
      "Editors complete and check chiron.toml with it. With the Even Better TOML extension or taplo, write "
      "\"#:schema chiron.schema.json\" as the first line of chiron.toml.";
  made.examples = {{"chiron schema > chiron.schema.json", "Write the schema where an editor finds it."}};
  return made;
}

}  // namespace chiron
