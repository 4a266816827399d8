#include "foundation/git/git.h"

#include <algorithm>

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

}  // namespace

Result<std::string> Repository::run(std::vector<std::string> arguments) const {
  const auto shown = arguments.empty() ? std::string() : arguments[0];
  auto result = TRY(call(root_, std::move(arguments)));
  if (result.exit_code != 0 || result.reason != io::ExitReason::exited)
    return fail(ErrorKind::io, "git.failed", format("git {} failed: {}", shown, first_line(result.error_output)));
  return std::move(result.output);
}

Result<Repository> Repository::open(const std::string& folder) {
  // One call for everything: starting git costs more than what it does here. It fails before the first commit.
  auto all = TRY(call(
      folder, {"rev-parse", "--show-toplevel", "--is-shallow-repository", "HEAD", "--symbolic-full-name", "HEAD"}));
  if (all.exit_code != 0) return open_without_commit(folder);
  // Read from the end, because the root's name may hold newlines.
  const auto take_last = [&] {
    all.output.pop_back();
    const auto newline = all.output.rfind('\n');
    auto line = all.output.substr(newline == std::string::npos ? 0 : newline + 1);
    all.output.resize(newline == std::string::npos ? 0 : newline + 1);
    return line;
  };
  if (std::ranges::count(all.output, '\n') < 4)
    return fail(ErrorKind::io, "git.failed", "git did not tell the repository's root");
  Repository repository;
  const auto branch = take_last();
  if (branch.starts_with("refs/heads/")) repository.branch_ = branch.substr(11);
  repository.head_ = take_last();
  repository.shallow_ = take_last() == "true";
  all.output.pop_back();
  repository.root_ = std::move(all.output);
  return repository;
}

Result<Repository> Repository::open_without_commit(const std::string& folder) {
  const auto result = TRY(call(folder, {"rev-parse", "--show-toplevel", "--is-shallow-repository"}));
  if (result.exit_code != 0) {
    if (result.error_output.find("dubious ownership") != std::string::npos)
      return fail(ErrorKind::io, "git.ownership", "git refuses this repository: it belongs to another user", {},
                  "Run git config --global --add safe.directory with its path if you trust it.");
    return fail(ErrorKind::io, "git.none", format("{} is not in a git repository", folder), {},
                "Run inside a repository, or without --since.");
  }
  const auto lines = text::split_lines(result.output);
  if (lines.size() < 2) return fail(ErrorKind::io, "git.failed", "git did not tell the repository's root");
  Repository repository;
  repository.shallow_ = lines.back() == "true";
  repository.root_ = result.output.substr(0, result.output.size() - lines.back().size() - 2);
  const auto branch = TRY(call(repository.root_, {"symbolic-ref", "--short", "--quiet", "HEAD"}));
  if (branch.exit_code == 0) repository.branch_ = first_line(branch.output);
  return repository;
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
  std::vector<std::string> arguments{"ls-files", "--cached", "--others", "--exclude-standard", "-z"};
  if (!folder.empty()) arguments.insert(arguments.end(), {"--", folder});
  const auto output = TRY(run(std::move(arguments)));
  std::vector<std::string> paths;
  for (const auto path : text::split(output, '\0'))
    if (!path.empty() && !path.ends_with('/')) paths.emplace_back(path);
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

Result<bool> Repository::dirty() const { return !TRY(run({"status", "--porcelain", "-z"})).empty(); }

}  // namespace chiron::git
