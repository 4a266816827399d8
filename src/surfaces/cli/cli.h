// The command line surface.
#pragma once

namespace chiron::cli {

// Returns the exit code: 0 pass, 1 findings, 2 usage, configuration or could not run, 130 interrupted.
[[nodiscard]] int run(int argument_count, char** arguments);

}  // namespace chiron::cli
