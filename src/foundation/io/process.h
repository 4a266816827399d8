// Running other programs: argument vectors (never a shell unless asked), captured output with a bound,
// time-outs, and the end of the whole process group.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "foundation/base/limits.h"
#include "foundation/base/result.h"
#include "foundation/task/cancel.h"

namespace chiron::io {

struct ProcessSpec {
  std::vector<std::string> arguments;  // [0] is looked up on PATH
  std::string working_folder;          // "" for ours
  // Added to (or replacing) our environment; with `clear_environment` these are all there is.
  std::vector<std::pair<std::string, std::string>> environment;
  bool clear_environment = false;
  std::string input;                                              // what the child reads on standard input
  std::chrono::milliseconds timeout{0};                           // 0: none
  std::chrono::milliseconds grace{2000};                          // between SIGTERM and SIGKILL
  std::uint64_t max_output_bytes = limits::kCapturedOutputBytes;  // per stream; the rest is counted and dropped
  bool merge_streams = false;                                     // standard error goes into `output`, in order
  // Called with each piece of output as it arrives (from the waiting thread), before it is stored.
  std::function<void(std::string_view piece, bool is_error)> on_output;
};

enum class ExitReason { exited, signalled, timed_out, cancelled };
struct ProcessResult {
  ExitReason reason = ExitReason::exited;
  int exit_code = 0;  // where exited
  int signal = 0;     // where signalled
  std::string output;
  std::string error_output;
  std::uint64_t dropped_bytes = 0;  // output past the bound
  std::chrono::nanoseconds wall{0};
  std::chrono::nanoseconds cpu{0};  // user + system, with waited-for descendants
  std::uint64_t peak_rss_bytes = 0;
};

// Runs to the end. The child leads a process group of its own and dies with us; a time-out or a cancellation ends
// the group. Errors: "process.not-found", "process.start"; how the child ended is in the result, not an error.
[[nodiscard]] Result<ProcessResult> run_process(const ProcessSpec& spec, const task::CancelToken* cancel = nullptr);

// First executable of that name on PATH (a name with a slash is taken as it is).
[[nodiscard]] std::optional<std::string> find_program(std::string_view name);

}  // namespace chiron::io
