#include "operations/repository_context.h"

#include <sys/stat.h>

#include "engines/repository/context.h"
#include "foundation/io/files.h"

namespace chiron {

Result<doc::Value> repository_context(Context& context, const std::string& base, std::int64_t window_days) {
  auto& workspace = context.workspace;
  repository::Source source;
  source.files = *TRY(workspace.files());
  source.read = [&](const std::string& path, std::uint64_t max_bytes) {
    return io::read_file(workspace.absolute(path), max_bytes);
  };
  source.modified_s = [&](const std::string& path) -> std::optional<std::int64_t> {
    struct stat status{};
    if (::stat(workspace.absolute(path).c_str(), &status) != 0) return std::nullopt;
    return status.st_mtime;
  };
  source.now_s = context.now();
  source.window_days = window_days;
  if (const auto git = workspace.repository()) {
    source.git = *git;
    if (workspace.root() != source.git->root()) source.below = io::relative_path(workspace.root(), source.git->root());
    if (!base.empty())
      source.base = TRY(source.git->merge_base(base));
    else if (const auto& change = workspace.change())
      source.base = change->base;
  } else if (git.error().code != "git.none" && git.error().code != "git.missing") {
    return std::unexpected(git.error());
  } else if (!base.empty()) {
    return std::unexpected(git.error());
  }
  return repository::describe(source);
}

}  // namespace chiron
