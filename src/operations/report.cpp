// chiron report: print a saved report in any form; `merge` joins the shards of a run, `compare` sets two runs against
// each other.
#include "core/report_json.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/operations.h"

namespace chiron {

namespace {

// What the printed forms may be told; shared by the three commands.
struct PrintRequest {
  std::string title;
  std::string details_url;
  std::string blob_url;
  std::int64_t shown_findings = 0;
};

template <class R>
Fields<R>& add_print_fields(Fields<R>& fields) {
  // Members of the base, as members of the request that the fields belong to.
  using Text = std::string R::*;
  using Number = std::int64_t R::*;
  return fields
      .add("title", Text(&R::title),
           {.help = "Heading of the page and the comment", .placeholder = "TEXT", .scope = FieldScope::command_line})
      .add("details-url", Text(&R::details_url),
           {.help = "Where the whole report can be read, linked from the Markdown form",
            .placeholder = "URL",
            .scope = FieldScope::command_line})
      .add("blob-url", Text(&R::blob_url),
           {.help = "Prefix of links to files in the Markdown form",
            .placeholder = "URL",
            .example = "https://github.com/owner/name/blob/REV/",
            .scope = FieldScope::command_line})
      .add("show", Number(&R::shown_findings),
           {.help = "How many findings to show on the terminal, 0 for all",
            .fallback = "0",
            .placeholder = "N",
            .minimum = 0,
            .scope = FieldScope::command_line});
}

void set_print_options(const PrintRequest& request, Response& response) {
  response.title = request.title;
  response.details_url = request.details_url;
  response.blob_url = request.blob_url;
  response.shown_findings = static_cast<std::size_t>(request.shown_findings);
}

// The time line stands beside the report under its own name; one that is missing is no error unless it was asked for.
Result<std::optional<Timeline>> read_timeline(const std::string& path, bool asked_for) {
  if (!asked_for && !io::exists(path)) return std::nullopt;
  const auto text = TRY(io::read_file(path));
  return TRY(parse_timeline(text, path));
}

bool is_given(const Context& context, std::string_view name) {
  return std::ranges::find(context.given, name) != context.given.end();
}

Result<void> refuse_fail_level(const Context& context) {
  if (!is_given(context, "fail-level")) return {};
  return fail(ErrorKind::usage, "usage.fail-level", "the fail level of a saved report was decided when it was made", {},
              "Give --fail-level to chiron check, or to chiron report compare.");
}

// ---- chiron report
struct ReportRequest : PrintRequest {
  std::string file;
  std::string before;
  std::string timeline;
};

Result<Response> run_report(const ReportRequest& request, Context& context) {
  TRY(refuse_fail_level(context));
  const auto path =
      request.file.empty() ? context.workspace.absolute(".chiron/report.json") : context.absolute(request.file);
  if (request.file.empty() && !io::exists(path))
    return fail(ErrorKind::input, "report.not-found", "no report has been saved in this workspace", {},
                "Run chiron check, or name the file of a report.");
  Response response;
  response.report = TRY(read_report(path));
  const auto beside = io::join_path(io::parent_path(path), "timeline.json");
  response.timeline = TRY(request.timeline.empty() ? read_timeline(beside, false)
                                                   : read_timeline(context.absolute(request.timeline), true));
  if (!request.before.empty()) response.before = TRY(read_report(context.absolute(request.before)));
  set_print_options(request, response);
  // Another workspace's report says nothing about this one's history.
  if (response.report->workspace == context.workspace.name())
    response.history_file = context.workspace.absolute(".chiron/history.db");
  response.exit_code = 0;
  return response;
}

// ---- chiron report merge
struct MergeRequest : PrintRequest {
  std::vector<std::string> reports;
};

Result<Response> run_merge(const MergeRequest& request, Context& context) {
  TRY(refuse_fail_level(context));
  std::vector<Report> shards;
  for (const auto& file : request.reports) shards.push_back(TRY(read_report(context.absolute(file))));
  Response response;
  response.report = TRY(merge_reports(std::move(shards)));
  set_print_options(request, response);
  return response;
}

// ---- chiron report compare
struct CompareRequest : PrintRequest {
  std::vector<std::string> reports;
  std::string which = "new";
};

// The chosen findings of a report, judged by `fail_level`.
Report select(Report report, const std::vector<std::size_t>& chosen, Level fail_level) {
  std::vector<Finding> findings;
  findings.reserve(chosen.size());
  for (const auto i : chosen) findings.push_back(std::move(report.findings[i]));
  report.findings = std::move(findings);
  report.fail_level = fail_level;
  for (auto& gate : report.gates) {
    gate.fail_level.reset();
    // A gate that missed a threshold of its own is no matter of single findings.
    if (gate.status == GateStatus::failed) {
      gate.status = GateStatus::passed;
      gate.reason.clear();
    }
  }
  conclude_report(report);
  return report;
}

Result<Response> run_compare(const CompareRequest& request, Context& context) {
  if (request.reports.size() != 2)
    return fail(ErrorKind::usage, "usage.reports", format("two reports are compared; {} given", request.reports.size()),
                {}, "Write chiron report compare BEFORE.json AFTER.json.");
  auto before = TRY(read_report(context.absolute(request.reports[0])));
  auto after = TRY(read_report(context.absolute(request.reports[1])));
  const auto comparison = compare_reports(before, after);
  const auto fail_level = parse_level(context.fail_level).value_or(Level::none);
  Response response;
  response.notices.push_back(format("{} new, {} fixed, {} still there", comparison.added.size(),
                                    comparison.fixed.size(), comparison.kept.size()));
  if (const auto unseen = before.findings.size() - comparison.fixed.size() - comparison.kept.size(); unseen != 0)
    response.notices.push_back(
        format("{} not looked for in {}: gates that did not run there, or lines that its change leaves out", unseen,
               request.reports[1]));
  const bool fails = std::ranges::any_of(comparison.added, [&](std::size_t i) {
    return fail_level != Level::none && after.findings[i].level >= fail_level;
  });
  const bool could_not_run =
      std::ranges::any_of(after.gates, [](const GateResult& gate) { return gate.status == GateStatus::could_not_run; });
  response.exit_code = could_not_run ? 2 : fails ? 1 : 0;
  if (request.which == "all") {
    response.report = std::move(after);
    response.before = std::move(before);
  } else if (request.which == "fixed") {
    response.report = select(std::move(before), comparison.fixed, Level::none);
  } else {
    response.report = select(std::move(after), request.which == "new" ? comparison.added : comparison.kept,
                             request.which == "new" ? fail_level : Level::none);
  }
  set_print_options(request, response);
  return response;
}

}  // namespace

Operation report_operation() {
  Fields<ReportRequest> fields;
  fields
      .add("report", &ReportRequest::file,
           {.help = "The saved report, .chiron/report.json of the workspace unless given",
            .placeholder = "FILE",
            .positional = true,
            .is_path = true,
            .scope = FieldScope::command_line})
      .add("before", &ReportRequest::before,
           {.help = "An earlier report; findings that it does not have are marked as new",
            .placeholder = "FILE",
            .is_path = true,
            .scope = FieldScope::command_line})
      .add("timeline", &ReportRequest::timeline,
           {.help = "When each gate ran and how long, timeline.json beside the report unless given",
            .placeholder = "FILE",
            .is_path = true,
            .scope = FieldScope::command_line});
  auto made = operation<ReportRequest>("report", "Print a saved report in any form", add_print_fields(fields).take(),
                                       run_report);
  made.description =
      "Ends with 0 whatever the report says; chiron check has judged it. The forms: terminal, json, sarif, junit, "
      "markdown, github, gitlab, gitlab-sast, html.";
  made.examples = {
      {"chiron report --format markdown", "The last check of this workspace as a pull request comment."},
      {"chiron report report.json -o report.html -o sarif:out.sarif", "A saved report as a page and as SARIF."}};
  made.prints_findings = true;
  return made;
}

Operation report_merge_operation() {
  Fields<MergeRequest> fields;
  fields.add("reports", &MergeRequest::reports,
             {.help = "The report of each shard",
              .placeholder = "FILE",
              .positional = true,
              .required = true,
              .is_path = true,
              .scope = FieldScope::command_line});
  auto made = operation<MergeRequest>("report merge", "Join the reports of the shards of one run",
                                      add_print_fields(fields).take(), run_merge);
  made.description =
      "The reports must be of one revision, one version of Chiron and one fail level. Ends as the whole run would "
      "have: 0 "
      "where every gate passed, 1 where one failed, 2 where one could not run.";
  made.examples = {{"chiron report merge shard-*.json -o report.json -o report.html",
                    "One report and one page of a run that several machines shared."}};
  made.prints_findings = true;
  return made;
}

Operation report_compare_operation() {
  Fields<CompareRequest> fields;
  fields
      .add("reports", &CompareRequest::reports,
           {.help = "The earlier report, then the later one",
            .placeholder = "FILE",
            .positional = true,
            .required = true,
            .is_path = true,
            .scope = FieldScope::command_line})
      .add("which", &CompareRequest::which,
           {.help = "The findings to print",
            .fallback = "new",
            .choices = {"new", "fixed", "kept", "all"},
            .scope = FieldScope::command_line});
  auto made = operation<CompareRequest>("report compare", "Show what is new, fixed and still there between two reports",
                                        add_print_fields(fields).take(), run_compare);
  made.description =
      "Findings are told apart by fingerprint, which stays the same when lines move. Ends with 1 where a new finding "
      "reaches the fail level.";
  made.examples = {{"chiron report compare main.json branch.json", "What the branch brings in."},
                   {"chiron report compare main.json branch.json --which all -o changes.html",
                    "Both runs on one page, filtered by state."}};
  made.prints_findings = true;
  return made;
}

}  // namespace chiron
