// `chiron coverage diff` and the gate `coverage`: how much of a change the tests run.
#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_set>

#include "engines/coverage/diff_coverage.h"
#include "engines/coverage/findings.h"
#include "engines/coverage/report_print.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/coverage_details.h"
#include "operations/coverage_support.h"
#include "operations/operations.h"

namespace chiron {

namespace {

using namespace coverage;
namespace support = coverage_support;

struct CoverageDiffRequest {
  std::vector<std::string> reports;
  std::string compare_branch;
  std::string range = "...";
  std::string diff_file;
  std::vector<std::string> formats, include, exclude, src_roots, map, no_worse_than;
  std::string external_css_file, by;
  double fail_under = 0, fail_under_branches = 0;
  bool ignore_staged = false, ignore_unstaged = false, include_untracked = false, ignore_whitespace = false;
  bool show_uncovered = false, expand = false, total_percent_float = false, count_moved = false;
  bool nearest_tests = false;
};

class CoverageDiff {
 public:
  CoverageDiff(const CoverageDiffRequest& request, Context& context) : request_(request), context_(context) {}

  Result<Response> run() {
    if (request_.reports.empty())
      return fail(ErrorKind::usage, "coverage.reports", "no coverage report is named", {},
                  "for example: chiron coverage diff coverage.xml");
    const auto& workspace = context_.workspace;
    root_ =
        support::find_git_root(context_.gate.empty() ? context_.folder : workspace.root()).value_or(workspace.root());
    map_ = TRY(support::make_map(root_, context_.gate.empty() ? context_.folder : workspace.root(), request_.map));
    if (!request_.src_roots.empty()) map_.source_roots = request_.src_roots;
    if (!context_.gate.empty() && request_.compare_branch.empty() && request_.diff_file.empty() && !workspace.change())
      return whole();
    TRY(read_change());
    TRY(read_reports());
    cover();
    TRY(write_reports());
    find();
    TRY(ratchet());
    judge();
    return std::move(response_);
  }

 private:
  // The name to compare with: what was asked for, else the usual names in order.
  Result<std::string> base_revision() {
    if (!request_.compare_branch.empty()) return request_.compare_branch;
    if (const auto& change = context_.workspace.change()) return change->base;
    for (const auto* name : {"origin/main", "origin/master", "main", "master"}) {
      if (support::ask_git(root_, {"rev-parse", "--verify", "--quiet", std::string(name) + "^{commit}"},
                           &context_.cancel))
        return std::string(name);
    }
    return fail(ErrorKind::usage, "coverage.branch", "there is no branch to compare with", {},
                "name one with --compare-branch, or give a diff with --diff-file");
  }

  Result<void> read_change() {
    std::vector<std::vector<DiffFile>> steps;
    if (!request_.diff_file.empty()) {
      auto input = TRY(Input::open(context_.absolute(request_.diff_file)));
      DiffReader reader(request_.diff_file);
      std::vector<char> buffer(256 * 1024);
      for (;;) {
        const auto length = TRY(input.read(buffer));
        if (length == 0) break;
        TRY(reader.feed({buffer.data(), length}));
      }
      steps.push_back(TRY(reader.finish()));
      if (steps.back().empty() && reader.saw_text()) {
        return fail(ErrorKind::input, "diff.none", "the file holds text, but no diff", Place{request_.diff_file},
                    "write one with `git diff BASE > FILE`, without --stat or --name-only");
      }
      name_ = request_.diff_file;
    } else {
      const auto base = TRY(base_revision());
      name_ = diff_name(base, !request_.ignore_staged, !request_.ignore_unstaged, untracked(), request_.range);
      TRY(read_git(base, steps));
    }
    changes_ = combine_diffs(steps);
    if (!request_.count_moved)
      for (const auto& step : steps) find_moved_lines(changes_, step);
    const PathChoice choice{request_.include, request_.exclude, root_};
    // As a gate only the workspace's own files count; it may be a folder of the repository, or hold it.
    const auto& root = context_.workspace.root();
    const auto prefix = root.starts_with(root_ + "/") ? root.substr(root_.size() + 1) + "/" : std::string();
    std::erase_if(changes_, [&](const ChangedFile& change) {
      return !choice.chosen(change.path) || (!context_.gate.empty() && !change.path.starts_with(prefix));
    });
    return {};
  }

