// Prints what an operation gave back.
#pragma once
#include "core/operation.h"
#include "surfaces/cli/command_line.h"
#include "surfaces/cli/terminal.h"

namespace chiron::cli {

// Writes the response to standard output and the files asked for, and returns the exit code.
// Errors: a report that could not be written.
[[nodiscard]] Result<int> print_response(const Command& command, Response response, Context& context,
                                         const Terminal& terminal);
// Whether each --output names a form of report; asked before anything runs.
[[nodiscard]] Result<void> check_outputs(const Globals& globals);
// On standard error: "error: …" with its place, the source line where it can be read, and the next step.
void print_error(const Error& error, bool colour);
[[nodiscard]] int exit_code_of(const Error& error);

}  // namespace chiron::cli
