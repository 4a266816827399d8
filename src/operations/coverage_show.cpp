// `chiron coverage show`: what the reports say of all files, as a table, annotated sources or data.
#include <algorithm>

#include "core/reporters/words.h"
#include "engines/coverage/changes.h"
#include "engines/coverage/show_page.h"
#include "engines/coverage/write_report.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/coverage_support.h"
#include "operations/operations.h"

namespace chiron {

namespace {

using namespace coverage;
namespace support = coverage_support;

struct CoverageShowRequest {
  std::vector<std::string> reports, include, exclude, map;
  bool source = false;
  std::string format = "table", output;
};

struct CoverageMergeRequest {
  std::vector<std::string> reports, include, exclude, map;
  std::string to = "lcov";
  std::string output;
};

struct Merged {
  std::string root;
  std::vector<SourceFile> files;
  std::vector<std::string> notes;
};

Result<Merged> read_merged(const std::vector<std::string>& paths, const std::vector<std::string>& prefixes,
                           const PathChoice& choice, Context& context) {
  if (paths.empty()) {
    return fail(ErrorKind::usage, "coverage.reports", "no coverage report is named", {},
                "for example: chiron coverage show coverage.xml");
  }
  Merged merged;
  merged.root = support::find_git_root(context.folder).value_or(context.workspace.root());
  ReaderOptions options;
  options.read_source = support::source_reader(merged.root);
  const auto reports = TRY(support::read_reports(paths, options, context));
  auto map = TRY(support::make_map(merged.root, context.folder, prefixes));
  std::vector<std::string> repository;
  const auto listed =
      support::ask_git(merged.root, {"ls-files", "-z", "--cached", "--others", "--exclude-standard"}, &context.cancel);
  if (listed) {
    for (const auto path : text::split(*listed, '\0'))
      if (!path.empty()) repository.emplace_back(path);
    std::sort(repository.begin(), repository.end());
    repository.erase(std::unique(repository.begin(), repository.end()), repository.end());
    map.repository_files = &repository;
  }
  for (const auto& report : reports)
    for (const auto& note : report.notes) merged.notes.push_back(report.name + ": " + note);
  merged.files = merge_reports(reports, map, merged.notes);
  std::erase_if(merged.files, [&](const SourceFile& file) { return !choice.chosen(file.path); });
  return merged;
}

Result<Response> run_show(const CoverageShowRequest& request, Context& context) {
  auto merged =
      TRY(read_merged(request.reports, request.map, {request.include, request.exclude, context.folder}, context));
  Response response;
  response.notices = std::move(merged.notes);
  Totals sum;
  for (const auto& file : merged.files) sum += totals(file);
  response.metrics.push_back({"coverage.lines", percent(sum.covered_lines, sum.lines), "%"});
  std::string out;
  if (request.format == "json") {
    out = write_summary_json(merged.files);
  } else if (request.format == "html") {
    out = write_page(merged.files, support::source_reader(merged.root));
  } else if (request.source) {
    const auto read = support::source_reader(merged.root);
    for (const auto& file : merged.files) {
      const auto source = read(file.path);
      if (!source) {
        response.notices.push_back(file.path + ": the source cannot be read");
        continue;
      }
      out += write_annotated(file, *source, context.colour && request.output.empty()) + "\n";
    }
  }
  if (request.format == "table") out += write_table(merged.files, context.colour && request.output.empty());
  if (request.output.empty() || request.output == "-") {
    response.output = std::move(out);
  } else {
    TRY(io::write_file_atomic(context.absolute(request.output), out));
    response.output = format("{} files written to {}\n", merged.files.size(), request.output);
  }
  return response;
}

Result<Response> run_merge(const CoverageMergeRequest& request, Context& context) {
  auto merged =
      TRY(read_merged(request.reports, request.map, {request.include, request.exclude, context.folder}, context));
  Response response;
  response.notices = std::move(merged.notes);
  auto text = request.to == "cobertura" ? write_cobertura(merged.files) : write_lcov(merged.files);
  if (request.output.empty() || request.output == "-") {
    response.output = std::move(text);
  } else {
    TRY(io::write_file_atomic(context.absolute(request.output), text));
    response.output = format("{} merged into {}\n", counted(merged.files.size(), "file"), request.output);
  }
  return response;
}

}  // namespace

Operation coverage_show_operation() {
  using R = CoverageShowRequest;
  auto made = operation<R>(
      "coverage show", "Coverage of all files, as a table or beside the source",
      Fields<R>()
          .add("reports", &R::reports,
               {.help = "Coverage reports, or build folders with .gcda files",
                .placeholder = "REPORT",
                .example = "coverage.xml",
                .positional = true,
                .is_path = true})
          .add("source", &R::source, {.help = "Print the sources with the count of each line"})
          .add("as", &R::format,
               {.help = "Form of the output", .fallback = "table", .choices = {"table", "json", "html"}})
          .add("into", &R::output,
               {.help = "Write to this file instead of standard output", .placeholder = "FILE", .is_path = true})
          .add("include", &R::include, {.help = "Only files that match", .placeholder = "GLOB", .example = "src/**"})
          .add("exclude", &R::exclude,
               {.help = "Leave files out whose name or absolute path matches", .placeholder = "PATTERN"})
          .add("map", &R::map,
               {.help = "Where the reports' paths lie in the repository, FROM=TO",
                .placeholder = "FROM=TO",
                .example = "/app=."})
          .take(),
      run_show);
  made.description =
      "Several reports are added up; paths are mapped to the repository's files, and what could not be mapped is "
      "named.";
  made.examples = {{"chiron coverage show coverage.xml lcov.info", "Two reports as one table"},
                   {"chiron coverage show coverage.xml --as html --into coverage.html", "A page with every source"},
                   {"chiron coverage show build --source --include 'src/parser.cpp'", "One source with its counts"}};
  return made;
}

Operation coverage_merge_operation() {
  using R = CoverageMergeRequest;
  auto made = operation<R>(
      "coverage merge", "Several coverage reports as one",
      Fields<R>()
          .add("reports", &R::reports,
               {.help = "Coverage reports of any format",
                .placeholder = "REPORT",
                .example = "lcov.info",
                .positional = true,
                .is_path = true})
          .add("to", &R::to, {.help = "Format of the result", .fallback = "lcov", .choices = {"lcov", "cobertura"}})
          .add("into", &R::output,
               {.help = "Write to this file instead of standard output", .placeholder = "FILE", .is_path = true})
          .add("include", &R::include, {.help = "Only files that match", .placeholder = "GLOB"})
          .add("exclude", &R::exclude,
               {.help = "Leave files out whose name or absolute path matches", .placeholder = "PATTERN"})
          .add("map", &R::map,
               {.help = "Where the reports' paths lie in the repository, FROM=TO",
                .placeholder = "FROM=TO",
                .example = "/app=."})
          .take(),
      run_merge);
  made.description = "Counts are added; paths become those of the repository.";
  made.examples = {{"chiron coverage merge unit.info e2e.xml --into all.info", "Merge into an LCOV tracefile"}};
  return made;
}

}  // namespace chiron
