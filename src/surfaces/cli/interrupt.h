// Ctrl-C and SIGTERM become a cancellation: the first asks everything to stop, the second ends the program at once.
#pragma once
#include "foundation/task/cancel.h"

namespace chiron::cli {

// `token` must live until the program ends.
void cancel_on_signals(task::CancelToken& token);

}  // namespace chiron::cli
