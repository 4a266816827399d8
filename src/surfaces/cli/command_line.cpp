// The one file that knows CLI11. An App is built for the named operation only, from its description, so that start-up
// does not grow with the number of operations.
#include "surfaces/cli/command_line.h"

#include <CLI/CLI.hpp>

#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::cli {

namespace {

bool owns(const std::vector<Field>& fields, const Field* field) {
  return !fields.empty() && field >= fields.data() && field < fields.data() + fields.size();
}

// One field's values as CLI11 saw them.
struct Seen {
  const Field* field;
  std::vector<std::string> values;
  bool on = false;
  bool off = false;
};

// Global options before the command's words are moved behind them: `chiron -C x check`.
std::vector<std::string> words_first(std::span<const std::string> arguments) {
  std::vector<std::string> before, rest;
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (!argument.starts_with('-')) break;
    const auto takes_value = std::ranges::any_of(global_fields(), [&](const Field& field) {
      return field.type != FieldType::flag && (argument == "--" + std::string(field.name) ||
                                               (field.letter != 0 && argument == std::string{'-', field.letter}));
    });
    before.push_back(argument);
    if (takes_value && i + 1 < arguments.size()) before.push_back(arguments[++i]);
  }
  rest.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  std::size_t words = 0;
  while (words < rest.size() && !rest[words].starts_with('-')) ++words;
  rest.insert(rest.begin() + static_cast<std::ptrdiff_t>(words), before.begin(), before.end());
  return rest;
}

// The operation whose words are the longest prefix of the arguments; `used` counts them.
const Operation* find_operation(const std::vector<std::string>& arguments, const Registry& registry,
                                std::size_t& used) {
  const Operation* found = nullptr;
  std::string name;
  for (std::size_t i = 0; i < arguments.size() && i < 3 && !arguments[i].starts_with('-'); ++i) {
    name += (i == 0 ? "" : " ") + arguments[i];
    if (const auto* operation = registry.find(name)) {
      found = operation;
      used = i + 1;
    }
  }
  return found;
}

std::unexpected<Error> unknown_command(const std::vector<std::string>& arguments, const Registry& registry) {
  std::vector<std::string> names;
  for (const auto& operation : registry.operations()) {
    names.emplace_back(operation.name);
    names.emplace_back(operation.name.substr(0, operation.name.find(' ')));
  }
  std::string given = arguments[0];
  const bool is_group =
      std::ranges::any_of(registry.operations(), [&](const Operation& o) { return o.name.starts_with(given + " "); });
  if (is_group && arguments.size() > 1 && !arguments[1].starts_with('-')) given += " " + arguments[1];
  const auto nearest = text::nearest(given, names);
  return fail(ErrorKind::usage, "usage.command", format("there is no command \"{}\"", given), {},
              nearest ? format("Did you mean chiron {}?", *nearest) : "chiron --help lists the commands.");
}

std::unexpected<Error> unknown_flag(const std::string& argument, const Operation& operation) {
  if (!argument.starts_with('-') || argument == "-")
    return fail(ErrorKind::usage, "usage.argument",
                format("chiron {} does not take the argument \"{}\"", operation.name, argument), {},
                format("chiron {} --help shows what it takes.", operation.name));
  std::vector<std::string> flags;
  for (const auto* field : command_fields(operation))
    if (!field->positional) flags.push_back("--" + std::string(field->name));
  const auto name = argument.substr(0, argument.find('='));
  const auto nearest = text::nearest(name, flags);
  return fail(
      ErrorKind::usage, "usage.flag", format("chiron {} has no option {}", operation.name, name), {},
      nearest ? format("Did you mean {}?", *nearest) : format("chiron {} --help lists the options.", operation.name));
}

// An option that ends the line without its value: which one CLI11 tells, what it wants the field does.
std::unexpected<Error> unreadable(std::string_view told, const std::vector<Seen>& fields, const Operation& operation) {
  for (const auto& [field, values, on, off] : fields) {
    if (!told.starts_with(format("--{}: ", field->name))) continue;
    std::string wanted(field->placeholder);
    if (!field->choices.empty())
      wanted = text::join(std::vector<std::string>(field->choices.begin(), field->choices.end()), ", ");
    return fail(ErrorKind::usage, "usage.argument",
                format("chiron {}: --{} needs a value{}", operation.name, field->name,
                       wanted.empty() ? "" : format(" ({})", wanted)),
                {}, format("--{}: {}.", field->name, field->help));
  }
  return fail(ErrorKind::usage, "usage.argument", format("chiron {}: {}", operation.name, told), {},
              format("chiron {} --help shows what it takes.", operation.name));
}

void declare(CLI::App& app, Seen& seen) {
  const auto& field = *seen.field;
  std::string names = "--" + std::string(field.name);
  if (field.letter != 0) names += std::string(",-") + field.letter;
  if (field.type == FieldType::flag) {
    app.add_flag_function(names, [&seen](std::int64_t) { seen.on = true; });
    if (field.fallback == "true")
      app.add_flag_function("--no-" + std::string(field.name), [&seen](std::int64_t) { seen.off = true; });
    return;
  }
  auto* option = app.add_option(field.positional ? std::string(field.name) : names, seen.values);
  const bool many = field.type == FieldType::list || field.type == FieldType::paths;
  if (many && field.positional)
    option->expected(0, -1);
  else if (many)
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  // A positional that takes the last of several would swallow the positional behind it.
  else if (field.positional)
    option->expected(1)->allow_extra_args(false);
  // Without allow_extra_args(false) an option would also take the positional arguments that follow its value.
  else
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->allow_extra_args(false);
}

