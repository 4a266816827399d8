#include "operations/test_common.h"

#include "engines/testing/adapter.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"

namespace chiron {

void add_list_fields(Fields<TestRequest>& fields) {
  fields
      .add("targets", &TestRequest::targets,
           {.help = "Test programs, CTest build folders, pytest paths; tap:PROGRAM, FRAMEWORK:PROGRAM where it cannot "
                    "be told",
            .placeholder = "TARGET",
            .example = "build/bin/unit-tests",
            .positional = true})
      .add("filter", &TestRequest::filter,
           {.help = "Which tests: name(…) suite(…) binary(…) framework(…) file(…) label(…) failed-last slower-than(…), "
                    "and or not",
            .placeholder = "EXPRESSION",
            .example = "suite(Parser) and not slower-than(2s)",
            .letter = 'f'})
      .add("shard", &TestRequest::shard,
           {.help = "Only the k-th of n parts, cut by durations", .placeholder = "K/N", .example = "1/4"})
      .add("timings", &TestRequest::timings,
           {.help = "Durations to plan with, in place of those kept from earlier runs",
            .placeholder = "FILE",
            .example = "timings",
            .is_path = true})
      .add("python", &TestRequest::python,
           {.help = "The Python whose pytest is used",
            .fallback = "python3",
            .placeholder = "PROGRAM",
            .example = ".venv/bin/python"})
      .add("pytest-argument", &TestRequest::pytest_arguments,
           {.help = "An argument for pytest", .placeholder = "ARGUMENT", .example = "--cov=package"})
      .add("archive", &TestRequest::archive,
           {.help = "The programs of an archive that chiron test archive wrote; targets name some of them",
            .placeholder = "FILE",
            .example = "tests.tar.zst",
            .is_path = true})
      .add("unpack", &TestRequest::unpack,
           {.help = "With --archive: the folder to unpack it in, which stays; else a temporary one",
            .placeholder = "FOLDER",
            .example = "unpacked",
            .is_path = true})
      .add("no-list-cache", &TestRequest::no_cache, {.help = "Ask every program for its tests again"});
}

void add_since_fields(Fields<TestRequest>& fields) {
  fields
      .add("since", &TestRequest::since,
           {.help = "Only tests that can be affected by what changed since the merge base with this revision, by the "
                    "record of --coverage; new tests and tests without a record too",
            .placeholder = "REV",
            .example = "main",
            .scope = FieldScope::command_line})
      .add("unrelated", &TestRequest::unrelated,
           {.help = "Files that decide no test: a change of them counts for nothing",
            .fallback = kUnrelated,
            .placeholder = "GLOB",
            .example = "assets/**"});
}

void add_run_fields(Fields<TestRequest>& fields) {
  fields.add("isolate", &TestRequest::isolate, {.help = "A process for every test"})
      .add("seed", &TestRequest::seed,
           {.help = "The seed of the order: a number, or \"last\" for exactly the last run",
            .placeholder = "N",
            .example = "last"})
      .add("no-shuffle", &TestRequest::no_shuffle, {.help = "Keep the order of definition"})
      .add("no-bisect", &TestRequest::no_bisect, {.help = "Do not search for what an order-dependent test depends on"})
      .add("bisect-limit", &TestRequest::bisect_limit,
           {.help = "Search for the causes of at most so many failures",
            .fallback = "40",
            .placeholder = "N",
            .example = "10",
            .minimum = 0,
            .maximum = 1'000'000})
      .add("retries", &TestRequest::retries,
           {.help =
                "Run a failing test again up to so many times; one that then passes is flaky and does not fail the run",
            .fallback = "0",
            .placeholder = "N",
            .example = "2",
            .minimum = 0,
            .maximum = 1000})
      .add("max-fail", &TestRequest::max_fail,
           {.help = "Stop after so many failures; 0 runs everything",
            .fallback = "0",
            .placeholder = "N",
            .example = "1",
            .minimum = 0,
            .maximum = 1'000'000})
      .add("stress", &TestRequest::stress,
           {.help = "Run everything so many times, each time with another seed",
            .fallback = "1",
            .placeholder = "N",
            .example = "20",
            .minimum = 1,
            .maximum = 1'000'000})
      .add("slow-timeout", &TestRequest::slow,
           {.help = "Say so when a test takes longer", .fallback = "60s", .placeholder = "TIME", .example = "5s"})
      .add("timeout", &TestRequest::timeout,
           {.help = "End a test, with everything it started, when it takes longer",
            .fallback = "600s",
            .placeholder = "TIME",
            .example = "30s"})
      .add("override", &TestRequest::overrides,
           {.help =
                "Other settings for some tests: FILTER => retries=N timeout=TIME slow=TIME group=NAME isolate weight=N",
            .placeholder = "RULE",
            .example = "name(slow) => timeout=300s"})
      .add("group", &TestRequest::groups,
           {.help = "At most so many processes of a group at one time",
            .placeholder = "NAME=N",
            .example = "database=1"})
      .add("setup", &TestRequest::setups,
           {.help = "A command before the tests that need it; NAME=value lines it writes to $CHIRON_ENV are exported",
            .placeholder = "RULE",
            .example = "db: file(tests/db) => scripts/start-db"})
      .add("env", &TestRequest::environment,
           {.help = "A variable for the tests", .placeholder = "NAME=VALUE", .example = "TZ=UTC"})
      .add("allow-none", &TestRequest::allow_none, {.help = "Pass where the filter selects no test"})
      .add("show-output", &TestRequest::output, {.help = "Keep and show the output of tests that pass, too"})
      .add("junit", &TestRequest::junit,
           {.help = "Write a JUnit report", .placeholder = "FILE", .example = "junit.xml", .is_path = true})
      .add("events", &TestRequest::events,
           {.help = "Write what happens as it happens, a JSON object a line",
            .placeholder = "FILE",
            .example = "events.jsonl",
            .is_path = true});
}

void add_record_field(Fields<TestRequest>& fields) {
  fields.add("run", &TestRequest::run,
             {.help = "The run's number, or \"last\"",
              .fallback = "last",
              .placeholder = "RUN",
              .example = "12",
              .positional = true});
}

Result<void> apply_since(const TestRequest& request, Context& context) {
  if (request.since.empty()) return {};
  return context.workspace.limit_to_change(request.since);
}

namespace {

Result<testing::Milliseconds> duration_of(const std::string& text, testing::Milliseconds fallback,
                                          std::string_view name) {
  if (text.empty()) return fallback;
  const auto parsed = testing::parse_duration(text);
  if (!parsed || parsed->count() <= 0) {
    return fail(ErrorKind::usage, "usage.value", format("--{}: \"{}\" is no time; write 500ms, 30s or 5m", name, text));
  }
  return std::chrono::duration_cast<testing::Milliseconds>(*parsed);
}

}  // namespace

Result<testing::SessionRequest> make_session_request(const TestRequest& request, Context& context) {
  testing::SessionRequest session;
  session.targets = request.targets;
  // From chiron.toml, targets are relative to the workspace; on the command line, to where the user is.
  const bool given = std::find(context.given.begin(), context.given.end(), "targets") != context.given.end();
  session.folder = given ? context.folder : context.workspace.root();
  session.state_folder = context.workspace.absolute(".chiron/test");
  if (!request.archive.empty()) session.archive = context.absolute(request.archive);
  if (!request.unpack.empty()) {
    if (request.archive.empty()) return fail(ErrorKind::usage, "usage.value", "--unpack goes with --archive");
    session.unpack = context.absolute(request.unpack);
  }
  session.filter = request.filter;
  session.shard = request.shard;
  session.timings = request.timings.empty() ? "" : context.absolute(request.timings);
  session.seed = request.seed;
  if (!request.python.empty()) session.python = request.python;
  if (session.python.find('/') != std::string::npos) session.python = context.absolute(session.python);
  session.pytest_arguments = request.pytest_arguments;
  session.rounds = static_cast<unsigned>(request.stress);
  session.use_cache = !request.no_cache;
  session.allow_none = request.allow_none;
  auto& run = session.run;
  run.workers = context.pool.workers();
  run.shuffle = !request.no_shuffle;
  run.isolate = request.isolate;
  run.bisect = !request.no_bisect;
  run.bisect_limit = static_cast<unsigned>(request.bisect_limit);
  run.retries = static_cast<unsigned>(request.retries);
  run.max_fail = static_cast<unsigned>(request.max_fail);
  run.keep_output = request.output;
  run.slow = TRY(duration_of(request.slow, run.slow, "slow-timeout"));
  run.hard = TRY(duration_of(request.timeout, run.hard, "timeout"));
  run.cancel = &context.cancel;
  for (const auto& text : request.overrides) run.overrides.push_back(TRY(testing::parse_override(text)));
  for (const auto& text : request.groups) run.groups.push_back(TRY(testing::parse_group(text)));
  for (const auto& text : request.setups) run.setups.push_back(TRY(testing::parse_setup(text)));
  for (const auto& text : request.environment) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorKind::usage, "usage.value", format("--env: \"{}\" is not NAME=VALUE", text));
    }
    run.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  EventSink* events = &context.events;
  const std::string gate = context.gate.empty() ? "test" : context.gate;
  session.progress = [events, gate](std::size_t done, std::size_t total) {
    events->progress(gate, done, total, "tests");
  };
  session.message = [events, gate](const std::string& text) { events->message(gate, text); };
  return session;
}

