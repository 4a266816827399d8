// Loads chiron.toml for the operations that need it.
#pragma once
#include "core/config.h"
#include "core/context.h"

namespace chiron {

// --config, else the workspace's chiron.toml. Applies the workspace's filters. Errors: "config.none" and
// parse_config's.
[[nodiscard]] Result<Config> load_config(Context& context);

}  // namespace chiron
