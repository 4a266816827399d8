// chiron reference: the pages of docs/reference, the manual pages and the schema, from the operations' descriptions.
#include "core/config.h"
#include "core/describe.h"
#include "core/suppression.h"
#include "core/version.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"
#include "foundation/io/files.h"
#include "operations/globals.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct ReferenceRequest {
  std::string folder = "docs/reference";
  std::string form = "markdown";
  bool check = false;
};

std::string dashed(std::string_view name) { return text::replace_all(name, " ", "-"); }

std::string escape_markdown_cell(std::string_view text) { return text::replace_all(text, "|", "\\|"); }

std::string field_row(const Field& field, bool in_config) {
  std::string what(field.help);
  if (!field.choices.empty())
    what += ": " + text::join(std::vector<std::string>(field.choices.begin(), field.choices.end()), ", ");
  if (field.minimum || field.maximum)
    what += format(" ({}{}{})", field.minimum ? format("from {}", *field.minimum) : "",
                   field.minimum && field.maximum ? " " : "", field.maximum ? format("to {}", *field.maximum) : "");
  const auto name = in_config          ? std::string(field.name)
                    : field.positional ? std::string(field.placeholder.empty() ? field.name : field.placeholder)
                                       : std::string(text::trim(flag_spelling(field)));
  return format("| `{}` | {} | {} |\n", escape_markdown_cell(name), escape_markdown_cell(what),
                field.fallback.empty() ? "" : format("`{}`", field.fallback));
}

std::string operation_page(const Operation& operation) {
  std::string out = format("# chiron {}\n\n{}.\n", operation.name, operation.summary);
  if (!operation.description.empty()) out += format("\n{}\n", operation.description);
  if (!operation.examples.empty()) {
    out += "\n## Examples\n";
    for (const auto& example : operation.examples)
      out += format("\n{}\n\n```sh\n{}\n```\n", example.what, example.command);
  }
  out += "\n## Arguments and options\n\n| name | meaning | default |\n|---|---|---|\n";
  for (const auto* field : command_fields(operation)) out += field_row(*field, false);
  if (operation.gate) {
    out += format(
        "\n## In chiron.toml\n\nSection `[gate.{}]`, or `[gate.ANY-NAME]` with `kind = \"{}\"`; besides the keys of "
        "every gate "
        "(see [configuration](configuration.md)):\n\n| key | meaning | default |\n|---|---|---|\n",
        gate_kind(operation), gate_kind(operation));
    for (const auto& field : operation.fields)
      if (field.scope != FieldScope::command_line) out += field_row(field, true);
    if (!operation.gate->since.empty()) out += format("\nWith `--since`: {}\n", operation.gate->since);
  }
  return out;
}

std::string configuration_page(const Registry& registry) {
  std::string out = "# chiron.toml\n\nRead from the workspace's root. `chiron schema` prints its JSON Schema.\n";
  const auto table = [&](std::string_view title, std::string_view what, const std::vector<Field>& fields) {
    out += format("\n## {}\n\n{}\n\n| key | meaning | default |\n|---|---|---|\n", title, what);
    for (const auto& field : fields) out += field_row(field, true);
  };
  table("[workspace]", "The repository as a whole.", workspace_fields());
  table("[gate.NAME]", "The keys of every gate.", gate_common_fields());
  table("[profile.NAME]", "A choice of gates, taken with `chiron check --profile NAME`.", profile_fields());
  out += "\n## Kinds of gates\n\n";
  for (const auto& operation : registry.operations())
    if (operation.gate)
      out += format("- [{}]({}.md): {}\n", gate_kind(operation), dashed(operation.name), operation.summary);
  return out;
}

void add_rules(std::string& out, std::string_view family, const std::vector<Rule>& rules) {
  out += format("\n## {}\n", family);
  for (const auto& rule : rules) {
    out += format("\n### `{}`\n\n{} Level: {}.\n", rule.id,
                  rule.summary.ends_with('.') ? rule.summary : rule.summary + ".", to_string(rule.level));
    if (!rule.help.empty()) out += format("\n{}\n", rule.help);
  }
}

std::string rules_page(const Registry& registry) {
  std::string out = "# Rules\n\n`chiron explain RULE` shows one in the terminal.\n";
  add_rules(out, "chiron", suppression_rules());
  for (const auto& operation : registry.operations())
    if (operation.gate && operation.gate->rules != nullptr)
      add_rules(out, gate_kind(operation), operation.gate->rules());
  return out;
}

