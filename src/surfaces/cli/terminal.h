// What standard output and error are, and how wide.
#pragma once
#include <string>

namespace chiron::cli {

struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  unsigned width = 100;
};
[[nodiscard]] Terminal inspect_terminal();
// "always", "never", or "auto": on a terminal, unless NO_COLOR is set or TERM is dumb.
[[nodiscard]] bool use_colour(const std::string& choice, bool is_terminal);

}  // namespace chiron::cli
