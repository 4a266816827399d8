// Whole runs over programs that misbehave: every test gets exactly one verdict, and the guilty are named.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "engines/testing/session.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "support/support.h"

using namespace chiron;
using namespace chiron::testing;

namespace {

std::string sample() { return std::string(io::parent_path(test::chiron_binary())) + "/sample-googletest"; }

struct Run {
  io::TemporaryFolder folder;
  SessionResult session;
  std::string lines;
};

std::optional<Run> run(const std::vector<std::string>& targets, const std::string& filter,
                       const std::function<void(SessionRequest&)>& change = {}) {
  auto folder = io::TemporaryFolder::create("runner");
  REQUIRE(folder);
  Run made{std::move(*folder), {}, {}};
  SessionRequest request;
  request.targets = targets;
  request.folder = made.folder.path();
  request.state_folder = made.folder.path() + "/state";
  request.filter = filter;
  request.seed = "1";
  request.run.workers = 2;
  request.run.hard = Milliseconds(20'000);
  request.run.grace = Milliseconds(100);
  request.stream = [&](std::string_view line) { made.lines += line; };
  if (change) change(request);
  auto session = run_session(request);
  REQUIRE_MESSAGE(session, session.error().message);
  made.session = std::move(*session);
  return made;
}

Verdict verdict_of(const Run& made, std::string_view name) {
  for (TestIndex i = 0; i < made.session.catalog->tests.size(); ++i) {
    if (made.session.catalog->tests[i].name == name) return made.session.result.records[i].verdict;
  }
  FAIL("no test ", std::string(name));
  return Verdict::not_run;
}
const Attempt& attempt_of(const Run& made, std::string_view name) {
  for (TestIndex i = 0; i < made.session.catalog->tests.size(); ++i) {
    if (made.session.catalog->tests[i].name == name) return *deciding_attempt(made.session.result.records[i]);
  }
  FAIL("no test ", std::string(name));
  static const Attempt none;
  return none;
}
// Every "Plain" test passed, whatever happened around it.
void check_bystanders(const Run& made) {
  for (int i = 0; i < 60; ++i) CHECK(verdict_of(made, format("Many/Plain.Passes/{}", i)) == Verdict::passed);
}

}  // namespace

TEST_CASE("a crash, a hang, a failure, an exit and a process left behind are isolated and named") {
  if (!io::exists(sample())) return;
  const auto made = run({sample()},
                        "suite(Plain) or name(Bad.Fails) or name(Bad.Crashes) or name(Bad.Exits) or name(Bad.Hangs) or "
                        "name(LeavesProcess)",
                        [](SessionRequest& request) { request.run.hard = Milliseconds(1'500); });
  check_bystanders(*made);
  CHECK(attempt_of(*made, "Bad.Fails").status == Status::failed);
  CHECK(attempt_of(*made, "Bad.Fails").output.find("planted failure") != std::string::npos);
  CHECK(attempt_of(*made, "Bad.Fails").line > 0);
  CHECK(attempt_of(*made, "Bad.Crashes").status == Status::crashed);
  CHECK(attempt_of(*made, "Bad.Crashes").signal == 11);
  CHECK(attempt_of(*made, "Bad.Exits").status == Status::exited);
  CHECK(attempt_of(*made, "Bad.Hangs").status == Status::timed_out);
  for (const auto* name : {"Bad.Fails", "Bad.Crashes", "Bad.Exits", "Bad.Hangs"})
    CHECK(verdict_of(*made, name) == Verdict::failed);
  CHECK(verdict_of(*made, "Bad.LeavesProcess") == Verdict::passed);
  REQUIRE(made->session.result.leaks.size() == 1);
  const auto& leak = made->session.result.leaks[0];
  REQUIRE(leak.test);
  CHECK(made->session.catalog->tests[*leak.test].name == "Bad.LeavesProcess");
}

TEST_CASE("a test that closes its output, changes its folder or leaves a file costs nobody a result") {
  if (!io::exists(sample())) return;
  const auto made = run({sample()}, "suite(Plain) or name(Closes) or name(ChangesFolder) or name(LeavesFile)");
  check_bystanders(*made);
  CHECK(verdict_of(*made, "Bad.ChangesFolder") == Verdict::passed);
  CHECK(verdict_of(*made, "Bad.ClosesOutput") == Verdict::passed);
  CHECK(std::any_of(made->session.result.leaks.begin(), made->session.result.leaks.end(),
                    [](const Leak& leak) { return leak.kind == Leak::Kind::file && leak.what == "left-behind"; }));
}

TEST_CASE("order: polluters, pairs and missing setters are found in shuffled rounds, and nobody else is blamed") {
  if (!io::exists(sample())) return;
  const auto made =
      run({sample()}, "suite(Plain) or suite(Order)", [](SessionRequest& request) { request.rounds = 20; });
  check_bystanders(*made);
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& dependence : made->session.result.dependences) {
    const auto& tests = made->session.catalog->tests;
    auto& names = found[tests[dependence.victim].name];
    for (const TestIndex culprit : dependence.culprits) names.push_back(tests[culprit].name);
    std::sort(names.begin(), names.end());
    CHECK(dependence.runs <= 2 * dependence.culprits.size() * 7 + 10);
    CHECK(dependence.failing_command.find("--gtest_filter=") != std::string::npos);
  }
  CHECK(found == std::map<std::string, std::vector<std::string>>{
                     {"Order.NeedsSetter", {"Order.Sets"}},
                     {"Order.Victim", {"Order.Pollutes"}},
                     {"Order.VictimOfBoth", {"Order.FirstHalf", "Order.SecondHalf"}}});
  // The two commands show what they say they show.
  for (const auto& dependence : made->session.result.dependences) {
    for (const auto& [command, code] :
         {std::pair(dependence.failing_command, 1), std::pair(dependence.passing_command, 0)}) {
      io::ProcessSpec spec;
      spec.arguments = {"/bin/sh", "-c", command};
      const auto ran = io::run_process(spec);
      REQUIRE(ran);
      CHECK_MESSAGE(ran->exit_code == code, command);
    }
  }
}

TEST_CASE("a crash behind another test's closed output is told of the test that crashed, and of no other") {
  if (!io::exists(sample())) return;
  for (const std::string seed : {"1", "5", "9"}) {
    const auto made = run({sample()}, "suite(Plain) or name(Closes) or name(Bad.Crashes) or name(LeavesProcess)",
                          [&](SessionRequest& request) {
                            request.seed = seed;
                            request.run.workers = 1;
                          });
    check_bystanders(*made);
    CHECK(verdict_of(*made, "Bad.ClosesOutput") == Verdict::passed);
    CHECK(verdict_of(*made, "Bad.Crashes") == Verdict::failed);
    CHECK(attempt_of(*made, "Bad.Crashes").status == Status::crashed);
    CHECK(made->session.result.dependences.empty());
  }
}

TEST_CASE("the recorded run is the run: read back, it has the same verdicts, and its processes can be run again") {
  if (!io::exists(sample())) return;
  const auto made =
      run({sample()}, "suite(Plain) or suite(Order)", [](SessionRequest& request) { request.seed = "3"; });
  const auto record = read_record(made->lines);
  REQUIRE(record);
  CHECK(record->complete);
  CHECK(record->seed == 3);
  CHECK(record->selected.size() == made->session.selected.size());
  for (const TestIndex test : record->selected) {
    CHECK(record->result.records[test].verdict == verdict_of(*made, record->catalog.tests[test].name));
  }
  const auto processes = processes_for(*record, *made->session.catalog);
  std::size_t total = 0;
  for (const auto& process : processes) total += process.tests.size();
  CHECK(total == made->session.selected.size());
  // A record that ends in the middle is read as far as it goes.
  const auto cut = read_record(std::string_view(made->lines).substr(0, made->lines.size() * 2 / 3));
  REQUIRE(cut);
  CHECK_FALSE(cut->complete);
  CHECK_FALSE(read_record("{\"event\":\"run-started\"}\nnonsense\n{}\n"));
}

TEST_CASE("max-fail stops, retries make a test flaky or leave it failed, disabled tests are skipped") {
  if (!io::exists(sample())) return;
  const auto stopped =
      run({sample()}, "name(Bad.Fails) or name(Bad.Crashes) or name(Bad.Exits)", [](SessionRequest& request) {
        request.run.max_fail = 1;
        request.run.workers = 1;
        request.run.isolate = true;
      });
  CHECK(stopped->session.result.stopped_early);
  const auto counts = count(stopped->session.selected, stopped->session.result);
  CHECK(counts.failed == 1);
  CHECK(counts.not_run == 2);
  const auto retried =
      run({sample()}, "name(Bad.Fails) or name(NeverRuns)", [](SessionRequest& request) { request.run.retries = 2; });
  CHECK(verdict_of(*retried, "Bad.Fails") == Verdict::failed);
  CHECK(verdict_of(*retried, "Bad.DISABLED_NeverRuns") == Verdict::skipped);
}

TEST_CASE("TAP programs and setup scripts") {
  const auto made = run({"tap:good.sh", "tap:bad.sh"}, "", [](SessionRequest& request) {
    REQUIRE(io::write_file_atomic(request.folder + "/good.sh",
                                  "#!/bin/sh\necho 1..1\n[ \"$FROM_SETUP\" = yes ] && echo ok 1 || echo not ok 1\n"));
    REQUIRE(io::write_file_atomic(request.folder + "/bad.sh", "#!/bin/sh\necho 1..2\necho ok 1\n"));
    REQUIRE(io::write_file_atomic(request.folder + "/setup.sh", "#!/bin/sh\necho FROM_SETUP=yes > \"$CHIRON_ENV\"\n"));
    for (const auto* name : {"good.sh", "bad.sh", "setup.sh"}) ::chmod((request.folder + "/" + name).c_str(), 0755);
    SetupScript setup;
    setup.name = "env";
    setup.command = {request.folder + "/setup.sh"};
    request.run.setups.push_back(setup);
  });
  CHECK(verdict_of(*made, "good.sh") == Verdict::passed);
  CHECK(verdict_of(*made, "bad.sh") == Verdict::failed);
  CHECK(attempt_of(*made, "bad.sh").message == "planned 2 points, saw 1");
}

TEST_CASE(
    "a group's limit holds while other tests run beside it; shards of one --timings file are the same everywhere") {
  const auto scripts = [](const std::string& folder) {
    std::vector<std::string> targets;
    for (const std::string name : {"db1", "db2", "db3", "db4", "free1", "free2", "free3", "free4"}) {
      const std::string path = folder + "/" + name + ".t";
      REQUIRE(io::write_file_atomic(path, "#!/bin/sh\nsleep 0.1\necho 1..1\necho ok 1\n"));
      REQUIRE(chmod(path.c_str(), 0755) == 0);
      targets.push_back(name + ".t");
    }
    return targets;
  };
  const auto made = run({}, "", [&](SessionRequest& request) {
    request.targets = scripts(request.folder);
    request.run.workers = 4;
    request.run.groups = {*parse_group("db=1")};
    request.run.overrides = {*parse_override("binary(db) => group=db")};
  });
  unsigned in_group = 0, together = 0, most_in_group = 0, most = 0;
  for (const auto line : text::split_lines(made->lines)) {
    const bool started = line.find("\"process-started\"") != std::string_view::npos;
    if (!started && line.find("\"process-finished\"") == std::string_view::npos) continue;
    const bool database = line.find("db") != std::string_view::npos;
    together += started ? 1 : -1u;
    if (database) in_group += started ? 1 : -1u;
    most = std::max(most, together);
    most_in_group = std::max(most_in_group, in_group);
  }
  CHECK(most_in_group == 1);
  CHECK(most > 1);

  const auto shard_of = [&](const std::string& shard) {
    const auto folder = io::TemporaryFolder::create("shards");
    REQUIRE(folder);
    SessionRequest request;
    request.folder = folder->path();
    request.state_folder = folder->path() + "/state";
    request.targets = scripts(folder->path());
    request.timings = made->folder.path() + "/state/timings";
    request.shard = shard;
    const auto listed = list_session(request);
    REQUIRE(listed);
    std::set<std::string> names;
    for (const auto test : listed->selected)
      names.insert(test_id(listed->catalog->programs, listed->catalog->tests[test]));
    return names;
  };
  std::set<std::string> all;
  for (const std::string shard : {"1/3", "2/3", "3/3"}) {
    const auto names = shard_of(shard);
    CHECK(names == shard_of(shard));
    for (const auto& name : names) CHECK(all.insert(name).second);
  }
  CHECK(all.size() == 8);
}

TEST_CASE("pytest: forked workers, output, crashes, order, worker names, reseeding") {
  io::ProcessSpec probe;
  probe.arguments = {"/usr/bin/python3", "-c", "import pytest"};
  if (const auto ran = io::run_process(probe); !ran || ran->exit_code != 0) return;
  const auto made = run({"."}, "", [](SessionRequest& request) {
    request.python = "/usr/bin/python3";
    REQUIRE(io::write_file_atomic(request.folder + "/test_sample.py", R"(import os, pytest
@pytest.mark.parametrize("n", range(40))
def test_plain(n): pass
def test_worker(worker_id): assert worker_id == os.environ["PYTEST_XDIST_WORKER"] and worker_id.startswith("gw")
def test_fails():
    print("said on the way")
    assert 1 == 2
def test_dies(): os.kill(os.getpid(), 9)
def test_exits(): os._exit(0)
def test_closes():
    for fd in range(3, 64):
        try: os.close(fd)
        except OSError: pass
@pytest.mark.skip(reason="not today")
def test_skipped(): pass
def test_reseeded_a():
    import random
    first = random.random()
    random.seed(0)
    assert first != random.random()
)"));
  });
  for (int i = 0; i < 40; ++i) CHECK(verdict_of(*made, format("test_sample.py::test_plain[{}]", i)) == Verdict::passed);
  CHECK(verdict_of(*made, "test_sample.py::test_worker") == Verdict::passed);
  CHECK(verdict_of(*made, "test_sample.py::test_skipped") == Verdict::skipped);
  CHECK(attempt_of(*made, "test_sample.py::test_fails").output.find("said on the way") != std::string::npos);
  CHECK(attempt_of(*made, "test_sample.py::test_dies").status == Status::crashed);
  CHECK(attempt_of(*made, "test_sample.py::test_exits").status == Status::exited);
  CHECK(verdict_of(*made, "test_sample.py::test_closes") == Verdict::failed);
}

TEST_CASE("pytest: polluters, pairs and missing setters are found in shuffled rounds, and nobody else is blamed") {
  io::ProcessSpec probe;
  probe.arguments = {"/usr/bin/python3", "-c", "import pytest"};
  if (const auto ran = io::run_process(probe); !ran || ran->exit_code != 0) return;
  const auto made = run({"."}, "", [](SessionRequest& request) {
    request.python = "/usr/bin/python3";
    request.rounds = 12;
    REQUIRE(io::write_file_atomic(request.folder + "/test_order.py", R"(import pytest
STATE = set()
@pytest.mark.parametrize("n", range(60))
def test_plain(n): pass
def test_sets(): STATE.add("set")
def test_needs_setter(): assert "set" in STATE
def test_pollutes(): STATE.add("polluted")
def test_victim(): assert "polluted" not in STATE
def test_first_half(): STATE.add("first")
def test_second_half(): STATE.add("second")
def test_victim_of_both(): assert not {"first", "second"} <= STATE
)"));
  });
  std::map<std::string, std::vector<std::string>> found;
  const auto& tests = made->session.catalog->tests;
  const auto short_name = [](const std::string& name) { return name.substr(name.find("::") + 2); };
  for (const auto& dependence : made->session.result.dependences) {
    auto& names = found[short_name(tests[dependence.victim].name)];
    for (const TestIndex culprit : dependence.culprits) names.push_back(short_name(tests[culprit].name));
    std::sort(names.begin(), names.end());
    CHECK(dependence.runs <= 2 * dependence.culprits.size() * 7 + 10);
  }
  CHECK(found == std::map<std::string, std::vector<std::string>>{
                     {"test_needs_setter", {"test_sets"}},
                     {"test_victim", {"test_pollutes"}},
                     {"test_victim_of_both", {"test_first_half", "test_second_half"}}});
  for (const TestIndex test : made->session.selected) {
    if (!found.contains(short_name(tests[test].name)))
      CHECK(made->session.result.records[test].verdict == Verdict::passed);
  }
}

TEST_CASE("JUnit: counts, places, reasons") {
  if (!io::exists(sample())) return;
  const auto made = run({sample()}, "suite(Plain) or name(Bad.Fails) or name(NeverRuns)");
  const std::string xml = write_junit(*made->session.catalog, made->session.selected, made->session.result);
  CHECK(xml.find("tests=\"62\" failures=\"1\" errors=\"0\" skipped=\"1\"") != std::string::npos);
  CHECK(xml.find("<failure type=\"failed\"") != std::string::npos);
  CHECK(xml.find("planted failure") != std::string::npos);
}

TEST_CASE("JUnit: classes and names are those of the framework's own report") {
  Catalog catalog;
  RunResult result;
  std::vector<TestIndex> all;
  const auto add = [&](Framework framework, const std::string& suite, const std::string& name) {
    Program program;
    program.id = "build/unit";
    program.framework = framework;
    TestCase test;
    test.program = static_cast<ProgramIndex>(catalog.programs.size());
    test.suite = suite;
    test.name = name;
    all.push_back(static_cast<TestIndex>(catalog.tests.size()));
    catalog.programs.push_back(program);
    catalog.tests.push_back(test);
    TestRecord record;
    record.verdict = Verdict::passed;
    record.attempts.resize(1);
    result.records.push_back(record);
  };
  add(Framework::googletest, "Many/Plain", "Many/Plain.Passes/25");
  add(Framework::boost_test, "outer/inner", "outer/inner/case");
  add(Framework::pytest, "tests/unit/test_a.py", "tests/unit/test_a.py::test_sum[a::b]");
  add(Framework::pytest, "tests/test_b.py::TestC", "tests/test_b.py::TestC::test_d");
  add(Framework::catch2, "", "vectors can be sized");
  add(Framework::ctest, "", "unit.parser");
  const std::string xml = write_junit(catalog, all, result);
  for (const std::string expected :
       {R"(classname="Many/Plain" name="Passes/25")", R"(classname="outer.inner" name="case")",
        R"(classname="tests.unit.test_a" name="test_sum[a::b]")", R"(classname="tests.test_b.TestC" name="test_d")",
        R"(classname="build/unit" name="vectors can be sized")", R"(classname="build/unit" name="unit.parser")"})
    CHECK_MESSAGE(xml.find(expected) != std::string::npos, expected);
}
