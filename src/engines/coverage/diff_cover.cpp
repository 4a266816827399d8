#include "engines/coverage/diff_cover.h"

#include <thread>
#include <unordered_set>

#include "engines/coverage/diff_coverage.h"
#include "engines/coverage/readers.h"
#include "engines/coverage/report_print.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {

Result<std::vector<DiffFile>> git_diff(const DiffCoverWorld& world, const DiffCoverOptions& options,
                                       std::vector<std::string> more) {
  std::vector<std::string> arguments{"-c",         "diff.mnemonicprefix=no", "-c", "diff.noprefix=no", "diff",
                                     "--no-color", "--no-ext-diff",          "-U0"};
  if (options.ignore_whitespace) {
    arguments.emplace_back("--ignore-all-space");
    arguments.emplace_back("--ignore-blank-lines");
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  DiffReader reader("git diff");
  TRY(world.git(arguments, [&](std::string_view piece) { return reader.feed(piece); }));
  return reader.finish();
}

// What `git status` says of the index and the working tree: a diff that must be empty is not asked for, since starting
// git takes longer than all else here.
struct Uncommitted {
  bool staged = true, unstaged = true;
};

Uncommitted ask_uncommitted(const DiffCoverWorld& world) {
  std::string listed;
  const auto asked = world.git({"status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames"},
                               [&](std::string_view piece) -> Result<void> {
                                 listed += piece;
                                 return {};
                               });
  if (!asked) return {};
  Uncommitted found{false, false};
  for (const auto entry : text::split(listed, '\0')) {
    if (entry.empty()) continue;
    if (entry.size() < 4 || entry[2] != ' ') return {};
    found.staged = found.staged || entry[0] != ' ';
    found.unstaged = found.unstaged || entry[1] != ' ';
    // A file in conflict is told of in both.
    if (entry[0] == 'U' || entry[1] == 'U') return {};
  }
  return found;
}

Result<std::vector<std::vector<DiffFile>>> read_steps(const DiffCoverWorld& world, const DiffCoverOptions& options) {
  std::vector<std::vector<DiffFile>> steps;
  if (options.diff_file) {
    auto input = Input::open(io::join_path(world.cwd, *options.diff_file));
    if (!input) {
      return fail(ErrorKind::input, "coverage.diff-file",
                  format("Could not read the diff file. Make sure '{}' exists?", *options.diff_file));
    }
    DiffReader reader(*options.diff_file);
    std::vector<char> buffer(256 * 1024);
    for (;;) {
      const auto length = TRY(input->read(buffer));
      if (length == 0) break;
      TRY(reader.feed({buffer.data(), length}));
    }
    steps.push_back(TRY(reader.finish()));
    return steps;
  }
  Result<std::vector<DiffFile>> committed;
  Uncommitted uncommitted;
  {
    const std::jthread beside([&] {
      if (!options.ignore_staged || !options.ignore_unstaged) uncommitted = ask_uncommitted(world);
    });
    committed = git_diff(world, options, {options.compare_branch + options.diff_range_notation + "HEAD"});
  }
  if (!committed) {
    if (to_string(committed.error()).find("unknown revision") != std::string::npos) {
      return fail(ErrorKind::usage, "coverage.branch",
                  format("\nCould not find the branch to compare to. Does '{}' exist?\n"
                         "the `--compare-branch` argument allows you to set a different branch.\n",
                         options.compare_branch));
    }
    return std::unexpected(std::move(committed).error());
  }
  steps.push_back(std::move(*committed));
  if (!options.ignore_staged && uncommitted.staged) steps.push_back(TRY(git_diff(world, options, {"--cached"})));
  if (!options.ignore_unstaged && uncommitted.unstaged) steps.push_back(TRY(git_diff(world, options, {})));
  return steps;
}

Result<void> add_untracked(const DiffCoverWorld& world, std::vector<std::vector<DiffFile>>& steps) {
  std::string listed;
  TRY(world.git({"ls-files", "-z", "--exclude-standard", "--others"}, [&](std::string_view piece) -> Result<void> {
    listed += piece;
    return {};
  }));
  std::vector<DiffFile> files;
  for (const auto path : text::split(listed, '\0')) {
    if (path.empty()) continue;
    const auto content = io::read_file(io::join_path(world.cwd, path));
    if (!content) continue;
    DiffFile file;
    file.path = file.old_path = io::relative_path(io::join_path(world.cwd, path), world.root);
    file.added = true;
    const auto count = text::split_lines(*content).size();
    for (std::size_t line = 1; line <= count; ++line) file.new_lines.push_back({static_cast<std::uint32_t>(line), 0});
    files.push_back(std::move(file));
  }
  steps.push_back(std::move(files));
  return {};
}

Result<int> run(const DiffCoverOptions& options, const DiffCoverWorld& world) {
  auto steps = TRY(read_steps(world, options));
  if (options.include_untracked && !options.diff_file) TRY(add_untracked(world, steps));
  auto changes = combine_diffs(steps);
  const PathChoice choice{options.include, options.exclude, world.cwd};
  std::erase_if(changes, [&](const ChangedFile& change) { return !choice.chosen(change.path); });

  // A path that means a changed file ends in its name, however the rest is mapped.
  std::unordered_set<std::string_view> names;
  for (const auto& change : changes)
    if (!change.lines.empty()) names.insert(io::file_name(change.path));
  ReaderOptions reading;
  reading.wanted = [&](std::string_view path) {
    const auto cut = path.find_last_of("/\\");
    return names.contains(cut == std::string_view::npos ? path : path.substr(cut + 1));
  };
  reading.branches_overrule_lines = true;
  std::vector<Report> reports;
  for (const auto& path : options.coverage_files) {
    auto report = TRY(read_report_file(io::join_path(world.cwd, path), reading));
    report.name = path;
    reports.push_back(std::move(report));
  }

  DiffCoverageOptions covering;
  covering.map.root = world.root;
  covering.map.cwd = world.cwd;
  covering.map.source_roots = options.src_roots;
  covering.expand = options.expand_coverage_report;
  covering.as_diff_cover = true;
  auto coverage = cover_changes(reports, changes, covering);
  coverage.diff_name =
      diff_name(options.compare_branch, !options.ignore_staged, !options.ignore_unstaged, options.include_untracked);
  for (const auto& note : coverage.notes) world.err("diff-cover: note: " + note + "\n");

  PrintOptions print;
  print.total_percent_float = options.total_percent_float;
  print.show_uncovered = options.show_uncovered;
  print.read_source = [&](std::string_view path) -> std::optional<std::string> {
    auto content = io::read_file(io::join_path(world.root, path));
    if (!content) return std::nullopt;
    return std::move(*content);
  };
  const auto write = [&](const std::string& path, std::string_view text) -> Result<void> {
    if (path == "-" || path == "/dev/stdout") {
      world.out(text);
      return {};
    }
    if (path == "/dev/stderr") {
      world.err(text);
      return {};
    }
    return io::write_file_atomic(io::join_path(world.cwd, path), text);
  };
  const auto target = [&](const char* kind, const char* otherwise) -> std::optional<std::string> {
    const auto found = options.formats.find(kind);
    if (found == options.formats.end()) return std::nullopt;
    return found->second.empty() ? otherwise : found->second;
  };
  if (const auto path = target("html", "diff-cover.html")) {
    if (options.external_css_file)
      print.css_url = io::relative_path(io::join_path(world.cwd, *options.external_css_file),
                                        io::join_path(world.cwd, io::parent_path(*path)));
    TRY(write(*path, print_html(coverage, print)));
    if (options.external_css_file) TRY(write(*options.external_css_file, print_css()));
  }
  if (const auto path = target("json", "diff-cover.json")) TRY(write(*path, print_json(coverage, print)));
  if (const auto path = target("markdown", "diff-cover.md")) TRY(write(*path, print_markdown(coverage, print)));
  if (const auto level = target("github-annotations", "warning")) world.out(print_github(coverage, *level));
  if (!options.quiet) world.out(print_console(coverage, print));
  if (total_percent(coverage, options.total_percent_float) >= options.fail_under) return 0;
  world.err(format("Failure. Coverage is below {}%.\n", static_cast<long>(options.fail_under)));
  return 1;
}

}  // namespace

int run_diff_cover(const std::vector<std::string>& words, const DiffCoverWorld& world) {
  const auto options =
      parse_diff_cover(words, [&](const std::string& path) { return io::read_file(io::join_path(world.cwd, path)); });
  const auto report = [&](const Error& error) {
    world.err("diff-cover: error: " + to_string(error) + "\n");
    return error.kind == ErrorKind::usage && error.code == "usage" ? 2 : 1;
  };
  if (!options) return report(options.error());
  if (options->help) {
    world.out(diff_cover_help());
    return 0;
  }
  if (options->version) {
    world.out("diff-cover 10.0.0 (chiron)\n");
    return 0;
  }
  if (!options->quiet)
    for (const auto& warning : options->warnings) world.err("diff-cover: warning: " + warning + "\n");
  const auto code = run(*options, world);
  return code ? *code : report(code.error());
}

}  // namespace chiron::coverage
