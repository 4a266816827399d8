#include "core/check.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

#include "core/baseline.h"
#include "core/history.h"
#include "core/report_json.h"
#include "foundation/io/files.h"
#include "foundation/io/process.h"
#include "operations/registry.h"

using namespace chiron;

namespace {

struct World {
  io::TemporaryFolder folder = *io::TemporaryFolder::create("check-test");
  Registry registry = make_registry();
  Workspace workspace{folder.path(), make_real_file_system()};
  task::Pool pool{4};
  task::CancelToken cancel;
  EventSink events;
  Context context{workspace, pool, cancel, events, &registry, folder.path()};
  Config config;
  CheckOptions options;

  explicit World(std::string_view toml) {
    context.now = [] { return std::int64_t{1'800'000'000}; };
    auto parsed = parse_config(toml, "chiron.toml", registry);
    REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.error())));
    config = *std::move(parsed);
    options.fail_level = config.workspace.fail_level;
    options.today = "2027-01-15";
  }
  void write(const std::string& name, std::string_view text) const {
    REQUIRE(io::write_file_atomic(folder.path() + "/" + name, text));
  }
  CheckResult run(PlanRequest request = {}) {
    const auto plan = make_plan(config, request, context);
    REQUIRE(plan);
    return run_check(config, *plan, options, context);
  }
};

const GateResult& gate(const CheckResult& result, std::string_view name) {
  for (const auto& g : result.report.gates)
    if (g.gate == name) return g;
  FAIL("no such gate");
  std::abort();
}

std::string canonical(const Report& report) {
  std::string text;
  io::StringOutput output(text);
  write_report_json(report, output);
  REQUIRE(output.finish());
  return text;
}

}  // namespace

TEST_CASE("check: pass, findings, could not run, needs") {
  World world(R"(
[gate.good]
kind = "command"
run = "true"
[gate.bad]
kind = "command"
run = "echo a.c:3:4: error: wrong; exit 1"
reads = ["gnu"]
[gate.broken]
kind = "command"
arguments = ["no-such-program-anywhere"]
[gate.killed]
kind = "command"
run = "kill -KILL $$"
[gate.after-bad]
kind = "command"
run = "true"
needs = ["bad"]
[gate.silent]
kind = "command"
run = "true"
reads = ["sarif:out.sarif"]
)");
  const auto result = world.run();
  CHECK(gate(result, "good").status == GateStatus::passed);
  CHECK(gate(result, "bad").status == GateStatus::failed);
  CHECK(gate(result, "broken").status == GateStatus::could_not_run);
  CHECK(gate(result, "killed").status == GateStatus::could_not_run);
  CHECK(gate(result, "after-bad").status == GateStatus::skipped);
  CHECK(gate(result, "silent").status == GateStatus::could_not_run);
  CHECK(result.report.verdict == Verdict::could_not_run);
  REQUIRE(result.report.findings.size() == 1);
  CHECK(result.report.findings[0].rule == "bad/message");
  CHECK(to_string(result.report.findings[0].place) == "a.c:3:4");
}

TEST_CASE("check: what allow comments, the baseline and --since take out holds nobody up") {
  World world(R"(
[gate.lint]
kind = "command"
run = "echo a.c:2: error: wrong"
reads = ["gnu"]
[gate.after]
kind = "command"
run = "true"
needs = ["lint"]
)");
  world.write("a.c", "int a;\nint b;\n");
  SUBCASE("nothing takes it out") { CHECK(gate(world.run(), "after").status == GateStatus::skipped); }
  SUBCASE("an allow comment") {
    world.write("a.c", "int a;\nint b;  // chiron: allow lint/message known\n");
    const auto result = world.run();
    CHECK(gate(result, "lint").status == GateStatus::passed);
    CHECK(gate(result, "after").status == GateStatus::passed);
  }
  SUBCASE("the baseline") {
    world.options.baseline = make_baseline(world.run().before_baseline, {}, "", "known");
    CHECK(gate(world.run(), "after").status == GateStatus::passed);
  }
  SUBCASE("a change elsewhere") {
    for (const auto* words : {"init -q", "add .", "-c user.name=a -c user.email=a@b.c commit -qm base"}) {
      const auto done = io::run_process(
          {.arguments = {"sh", "-c", std::string("git ") + words}, .working_folder = world.folder.path()});
      REQUIRE(done);
      REQUIRE(done->exit_code == 0);
    }
    world.write("a.c", "int changed;\nint b;\n");
    REQUIRE(world.workspace.limit_to_change("HEAD"));
    const auto result = world.run();
    CHECK(gate(result, "lint").counts.errors == 0);
    CHECK(gate(result, "after").status == GateStatus::passed);
  }
}

