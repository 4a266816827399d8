#include "core/reporters/reporter.h"

#include "core/report_json.h"
#include "foundation/io/files.h"

namespace chiron {

const std::vector<ReportFormatInfo>& report_formats() {
  static const std::vector<ReportFormatInfo> kFormats = {
      {ReportFormat::terminal, "terminal", "Findings with source excerpts, and a summary by gate"},
      {ReportFormat::json, "json", "The canonical report; every other form can be made from it"},
      {ReportFormat::sarif, "sarif", "SARIF 2.1.0, for code scanning and editors"},
      {ReportFormat::junit, "junit", "JUnit XML, as GitLab and Jenkins read it"},
      {ReportFormat::markdown, "markdown", "A comment for a pull request"},
      {ReportFormat::github, "github", "GitHub annotations (workflow commands)"},
      {ReportFormat::gitlab, "gitlab", "GitLab code quality"},
      {ReportFormat::gitlab_sast, "gitlab-sast", "GitLab's security report of static analysis"},
      {ReportFormat::html, "html", "One page with everything in it, readable without network"},
  };
  return kFormats;
}

std::optional<ReportFormat> parse_report_format(std::string_view name) {
  for (const auto& info : report_formats())
    if (info.name == name) return info.format;
  return std::nullopt;
}

std::optional<ReportFormat> report_format_of_file(std::string_view path) {
  const auto ending = io::extension(path);
  if (path.ends_with(".sarif") || path.ends_with(".sarif.json")) return ReportFormat::sarif;
  if (ending == ".json") return ReportFormat::json;
  if (ending == ".xml") return ReportFormat::junit;
  if (ending == ".md" || ending == ".markdown") return ReportFormat::markdown;
  if (ending == ".html" || ending == ".htm") return ReportFormat::html;
  if (ending == ".txt" || ending == ".log") return ReportFormat::terminal;
  return std::nullopt;
}

Result<void> write_json(const Report& report, const Timeline*, io::Output& output, const ReporterOptions&) {
  write_report_json(report, output);
  return {};
}

Result<void> write_report(ReportFormat format, const Report& report, const Timeline* timeline, io::Output& output,
                          const ReporterOptions& options) {
  switch (format) {
    case ReportFormat::terminal:
      return write_terminal(report, timeline, output, options);
    case ReportFormat::json:
      return write_json(report, timeline, output, options);
    case ReportFormat::sarif:
      return write_sarif(report, timeline, output, options);
    case ReportFormat::junit:
      return write_junit(report, timeline, output, options);
    case ReportFormat::markdown:
      return write_markdown(report, timeline, output, options);
    case ReportFormat::github:
      return write_github(report, timeline, output, options);
    case ReportFormat::gitlab:
      return write_gitlab(report, timeline, output, options);
    case ReportFormat::gitlab_sast:
      return write_gitlab_sast(report, timeline, output, options);
    case ReportFormat::html:
      return write_html(report, timeline, output, options);
  }
  return {};
}

}  // namespace chiron
