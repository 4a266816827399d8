// chiron check: the gates of chiron.toml, in parallel, one report, one verdict.
#include "core/check.h"

#include <ctime>

#include "core/history.h"
#include "core/report_json.h"
#include "core/reporters/reporter.h"
#include "core/reporters/words.h"
#include "core/suppression.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "operations/configuration.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct CheckRequest {
  std::vector<std::string> gates;
  std::string since;
  std::string profile;
  std::vector<std::string> skip;
  bool dry_run = false;
  bool watch = false;  // the surface runs the check again
  std::string baseline;
  bool write_baseline = false;
  std::string expires;
  std::string reason;
  std::string shard;
  bool no_cache = false;
  bool no_history = false;
  std::int64_t memory_mib = 0;
  std::int64_t seed = 0;
};

std::string date_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char buffer[16];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d", &parts);
  return buffer;
}

std::string fail_level(const CheckRequest& request, const Config& config, const Context& context) {
  if (std::ranges::find(context.given, "fail-level") != context.given.end()) return context.fail_level;
  for (const auto& profile : config.profiles)
    if (profile.name == request.profile && !profile.fail_level.empty()) return profile.fail_level;
  return config.workspace.fail_level;
}

std::string dry_run_text(const std::vector<PlannedGate>& plan, Cache* cache, const std::string& level,
                         Context& context) {
  std::string out;
  std::size_t width = 4;
  for (const auto& planned : plan) width = std::max(width, planned.gate->name.size());
  out += format("{:<{}}  {:<10} {:<9} {:<8} why\n", "gate", width, "kind", "does", "fails at");
  for (const auto& planned : plan) {
    std::string does = "skip";
    if (planned.runs) {
      does = "run";
      if (cache != nullptr)
        if (const auto key = cache_key(*planned.gate, *cache, context); key && *key && cache->find(**key))
          does = "cached";
    }
    std::string why = planned.reason;
    if (planned.runs && !planned.gate->common.needs.empty())
      why += "; after " + text::join(planned.gate->common.needs, ", ");
    out += format("{:<{}}  {:<10} {:<9} {:<8} {}\n", planned.gate->name, width, planned.gate->common.kind, does,
                  planned.gate->common.fail_level.value_or(level), why);
  }
  return out;
}

Result<std::optional<Baseline>> load_baseline(const CheckRequest& request, const Config& config, Context& context) {
  std::string path;
  const bool named = !request.baseline.empty();
  if (named)
    path = context.absolute(request.baseline);
  else if (!config.workspace.baseline.empty())
    path = context.workspace.absolute(config.workspace.baseline);
  else
    path = context.workspace.absolute("chiron.baseline.json");
  const auto file = context.workspace.relative(path);
  if (!context.workspace.file_system().exists(path)) {
    if (request.write_baseline) return Baseline{file, {}};
    if (named || !config.workspace.baseline.empty())
      return std::unexpected(io::errno_error("read the baseline", file, ENOENT));
    return std::nullopt;
  }
  auto baseline = parse_baseline(TRY(context.workspace.file_system().read(path)), file);
  // What is to be written anew need not be readable; its dates and reasons are then lost.
  if (!baseline && request.write_baseline) return Baseline{file, {}};
  return TRY(std::move(baseline));
}

// A baseline of a part of the findings would drop the entries of all others; a date that is none would be found too
// late.
Result<void> check_baseline_request(const CheckRequest& request, const std::string& today) {
  const auto refuse = [](std::string message, std::string next) {
    return fail(ErrorKind::usage, "usage.baseline", std::move(message), {}, std::move(next));
  };
  if (!request.write_baseline) {
    if (!request.expires.empty() || !request.reason.empty())
      return refuse("--expires and --reason go with --write-baseline", "");
    return {};
  }
  const bool part = !request.gates.empty() || !request.since.empty() || !request.skip.empty() ||
                    !request.profile.empty() || !request.shard.empty();
  if (part)
    return refuse("--write-baseline takes the findings of all gates over all files",
                  "Leave out gates, --since, --skip, --profile and --shard.");
  if (!request.expires.empty() && (!is_date(request.expires) || request.expires < today))
    return refuse(format("--expires {} is no date as 2027-01-31 that is still to come", request.expires), "");
  return {};
}

// .chiron, ignored by git without a change to the user's .gitignore.
Result<void> make_state_folder(const std::string& folder) {
  TRY(io::make_folders(folder));
  const auto ignore = folder + "/.gitignore";
  if (!io::exists(ignore)) TRY(io::write_file_atomic(ignore, "*\n"));
  return {};
}