TEST_CASE("check: a timeout ends the gate and is told, an old report is not taken for a new one") {
  World world(R"(
[gate.slow]
kind = "command"
run = "trap '' TERM; sleep 60"
timeout = 1
[gate.stale]
kind = "command"
run = "true"
reads = ["checkstyle:old.xml"]
)");
  world.write("old.xml", "<checkstyle/>");
  const auto result = world.run();
  CHECK(gate(result, "slow").status == GateStatus::could_not_run);
  CHECK(gate(result, "slow").reason.find("timeout") != std::string::npos);
  CHECK(gate(result, "stale").status == GateStatus::could_not_run);
}

TEST_CASE("check: a cancelled run tells what did not end") {
  World world("[gate.a]\nkind = \"command\"\nrun = \"sleep 60\"\n");
  world.cancel.cancel();
  const auto result = world.run();
  CHECK(gate(result, "a").status == GateStatus::could_not_run);
  CHECK(gate(result, "a").reason.starts_with("interrupted"));
}

TEST_CASE("check: the cache gives the same report, and a changed input, section or file list misses it") {
  World world(R"(
[gate.a]
kind = "command"
run = "echo ran >> runs; echo 'in.txt:1: warning: here'"
reads = ["gnu"]
inputs = ["in*.txt"]
)");
  world.write("in.txt", "one\n");
  Cache cache(world.folder.path() + "/.chiron/cache");
  world.options.cache = &cache;
  const auto runs = [&] { return io::read_file(world.folder.path() + "/runs")->size() / 4; };
  const auto first = world.run();
  CHECK(runs() == 1);
  const auto second = world.run();
  CHECK(runs() == 1);
  CHECK(second.timeline.gates[0].cached);
  CHECK(canonical(first.report) == canonical(second.report));
  world.write("in.txt", "two\n");
  (void)world.run();
  CHECK(runs() == 2);
  // A damaged entry is as good as none.
  const auto entries = io::walk(world.folder.path() + "/.chiron/cache/gates");
  for (const auto& entry : *entries)
    REQUIRE(io::write_file_atomic(world.folder.path() + "/.chiron/cache/gates/" + entry.path, "{"));
  (void)world.run();
  CHECK(runs() == 3);
}

TEST_CASE("check: shards hold every gate once, and what needs each other stays together") {
  World world(R"(
[gate.a]
kind = "command"
run = "true"
[gate.b]
kind = "command"
run = "true"
needs = ["a"]
[gate.c]
kind = "command"
run = "true"
[gate.d]
kind = "command"
run = "true"
)");
  std::map<std::string, int> seen;
  for (int k = 1; k <= 3; ++k) {
    const auto plan = make_plan(world.config, {{}, {}, "", std::to_string(k) + "/3"}, world.context);
    REQUIRE(plan);
    bool a = false, b = false;
    for (const auto& planned : *plan) {
      if (!planned.runs) continue;
      ++seen[planned.gate->name];
      a |= planned.gate->name == "a";
      b |= planned.gate->name == "b";
    }
    CHECK(a == b);
  }
  CHECK(seen == std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}});
  for (const auto* bad : {"0/3", "4/3", "x", "1", "1/0", "1/99999"})
    CHECK(make_plan(world.config, {{}, {}, "", bad}, world.context).error().code == "usage.shard");
}

