// Bills of materials: CycloneDX (JSON, XML) and SPDX (JSON, tag-value).
#pragma once
#include "engines/repository/file.h"

namespace chiron::repository {

// By the file's name; whether it is one, its content says.
[[nodiscard]] bool may_be_sbom(std::string_view path);
// The members of a bill in the context, after those of every file; nothing where the file is no bill of materials
// (a name like sbom.json promises little).
[[nodiscard]] Result<std::optional<std::vector<doc::Member>>> read_sbom(const File& file);

}  // namespace chiron::repository
