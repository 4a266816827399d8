#include "surfaces/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "foundation/base/text.h"

namespace chiron::cli {

Terminal inspect_terminal() {
  Terminal terminal;
  terminal.out_is_terminal = ::isatty(1) != 0;
  terminal.err_is_terminal = ::isatty(2) != 0;
  winsize size{};
  if (::ioctl(terminal.out_is_terminal ? 1 : 2, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
    terminal.width = std::clamp<unsigned>(size.ws_col, 40, 400);
  } else if (const char* columns = std::getenv("COLUMNS")) {
    if (const auto width = text::parse_unsigned(columns))
      terminal.width = static_cast<unsigned>(std::clamp<std::uint64_t>(*width, 40, 400));
  }
  return terminal;
}

bool use_colour(const std::string& choice, bool is_terminal) {
  if (choice == "always") return true;
  if (choice == "never" || !is_terminal) return false;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) != "dumb";
}

}  // namespace chiron::cli
