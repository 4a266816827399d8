// Packs: policies that come with the program, for the context of a repository. Each rule is described by the
// annotations above it (title, description), from which its page is made.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.h"
#include "engines/policy/gate/gate.h"

namespace chiron::policy::pack {

struct File {
  std::string_view path;  // "default/workflows.rego"; the folder is the pack
  std::string_view text;
};
// The policies of every pack, without their tests (made by embed.cmake).
[[nodiscard]] const std::vector<File>& files();

// The policies of one pack, empty for a name that is none.
[[nodiscard]] std::vector<gate::SourceFile> sources(std::string_view pack);
// The packages of the pack with rules that a gate asks for.
[[nodiscard]] std::vector<std::string> namespaces(std::string_view pack);
// The rules of all packs with their pages; ids as finding_rule() gives them.
[[nodiscard]] const std::vector<Rule>& rules();

// "policy/unpinned-action" for deny_unpinned_action of a pack, "policy/main.deny" for others' rules.
[[nodiscard]] std::string finding_rule(std::string_view name_space, std::string_view rule);

}  // namespace chiron::policy::pack