std::vector<Rule> test_rules() {
  const auto rule = [](std::string_view id, std::string_view summary, Level level, std::string_view help) {
    Rule made;
    made.id = id;
    made.summary = summary;
    made.level = level;
    made.help = help;
    return made;
  };
  return {
      rule("test/failed", "A test failed", Level::error, "The test failed, also when it was run alone."),
      rule("test/crashed", "A test ended its process", Level::error,
           "The process that ran the test died of a signal, or ended in the middle of the test. The test that was "
           "running is named; "
           "the tests that shared its process were run again without it."),
      rule("test/timed-out", "A test did not end in time", Level::error,
           "The test, and every process it started, was ended after the time limit (--timeout)."),
      rule("test/order-dependent", "The result of a test depends on which tests ran before it", Level::error,
           "The test passes alone and fails after the tests named, or passes only after them. The two commands show "
           "it: state that "
           "survives a test (a global, a file, an environment variable) is set, or never reset, by the tests named."),
      rule("test/flaky", "A test failed and passed under the same conditions", Level::error,
           "The test failed and then passed, and the same order of tests did not make it fail again. With --retries it "
           "is a warning."),
      rule("test/leak", "A test left something behind", Level::warning,
           "A process, a listening port or files were still there when the test was over. Processes were ended."),
      rule("test/not-collected", "Tests could not be collected or run", Level::error,
           "A file could not be imported, or a set-up script failed."),
  };
}

