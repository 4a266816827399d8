// What `chiron init` finds in a repository: the build, the tests and the linters it already has.
#pragma once
#include <string>
#include <vector>

#include "core/context.h"

namespace chiron {

struct DetectedGate {
  std::string name;
  std::string why;      // "CMakeLists.txt", shown beside the section
  std::string section;  // the lines below [gate.NAME], each ended by a newline
};

// Command gates that fit the files of the workspace, then the gates of Chiron's own that say they fit.
[[nodiscard]] Result<std::vector<DetectedGate>> detect_gates(Context& context);
// The Python that has this module, as `python = "…"` names it: one of a virtual environment of the workspace, else one
// on PATH; nothing where none has it.
[[nodiscard]] std::optional<std::string> find_python_with(Context& context, std::string_view module);
// Folders of generated or foreign code that are there ("build/**", "vendor/**").
[[nodiscard]] std::vector<std::string> detect_excludes(Context& context);

}  // namespace chiron
