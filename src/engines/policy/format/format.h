// The formatter of policies: OPA's layout, byte for byte.
//
// The rules come down to this: what the writer put on lines of its own stays on lines of its own, everything else is
// set anew; comments keep their line; where a comment stands inside what would become one line, that term is left as
// it was written.
#pragma once
#include "engines/policy/ast.h"

namespace chiron::policy {

// The language that the formatted policy is for. `both` is v0 with `import rego.v1`.
enum class FormatTarget : std::uint8_t { v0, both, v1 };

struct FormatOptions {
  RegoVersion read_as = RegoVersion::v1;
  FormatTarget target = FormatTarget::v1;
  bool drop_v0_imports = false;  // rego.v1 and future.keywords, where the target needs them no longer
  bool keywords_in_refs = true;  // write a.not and not a["not"], where the source does
};

// Errors are those of parsing and, where the target is not v0, of what v1 forbids.
[[nodiscard]] std::expected<std::string, PolicyErrors> format_policy(const std::string& file, std::string text,
                                                                     const FormatOptions& options = {});
[[nodiscard]] std::expected<std::string, PolicyErrors> format_module(const ast::Module& module,
                                                                     const FormatOptions& options = {});
// What v1 forbids and formatting does not mend: keywords as names of rules, rules and variables named input or data,
// imports of one name, deprecated built-in functions.
[[nodiscard]] PolicyErrors check_for_v1(const ast::Module& module);

}  // namespace chiron::policy
