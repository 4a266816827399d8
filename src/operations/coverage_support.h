// What the coverage operations share: reading reports side by side, git's diff, and the maps between the repository,
// the workspace and the paths of reports.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/context.h"
#include "engines/coverage/diff.h"
#include "engines/coverage/mapping.h"
#include "engines/coverage/readers.h"
#include "engines/coverage/snippets.h"

namespace chiron::coverage_support {

// The folder above (or at) `folder` with a .git, without starting git.
[[nodiscard]] std::optional<std::string> find_git_root(const std::string& folder);

// Runs git and hands its output over as it comes. Errors: "git.missing", "git.failed".
[[nodiscard]] Result<void> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                                   const std::function<Result<void>(std::string_view)>& piece,
                                   const task::CancelToken* cancel);
[[nodiscard]] Result<std::string> ask_git(const std::string& folder, const std::vector<std::string>& arguments,
                                          const task::CancelToken* cancel);
[[nodiscard]] Result<std::vector<coverage::DiffFile>> read_git_diff(const std::string& root,
                                                                    std::vector<std::string> arguments,
                                                                    const task::CancelToken* cancel);

// "/app=." as a pair. Errors: "coverage.map".
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> parse_prefixes(
    const std::vector<std::string>& spelt);

// Root, current folder, other spellings of the root, prefixes. `root` is absolute.
[[nodiscard]] Result<coverage::MapOptions> make_map(const std::string& root, const std::string& cwd,
                                                    const std::vector<std::string>& prefixes);

// Reads reports in parallel, in order; patterns (*) are expanded. Paths are absolute, shown relative to the workspace.
[[nodiscard]] Result<std::vector<coverage::Report>> read_reports(const std::vector<std::string>& paths,
                                                                 const coverage::ReaderOptions& options,
                                                                 Context& context);
[[nodiscard]] Result<std::vector<std::string>> expand_reports(const std::vector<std::string>& paths, Context& context);

// Sources below `root`.
[[nodiscard]] coverage::SourceReader source_reader(const std::string& root);

}  // namespace chiron::coverage_support
