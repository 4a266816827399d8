// diff-cover: see docs/gates/coverage.md for what it takes.
#include "engines/coverage/diff_cover.h"

#include "foundation/io/files.h"
#include "operations/coverage_support.h"
#include "surfaces/dropin/diff_cover.h"

namespace chiron {

int diff_cover_tool(std::span<const std::string> arguments, DropInContext& context) {
  coverage::DiffCoverWorld world;
  world.cwd = io::current_folder();
  world.root = coverage_support::find_git_root(world.cwd).value_or(world.cwd);
  world.git = [&](const std::vector<std::string>& words, const std::function<Result<void>(std::string_view)>& piece) {
    return coverage_support::run_git(world.cwd, words, piece, &context.cancel);
  };
  world.out = [&](std::string_view text) { context.out.write(text); };
  world.err = [&](std::string_view text) { context.err.write(text); };
  return coverage::run_diff_cover({arguments.begin(), arguments.end()}, world);
}

}  // namespace chiron
