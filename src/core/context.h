// What a run may use: the workspace, the pool, cancellation, clock, seed and the sink of events. Passed explicitly;
// there are no globals.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/event.h"
#include "core/workspace.h"
#include "foundation/task/cancel.h"
#include "foundation/task/pool.h"

namespace chiron {

class Registry;

struct Context {
  Workspace& workspace;
  task::Pool& pool;
  task::CancelToken& cancel;
  EventSink& events;
  const Registry* registry = nullptr;
  // The folder the user is in, absolute; paths on the command line are relative to it.
  std::string folder;
  // The gate this runs for, "" when it is run as a command.
  std::string gate;
  std::uint64_t seed = 0;
  // --config, absolute; "" for the workspace's chiron.toml.
  std::string config_file;
  // --fail-level of the command line.
  std::string fail_level;
  // Names of the fields that were given on the command line.
  std::vector<std::string> given;
  // Bytes this operation may hold, 0 for no bound.
  std::uint64_t memory_bytes = 0;
  // Seconds since the epoch; $SOURCE_DATE_EPOCH where set.
  std::function<std::int64_t()> now;
  // All of standard input, bounded; an error where there is none.
  std::function<Result<std::string>()> read_input;
  std::optional<std::string> (*environment)(std::string_view name) = nullptr;
  bool terminal = false;  // the result goes to a person
  bool colour = false;    // and may be coloured
  unsigned width = 100;

  // `path` as the user typed it, made absolute.
  [[nodiscard]] std::string absolute(std::string_view path) const;
};

}  // namespace chiron
