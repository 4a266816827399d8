// Pages of policies, from their annotations: what `conftest doc` writes.
#pragma once
#include "engines/policy/gate/gate.h"

namespace chiron::policy::gate {

// The page of these policies by a template in Go's syntax (empty: our own), which gets a list with a section for every
// annotated package and rule, sorted by path: H (heading marks by depth), RegoPackageName (its path below data),
// Annotations (Title, Description, Scope, Entrypoint, Organizations, Authors, RelatedResources, Custom, as far as
// given). Errors: "policy.syntax" for a policy that does not parse, "policy.undocumented" where nothing has
// annotations, "policy.template".
[[nodiscard]] Result<std::string> document_policies(const std::vector<SourceFile>& policies, std::string_view page);

}  // namespace chiron::policy::gate