namespace {

Finding test_finding(std::string_view rule, Level level, const testing::Catalog& catalog,
                     std::optional<testing::TestIndex> test, const testing::Attempt* attempt, std::string message,
                     Context& context) {
  Finding finding;
  finding.rule = rule;
  finding.level = level;
  finding.message = std::move(message);
  doc::Value evidence;
  if (test) {
    const auto& known = catalog.tests[*test];
    finding.place.file = context.workspace.relative(known.file);
    finding.place.line = known.line;
    evidence.set("test", doc::Value(testing::test_id(catalog.programs, known)));
    evidence.set("again", doc::Value(testing::rerun_command(catalog, *test, "chiron test")));
  }
  if (attempt) {
    if (!attempt->file.empty()) {
      finding.place.file = context.workspace.relative(attempt->file);
      finding.place.line = attempt->line;
    }
    if (!attempt->output.empty()) evidence.set("output", doc::Value(attempt->output.substr(0, 16'000)));
  }
  finding.evidence = std::move(evidence);
  return finding;
}

}  // namespace

Response make_test_response(const testing::SessionResult& session, const TestRequest& request, Context& context) {
  using testing::Status;
  const auto& catalog = *session.catalog;
  const auto& result = session.result;
  Response response;
  response.rules = test_rules();
  const auto name = [&](testing::TestIndex test) { return testing::test_id(catalog.programs, catalog.tests[test]); };
  std::unordered_map<testing::TestIndex, const testing::OrderDependence*> dependences;
  for (const auto& dependence : result.dependences) dependences.emplace(dependence.victim, &dependence);
  for (const auto test : session.selected) {
    const auto& record = result.records[test];
    const auto* attempt = testing::deciding_attempt(record);
    const std::string first_line =
        attempt && !attempt->message.empty() ? ": " + std::string(text::split_lines(attempt->message)[0]) : "";
    if (record.verdict == testing::Verdict::failed) {
      const Status status = attempt ? attempt->status : Status::lost;
      const std::string_view rule = status == Status::crashed || status == Status::exited ? "test/crashed"
                                    : status == Status::timed_out                         ? "test/timed-out"
                                                                                          : "test/failed";
      response.findings.push_back(
          test_finding(rule, Level::error, catalog, test, attempt, name(test) + first_line, context));
    } else if (record.verdict == testing::Verdict::flaky) {
      const Level level = request.retries > 0 ? Level::warning : Level::error;
      response.findings.push_back(test_finding("test/flaky", level, catalog, test, attempt,
                                               name(test) + " passed when it was run again" + first_line, context));
    } else if (record.verdict == testing::Verdict::order_dependent) {
      const auto found = dependences.find(test);
      std::string what = name(test) + " depends on the order of tests";
      Finding finding = test_finding("test/order-dependent", Level::error, catalog, test, attempt, "", context);
      if (found != dependences.end() && !found->second->culprits.empty()) {
        const auto& dependence = *found->second;
        what = name(test) + (dependence.kind == testing::OrderDependence::Kind::needs_setter ? " passes only after"
                                                                                             : " fails after");
        for (const auto culprit : dependence.culprits) {
          what += " " + name(culprit);
          RelatedPlace related;
          related.place.file = context.workspace.relative(catalog.tests[culprit].file);
          related.place.line = catalog.tests[culprit].line;
          related.message = name(culprit);
          finding.related.push_back(std::move(related));
        }
        finding.evidence.set("fails", doc::Value(dependence.failing_command));
        finding.evidence.set("passes", doc::Value(dependence.passing_command));
      }
      finding.message = std::move(what);
      response.findings.push_back(std::move(finding));
    }
  }
  for (const auto& leak : result.leaks) {
    response.findings.push_back(test_finding(
        "test/leak", Level::warning, catalog, leak.test, nullptr,
        (leak.test ? name(*leak.test) : std::string("a process of several tests")) + " left behind: " + leak.what,
        context));
  }
  for (const auto& problem : result.problems) {
    response.findings.push_back(
        test_finding("test/not-collected", Level::error, catalog, {}, nullptr, problem, context));
  }
  const auto counts = testing::count(session.selected, result);
  const auto metric = [&](std::string_view metric_name, std::size_t value) {
    response.metrics.push_back({std::string(metric_name), static_cast<double>(value), "tests"});
  };
  metric("test.total", counts.total);
  metric("test.passed", counts.passed);
  metric("test.failed", counts.failed);
  metric("test.order-dependent", counts.order_dependent);
  metric("test.flaky", counts.flaky);
  metric("test.skipped", counts.skipped);
  testing::TextOptions text;
  text.colour = context.colour;
  text.seed = session.seed;
  if (!request.archive.empty()) text.rerun_prefix += " --archive " + testing::shell_command({request.archive});
  text.show_output = request.output;
  if (context.gate.empty()) {
    std::string output = testing::write_text(catalog, session.selected, result, text);
    if (session.coverage_said.find("coverage:") != std::string::npos) output = session.coverage_said + output;
    response.output = std::move(output);
    const bool flaky_counts = request.retries == 0 && counts.flaky > 0;
    const bool bad = counts.failed + counts.order_dependent > 0 || flaky_counts || !result.problems.empty();
    response.exit_code = result.interrupted ? 130 : bad ? 1 : 0;
  }
  return response;
}

}  // namespace chiron
