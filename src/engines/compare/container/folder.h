// A real folder as a container: walked once, files opened only when they are compared.
#pragma once
#include "engines/compare/container/container.h"

namespace chiron::compare {

// `times`: also describe times and owners, which belong to the machine more than to the content.
[[nodiscard]] Result<std::unique_ptr<Container>> open_folder(const std::string& path, bool times, Context& context);

}  // namespace chiron::compare
