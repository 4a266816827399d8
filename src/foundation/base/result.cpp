#include "foundation/base/result.h"

namespace chiron {

std::string to_string(const Error& error) {
  std::string text;
  if (error.place) {
    text = to_string(*error.place);
    if (!text.empty()) text += ": ";
  }
  text += error.message;
  for (const auto& note : error.notes) text += "\n  " + note;
  if (!error.next.empty()) text += "\n  " + error.next;
  return text;
}

}  // namespace chiron
