#include "surfaces/cli/help.h"

#include <algorithm>

#include "core/describe.h"
#include "core/version.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "surfaces/cli/command_line.h"

namespace chiron::cli {

namespace {

std::string bold(std::string_view text, const HelpStyle& style) {
  return style.colour ? format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

// "  left   text that goes on\n         under itself"
void add_row(std::string& out, std::string_view left, std::string_view text, std::size_t left_width,
             const HelpStyle& style) {
  out += format("  {}", left);
  const auto indent = left_width + 4;
  if (left.size() > left_width)
    out += "\n" + std::string(indent, ' ');
  else
    out += std::string(left_width - left.size() + 2, ' ');
  out += wrap(text, style.width > indent + 20 ? style.width - indent : 60, indent) + "\n";
}

std::string left_of(const Field& field) {
  if (field.positional)
    return std::string(field.placeholder.empty() ? text::to_upper_ascii(field.name) : std::string(field.placeholder));
  return flag_spelling(field);
}

std::string help_of(const Field& field) {
  std::string text(field.help);
  if (!field.choices.empty()) {
    std::vector<std::string> choices(field.choices.begin(), field.choices.end());
    text += " [" + text::join(choices, ", ") + "]";
  }
  if (!field.fallback.empty() && field.type != FieldType::flag) text += format(" (default {})", field.fallback);
  return text;
}

void add_section(std::string& out, std::string_view title, const std::vector<const Field*>& fields,
                 const HelpStyle& style) {
  if (fields.empty()) return;
  out += "\n" + bold(title, style) + "\n";
  std::size_t width = 0;
  for (const auto* field : fields) width = std::max(width, std::min<std::size_t>(left_of(*field).size(), 28));
  for (const auto* field : fields) add_row(out, left_of(*field), help_of(*field), width, style);
}

}  // namespace

std::string overview_help(const Registry& registry, const HelpStyle& style) {
  std::string out = format("chiron {} — the whole gate of a repository in one program\n\n", version());
  out += bold("Usage", style) + "\n  chiron COMMAND [OPTIONS]\n\n" + bold("Commands", style) + "\n";
  std::size_t width = 0;
  for (const auto& operation : registry.operations()) width = std::max(width, operation.name.size());
  for (const auto& operation : registry.operations()) add_row(out, operation.name, operation.summary, width, style);
  out += "\n" + bold("Everywhere", style) + "\n";
  std::vector<const Field*> fields;
  for (const auto& field : global_fields()) fields.push_back(&field);
  std::size_t flag_width = 0;
  for (const auto* field : fields) flag_width = std::max(flag_width, left_of(*field).size());
  for (const auto* field : fields) add_row(out, left_of(*field), help_of(*field), flag_width, style);
  add_row(out, "    --version", "Show the version", flag_width, style);
  out += "\nchiron COMMAND --help tells more. Start with chiron init, then chiron check.\n";
  return out;
}

std::string group_help(const Registry& registry, std::string_view group, const HelpStyle& style) {
  std::string out = bold("Commands", style) + "\n";
  std::size_t width = 0;
  const auto in_group = [&](const Operation& operation) {
    return operation.name.starts_with(std::string(group) + " ");
  };
  for (const auto& operation : registry.operations())
    if (in_group(operation)) width = std::max(width, operation.name.size());
  for (const auto& operation : registry.operations())
    if (in_group(operation)) add_row(out, operation.name, operation.summary, width, style);
  return out + "\nchiron COMMAND --help tells more.\n";
}

std::string operation_help(const Operation& operation, const HelpStyle& style) {
  std::string out = format("{}\n\n{}\n  chiron {}", operation.summary, bold("Usage", style), operation.name);
  std::vector<const Field*> arguments, own, findings, globals;
  for (const auto* field : command_fields(operation)) {
    if (field->positional)
      arguments.push_back(field);
    else if (std::ranges::any_of(operation.fields, [&](const Field& f) { return &f == field; }))
      own.push_back(field);
    else if (std::ranges::any_of(global_fields(), [&](const Field& f) { return &f == field; }))
      globals.push_back(field);
    else
      findings.push_back(field);
  }
  if (!own.empty() || !findings.empty()) out += " [OPTIONS]";
  for (const auto* field : arguments) {
    const bool many = field->type == FieldType::list || field->type == FieldType::paths;
    const auto name = left_of(*field) + (many ? "…" : "");
    out += field->required ? " " + name : " [" + name + "]";
  }
  out += "\n";
  if (!operation.description.empty()) out += "\n" + wrap(operation.description, style.width, 0) + "\n";
  add_section(out, "Arguments", arguments, style);
  add_section(out, "Options", own, style);
  add_section(out, "Report", findings, style);
  add_section(out, "Everywhere", globals, style);
  if (!operation.examples.empty()) {
    out += "\n" + bold("Examples", style) + "\n";
    for (const auto& example : operation.examples) out += format("  {}\n      {}\n", example.command, example.what);
  }
  return out;
}

}  // namespace chiron::cli
