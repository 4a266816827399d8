// The forms in which a report is printed, one file each. Every writer streams: the memory it needs does not grow with
// the number of findings beyond a few bytes each. The output's finish() is the caller's.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/report.h"
#include "foundation/io/output.h"

namespace chiron {

struct Trend;  // core/history.h

struct ReporterOptions {
  bool colour = false;           // terminal: ANSI escapes
  bool hyperlinks = false;       // terminal: OSC 8 around places
  unsigned width = 100;          // terminal: columns
  bool quiet = false;            // terminal: only findings and gates that did not pass
  std::size_t max_findings = 0;  // terminal: how many to show, 0 for all
  std::string title;             // html, markdown: above the report; the workspace's name where empty
  std::string root_uri;          // sarif: where the workspace lies ("file:///src/"), left out where empty
  std::string details_url;       // markdown: link to the whole report
  std::string blob_url;  // markdown: link prefix for files ("https://host/owner/repo/blob/REV/"), none where empty
  // The report to tell new findings from old ones by (terminal, markdown, html); must outlive the call.
  const Report* before = nullptr;
  // html: earlier checks of the workspace, drawn as a trend; must outlive the call.
  const Trend* trend = nullptr;
};

enum class ReportFormat { terminal, json, sarif, junit, markdown, github, gitlab, gitlab_sast, html };
struct ReportFormatInfo {
  ReportFormat format;
  std::string_view name;     // "sarif"
  std::string_view summary;  // "SARIF 2.1.0, for code scanning"
};
[[nodiscard]] const std::vector<ReportFormatInfo>& report_formats();
[[nodiscard]] std::optional<ReportFormat> parse_report_format(std::string_view name);
// By the name of a file: report.sarif, junit.xml, x.html, x.md, x.json.
[[nodiscard]] std::optional<ReportFormat> report_format_of_file(std::string_view path);

// `timeline` may be null. Each returns an error only for what it cannot print; a failed write is finish()'s.
using WriteReport = Result<void>(const Report& report, const Timeline* timeline, io::Output& output,
                                 const ReporterOptions& options);
WriteReport write_terminal;
WriteReport write_json;
WriteReport write_sarif;
WriteReport write_junit;
WriteReport write_markdown;
WriteReport write_github;
WriteReport write_gitlab;
WriteReport write_gitlab_sast;
WriteReport write_html;
[[nodiscard]] Result<void> write_report(ReportFormat format, const Report& report, const Timeline* timeline,
                                        io::Output& output, const ReporterOptions& options);

}  // namespace chiron
