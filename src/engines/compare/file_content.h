// The bytes of a file of the real file system, for the two artifacts themselves and for the members of folders.
#pragma once
#include <string>

#include "engines/compare/store.h"

namespace chiron::compare {

// Maps the file. One that says it is empty, or that cannot be mapped, is read to its end instead: the files of /proc
// and /sys do not know their sizes. So is an inherited pipe (see below). Errors: "io.*", and those of Store.
[[nodiscard]] Result<Content> open_file(const std::string& path, Budget& budget);

// A pipe that the shell has opened for us, as in `chiron diff <(one) <(other)`: its other end is being written, so
// that reading it ends. A pipe by any other name is never opened, it could wait for ever.
[[nodiscard]] bool is_inherited_pipe(const std::string& path);

// Whether the sizes of files below `folder` may be believed: not on file systems that are made up by the kernel.
[[nodiscard]] bool sizes_hold(const std::string& folder);

}  // namespace chiron::compare
