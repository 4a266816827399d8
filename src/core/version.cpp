#include "core/version.h"

namespace chiron {

std::string_view version() { return CHIRON_VERSION; }

}  // namespace chiron