  [[nodiscard]] bool untracked() const { return request_.include_untracked || !context_.gate.empty(); }

  Result<void> read_git(const std::string& base, std::vector<std::vector<DiffFile>>& steps) {
    std::vector<std::string> options;
    if (request_.ignore_whitespace) options = {"--ignore-all-space", "--ignore-blank-lines"};
    const auto diff = [&](std::vector<std::string> more) {
      more.insert(more.begin(), options.begin(), options.end());
      return support::read_git_diff(root_, std::move(more), &context_.cancel);
    };
    const bool staged = !request_.ignore_staged, unstaged = !request_.ignore_unstaged;
    if (staged) {
      // One diff from where the histories part to the index or the working tree: its line numbers are those of the
      // files as they are, where successive diffs would have to be shifted.
      if (request_.range == "...") {
        std::vector<std::string> more{"--merge-base", base};
        if (!unstaged) more.insert(more.begin(), "--cached");
        auto read = diff(std::move(more));
        if (!read) return std::unexpected(explain(std::move(read).error(), base));
        steps.push_back(std::move(*read));
      } else {
        auto read = diff(unstaged ? std::vector<std::string>{base} : std::vector<std::string>{"--cached", base});
        if (!read) return std::unexpected(explain(std::move(read).error(), base));
        steps.push_back(std::move(*read));
      }
    } else {
      auto read = diff({base + request_.range + "HEAD"});
      if (!read) return std::unexpected(explain(std::move(read).error(), base));
      steps.push_back(std::move(*read));
      if (unstaged) steps.push_back(TRY(diff({})));
    }
    if (!untracked()) return {};
    const auto listed =
        TRY(support::ask_git(root_, {"ls-files", "-z", "--exclude-standard", "--others"}, &context_.cancel));
    std::vector<DiffFile> files;
    for (const auto path : text::split(listed, '\0')) {
      if (path.empty()) continue;
      const auto content = io::read_file(io::join_path(root_, path));
      if (!content) continue;
      DiffFile file;
      file.path = file.old_path = path;
      file.added = true;
      const auto count = text::split_lines(*content).size();
      for (std::size_t line = 1; line <= count; ++line) file.new_lines.push_back({static_cast<std::uint32_t>(line), 0});
      files.push_back(std::move(file));
    }
    steps.push_back(std::move(files));
    return {};
  }

  static Error explain(Error error, const std::string& base) {
    if (error.message.find("unknown revision") != std::string::npos ||
        error.message.find("bad revision") != std::string::npos ||
        error.message.find("Not a valid object name") != std::string::npos) {
      return Error{ErrorKind::usage,
                   "coverage.branch",
                   format("there is no revision '{}' to compare with", base),
                   {},
                   {},
                   "fetch it, or name another with --compare-branch"};
    }
    if (error.message.find("no merge base") != std::string::npos) {
      return Error{ErrorKind::usage,
                   "git.merge-base",
                   format("'{}' and HEAD have no common history here", base),
                   {},
                   {},
                   "in a shallow clone fetch more of the history, or use --diff-range-notation .."};
    }
    return error;
  }

  Result<void> read_reports() {
    ReaderOptions options;
    for (const auto& change : changes_)
      if (!change.lines.empty()) names_.insert(std::string(io::file_name(change.path)));
    // Every map keeps the file's name, so files of other names are skipped while reading. A ratchet needs all.
    if (request_.no_worse_than.empty()) {
      options.wanted = [this](std::string_view path) {
        const auto cut = path.find_last_of("/\\");
        {
          const std::lock_guard lock(kinds_mutex_);
          kinds_.emplace(io::extension(path));
        }
        return names_.contains(std::string(cut == std::string_view::npos ? path : path.substr(cut + 1)));
      };
    }
    options.read_source = support::source_reader(root_);
    reports_ = TRY(support::read_reports(request_.reports, options, context_));
    TRY(check_not_empty());
    return {};
  }

