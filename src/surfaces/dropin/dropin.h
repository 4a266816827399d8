// Drop-in names: started as `opa` or `diff-cover` (a link, or `chiron as NAME`), Chiron takes that tool's command line
// and gives its output and exit codes, for the commands that the gate's page lists; others are refused by name.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "foundation/base/result.h"
#include "foundation/io/output.h"
#include "foundation/task/cancel.h"
#include "foundation/task/pool.h"

namespace chiron {

struct DropInContext {
  io::Output& out;  // finished by the caller, also when the drop-in fails
  io::Output& err;
  std::function<Result<std::string>()> read_input;  // all of standard input
  task::Pool& pool;
  task::CancelToken& cancel;
  bool terminal = false;  // standard output is one
  unsigned width = 80;
};

struct DropIn {
  std::string_view name;     // "diff-cover"
  std::string_view summary;  // "coverage of the changed lines, as diff-cover"
  std::string_view page;     // docs/gates page that lists what it takes
  // `arguments` without the program's name. Returns that tool's exit code.
  int (*run)(std::span<const std::string> arguments, DropInContext& context);
};

// The table, in dropin.cpp.
[[nodiscard]] std::span<const DropIn> drop_ins();
[[nodiscard]] const DropIn* find_drop_in(std::string_view name);

}  // namespace chiron
