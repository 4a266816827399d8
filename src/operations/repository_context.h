// The context document of a workspace, for whoever hands it to policies or prints it.
#pragma once
#include "core/context.h"
#include "foundation/doc/value.h"

namespace chiron {

// `base` is a revision whose merge base with HEAD files are compared with; where it is empty and the run is limited to
// a change, that change's.
[[nodiscard]] Result<doc::Value> repository_context(Context& context, const std::string& base,
                                                    std::int64_t window_days);

}  // namespace chiron