  // Reports without a file are no proof of anything: tests that did not run must not look covered.
  Result<void> check_not_empty() const {
    const bool nothing = kinds_.empty() && std::ranges::all_of(reports_, [](const coverage::Report& report) {
                           return report.files.empty();
                         });
    if (!nothing || (context_.gate.empty() && request_.fail_under <= 0)) return {};
    return fail(ErrorKind::input, "coverage.empty", "the coverage reports know no file at all", {},
                "Did the tests run, and did they write the reports that are named?");
  }

  void cover() {
    DiffCoverageOptions options;
    options.map = map_;
    options.expand = request_.expand;
    options.skip_moved_lines = !request_.count_moved;
    coverage_ = cover_changes(reports_, changes_, options);
    // Only when a report has a file of the name of one it does not know is the list of all files worth asking for.
    const bool nearly = std::any_of(reports_.begin(), reports_.end(), [&](const coverage::Report& report) {
      return std::any_of(report.files.begin(), report.files.end(), [&](const SourceFile& file) {
        const auto path = to_unix_path(file.path);
        return std::any_of(coverage_.without_coverage.begin(), coverage_.without_coverage.end(),
                           [&](const std::string& lost) { return io::file_name(lost) == io::file_name(path); });
      });
    });
    if (nearly && load_repository_files()) {
      options.map = map_;
      coverage_ = cover_changes(reports_, changes_, options);
    }
    coverage_.diff_name = name_;
  }

  bool load_repository_files() {
    auto listed =
        support::ask_git(root_, {"ls-files", "-z", "--cached", "--others", "--exclude-standard"}, &context_.cancel);
    if (listed) {
      for (const auto path : text::split(*listed, '\0'))
        if (!path.empty()) repository_files_.emplace_back(path);
    } else {
      auto files = context_.workspace.files();
      if (!files) return false;
      repository_files_ = **files;
    }
    for (const auto& change : changes_) repository_files_.push_back(change.path);
    std::sort(repository_files_.begin(), repository_files_.end());
    repository_files_.erase(std::unique(repository_files_.begin(), repository_files_.end()), repository_files_.end());
    map_.repository_files = &repository_files_;
    return true;
  }

  Result<void> write_reports() {
    PrintOptions print;
    print.total_percent_float = request_.total_percent_float;
    print.show_uncovered = request_.show_uncovered;
    print.branches = true;
    print.read_source = support::source_reader(root_);
    std::string out;
    for (const auto& item : request_.formats) {
      const auto colon = item.find(':');
      const auto kind = item.substr(0, colon);
      auto target = colon == std::string::npos ? std::string() : item.substr(colon + 1);
      std::string text;
      if (kind == "html") {
        if (target.empty()) target = "diff-cover.html";
        if (!request_.external_css_file.empty()) {
          print.css_url = io::relative_path(context_.absolute(request_.external_css_file),
                                            std::string(io::parent_path(context_.absolute(target))));
          TRY(io::write_file_atomic(context_.absolute(request_.external_css_file), print_css()));
        }
        text = print_html(coverage_, print);
      } else if (kind == "json") {
        text = print_json(coverage_, print) + "\n";
        if (target.empty()) target = "diff-cover.json";
      } else if (kind == "markdown") {
        text = print_markdown(coverage_, print);
        if (target.empty()) target = "diff-cover.md";
      } else if (kind == "github-annotations") {
        const auto level = target.empty() ? std::string("warning") : target;
        if (level != "notice" && level != "warning" && level != "error") return wrong_format(item);
        out += print_github(coverage_, level);
        continue;
      } else if (kind == "console") {
        if (target.empty()) continue;
        text = print_console(coverage_, print);
      } else {
        return wrong_format(item);
      }
      if (target == "-")
        out += text;
      else
        TRY(io::write_file_atomic(context_.absolute(target), text));
    }
    const bool taken = std::any_of(request_.formats.begin(), request_.formats.end(),
                                   [](const std::string& item) { return item.ends_with(":-"); });
    if (!taken) out += print_console(coverage_, print);
    if (!request_.by.empty()) {
      const auto by = request_.by == "author" ? ShareBy::author : ShareBy::commit;
      const std::string revision = request_.ignore_unstaged ? "HEAD" : "";
      out += "\n" + TRY(coverage_details::shares(coverage_, root_, revision, by, context_));
    }
    if (request_.nearest_tests) out += "\n" + TRY(coverage_details::nearest_tests(coverage_, root_, context_));
    if (context_.gate.empty()) response_.output = std::move(out);
    return {};
  }

