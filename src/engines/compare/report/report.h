// The forms in which a comparison is shown. Each is made from the same tree; none leaves anything out without saying
// how much (--max-report, folded lines, kept bounds of the engine).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "engines/compare/compare.h"

namespace chiron::compare {

struct ReportOptions {
  std::uint64_t max_bytes = 0;  // 0: no bound
  bool colour = false;
  unsigned width = 100;
  bool full = false;  // the terminal tree folds nothing
};

[[nodiscard]] std::string print_terminal(const Comparison& comparison, const ReportOptions& options);
[[nodiscard]] std::string print_text(const Comparison& comparison, const ReportOptions& options);
[[nodiscard]] std::string print_json(const Comparison& comparison, const ReportOptions& options);
// The JSON of diffoscope, format version 1.
[[nodiscard]] std::string print_diffoscope_json(const Comparison& comparison, const ReportOptions& options);
[[nodiscard]] std::string print_markdown(const Comparison& comparison, const ReportOptions& options);
[[nodiscard]] std::string print_html(const Comparison& comparison, const ReportOptions& options);

}  // namespace chiron::compare