// Hands the arguments after "--" to the positionals that are still empty, in their order, the rest to the last.
Result<void> give_verbatim(std::vector<Seen>& fields, std::vector<std::string> verbatim, const Operation& operation) {
  std::size_t next = 0;
  for (auto& seen : fields) {
    if (!seen.field->positional || next == verbatim.size()) continue;
    const bool many = seen.field->type == FieldType::list || seen.field->type == FieldType::paths;
    if (!many && !seen.values.empty()) continue;
    do seen.values.push_back(std::move(verbatim[next++]));
    while (many && next < verbatim.size());
  }
  if (next < verbatim.size())
    return fail(ErrorKind::usage, "usage.argument",
                format("chiron {} does not take the argument \"{}\"", operation.name, verbatim[next]));
  return {};
}

// A field's complaint begins with its name, which on the command line is an option.
std::unexpected<Error> as_option(Error error, const Field& field) {
  if (!field.positional && error.message.starts_with(field.name)) error.message.insert(0, "--");
  return std::unexpected(std::move(error));
}

Result<void> assign(const Seen& seen, void* request) {
  const auto& field = *seen.field;
  if (field.type == FieldType::flag) {
    if (seen.on) field.assign(request, true);
    if (seen.off) field.assign(request, false);
    return {};
  }
  if (seen.values.empty()) return {};
  FieldValue value;
  if (field.type == FieldType::list || field.type == FieldType::paths) {
    value = seen.values;
    if (auto checked = check_field(field, value); !checked) return as_option(std::move(checked).error(), field);
  } else {
    auto parsed = parse_field(field, seen.values.back());
    if (!parsed) return as_option(std::move(parsed).error(), field);
    value = std::move(*parsed);
  }
  field.assign(request, value);
  return {};
}

}  // namespace

Result<Command> parse_command_line(std::span<const std::string> given, const Registry& registry) {
  auto arguments = words_first(given);
  Command command;
  std::size_t used = 0;
  command.operation = find_operation(arguments, registry, used);
  if (command.operation == nullptr) {
    const bool asks_help = arguments.empty() || std::ranges::any_of(arguments, [](const std::string& a) {
                             return a == "--help" || a == "-h";
                           });
    if (!arguments.empty() && !arguments[0].starts_with('-')) {
      const auto prefix = arguments[0] + " ";
      const bool is_group =
          std::ranges::any_of(registry.operations(), [&](const Operation& o) { return o.name.starts_with(prefix); });
      if (!is_group || (arguments.size() > 1 && !arguments[1].starts_with('-')))
        return unknown_command(arguments, registry);
      command.topic = arguments[0];
    } else if (!asks_help) {
      return fail(ErrorKind::usage, "usage.flag", format("chiron has no option {}", arguments[0]), {},
                  "chiron --help lists the commands.");
    }
    command.globals.help = true;
    return command;
  }
  const auto& operation = *command.operation;
  command.request = operation.make_request();
  CLI::App app;
  app.set_help_flag();
  app.allow_extras(false);
  std::vector<Seen> fields;
  for (const auto* field : command_fields(operation)) fields.push_back({field, {}, false, false});
  for (auto& seen : fields) declare(app, seen);
  std::vector<std::string> rest(arguments.begin() + static_cast<std::ptrdiff_t>(used), arguments.end());
  // What follows "--" is arguments whatever it looks like: it goes to the last positional that takes many.
  std::vector<std::string> verbatim;
  if (const auto dashes = std::ranges::find(rest, "--"); dashes != rest.end()) {
    verbatim.assign(dashes + 1, rest.end());
    rest.erase(dashes, rest.end());
  }
  app.allow_extras(true);
  try {
    auto reversed = rest;
    std::ranges::reverse(reversed);
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return unreadable(error.what(), fields, operation);
  }
  TRY(give_verbatim(fields, std::move(verbatim), operation));
  for (const auto& seen : fields)
    if (seen.field->name == "help" && seen.on) {
      command.globals.help = true;
      return command;
    }
  if (const auto extras = app.remaining(); !extras.empty()) return unknown_flag(extras[0], operation);
  for (const auto& seen : fields) {
    void* request = owns(operation.fields, seen.field) ? command.request.get() : &command.globals;
    TRY(assign(seen, request));
    if (seen.on || seen.off || !seen.values.empty())
      command.given.emplace_back(seen.field->name);
    else if (seen.field->required)
      return fail(ErrorKind::usage, "usage.argument",
                  format("chiron {} needs {}", operation.name,
                         seen.field->positional
                             ? std::string(seen.field->placeholder.empty() ? seen.field->name : seen.field->placeholder)
                             : "--" + std::string(seen.field->name)),
                  {}, format("chiron {} --help shows what it takes.", operation.name));
  }
  return command;
}

}  // namespace chiron::cli