  static std::unexpected<Error> wrong_format(const std::string& item) {
    return fail(ErrorKind::usage, "coverage.format-option", format("format \"{}\" is not known", item), {},
                "html:FILE, json:FILE, markdown:FILE, console:FILE (- for standard output), "
                "github-annotations:notice|warning|error");
  }

  void find() {
    const bool reached = request_.fail_under > 0 && total_percent(coverage_, true) >= request_.fail_under;
    auto found = line_findings(coverage_, reached ? Level::note : Level::warning);
    std::ranges::move(unmapped_findings(coverage_, reports_, map_, kinds_), std::back_inserter(found));
    std::vector<SourceTime> sources;
    const auto compare_time = [&](const std::string& path) {
      struct stat status{};
      if (::stat(io::join_path(root_, path).c_str(), &status) == 0)
        sources.push_back({path, static_cast<std::int64_t>(status.st_mtime)});
    };
    for (const auto& file : coverage_.files) compare_time(file.path);
    // Where an old report knows none of a file's changed lines, that may be why.
    const auto measured = [&](const std::string& path) {
      return std::ranges::find(coverage_.files, path, &FileCoverage::path) != coverage_.files.end() ||
             std::ranges::find(coverage_.without_coverage, path) != coverage_.without_coverage.end();
    };
    for (const auto& change : changes_)
      if (!change.lines.empty() && !measured(change.path)) compare_time(change.path);
    std::ranges::move(stale_findings(reports_, sources), std::back_inserter(found));
    for (auto& finding : found) add(std::move(finding));
    for (const auto& note : coverage_.notes) response_.notices.push_back(note);
    if (context_.gate.empty()) {
      for (const auto& finding : response_.findings)
        if (finding.rule == "coverage/unmapped-file" || finding.rule == "coverage/stale-report")
          response_.notices.push_back((finding.place.file.empty() ? "" : finding.place.file + ": ") + finding.message);
    }
    const auto sum = coverage_.totals();
    const std::string of = whole_ ? "coverage." : "coverage.changed-";
    response_.metrics.push_back({of + "lines", coverage_.percent_exact(), "%"});
    if (sum.arms != 0) response_.metrics.push_back({of + "branches", percent(sum.taken_arms, sum.arms), "%"});
    if (sum.conditions != 0)
      response_.metrics.push_back({of + "conditions", percent(sum.covered_conditions, sum.conditions), "%"});
  }

  // Places are relative to the workspace, which may be a folder of the repository.
  void add(Finding finding) {
    if (!finding.place.file.empty())
      finding.place.file = context_.workspace.relative(io::join_path(root_, finding.place.file));
    response_.findings.push_back(std::move(finding));
  }

  Result<void> ratchet() {
    if (request_.no_worse_than.empty()) return {};
    ReaderOptions options;
    options.read_source = support::source_reader(root_);
    const auto base = TRY(support::read_reports(request_.no_worse_than, options, context_));
    std::vector<std::string> notes;
    auto map = map_;
    map.repository_files = nullptr;
    if (repository_files_.empty()) (void)load_repository_files();
    if (!repository_files_.empty()) map.repository_files = &repository_files_;
    const auto before = merge_reports(base, map, notes);
    const auto now = merge_reports(reports_, map, notes);
    for (auto& note : notes) response_.notices.push_back(std::move(note));
    for (auto& finding : ratchet_findings(before, now)) {
      response_.notices.push_back((finding.place.file.empty() ? "" : finding.place.file + ": ") + finding.message);
      add(std::move(finding));
      failed_ = true;
    }
    return {};
  }

