#include "foundation/base/place.h"

namespace chiron {

std::string to_string(const Place& place) {
  std::string text = place.file;
  if (place.line == 0) return text;
  text += text.empty() ? "line " : ":";
  text += std::to_string(place.line);
  if (place.column != 0) text += ":" + std::to_string(place.column);
  return text;
}

}  // namespace chiron
