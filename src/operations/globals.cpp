#include "operations/globals.h"

#include <algorithm>

#include "core/reporters/reporter.h"

namespace chiron {

const std::vector<Field>& global_fields() {
  static const auto fields =
      Fields<Globals>()
          .add("folder", &Globals::folder,
               {.help = "Run as if started in this folder",
                .placeholder = "FOLDER",
                .letter = 'C',
                .is_path = true,
                .scope = FieldScope::command_line})
          .add("config", &Globals::config,
               {.help = "Configuration file, chiron.toml of the workspace unless given",
                .placeholder = "FILE",
                .is_path = true,
                .scope = FieldScope::command_line})
          .add("color", &Globals::color,
               {.help = "Colour the output; auto: on a terminal without NO_COLOR",
                .fallback = "auto",
                .choices = {"auto", "always", "never"},
                .scope = FieldScope::command_line})
          .add("jobs", &Globals::jobs,
               {.help = "Workers; 0 for one per core",
                .fallback = "0",
                .placeholder = "N",
                .minimum = 0,
                .maximum = 1024,
                .letter = 'j',
                .scope = FieldScope::command_line})
          .add("quiet", &Globals::quiet,
               {.help = "Print findings and errors only", .letter = 'q', .scope = FieldScope::command_line})
          .add("help", &Globals::help, {.help = "Show this help", .letter = 'h', .scope = FieldScope::command_line})
          .take();
  return fields;
}

const std::vector<Field>& findings_fields() {
  static const auto fields = [] {
    std::vector<std::string_view> formats;
    for (const auto& info : report_formats()) formats.push_back(info.name);
    return Fields<Globals>()
        .add("format", &Globals::format,
             {.help = "Form of the report on standard output",
              .fallback = "terminal",
              .choices = formats,
              .scope = FieldScope::command_line})
        .add("output", &Globals::outputs,
             {.help = "Also write the report to this file, in the form its name ends in or FORMAT: names; repeatable",
              .placeholder = "[FORMAT:]FILE",
              .example = "sarif:out.sarif",
              .letter = 'o',
              .scope = FieldScope::command_line})
        .add("fail-level", &Globals::fail_level,
             {.help = "Level of a finding from which the command fails",
              .fallback = "error",
              .choices = {"note", "warning", "error", "never"},
              .scope = FieldScope::command_line})
        .take();
  }();
  return fields;
}

std::vector<const Field*> command_fields(const Operation& operation) {
  std::vector<const Field*> all;
  const auto add = [&](const std::vector<Field>& fields) {
    for (const auto& field : fields) {
      if (field.scope == FieldScope::config) continue;
      const bool repeated = std::ranges::any_of(all, [&](const Field* known) { return known->name == field.name; });
      if (!repeated) all.push_back(&field);
    }
  };
  add(operation.fields);
  if (operation.prints_findings) add(findings_fields());
  add(global_fields());
  return all;
}

}  // namespace chiron