  void judge() {
    // Compared as it is printed, as diff-cover does.
    const auto lines = total_percent(coverage_, request_.total_percent_float);
    if (lines < request_.fail_under) {
      add(threshold_finding(whole_ ? "lines" : "changed lines", lines, request_.fail_under));
      response_.notices.push_back(format("Failure. Coverage is below {:g}%.", request_.fail_under));
      failed_ = true;
    }
    const auto sum = coverage_.totals();
    const auto arms = percent(sum.taken_arms, sum.arms);
    if (sum.arms != 0 && arms < request_.fail_under_branches) {
      add(threshold_finding(whole_ ? "branches" : "branches of changed lines", arms, request_.fail_under_branches));
      response_.notices.push_back(format("Failure. Branch coverage is below {:g}%.", request_.fail_under_branches));
      failed_ = true;
    }
    finish();
  }

  void finish() {
    response_.rules = coverage_rules();
    response_.inputs = request_.reports;
    if (context_.gate.empty()) response_.exit_code = failed_ ? 1 : 0;
  }

  // A gate without a base looks at all lines of the reports.
  Result<Response> whole() {
    whole_ = true;
    ReaderOptions options;
    options.read_source = support::source_reader(root_);
    reports_ = TRY(support::read_reports(request_.reports, options, context_));
    TRY(check_not_empty());
    (void)load_repository_files();
    std::vector<std::string> notes;
    const auto files = merge_reports(reports_, map_, notes);
    std::vector<ChangedFile> changes;
    for (const auto& file : files) {
      ChangedFile change{file.path, {}, {}};
      for (const auto& line : file.lines) change.lines.push_back(line.number);
      changes.push_back(std::move(change));
    }
    const PathChoice choice{request_.include, request_.exclude, root_};
    std::erase_if(changes, [&](const ChangedFile& change) { return !choice.chosen(change.path); });
    DiffCoverageOptions covering;
    covering.map = map_;
    coverage_ = cover_changes(reports_, changes, covering);
    coverage_.notes.insert(coverage_.notes.end(), notes.begin(), notes.end());
    coverage_.diff_name = "all lines";
    TRY(write_reports());
    find();
    TRY(ratchet());
    judge();
    return std::move(response_);
  }

