// The tar.gz around a bundle.
#pragma once
#include "engines/policy/bundle/bundle.h"

namespace chiron::policy {

// Regular files, paths normalised; links, devices, absolute and escaping paths and repeated ones are refused.
[[nodiscard]] Result<std::vector<BundleMember>> read_archive(std::string_view archive);
// Members in the order given, each as "/path".
[[nodiscard]] Result<std::string> write_archive(const std::vector<BundleMember>& members);

}  // namespace chiron::policy
