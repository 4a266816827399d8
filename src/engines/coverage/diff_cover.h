// diff-cover's command line: its options, configuration, output and exit codes over the engine. Started programs and
// streams are given from outside, so that it can be tested against recorded diffs.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::coverage {

struct DiffCoverOptions {
  std::vector<std::string> coverage_files;
  std::map<std::string, std::string> formats;  // "html": path ("" for the default)
  std::string compare_branch = "origin/main";
  std::string diff_range_notation = "...";
  std::optional<std::string> diff_file, external_css_file, config_file;
  std::vector<std::string> include, exclude;
  std::vector<std::string> src_roots{"src/main/java", "src/test/java"};
  double fail_under = 0;
  bool show_uncovered = false, expand_coverage_report = false, ignore_staged = false, ignore_unstaged = false;
  bool include_untracked = false, ignore_whitespace = false, quiet = false, total_percent_float = false;
  bool help = false, version = false;
  std::vector<std::string> warnings;
};

// The words after the program's name. `read_file` reads the configuration file. Errors: kind usage (exit code 2)
// for the command line, config (exit code 1) for the file.
using FileReader = std::function<Result<std::string>(const std::string& path)>;
[[nodiscard]] Result<DiffCoverOptions> parse_diff_cover(const std::vector<std::string>& words,
                                                        const FileReader& read_file);
[[nodiscard]] std::string diff_cover_help();

struct DiffCoverWorld {
  std::string root, cwd;  // absolute
  // Runs git with these arguments and gives its output to `piece` as it comes. From two threads at once.
  std::function<Result<void>(const std::vector<std::string>& arguments,
                             const std::function<Result<void>(std::string_view)>& piece)>
      git;
  std::function<void(std::string_view)> out, err;
};

// Runs; gives the exit code (0 passed, 1 below the threshold or failed, 2 wrong words).
[[nodiscard]] int run_diff_cover(const std::vector<std::string>& words, const DiffCoverWorld& world);

}  // namespace chiron::coverage