std::string roff(std::string_view text) {
  auto out = text::replace_all(text::replace_all(text, "\\", "\\e"), "-", "\\-");
  if (out.starts_with('.') || out.starts_with('\'')) out = "\\&" + out;
  return text::replace_all(text::replace_all(out, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string manual_page(const Operation& operation) {
  std::string out = format(
      ".TH CHIRON\\-{} 1 \"\" \"chiron {}\" \"Chiron\"\n.SH NAME\nchiron\\-{} \\- {}\n.SH SYNOPSIS\n.B chiron "
      "{}\n[OPTIONS]",
      text::to_upper_ascii(roff(dashed(operation.name))), version(), roff(dashed(operation.name)),
      roff(operation.summary), roff(operation.name));
  for (const auto* field : command_fields(operation))
    if (field->positional) out += format(" [{}]", roff(field->placeholder.empty() ? field->name : field->placeholder));
  out += format("\n.SH DESCRIPTION\n{}.\n", roff(operation.summary));
  if (!operation.description.empty())
    out += format(".PP\n{}\n", roff(text::replace_all(operation.description, "\n\n", "\n.PP\n")));
  out += ".SH OPTIONS\n";
  for (const auto* field : command_fields(operation)) {
    const auto name = field->positional ? std::string(field->placeholder.empty() ? field->name : field->placeholder)
                                        : std::string(text::trim(flag_spelling(*field)));
    out += format(".TP\n.B {}\n{}\n", roff(name), roff(field->help));
  }
  if (!operation.examples.empty()) {
    out += ".SH EXAMPLES\n";
    for (const auto& example : operation.examples)
      out += format(".TP\n.B {}\n{}\n", roff(example.command), roff(example.what));
  }
  out +=
      ".SH EXIT STATUS\n0 pass, 1 findings, 2 usage, configuration or could not run, 130 interrupted.\n.SH SEE "
      "ALSO\n.BR chiron (1)\n";
  return out;
}

std::string main_manual_page(const Registry& registry) {
  std::string out = format(
      ".TH CHIRON 1 \"\" \"chiron {}\" \"Chiron\"\n.SH NAME\nchiron \\- the whole gate of a repository in one program\n"
      ".SH SYNOPSIS\n.B chiron\nCOMMAND [OPTIONS]\n.SH COMMANDS\n",
      version());
  for (const auto& operation : registry.operations())
    out += format(".TP\n.BR chiron\\-{} (1)\n{}\n", roff(dashed(operation.name)), roff(operation.summary));
  out += ".SH OPTIONS\n";
  for (const auto& field : global_fields())
    out += format(".TP\n.B {}\n{}\n", roff(text::trim(flag_spelling(field))), roff(field.help));
  out +=
      ".SH FILES\n.TP\n.I chiron.toml\nThe configuration.\n.TP\n.I .chiron/\nCache and history.\n"
      ".SH EXIT STATUS\n0 pass, 1 findings, 2 usage, configuration or could not run, 130 interrupted.\n";
  return out;
}

std::vector<std::pair<std::string, std::string>> pages(const Registry& registry, bool manual) {
  std::vector<std::pair<std::string, std::string>> made;
  if (manual) {
    made.emplace_back("chiron.1", main_manual_page(registry));
    for (const auto& operation : registry.operations())
      made.emplace_back("chiron-" + dashed(operation.name) + ".1", manual_page(operation));
    return made;
  }
  std::string index =
      "# Reference\n\nGenerated by `chiron reference`.\n\n- [chiron.toml](configuration.md)\n- [Rules](rules.md)\n";
  for (const auto& operation : registry.operations()) {
    index += format("- [chiron {}]({}.md): {}\n", operation.name, dashed(operation.name), operation.summary);
    made.emplace_back(dashed(operation.name) + ".md", operation_page(operation));
  }
  made.emplace_back("README.md", index);
  made.emplace_back("configuration.md", configuration_page(registry));
  made.emplace_back("rules.md", rules_page(registry));
  made.emplace_back("chiron.schema.json", doc::write_json_pretty(config_schema(registry)) + "\n");
  return made;
}

Result<Response> run_reference(const ReferenceRequest& request, Context& context) {
  Response response;
  std::vector<std::string> stale;
  const auto folder = context.absolute(request.folder);
  if (!request.check) TRY(io::make_folders(folder));
  for (const auto& [name, text] : pages(*context.registry, request.form == "man")) {
    const auto path = io::join_path(folder, name);
    if (io::read_file(path).value_or("") == text) continue;
    stale.push_back(name);
    if (!request.check) TRY(io::write_file_atomic(path, text));
  }
  std::string out;
  for (const auto& name : stale)
    out += format("{} {}\n", request.check ? "stale" : "wrote", io::join_path(request.folder, name));
  response.output = out;
  response.exit_code = request.check && !stale.empty() ? 1 : 0;
  return response;
}

}  // namespace

Operation reference_operation() {
  auto made = operation<ReferenceRequest>(
      "reference", "Write the reference pages or the manual pages",
      Fields<ReferenceRequest>()
          .add("into", &ReferenceRequest::folder,
               {.help = "Where to",
                .fallback = "docs/reference",
                .placeholder = "FOLDER",
                .positional = true,
                .is_path = true})
          .add("form", &ReferenceRequest::form,
               {.help = "Markdown pages with the schema, or manual pages",
                .fallback = "markdown",
                .choices = {"markdown", "man"}})
          .add("check", &ReferenceRequest::check,
               {.help = "Write nothing; list pages that are not as they would be written, and fail if there are any"})
          .take(),
      run_reference);
  made.examples = {{"chiron reference man --form man", "Write the manual pages into the folder man."}};
  return made;
}

}  // namespace chiron
