// What this engine can do, in the form of OPA's capabilities files.
#pragma once
#include "engines/policy/ast.h"

namespace chiron::policy {

// {builtins: [{name, decl, infix …}], future_keywords, features}, built-ins sorted by name.
[[nodiscard]] doc::Value capabilities(RegoVersion version = RegoVersion::v1);
// A type in the notation of Builtin::signature as OPA's JSON.
[[nodiscard]] doc::Value type_document(std::string_view notation);

}  // namespace chiron::policy