Result<Response> run_check_operation(const CheckRequest& request, Context& context) {
  const auto config = TRY(load_config(context));
  if (config.gates.empty())
    return fail(ErrorKind::config, "config.no-gates", format("{} has no [gate.NAME] section", config.file), {},
                "chiron init shows sections that fit the repository.");
  TRY(check_baseline_request(request, date_of(context.now())));
  if (request.watch && request.write_baseline)
    return fail(ErrorKind::usage, "usage.watch", "--watch does not go with --write-baseline");
  if (!request.since.empty()) TRY(context.workspace.limit_to_change(request.since));
  context.seed = static_cast<std::uint64_t>(request.seed);
  const auto plan = TRY(make_plan(config, {request.gates, request.skip, request.profile, request.shard}, context));
  const auto state = context.workspace.absolute(".chiron");
  Cache cache(state + "/cache");
  CheckOptions options;
  options.fail_level = fail_level(request, config, context);
  options.memory_mib =
      static_cast<std::uint64_t>(request.memory_mib != 0 ? request.memory_mib : config.workspace.memory_mib);
  options.today = date_of(context.now());
  Response response;
  // A read-only workspace is checked all the same, without cache and history.
  const auto writable = make_state_folder(state);
  if (!writable) response.notices.push_back("without cache and history: " + writable.error().message);
  if (writable && !request.no_cache) options.cache = &cache;
  if (request.dry_run) {
    response.output = dry_run_text(plan, options.cache, options.fail_level, context);
    response.exit_code = 0;
    return response;
  }
  options.baseline = TRY(load_baseline(request, config, context));
  auto result = run_check(config, plan, options, context);
  if (request.write_baseline) {
    if (result.report.verdict == Verdict::could_not_run)
      response.notices.push_back("the baseline was not written: a gate could not run");
    else {
      const auto written = make_baseline(result.before_baseline, *options.baseline, request.expires, request.reason);
      const auto path = context.workspace.absolute(options.baseline->file);
      TRY(io::write_file_atomic(path, write_baseline(written)));
      response.notices.push_back(
          format("wrote {} with {}", options.baseline->file, counted(written.entries.size(), "finding")));
    }
  }
  if (writable) {
    if (options.cache != nullptr) {
      if (auto saved = cache.digests().save(); !saved) response.notices.push_back("cache: " + saved.error().message);
    }
    if (!request.no_history)
      if (auto recorded = record_run(state + "/history.db", result.report, result.timeline); !recorded)
        response.notices.push_back("history: " + recorded.error().message);
    if (auto file = io::FileOutput::create(state + "/report.json")) {
      write_report_json(result.report, **file);
      if (auto written = (*file)->finish(); !written) response.notices.push_back(written.error().message);
    }
    if (auto file = io::FileOutput::create(state + "/timeline.json")) {
      write_timeline_json(result.timeline, **file);
      if (auto written = (*file)->finish(); !written) response.notices.push_back(written.error().message);
    }
  }
  response.report = std::move(result.report);
  response.timeline = std::move(result.timeline);
  if (writable && !request.no_history) response.history_file = state + "/history.db";
  return response;
}

}  // namespace

Operation check_operation() {
  auto made = operation<CheckRequest>(
      "check", "Run the gates of chiron.toml in parallel and judge the repository",
      Fields<CheckRequest>()
          .add("gates", &CheckRequest::gates,
               {.help = "Only these gates and what they need; all unless given",
                .placeholder = "GATE",
                .positional = true,
                .scope = FieldScope::command_line})
          .add("since", &CheckRequest::since,
               {.help = "Only what changed since the merge base with this revision counts, uncommitted and untracked "
                        "files included",
                .placeholder = "REV",
                .example = "main"})
          .add("profile", &CheckRequest::profile, {.help = "A [profile.NAME] of chiron.toml", .placeholder = "NAME"})
          .add("skip", &CheckRequest::skip, {.help = "Leave this gate out; repeatable", .placeholder = "GATE"})
          .add("dry-run", &CheckRequest::dry_run, {.help = "Show the plan and why each gate runs, and run nothing"})
          .add("watch", &CheckRequest::watch,
               {.help = "Run again whenever files of the workspace change, until Ctrl-C",
                .scope = FieldScope::command_line})
          .add("baseline", &CheckRequest::baseline,
               {.help = "File of known findings (default chiron.baseline.json where it exists)",
                .placeholder = "FILE",
                .is_path = true})
          .add("write-baseline", &CheckRequest::write_baseline,
               {.help = "Write the findings of this run to the baseline"})
          .add("expires", &CheckRequest::expires,
               {.help = "With --write-baseline: the last day the entries hold", .placeholder = "YYYY-MM-DD"})
          .add("reason", &CheckRequest::reason,
               {.help = "With --write-baseline: why the findings are tolerated", .placeholder = "TEXT"})
          .add("shard", &CheckRequest::shard,
               {.help = "Only the K-th of N parts of the gates; chiron report merge joins the reports",
                .placeholder = "K/N",
                .example = "2/8"})
          .add("no-cache", &CheckRequest::no_cache, {.help = "Run every gate, and keep no result"})
          .add("no-history", &CheckRequest::no_history, {.help = "Leave .chiron/history.db alone"})
          .add("memory", &CheckRequest::memory_mib,
               {.help = "MiB that gates running at once may be counted with",
                .fallback = "0",
                .placeholder = "MIB",
                .minimum = 0,
                .maximum = 1 << 20})
          .add("seed", &CheckRequest::seed,
               {.help = "Seed of gates that use chance", .fallback = "0", .placeholder = "N", .minimum = 0})
          .take(),
      run_check_operation);
  made.description =
      "Gates run as their needs, the workers and the memory budget allow. A gate fails when a finding reaches the fail "
      "level; a gate that "
      "could not run fails the check with exit code 2. The last report is kept in .chiron/report.json for chiron "
      "report.";
  made.examples = {{"chiron check", "Run every gate."},
                   {"chiron check --since main", "Judge only what this branch changes."},
                   {"chiron check -o html:report.html -o sarif:report.sarif", "Also write an HTML page and SARIF."}};
  made.prints_findings = true;
  return made;
}

}  // namespace chiron
