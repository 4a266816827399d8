// Vale's command line over the engine: its flags, outputs and exit codes. Nothing is printed here; what would be is
// returned.
#pragma once
#include <string>
#include <vector>

#include "engines/prose/lint.h"

namespace chiron::prose {

struct ValeRun {
  int exit_code = 0;
  std::string output;
  std::string error_output;
};
struct ValeRequest {
  std::vector<std::string> arguments;  // without the program's name
  // Standard input, asked for where no file is named.
  std::function<Result<std::string>()> read_input;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string version = "3.13.0";
  bool colour = false;  // in the terminal's table
};
[[nodiscard]] ValeRun run_vale(const ValeRequest& request, task::Pool& pool);

// The reports as Vale prints them.
[[nodiscard]] std::string print_lines(const std::vector<FileReport>& reports);
[[nodiscard]] std::string print_json(const std::vector<FileReport>& reports);
[[nodiscard]] std::string print_terminal(const std::vector<FileReport>& reports, bool wrap, bool colour);
// A Go template over `.Files` (each with `.Path` and `.Alerts`) and `.LintedTotal`.
[[nodiscard]] Result<std::string> print_template(const std::vector<FileReport>& reports, std::string_view text,
                                                 const std::string& file);
[[nodiscard]] std::string print_config(const Config& config);
[[nodiscard]] std::string print_metrics(const Document& document);

}  // namespace chiron::prose
