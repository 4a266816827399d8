// The reports of `coverage diff`, in diff-cover's forms: console, HTML, JSON, Markdown, GitHub annotations.
#pragma once
#include <string>
#include <string_view>

#include "engines/coverage/diff_coverage.h"
#include "engines/coverage/snippets.h"

namespace chiron::coverage {

struct PrintOptions {
  SourceReader read_source;          // for snippets
  bool total_percent_float = false;  // the total with two decimals instead of cut to a whole
  bool show_uncovered = false;       // console: snippets below the table
  std::string css_url;               // HTML: refer to this style sheet instead of an inline one
  bool branches = false;             // what diff-cover does not print: partial branches and notes
};

[[nodiscard]] std::string print_console(const DiffCoverage& coverage, const PrintOptions& options);
[[nodiscard]] std::string print_html(const DiffCoverage& coverage, const PrintOptions& options);
[[nodiscard]] std::string print_css();
[[nodiscard]] std::string print_json(const DiffCoverage& coverage, const PrintOptions& options);
[[nodiscard]] std::string print_markdown(const DiffCoverage& coverage, const PrintOptions& options);
// `level` is "notice", "warning" or "error".
[[nodiscard]] std::string print_github(const DiffCoverage& coverage, std::string_view level);

// The total as it is printed and compared with a threshold.
[[nodiscard]] double total_percent(const DiffCoverage& coverage, bool as_float);
// 1,2,3,7 -> "1-3,7"
[[nodiscard]] std::vector<std::string> combine_lines(const std::vector<std::uint32_t>& lines);
// As Python prints a float: the shortest text that reads back as the same number, with a decimal point.
[[nodiscard]] std::string python_float(double value);

}  // namespace chiron::coverage
