#include "surfaces/cli/cli.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "core/version.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/registry.h"
#include "surfaces/cli/command_line.h"
#include "surfaces/cli/help.h"
#include "surfaces/cli/interrupt.h"
#include "surfaces/cli/live.h"
#include "surfaces/cli/print.h"
#include "surfaces/cli/terminal.h"
#include "surfaces/cli/watch.h"
#include "surfaces/dropin/dropin.h"

namespace chiron::cli {

namespace {

std::int64_t now_seconds() {
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"))
    if (const auto seconds = text::parse_signed(epoch)) return *seconds;
  return static_cast<std::int64_t>(std::time(nullptr));
}

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

Result<std::string> read_standard_input() { return io::read_descriptor(0); }

int run_drop_in(const DropIn& tool, std::span<const std::string> arguments, const Terminal& terminal) {
  task::CancelToken cancel;
  cancel_on_signals(cancel);
  task::Pool pool;
  io::DescriptorOutput out(1, "standard output");
  io::DescriptorOutput err(2, "standard error");
  DropInContext context{out, err, read_standard_input, pool, cancel, terminal.out_is_terminal, terminal.width};
  const int code = tool.run(arguments, context);
  (void)err.finish();  // nowhere left to say it
  if (const auto written = out.finish(); !written && written.error().code != io::kReaderGone) {
    print_error(written.error(), false);
    return code == 0 ? 2 : code;
  }
  return cancel.cancelled() ? 130 : code;
}

int list_drop_ins() {
  std::string text = "Usage: chiron as NAME [ARGUMENTS…], or a link of that name to chiron. Names:\n";
  for (const auto& tool : drop_ins()) text += format("  {:<14} {}\n", tool.name, tool.summary);
  std::fputs(text.c_str(), stderr);
  return 2;
}

// One run, from the workspace as it is now to the printed response.
Ran run_once(const Command& command, const Registry& registry, const Terminal& terminal, task::Pool& pool,
             task::CancelToken& cancel) {
  const auto& globals = command.globals;
  const bool error_colour = use_colour(globals.color, terminal.err_is_terminal);
  const auto finish = [&](const Error& error) {
    print_error(error, error_colour);
    return Ran{exit_code_of(error), error.kind == ErrorKind::usage};
  };
  const auto folder = io::current_folder();
  auto workspace = Workspace::discover(folder, make_real_file_system());
  if (!workspace) return finish(workspace.error());
  const auto live = make_live_sink(terminal, error_colour, globals.quiet);
  Context context{**workspace, pool, cancel, *live, &registry, folder};
  context.config_file = globals.config.empty() ? "" : context.absolute(globals.config);
  context.fail_level = globals.fail_level;
  context.now = now_seconds;
  context.read_input = read_standard_input;
  context.environment = environment;
  context.terminal = terminal.out_is_terminal;
  context.colour = use_colour(globals.color, terminal.out_is_terminal);
  context.width = terminal.width;
  context.given = command.given;
  auto response = command.operation->run(command.request.get(), context);
  live->close();
  if (!response)
    return finish(cancel.cancelled() ? Error{ErrorKind::interrupted, "interrupted", "interrupted", {}, {}, {}}
                                     : response.error());
  const auto code = print_response(command, *std::move(response), context, terminal);
  if (!code) return finish(code.error());
  return {cancel.cancelled() ? 130 : *code, false};
}

int run_operation(const Command& command, const Registry& registry, const Terminal& terminal) {
  const auto& globals = command.globals;
  const auto finish = [&](const Error& error) {
    print_error(error, use_colour(globals.color, terminal.err_is_terminal));
    return exit_code_of(error);
  };
  if (!globals.folder.empty() && ::chdir(globals.folder.c_str()) != 0)
    return finish(io::errno_error("enter the folder", globals.folder, errno));
  if (const auto checked = check_outputs(globals); !checked) return finish(checked.error());
  task::CancelToken cancel;
  cancel_on_signals(cancel);
  task::Pool pool(static_cast<unsigned>(globals.jobs));
  const auto run = [&] { return run_once(command, registry, terminal, pool, cancel); };
  const bool watch =
      command.operation->name == "check" && std::ranges::find(command.given, "watch") != command.given.end();
  return watch ? run_watching(io::current_folder(), cancel, run) : run().exit_code;
}

}  // namespace

int run(int argument_count, char** argument_pointers) {
  const std::vector<std::string> arguments(argument_pointers + (argument_count > 0 ? 1 : 0),
                                           argument_pointers + argument_count);
  const auto terminal = inspect_terminal();
  const std::string_view name = argument_count > 0 ? io::file_name(argument_pointers[0]) : "chiron";
  if (name != "chiron")
    if (const auto* tool = find_drop_in(name)) return run_drop_in(*tool, arguments, terminal);
  if (!arguments.empty() && (arguments[0] == "--version" || arguments[0] == "-V")) {
    std::printf("chiron %s\n", std::string(version()).c_str());
    return 0;
  }
  if (!arguments.empty() && arguments[0] == "as") {
    if (arguments.size() < 2 || arguments[1].starts_with('-')) return list_drop_ins();
    if (const auto* tool = find_drop_in(arguments[1]))
      return run_drop_in(*tool, std::span(arguments).subspan(2), terminal);
    std::vector<std::string> names;
    for (const auto& tool : drop_ins()) names.emplace_back(tool.name);
    const auto nearest = text::nearest(arguments[1], names);
    print_error({ErrorKind::usage,
                 "usage.drop-in",
                 format("Chiron does not stand in for \"{}\"", arguments[1]),
                 {},
                 {},
                 nearest ? format("Did you mean {}?", *nearest) : "chiron as --help lists the names."},
                use_colour("auto", terminal.err_is_terminal));
    return 2;
  }
  const auto registry = make_registry();
  auto command = parse_command_line(arguments, registry);
  if (!command) {
    print_error(command.error(), use_colour("auto", terminal.err_is_terminal));
    return exit_code_of(command.error());
  }
  if (command->globals.help) {
    const HelpStyle style{use_colour(command->globals.color, terminal.out_is_terminal), terminal.width};
    const auto text = command->operation != nullptr ? operation_help(*command->operation, style)
                      : command->topic.empty()      ? overview_help(registry, style)
                                                    : group_help(registry, command->topic, style);
    std::fputs(text.c_str(), stdout);
    // Asked for help, or missed a command: only the first is a success.
    const bool asked = std::ranges::any_of(arguments, [](const std::string& a) { return a == "--help" || a == "-h"; });
    return asked ? 0 : 2;
  }
  return run_operation(*command, registry, terminal);
}

}  // namespace chiron::cli