TEST_CASE("check: named gates bring what they need, profiles and skips take part") {
  World world(R"(
[gate.a]
kind = "command"
run = "true"
[gate.b]
kind = "command"
run = "true"
needs = ["a"]
[gate.c]
kind = "command"
run = "true"
when = ["*.nothing"]
[profile.p]
gates = ["c", "a"]
skip = ["a"]
)");
  const auto names = [&](PlanRequest request) {
    std::string out;
    const auto plan = make_plan(world.config, request, world.context);
    REQUIRE(plan);
    for (const auto& planned : *plan)
      if (planned.runs) out += planned.gate->name;
    return out;
  };
  CHECK(names({}) == "ab");
  CHECK(names({{"b"}, {}, "", ""}) == "ab");
  CHECK(names({{"c"}, {}, "", ""}) == "c");
  CHECK(names({{}, {"b"}, "", ""}) == "a");
  CHECK(names({{}, {}, "p", ""}) == "");
  CHECK(make_plan(world.config, {{"bb"}, {}, "", ""}, world.context).error().code == "usage.gate");
  CHECK(make_plan(world.config, {{}, {}, "q", ""}, world.context).error().code == "usage.profile");
}

TEST_CASE("history: two writers at once lose nothing, and gates and metrics come back") {
  const auto folder = *io::TemporaryFolder::create("history-test");
  const auto path = folder.path() + "/history.db";
  CHECK(read_runs(path, 10, "")->empty());
  task::Pool pool(4);
  pool.for_each(20, [&](std::size_t i) {
    Report report;
    GateResult result;
    result.gate = i % 2 == 0 ? "even" : "odd";
    result.metrics.push_back({"n", static_cast<double>(i), "x"});
    report.gates.push_back(result);
    Timeline timeline;
    timeline.started = "2027-01-01T00:00:00Z";
    const auto recorded = record_run(path, report, timeline);
    CHECK_MESSAGE(recorded, (recorded ? "" : to_string(recorded.error())));
  });
  CHECK(read_runs(path, 100, "")->size() == 20);
  const auto odd = read_runs(path, 100, "odd");
  CHECK(odd->size() == 10);
  CHECK(read_metrics(path, odd->front().id)->front().name == "n");
  CHECK(read_gates(path, odd->front().id)->front().gate == "odd");
}

TEST_CASE("digests: a changed file is seen, an unchanged one is not read again") {
  const auto folder = *io::TemporaryFolder::create("digest-test");
  const auto file = folder.path() + "/a";
  FileDigests digests(folder.path() + "/store");
  CHECK(*digests.of(file) == "missing");
  REQUIRE(io::write_file_atomic(file, "one"));
  const auto one = *digests.of(file);
  REQUIRE(io::write_file_atomic(file, "two"));
  CHECK(*digests.of(file) != one);
  REQUIRE(io::write_file_atomic(file, "one"));
  CHECK(*digests.of(file) == one);
  CHECK(digests.save());
}

TEST_CASE("digests: what a file holds is asked once, and again when it may have changed") {
  const auto folder = *io::TemporaryFolder::create("digest-test");
  const auto file = folder.path() + "/a";
  REQUIRE(io::write_file_atomic(file, "one"));
  struct stat info{};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  // The store of an earlier run, when the file was old enough to be remembered.
  const auto ns = [](const timespec& t) { return std::to_string(t.tv_sec * 1'000'000'000LL + t.tv_nsec); };
  const std::string digest(64, 'a');
  REQUIRE(io::write_file_atomic(folder.path() + "/store", "n " + digest + " 3 " + ns(info.st_mtim) + " " +
                                                              ns(info.st_ctim) + " " + std::to_string(info.st_ino) +
                                                              " " + file + "\nn broken line\n"));
  FileDigests digests(folder.path() + "/store");
  int looks = 0;
  const auto look = [&] { return ++looks > 0; };
  CHECK(*digests.of(file) == digest);
  CHECK(digests.holds_nothing(file, look));
  CHECK(looks == 0);
  REQUIRE(io::write_file_atomic(file, "longer"));
  CHECK(*digests.of(file) == digest);
  digests.look_again();
  CHECK(*digests.of(file) != digest);
  CHECK(digests.holds_nothing(file, look));
  CHECK(looks == 1);
  CHECK(digests.holds_nothing(folder.path() + "/none", look));
  CHECK(looks == 2);
}
