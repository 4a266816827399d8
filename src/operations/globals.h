// The options that every command takes besides its own fields.
#pragma once
#include <string>
#include <vector>

#include "core/operation.h"

namespace chiron {

// What every command takes besides its own fields.
struct Globals {
  std::string folder;          // -C
  std::string config;          // --config
  std::string color = "auto";  // --color
  std::int64_t jobs = 0;       // -j
  bool quiet = false;
  bool help = false;
  // Of commands that print findings:
  std::string format = "terminal";
  std::vector<std::string> outputs;  // [FORMAT:]FILE
  std::string fail_level = "error";
};
[[nodiscard]] const std::vector<Field>& global_fields();
[[nodiscard]] const std::vector<Field>& findings_fields();
// The fields `operation` takes on the command line, its own first.
[[nodiscard]] std::vector<const Field*> command_fields(const Operation& operation);

}  // namespace chiron
