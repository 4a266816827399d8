// Workflows of GitHub Actions (and Gitea's and Forgejo's, whose form is the same) and of GitLab CI.
#pragma once
#include "engines/repository/file.h"

namespace chiron::repository {

enum class WorkflowKind : std::uint8_t { none, github, github_action, gitlab };
[[nodiscard]] WorkflowKind workflow_kind(std::string_view path);

// The members of a workflow in the context, after those of every file. Errors: what is no workflow.
[[nodiscard]] Result<std::vector<doc::Member>> read_github_workflow(const File& file);
[[nodiscard]] Result<std::vector<doc::Member>> read_github_action(const File& file);  // action.yml
[[nodiscard]] Result<std::vector<doc::Member>> read_gitlab_pipeline(const File& file);

// What a step, a job or an include uses: {"text", "kind", "name", "path", "ref", "pinned", "comment", "place"}.
[[nodiscard]] doc::Value describe_uses(const File& file, const doc::Value& uses);
// A container image: {"text", "name", "tag", "digest", "pinned", "place"}.
[[nodiscard]] doc::Value describe_image(const File& file, const doc::Value& image);
// Whether it is the full name of a commit: 40 or 64 hexadecimal digits.
[[nodiscard]] bool is_commit(std::string_view text);

}  // namespace chiron::repository
