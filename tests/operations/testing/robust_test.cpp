// Runs in a world that breaks: workers and the runner are killed, the disk is full, tests print without end. Nothing
// may hang, no result may be lost or come twice.
#include <unistd.h>

#include <map>

#include "foundation/base/format.h"
#include "project.h"

namespace chiron::test {

namespace {

bool have_pytest() {
  io::ProcessSpec spec;
  spec.arguments = {"/usr/bin/python3", "-c", "import pytest"};
  const auto ran = io::run_process(spec);
  return ran && ran->exit_code == 0;
}

std::string sample() {
  const auto path = std::string(io::parent_path(chiron_binary())) + "/sample-googletest";
  return io::exists(path) ? path : "";
}

std::string member(std::string_view line, std::string_view name) {
  const auto key = "\"" + std::string(name) + "\":\"";
  const auto at = line.find(key);
  if (at == std::string_view::npos) return {};
  const auto begin = at + key.size();
  return std::string(line.substr(begin, line.find('"', begin) - begin));
}

struct Told {
  std::map<std::string, std::string> verdicts;  // by the test's name without its program
  std::map<std::string, std::string> statuses;  // of its first finished attempt
  std::map<std::string, int> verdict_count;
  std::string leaks;
};

Told read_events(const Project& project, const std::string& name = "events.jsonl") {
  Told told;
  const auto events = project.read(name);
  for (const auto line : text::split_lines(events)) {
    const auto event = member(line, "event");
    auto test = member(line, "test");
    if (event == "leak") told.leaks += std::string(line) + "\n";
    if (const auto colons = test.find("::"); colons != std::string::npos) test = test.substr(colons + 2);
    if (event == "test-finished") told.statuses.emplace(test, member(line, "status"));
    if (event == "verdict") {
      told.verdicts[test] = member(line, "verdict");
      ++told.verdict_count[test];
    }
  }
  for (const auto& [test, count] : told.verdict_count) CHECK_MESSAGE(count == 1, test);
  return told;
}

// Processes that work in the project's folder or run a program of it.
std::string processes_of(const Project& project) {
  return project
      .run({"sh", "-c",
            "for p in /proc/[0-9]*; do for l in cwd exe; do case \"$(readlink $p/$l)\" in \"$1\"/sub*) "
            "tr '\\0' ' ' <$p/cmdline; echo;; esac; done; done",
            "sh", project.path("")})
      .output;
}

constexpr const char* kPlain =
    "import os, sys, time, signal, pytest\n"
    "@pytest.mark.parametrize('n', range(30))\ndef test_plain(n): pass\n";

void check_plain(const Told& told) {
  for (int i = 0; i < 30; ++i) {
    const auto name = format("test_it.py::test_plain[{}]", i);
    CHECK_MESSAGE((told.verdicts.contains(name) && told.verdicts.at(name) == "passed"), name);
  }
}

}  // namespace

TEST_CASE("pytest: a crash, a hang, a failure, an exit and a process left behind are isolated and named") {
  if (!have_pytest()) return;
  Project project;
  project.save("test_it.py",
               std::string(kPlain) +
                   "def test_fails(): assert 1 == 2\n"
                   "def test_crashes(): os.kill(os.getpid(), signal.SIGSEGV)\n"
                   "def test_exits(): os._exit(0)\n"
                   "def test_hangs():\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(300)\n"
                   "def test_leaves():\n    if os.fork() == 0:\n        time.sleep(300)\n        os._exit(0)\n");
  const auto ran = project.chiron({"test", ".", "--python", "/usr/bin/python3", "-j", "2", "--seed", "5", "--timeout",
                                   "2s", "--events", "events.jsonl"});
  CHECK(ran.exit_code == 1);
  const auto told = read_events(project);
  check_plain(told);
  CHECK(told.verdicts.size() == 35);
  for (const auto& [name, status] : std::map<std::string, std::string>{
           {"fails", "failed"}, {"crashes", "crashed"}, {"exits", "exited"}, {"hangs", "timed-out"}}) {
    CHECK_MESSAGE(told.verdicts.at("test_it.py::test_" + name) == "failed", name);
    CHECK_MESSAGE(told.statuses.at("test_it.py::test_" + name) == status, name);
  }
  CHECK(told.verdicts.at("test_it.py::test_leaves") == "passed");
  CHECK(has(told.leaks, "test_it.py::test_leaves"));
}

TEST_CASE("pytest: tests that close their descriptors or change their folder harm nobody else") {
  if (!have_pytest()) return;
  Project project;
  project.save("test_it.py", std::string(kPlain) +
                                 "def test_moves(): os.chdir('/')\n"
                                 "def test_closes(): os.closerange(0, 256)\n"
                                 "def test_closes_output():\n    os.close(1)\n    os.close(2)\n");
  for (const char* seed : {"1", "2", "3"}) {
    (void)project.chiron({"test", ".", "--python", "/usr/bin/python3", "-j", "2", "--seed", seed, "--timeout", "20s",
                          "--events", "events.jsonl"});
    const auto told = read_events(project);
    check_plain(told);
    CHECK(told.verdicts.size() == 33);
    CHECK(told.verdicts.at("test_it.py::test_moves") == "passed");
    CHECK(told.verdicts.at("test_it.py::test_closes") == "failed");
  }
}

TEST_CASE("pytest: kill -9 of a worker, and of the process that collected, costs one test each") {
  if (!have_pytest()) return;
  Project project;
  // The shell plays the out-of-memory killer: it ends whom the tests name.
  project.save("test_it.py",
               std::string(kPlain) +
                   "def wait_for_the_end(pid):\n"
                   "    open('victim.part', 'w').write(str(pid))\n    os.rename('victim.part', 'victim')\n"
                   "    time.sleep(300)\n"
                   "def test_worker(): wait_for_the_end(os.getpid())\n"
                   "def test_collector(): wait_for_the_end(os.getppid())\n");
  const auto ran =
      project.run({"sh", "-c",
                   "\"$1\" test . --python /usr/bin/python3 -j 1 --seed 4 --timeout 60s --events events.jsonl >out "
                   "2>&1 & chiron=$!\n"
                   "for i in $(seq 600); do\n  if [ -e victim ]; then pid=$(cat victim); rm victim; kill -9 $pid; fi\n"
                   "  kill -0 $chiron 2>/dev/null || break\n  sleep 0.1\ndone\n"
                   "if kill -9 $chiron 2>/dev/null; then echo hangs; fi\nwait $chiron",
                   "sh", chiron_binary()});
  CHECK_FALSE(has(ran.output, "hangs"));
  CHECK_MESSAGE(ran.exit_code == 1, project.read("out"));
  const auto told = read_events(project);
  check_plain(told);
  CHECK(told.verdicts.size() == 32);
  CHECK(told.verdicts.at("test_it.py::test_worker") == "failed");
  CHECK(told.verdicts.at("test_it.py::test_collector") == "failed");
}

TEST_CASE("kill -9 of Chiron: its tests end with it, the record tells what had ended, the next run is whole") {
  if (sample().empty() || !have_pytest()) return;
  Project project;
  project.save("sub/test_it.py",
               std::string(kPlain) + "def test_waits(): time.sleep(float(os.environ.get('WAIT', '0')))\n");
  project.shell("cp '" + sample() + "' sub/sample");
  const auto ran = project.run(
      {"sh", "-c",
       "WAIT=300 \"$1\" test sub sub/sample --filter 'suite(Plain) or name(test_) or name(Bad.Hangs)' --python "
       "/usr/bin/python3 -j 2 --seed 4 --events events.jsonl >out 2>&1 & chiron=$!\n"
       "for i in $(seq 300); do\n"
       "  grep -q 'test-started.*test_waits' events.jsonl 2>/dev/null && grep -q 'test-started.*Hangs' events.jsonl && "
       "break\n"
       "  kill -0 $chiron 2>/dev/null || break\n  sleep 0.1\ndone\n"
       "sleep 0.5; kill -9 $chiron && echo killed; wait $chiron",
       "sh", chiron_binary()});
  REQUIRE_MESSAGE(has(ran.output, "killed"), project.read("out"));
  std::string left;
  for (int tries = 0; tries < 50; ++tries) {
    left = processes_of(project);
    if (left.empty()) break;
    ::usleep(100'000);
  }
  CHECK_MESSAGE(left.empty(), left);
  const auto replayed = project.chiron({"test", "replay"});
  CHECK(has(replayed.output + replayed.error_output, "ended before it was complete"));
  const auto next = project.chiron({"test", "sub", "sub/sample", "--filter", "suite(Plain) or name(test_)", "--python",
                                    "/usr/bin/python3", "-j", "2", "--events", "events.jsonl"});
  CHECK_MESSAGE(next.exit_code == 0, next.output, next.error_output);
  CHECK(read_events(project).verdicts.size() == 91);
}

TEST_CASE("a full disk: the run goes to its end, every verdict is told, and what could not be written is said") {
  if (sample().empty()) return;
  Project project;
  const auto ran = project.run(
      {"unshare", "-rm", "sh", "-c",
       "mkdir .chiron temporary && mount -t tmpfs -o size=16k none .chiron && mount -t tmpfs -o size=64k none "
       "temporary &&\n"
       "head -c 100000 /dev/zero >.chiron/fill 2>/dev/null; head -c 100000 /dev/zero >temporary/fill 2>/dev/null\n"
       "[ -s temporary/fill ] || exit 99\n"
       "TMPDIR=$PWD/temporary timeout 100 \"$1\" test \"$2\" --filter 'suite(Plain) or name(Bad.Fails)' -j 2 --junit "
       "junit.xml "
       "--events events.jsonl",
       "sh", chiron_binary(), sample()});
  if (ran.exit_code == 99 || has(ran.error_output, "unshare")) return;  // no right to mount here
  CHECK_MESSAGE(ran.exit_code == 1, ran.output, ran.error_output);
  const auto told = read_events(project);
  CHECK(told.verdicts.size() == 61);
  for (const auto& [test, verdict] : told.verdicts)
    CHECK_MESSAGE(verdict == (test == "Bad.Fails" ? "failed" : "passed"), test);
  CHECK(has(ran.output + ran.error_output, "is the disk full"));
}

TEST_CASE("a suite that prints a gigabyte is drained, kept in part, and passes") {
  if (sample().empty()) return;
  Project project;
  const auto ran = project.chiron({"test", sample(), "--filter", "suite(Plain) or name(PrintsALot)", "-j", "2", "--env",
                                   "SAMPLE_MEGABYTES=1024", "--show-output", "--events", "events.jsonl"});
  CHECK_MESSAGE(ran.exit_code == 0, ran.error_output);
  CHECK(read_events(project).verdicts.size() == 61);
  CHECK(ran.output.size() < (2u << 20));
  CHECK(project.read("events.jsonl").size() < (2u << 20));
}

}  // namespace chiron::test