  const CoverageDiffRequest& request_;
  Context& context_;
  std::string root_, name_;
  MapOptions map_;
  std::mutex kinds_mutex_;  // reports are read in parallel
  std::set<std::string, std::less<>> kinds_;
  std::vector<std::string> repository_files_;
  std::vector<ChangedFile> changes_;
  std::unordered_set<std::string> names_;
  std::vector<coverage::Report> reports_;
  DiffCoverage coverage_;
  Response response_;
  bool failed_ = false;
  bool whole_ = false;  // all lines of the reports, not a change's
};

Result<Response> run_coverage_diff(const CoverageDiffRequest& request, Context& context) {
  return CoverageDiff(request, context).run();
}

std::optional<std::string> detect(Context& context) {
  for (const auto* name : {"coverage.xml", "coverage/lcov.info", "lcov.info", "build/coverage.xml", ".coverage",
                           "target/site/jacoco/jacoco.xml", "build/reports/jacoco/test/jacocoTestReport.xml"}) {
    if (context.workspace.file_system().exists(context.workspace.absolute(name)))
      return format("reports = [\"{}\"]\nfail-under = 80\n", name);
  }
  return std::nullopt;
}

}  // namespace

Operation coverage_diff_operation() {
  using R = CoverageDiffRequest;
  auto made = operation<R>(
      "coverage diff", "How much of a change the tests run",
      Fields<R>()
          .add("reports", &R::reports,
               {.help =
                    "Coverage reports: Cobertura, JaCoCo, Clover, LCOV, gcov, llvm-cov, coverage.py, or a build folder",
                .placeholder = "REPORT",
                .example = "coverage.xml",
                .positional = true,
                .is_path = true})
          .add("compare-branch", &R::compare_branch,
               {.help = "What to compare with; otherwise --since, origin/main, origin/master, main or master",
                .placeholder = "REV",
                .example = "origin/main"})
          .add("diff-range-notation", &R::range,
               {.help = "Compare with the merge base (...) or with the revision itself (..)",
                .fallback = "...",
                .choices = {"...", ".."}})
          .add("by", &R::by,
               {.help = "Also tell whose the measured lines are, and how many of them are uncovered",
                .choices = {"author", "commit"},
                .scope = FieldScope::command_line})
          .add("nearest-tests", &R::nearest_tests,
               {.help = "Also name the tests that come nearest to the uncovered lines (of chiron test --coverage)",
                .scope = FieldScope::command_line})
          .add("diff-file", &R::diff_file,
               {.help = "Read the diff from a file instead of asking git",
                .placeholder = "FILE",
                .is_path = true,
                .scope = FieldScope::command_line})
          .add("fail-under", &R::fail_under,
               {.help = "Fail when less of the changed lines is covered, in percent",
                .fallback = "0",
                .placeholder = "PERCENT",
                .example = "80",
                .minimum = 0})
          .add("fail-under-branches", &R::fail_under_branches,
               {.help = "Fail when fewer ways of branches on changed lines are taken, in percent",
                .fallback = "0",
                .placeholder = "PERCENT",
                .minimum = 0})
          .add("no-worse-than", &R::no_worse_than,
               {.help = "Reports of the base: fail when the whole or a file is covered less than there",
                .placeholder = "REPORT",
                .is_path = true})
          .add("format", &R::formats,
               {.help = "Write a report: html:FILE, json:FILE, markdown:FILE, console:FILE (- for standard output), "
                        "github-annotations:LEVEL",
                .placeholder = "KIND:FILE",
                .example = "html:coverage.html"})
          .add("external-css-file", &R::external_css_file,
               {.help = "Write the style sheet of the HTML report to a file of its own",
                .placeholder = "FILE",
                .is_path = true})
          .add("show-uncovered", &R::show_uncovered, {.help = "Print the uncovered lines below the table"})
          .add("include", &R::include,
               {.help = "Count only files that match", .placeholder = "GLOB", .example = "src/**"})
          .add("exclude", &R::exclude,
               {.help = "Leave files out whose name or absolute path matches",
                .placeholder = "PATTERN",
                .example = "*_test.py"})
          .add("map", &R::map,
               {.help = "Where the reports' paths lie in the repository, FROM=TO",
                .placeholder = "FROM=TO",
                .example = "/app=."})
          .add("src-roots", &R::src_roots,
               {.help = "Source folders of JaCoCo reports; otherwise src/main/java and src/test/java",
                .placeholder = "FOLDER"})
          .add("expand-coverage-report", &R::expand,
               {.help = "Lines between reported ones count as the one before them (XML reports)"})
          .add("count-moved-lines", &R::count_moved, {.help = "Count lines that only moved within the change as new"})
          .add("ignore-staged", &R::ignore_staged, {.help = "Leave staged changes out"})
          .add("ignore-unstaged", &R::ignore_unstaged, {.help = "Leave unstaged changes out"})
          .add("include-untracked", &R::include_untracked,
               {.help = "Count untracked files as new; the gate always does"})
          .add("ignore-whitespace", &R::ignore_whitespace, {.help = "Changes of white space do not count"})
          .add("total-percent-float", &R::total_percent_float,
               {.help = "Print the total with two decimals instead of cut to a whole"})
          .take(),
      run_coverage_diff);
  made.description =
      "Reads coverage reports and a diff and says which changed lines no test runs, and which branches of them went "
      "only one way.";
  made.examples = {{"chiron coverage diff coverage.xml", "Compare with origin/main"},
                   {"chiron coverage diff lcov.info --compare-branch v1.2 --fail-under 80", "Fail under 80 percent"},
                   {"chiron coverage diff build --format html:diff.html", "Read the .gcda files of a build folder"}};
  GateFacet gate;
  gate.since = "Only lines changed since the base count; without a base all lines of the reports do.";
  gate.rules = coverage_rules;
  gate.detect = detect;
  gate.inputs = [](const void*, Context&) -> Result<std::optional<std::vector<std::string>>> {
    return std::optional<std::vector<std::string>>{};  // reports are made by tests at any time, and git's base moves
  };
  made.gate = std::move(gate);
  made.gate_name = "coverage";
  return made;
}

}  // namespace chiron
