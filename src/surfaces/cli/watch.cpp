#include "surfaces/cli/watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "core/reporters/words.h"
#include "core/workspace.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "foundation/io/watch.h"

namespace chiron::cli {

namespace {

constexpr std::chrono::milliseconds kQuiet{150};  // editors and checkouts write several files
constexpr std::chrono::milliseconds kLookAgain{2000};

// What tells one state of a file from another: size, times, inode.
using Stamp = std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::uint64_t>;

// The workspace's files as they are now; those that git ignores do not count.
struct Snapshot {
  std::map<std::string, Stamp> files;  // by absolute path
  std::set<std::string> folders;       // that hold them, the root too
};

Result<Snapshot> take_snapshot(const std::string& folder) {
  const auto workspace = TRY(Workspace::discover(folder, make_real_file_system()));
  Snapshot snapshot;
  snapshot.folders.insert(workspace->root());
  for (const auto& path : *TRY(workspace->files())) {
    auto absolute = workspace->absolute(path);
    struct stat info{};
    if (::stat(absolute.c_str(), &info) != 0) continue;
    const auto ns = [](const timespec& t) { return t.tv_sec * 1'000'000'000LL + t.tv_nsec; };
    for (auto at = std::string(io::parent_path(absolute));
         at.size() > workspace->root().size() && snapshot.folders.insert(at).second;)
      at = io::parent_path(at);
    snapshot.files.emplace(std::move(absolute), Stamp{static_cast<std::uint64_t>(info.st_size), ns(info.st_mtim),
                                                      ns(info.st_ctim), info.st_ino});
  }
  return snapshot;
}

std::set<std::string> changes(const Snapshot& before, const Snapshot& after) {
  std::set<std::string> paths;
  for (const auto& [path, stamp] : after.files) {
    const auto found = before.files.find(path);
    if (found == before.files.end() || found->second != stamp) paths.insert(path);
  }
  for (const auto& [path, stamp] : before.files)
    if (!after.files.contains(path)) paths.insert(path);
  return paths;
}

std::string describe(const std::set<std::string>& paths, const std::string& folder) {
  const auto first = io::relative_path(*paths.begin(), folder);
  return paths.size() == 1 ? first : format("{} and {} more", first, paths.size() - 1);
}

// What to watch: the folders that hold files, and those right below them, where the first file may come.
std::vector<std::string> folders_to_watch(const Snapshot& known) {
  std::vector<std::string> folders(known.folders.begin(), known.folders.end());
  for (const auto& folder : known.folders) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      const auto name = at->path().filename().string();
      if (name != ".git" && name != ".chiron" && at->is_directory(error) && !at->is_symlink(error))
        folders.push_back(at->path().string());
    }
  }
  return folders;
}

void wait_a_moment(const task::CancelToken& cancel) {
  for (auto left = kLookAgain; left.count() > 0 && !cancel.cancelled(); left -= kQuiet)
    std::this_thread::sleep_for(kQuiet);
}

// Waits for a change of what `known` shows; nothing when cancelled.
std::optional<Snapshot> wait_for_change(const Snapshot& known, const std::string& folder,
                                        const task::CancelToken& cancel) {
  for (bool told = false; !cancel.cancelled();) {
    const auto watch = io::FolderWatch::create(folders_to_watch(known));
    // What changed before the watch began is seen too.
    if (auto now = take_snapshot(folder); now && !changes(known, *now).empty()) return *std::move(now);
    if (watch) {
      if (!watch->wait(cancel, kQuiet)) break;
      continue;
    }
    if (!std::exchange(told, true))
      std::fprintf(stderr, "%s; looking every %lld s instead\n", watch.error().message.c_str(),
                   static_cast<long long>(kLookAgain.count() / 1000));
    wait_a_moment(cancel);
  }
  return std::nullopt;
}

}  // namespace

int run_watching(const std::string& folder, const task::CancelToken& cancel, const std::function<Ran()>& run) {
  std::set<std::string> written;  // by the run before: gates that write the same files each time must not go round
  auto before = take_snapshot(folder);
  for (;;) {
    const auto ran = run();
    if (ran.wrong_usage) return ran.exit_code;
    if (cancel.cancelled()) return 130;
    auto after = take_snapshot(folder);
    if (!before || !after) {
      std::fprintf(stderr, "cannot watch: %s\n", to_string((before ? after : before).error()).c_str());
      return 2;
    }
    auto changed = changes(*before, *after);
    const bool again = !std::ranges::includes(written, changed);
    written = changed;
    if (!again) {
      std::fprintf(stderr, "watching %s; Ctrl-C ends\n", counted(after->files.size(), "file").c_str());
      auto next = wait_for_change(*after, folder, cancel);
      if (!next) return ran.exit_code;
      changed = changes(*after, *next);
      after = *std::move(next);
    }
    before = std::move(after);
    std::fprintf(stderr, "\nchanged: %s\n", describe(changed, folder).c_str());
  }
}

}  // namespace chiron::cli
