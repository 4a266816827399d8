// `--watch`: runs a check again whenever files of the workspace change.
#pragma once
#include <functional>
#include <string>

#include "foundation/task/cancel.h"

namespace chiron::cli {

struct Ran {
  int exit_code = 0;
  bool wrong_usage = false;  // no change of a file will help
};

// Calls `run` at once and after each change of the workspace around `folder`, until cancelled or used wrongly.
// Gives the exit code of the last run, 130 where that was interrupted.
[[nodiscard]] int run_watching(const std::string& folder, const task::CancelToken& cancel,
                               const std::function<Ran()>& run);

}  // namespace chiron::cli
