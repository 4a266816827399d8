#include "core/finding.h"

namespace chiron {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::none:
      return "none";
    case Level::note:
      return "note";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "";
}

std::optional<Level> parse_level(std::string_view text) {
  for (const auto level : {Level::none, Level::note, Level::warning, Level::error})
    if (text == to_string(level)) return level;
  return std::nullopt;
}

}  // namespace chiron
