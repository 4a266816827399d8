#include "operations/coverage_support.h"

#include <algorithm>
#include <filesystem>

#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "operations/expand_files.h"

namespace chiron::coverage_support {

std::optional<std::string> find_git_root(const std::string& folder) {
  auto at = folder;
  for (;;) {
    if (io::exists(io::join_path(at, ".git"))) return at;
    const auto slash = at.rfind('/');
    if (slash == std::string::npos || at == "/") return std::nullopt;
    at = slash == 0 ? "/" : at.substr(0, slash);
  }
}

Result<void> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                     const std::function<Result<void>(std::string_view)>& piece, const task::CancelToken* cancel) {
  io::ProcessSpec spec;
  spec.arguments = {"git", "--no-pager"};
  spec.arguments.insert(spec.arguments.end(), arguments.begin(), arguments.end());
  spec.working_folder = folder;
  spec.environment = {{"GIT_OPTIONAL_LOCKS", "0"}, {"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  spec.max_output_bytes = 64 * 1024;  // of what is kept; the output itself is handed on as it comes
  std::optional<Error> problem;
  spec.on_output = [&](std::string_view text, bool is_error) {
    if (is_error || problem) return;
    if (auto taken = piece(text); !taken) problem = std::move(taken).error();
  };
  auto result = io::run_process(spec, cancel);
  if (!result) {
    if (result.error().code == "process.not-found")
      return fail(ErrorKind::io, "git.missing", "git is not installed", {}, "install git, or give the diff in a file");
    return std::unexpected(std::move(result).error());
  }
  if (problem) return std::unexpected(std::move(*problem));
  if (result->reason == io::ExitReason::cancelled) return fail(ErrorKind::interrupted, "interrupted", "interrupted");
  if (result->reason != io::ExitReason::exited || result->exit_code != 0) {
    return fail(
        ErrorKind::io, "git.failed",
        format("git {}: {}", arguments.empty() ? "" : text::join(arguments, " "), text::trim(result->error_output)));
  }
  return {};
}

Result<std::string> ask_git(const std::string& folder, const std::vector<std::string>& arguments,
                            const task::CancelToken* cancel) {
  std::string out;
  TRY(run_git(
      folder, arguments,
      [&](std::string_view text) -> Result<void> {
        out += text;
        return {};
      },
      cancel));
  return out;
}

Result<std::vector<coverage::DiffFile>> read_git_diff(const std::string& root, std::vector<std::string> arguments,
                                                      const task::CancelToken* cancel) {
  std::vector<std::string> all{"-c",
                               "diff.mnemonicprefix=no",
                               "-c",
                               "diff.noprefix=no",
                               "-c",
                               "core.quotepath=off",
                               "diff",
                               "--no-color",
                               "-U0",
                               "--no-ext-diff",
                               "--find-renames"};
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  coverage::DiffReader reader("git diff");
  TRY(run_git(root, all, [&](std::string_view text) { return reader.feed(text); }, cancel));
  return reader.finish();
}

Result<std::vector<std::pair<std::string, std::string>>> parse_prefixes(const std::vector<std::string>& spelt) {
  std::vector<std::pair<std::string, std::string>> prefixes;
  for (const auto& text : spelt) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorKind::usage, "coverage.map", format("map \"{}\" is not FROM=TO", text), {},
                  "for example /app=. for reports of a container whose /app is the repository");
    }
    prefixes.emplace_back(text.substr(0, equals), equals + 1 == text.size() ? "." : text.substr(equals + 1));
  }
  return prefixes;
}

Result<coverage::MapOptions> make_map(const std::string& root, const std::string& cwd,
                                      const std::vector<std::string>& prefixes) {
  coverage::MapOptions map;
  map.root = root;
  map.cwd = cwd;
  map.prefixes = TRY(parse_prefixes(prefixes));
  std::error_code error;
  const auto real = std::filesystem::canonical(root, error);
  if (!error && real.string() != root) map.root_aliases.push_back(real.string());
  return map;
}

Result<std::vector<std::string>> expand_reports(const std::vector<std::string>& paths, Context& context) {
  std::vector<std::string> expanded;
  for (const auto& path : paths) {
    auto found = TRY(expand_files({path}, context));
    if (found.empty()) {
      return fail(ErrorKind::io, "io.not-found", format("no coverage report matches {}", path), {},
                  "run the tests with coverage first");
    }
    expanded.insert(expanded.end(), found.begin(), found.end());
  }
  return expanded;
}

Result<std::vector<coverage::Report>> read_reports(const std::vector<std::string>& paths,
                                                   const coverage::ReaderOptions& options, Context& context) {
  const auto files = TRY(expand_reports(paths, context));
  std::vector<std::optional<Result<coverage::Report>>> results(files.size());
  const auto read = [&](std::size_t i) { results[i] = coverage::read_report_file(files[i], options); };
  if (files.size() == 1)
    read(0);
  else
    context.pool.for_each(files.size(), read, &context.cancel);
  std::vector<coverage::Report> reports;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!results[i]) return fail(ErrorKind::interrupted, "interrupted", "interrupted");
    auto report = TRY(std::move(*results[i]));
    report.name = context.workspace.relative(files[i]);
    reports.push_back(std::move(report));
  }
  return reports;
}

coverage::SourceReader source_reader(const std::string& root) {
  return [root](std::string_view path) -> std::optional<std::string> {
    auto content = io::read_file(io::join_path(root, path));
    if (!content) return std::nullopt;
    return std::move(*content);
  };
}

}  // namespace chiron::coverage_support
