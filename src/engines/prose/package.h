// Packages: a style, or styles with a configuration, as a local folder or zip archive. Nothing is downloaded.
#pragma once
#include <string>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::prose {

struct Package {
  std::string styles;  // a folder that holds styles, "" where they are on a styles path already
  std::string config;  // its .vale.ini, or ""
};

// `name` as Packages spells it, relative to the configuration file. A bare name is a package that is on a styles path
// already; an address is refused ("prose.unsupported").
[[nodiscard]] Result<Package> open_package(const std::string& name, const std::string& config_file,
                                           const std::vector<std::string>& styles_paths);

}  // namespace chiron::prose
