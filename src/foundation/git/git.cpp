#include "foundation/git/git.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"

namespace chiron::git {

namespace {

constexpr std::chrono::milliseconds kTimeout{120'000};
constexpr std::uint64_t kMaxOutput = 1 * limits::kGiB;
constexpr std::uint64_t kUntrackedCountBytes = 64 * limits::kMiB;  // larger untracked files count as one line

Result<io::ProcessResult> call(const std::string& folder, std::vector<std::string> arguments) {
  io::ProcessSpec spec;
  spec.arguments = {"git",
                    "-c",
                    "core.quotepath=off",
                    "-c",
                    "color.ui=false",
                    "-c",
                    "core.fsmonitor=false",
                    "--no-pager",
                    "--literal-pathspecs"};
  spec.arguments.insert(spec.arguments.end(), std::make_move_iterator(arguments.begin()),
                        std::make_move_iterator(arguments.end()));
  spec.working_folder = folder;
  spec.environment = {
      {"GIT_OPTIONAL_LOCKS", "0"}, {"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}, {"GIT_EXTERNAL_DIFF", ""}};
  spec.timeout = kTimeout;
  spec.max_output_bytes = kMaxOutput;
  auto result = io::run_process(spec);
  if (!result && result.error().code == "process.not-found")
    return fail(ErrorKind::io, "git.missing", "git is not installed", {}, "Install git, or run without --since.");
  if (!result) return result;
  if (result->reason == io::ExitReason::timed_out)
    return fail(ErrorKind::io, "git.failed", format("git gave no answer within {} s", kTimeout.count() / 1000));
  if (result->dropped_bytes != 0)
    return fail(ErrorKind::limit, "limit.size", format("git printed more than {} bytes", kMaxOutput));
  if (result->exit_code != 0 && result->error_output.find("dubious ownership") != std::string::npos)
    return fail(ErrorKind::io, "git.ownership", "git refuses this repository: it belongs to another user", {},
                "Run git config --global --add safe.directory with its path if you trust it.");
  return result;
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

// "@@ -a,b +c,d @@": the new side's range; a pure deletion gives nothing.
std::optional<LineRange> parse_hunk(std::string_view line) {
  const auto plus = line.find(" +");
  if (!line.starts_with("@@ ") || plus == std::string_view::npos) return std::nullopt;
  auto range = line.substr(plus + 2);
  range = range.substr(0, range.find(' '));
  const auto comma = range.find(',');
  const auto first = text::parse_unsigned(range.substr(0, comma));
  const auto count = comma == std::string_view::npos ? 1 : text::parse_unsigned(range.substr(comma + 1)).value_or(0);
  if (!first || count == 0 || *first + count > UINT32_MAX) return std::nullopt;
  return LineRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*first + count - 1)};
}

// Files in the order of `git diff --raw -z`; the patch that follows holds their hunks in the same order.
std::vector<ChangedFile> parse_raw(std::string_view raw, std::size_t& end) {
  std::vector<ChangedFile> files;
  std::size_t at = 0;
  const auto field = [&]() {
    const auto stop = std::min(raw.find('\0', at), raw.size());
    const auto value = raw.substr(at, stop - at);
    at = std::min(stop + 1, raw.size());
    return value;
  };
  while (at < raw.size() && raw[at] == ':') {
    const auto header = field();
    const char status = header.empty() ? 'M' : header[header.find_last_of(' ') + 1];
    ChangedFile file;
    file.old_path = field();
    file.path = status == 'R' || status == 'C' ? std::string(field()) : file.old_path;
    file.added = status == 'A';
    file.deleted = status == 'D';
    files.push_back(std::move(file));
  }
  end = at;
  return files;
}

// The part up to the next `separator`, which is taken off `rest` with it.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// git-status(1), "Porcelain Format Version 2": a kind, then fields, then a path that may hold spaces.
Result<Status> parse_status(std::string_view output) {
  Status status;
  while (!output.empty()) {
    auto rest = take(output, '\0');
    const auto kind = take(rest, ' ');
    if (kind == "#") {
      const auto name = take(rest, ' ');
      if (name == "branch.oid" && rest != "(initial)") status.head = rest;
      if (name == "branch.head" && rest != "(detached)") status.branch = rest;
      continue;
    }
    Status::Entry entry;
    if (kind == "?") {
      entry.index = entry.tree = '?';
    } else if (kind == "1" || kind == "2" || kind == "u") {
      const auto both = take(rest, ' ');
      if (both.size() != 2) return fail(ErrorKind::io, "git.failed", "git status printed what is not its format");
      entry.index = both[0];
      entry.tree = both[1];
      entry.merged = kind != "u";
      for (int skipped = kind == "1" ? 6 : kind == "2" ? 7 : 8; skipped > 0; --skipped) take(rest, ' ');
      if (kind == "2") take(output, '\0');  // the path before
    } else {
      continue;  // "!", and what a later git may add
    }
    entry.path = rest;
    status.entries.push_back(std::move(entry));
  }
  return status;
}

bool is_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// The root of a working copy whose .git is a folder, as git finds it, without starting git, which costs more than all
// else of a short run. Nothing wherever git might look elsewhere: its environment or configuration says so, a bare
// repository or the end of the file system lies between, .git is a file (a worktree, a submodule) or no repository.
std::optional<std::string> plain_root(const std::string& folder) {
  for (const char* name :
       {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"})
    if (std::getenv(name) != nullptr) return std::nullopt;
  std::error_code error;
  std::string at = std::filesystem::canonical(folder, error).string();
  struct stat first{};
  if (error || ::stat(at.c_str(), &first) != 0) return std::nullopt;
  for (;; at = io::parent_path(at)) {
    struct stat info{};
    if (::stat(at.c_str(), &info) != 0 || info.st_dev != first.st_dev) return std::nullopt;
    const auto inside = io::join_path(at, ".git");
    if (::lstat(inside.c_str(), &info) == 0) {
      if (!S_ISDIR(info.st_mode) || !is_file(inside + "/HEAD")) return std::nullopt;
      const auto configuration = io::read_file(inside + "/config", limits::kMiB);
      if (!configuration || text::to_lower_ascii(*configuration).find("worktree") != std::string::npos)
        return std::nullopt;
      return at;
    }
    if (is_file(at + "/HEAD") || at == "/") return std::nullopt;
  }
}

}  // namespace

Result<std::string> Repository::run(std::vector<std::string> arguments) const {
  const auto shown = arguments.empty() ? std::string() : arguments[0];
  auto result = TRY(call(root_, std::move(arguments)));
  if (result.exit_code != 0 || result.reason != io::ExitReason::exited)
    return fail(ErrorKind::io, "git.failed", format("git {} failed: {}", shown, first_line(result.error_output)));
  return std::move(result.output);
}

struct Repository::Asked {
  std::mutex mutex;
  std::optional<Result<Status>> status;
};

Repository::Repository(std::string root, bool shallow)
    : root_(std::move(root)), shallow_(shallow), asked_(std::make_shared<Asked>()) {}

Result<Repository> Repository::open(const std::string& folder) {
  if (auto root = plain_root(folder)) {
    const bool shallow = io::exists(*root + "/.git/shallow");
    return Repository(*std::move(root), shallow);
  }
  const auto result = TRY(call(folder, {"rev-parse", "--show-toplevel", "--is-shallow-repository"}));
  if (result.exit_code != 0)
    return fail(ErrorKind::io, "git.none", format("{} is not in a git repository", folder), {},
                "Run inside a repository, or without --since.");
  // Read from the end, because the root's name may hold newlines.
  const auto lines = text::split_lines(result.output);
  if (lines.size() < 2) return fail(ErrorKind::io, "git.failed", "git did not tell the repository's root");
  return Repository(result.output.substr(0, result.output.size() - lines.back().size() - 2), lines.back() == "true");
}

Result<const Status*> Repository::status() const {
  const std::lock_guard lock(asked_->mutex);
  if (!asked_->status) {
    const auto output = run({"status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all"});
    asked_->status = output ? parse_status(*output) : std::unexpected(output.error());
  }
  if (!*asked_->status) return std::unexpected(asked_->status->error());
  return &**asked_->status;
}

Result<std::string> Repository::resolve(const std::string& revision) const {
  const auto result =
      TRY(call(root_, {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"}));
  if (result.exit_code != 0)
    return fail(ErrorKind::usage, "git.revision", format("{} is no revision of this repository", revision), {},
                shallow_ ? "The clone is shallow: fetch more history (git fetch --unshallow)."
                         : "Check the name with git log.");
  return first_line(result.output);
}

Result<std::string> Repository::merge_base(const std::string& revision) const {
  const auto commit = TRY(resolve(revision));
  const auto result = TRY(call(root_, {"merge-base", commit, "HEAD"}));
  if (result.exit_code != 0)
    return fail(ErrorKind::usage, "git.merge-base", format("{} and HEAD have no common history here", revision), {},
                shallow_ ? "The clone is shallow: fetch more history (git fetch --unshallow)."
                         : "Name a revision of the same history.");
  return first_line(result.output);
}

Result<std::vector<ChangedFile>> Repository::changes_since(const std::string& base) const {
  const auto output =
      TRY(run({"diff", "--raw", "-z", "-p", "-U0", "-M", "--no-abbrev", "--no-ext-diff", "--no-textconv",
               "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/", base}));
  std::size_t end = 0;
  auto files = parse_raw(output, end);
  std::ptrdiff_t current = -1;
  for (const auto line : text::split_lines(std::string_view(output).substr(end))) {
    // A content line begins with + - or a backslash; only a header can begin with "diff --git".
    if (line.starts_with("diff --git ") || line.substr(0, 12) == std::string_view("\0diff --git ", 12)) {
      ++current;
    } else if (line.starts_with("@@ ") && current >= 0 && current < std::ssize(files)) {
      if (const auto range = parse_hunk(line)) files[static_cast<std::size_t>(current)].lines.push_back(*range);
    }
  }
  const auto untracked = TRY(run({"ls-files", "--others", "--exclude-standard", "-z"}));
  for (const auto path : text::split(untracked, '\0')) {
    if (path.empty() || path.ends_with('/')) continue;  // a nested repository is not ours
    ChangedFile file;
    file.path = file.old_path = path;
    file.added = true;
    if (auto content = io::read_file(io::join_path(root_, path), kUntrackedCountBytes)) {
      const auto lines = text::split_lines(*content).size();
      if (lines != 0) file.lines.push_back({1, static_cast<std::uint32_t>(lines)});
    }
    files.push_back(std::move(file));
  }
  std::ranges::sort(files, {}, &ChangedFile::path);
  return files;
}

Result<std::vector<std::string>> Repository::files(const std::string& folder) const {
  // -v marks what is not told of in the status: files that a sparse checkout leaves out, files said to be unchanged.
  std::vector<std::string> arguments{"ls-files", "--cached", "-v", "-z"};
  if (!folder.empty()) arguments.insert(arguments.end(), {"--", folder});
  Result<std::string> listed = std::string();
  Result<const Status*> status = nullptr;
  {
    const std::jthread beside([&] { status = this->status(); });
    listed = run(std::move(arguments));
  }
  if (!listed) return std::unexpected(listed.error());
  if (!status) return std::unexpected(status.error());
  const auto there = [&](std::string_view path) { return io::exists(io::join_path(root_, path)); };
  std::vector<std::string> paths;
  for (std::string_view rest = *listed; !rest.empty();) {
    const auto line = take(rest, '\0');
    if (line.size() > 2 && (line[0] == 'H' || there(line.substr(2)))) paths.emplace_back(line.substr(2));
  }
  std::vector<std::string_view> gone;
  const auto prefix = folder.empty() ? std::string() : folder + "/";
  for (const auto& entry : (*status)->entries) {
    if (entry.index == '?' && entry.path.starts_with(prefix) && !entry.path.ends_with('/')) paths.push_back(entry.path);
    if (entry.tree == 'D' && (entry.merged || !there(entry.path))) gone.emplace_back(entry.path);
  }
  std::ranges::sort(gone);
  std::erase_if(paths, [&](const std::string& path) { return std::ranges::binary_search(gone, path); });
  std::ranges::sort(paths);
  const auto repeated = std::ranges::unique(paths);
  paths.erase(repeated.begin(), repeated.end());
  return paths;
}

Result<std::optional<std::string>> Repository::content_at(const std::string& commit, const std::string& path) const {
  auto result = TRY(call(root_, {"cat-file", "blob", commit + ":" + path}));
  if (result.exit_code != 0) return std::nullopt;
  return std::move(result.output);
}

}  // namespace chiron::git
