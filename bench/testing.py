"""Measures of `chiron test`: yaml-cpp's own GoogleTest suite where its test program is named in $YAML_CPP_TESTS (else a
stand-in of 1,054 small tests), 5,000 trivial pytest tests, 500 sleeping tests, 100,000 tests listed and planned, and
suites of 300 tests with 20 planted dependencies in GoogleTest and in pytest.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import measure

PYTHON = os.environ.get("BENCH_PYTHON", "/usr/bin/python3")
HERE = tempfile.mkdtemp(prefix="chiron-bench-testing-")


def workspace(name):
    folder = os.path.join(HERE, name)
    os.makedirs(folder)
    open(os.path.join(folder, "chiron.toml"), "w").close()
    return folder


def build_googletest(folder, name, source):
    path = os.path.join(folder, name)
    with open(path + ".cc", "w") as file:
        file.write(source)
    subprocess.run(["g++", "-O1", "-std=c++17", path + ".cc", "-o", path, "-lgtest", "-lgtest_main", "-lpthread"], check=True)
    return path


def small_suite():
    given = os.environ.get("YAML_CPP_TESTS")
    if given:
        return given
    source = "#include <gtest/gtest.h>\n#include <string>\n#include <vector>\n"
    for index in range(1054):
        source += (f"TEST(Suite{index // 40}, Case{index}) {{ std::vector<std::string> v; "
                   f"for (int i = 0; i < 200; ++i) v.push_back(std::to_string(i * {index})); EXPECT_EQ(v.size(), 200u); }}\n")
    return build_googletest(workspace("small-build"), "small", source)


# The least that a process for every test can cost: two threads that spawn and wait, and read nothing.
SPAWN_EACH = """
import queue, subprocess, sys, threading
program, suite, tests = sys.argv[1], "", queue.SimpleQueue()
for line in subprocess.run([program, "--gtest_list_tests"], stdout=subprocess.PIPE).stdout.decode().splitlines():
    if line.startswith(" "):
        tests.put(suite + line.split("#")[0].strip())
    else:
        suite = line.split("#")[0].strip()
def work():
    while True:
        try:
            test = tests.get_nowait()
        except queue.Empty:
            return
        subprocess.run([program, "--gtest_filter=" + test], stdout=subprocess.DEVNULL)
threads = [threading.Thread(target=work) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def googletest():
    program = small_suite()
    folder = workspace("googletest")
    bare = measure.best([program])
    measure.run_once([measure.CHIRON, "test", program, "--jobs=2"], cwd=folder)  # learns durations
    batches = measure.best([measure.CHIRON, "test", program, "--jobs=2"], cwd=folder)
    measure.line("googletest-batches-wall", batches.wall, "s", 0.25, bare.wall)
    measure.line("googletest-batches-cpu", batches.cpu, "s", 2 * bare.cpu, bare.cpu)
    isolated = measure.best([measure.CHIRON, "test", program, "--isolate", "--jobs=2"], times=2, cwd=folder)
    spawned = measure.best([sys.executable, "-c", SPAWN_EACH, program], times=2)
    measure.line("googletest-isolate-wall", isolated.wall, "s", 2.3, spawned.wall)
    measure.line("googletest-isolate-cpu", isolated.cpu, "s", None, spawned.cpu)
    if shutil.which("ctest"):
        listed = subprocess.run([program, "--gtest_list_tests"], stdout=subprocess.PIPE, check=True).stdout.decode()
        with open(os.path.join(folder, "CTestTestfile.cmake"), "w") as file:
            suite = ""
            for text in listed.splitlines():
                if not text.startswith(" "):
                    suite = text.split("#")[0].strip()
                elif suite.endswith("."):
                    test = suite + text.split("#")[0].strip()
                    file.write(f'add_test([=[{test}]=] "{program}" "--gtest_filter={test}")\n')
        peer = measure.best(["ctest", "--test-dir", folder, "-j2", "-Q"], times=1, cwd=folder)
        measure.line("googletest-isolate-against-ctest-wall", isolated.wall, "s", None, peer.wall)
        measure.line("googletest-isolate-against-ctest-cpu", isolated.cpu, "s", None, peer.cpu)


def pytest():
    folder = workspace("pytest")
    for module in range(50):
        with open(os.path.join(folder, f"test_m{module}.py"), "w") as file:
            for index in range(100):
                file.write(f"def test_{index}():\n    assert {index} == {index}\n\n")
    sequence = measure.best([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"], times=2, cwd=folder)
    measure.run_once([measure.CHIRON, "test", ".", "--python", PYTHON, "--jobs=2"], cwd=folder)
    ours = measure.best([measure.CHIRON, "test", ".", "--python", PYTHON, "--jobs=2"], times=3, cwd=folder)
    measure.line("pytest-5000-wall", ours.wall, "s", 3.2, sequence.wall)
    measure.line("pytest-5000-cpu", ours.cpu, "s", 1.1 * sequence.cpu, sequence.cpu)
    for way in ("worksteal", "load"):  # what this version of xdist has
        peer = measure.run_once([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n2", f"--dist={way}"], cwd=folder)
        if peer.code == 0:
            measure.line("pytest-5000-against-xdist-cpu", ours.cpu, "s", None, peer.cpu)
            measure.line("pytest-5000-against-xdist-wall", ours.wall, "s", None, peer.wall)
            break


def skewed():
    dice = random.Random(9)
    times = [int(dice.paretovariate(1.5) * 4000) for _ in range(500)]
    times = [min(t, 800_000) for t in times]
    source = "#include <gtest/gtest.h>\n#include <unistd.h>\n"
    for index, micro in enumerate(times):
        source += f"TEST(S{index // 25}, C{index}) {{ usleep({micro}); }}\n"
    folder = workspace("skewed")
    program = build_googletest(folder, "sleepers", source)
    for workers in (2, 8):
        argv = [measure.CHIRON, "test", program, f"--jobs={workers}"]
        for _ in range(2):
            measure.run_once(argv, cwd=folder)
        best = measure.best(argv, times=3, cwd=folder)
        ideal = max(max(times), sum(times) / workers) / 1e6
        measure.line(f"skewed-500-makespan-{workers}-workers", best.wall, "s", 1.05 * ideal, bare_makespan(program, times, workers))


def bare_makespan(program, times, workers):
    """The same sleeps, cut by known durations among processes of the bare program that nobody watches."""
    lanes = [[0, []] for _ in range(workers)]
    for index in sorted(range(len(times)), key=lambda i: -times[i]):
        lane = min(lanes)
        lane[0] += times[index]
        lane[1].append(f"S{index // 25}.C{index}")
    walls = []
    for _ in range(3):
        begin = time.perf_counter()
        running = [subprocess.Popen([program, "--gtest_filter=" + ":".join(names)], stdout=subprocess.DEVNULL)
                   for _, names in lanes]
        for process in running:
            process.wait()
        walls.append(time.perf_counter() - begin)
    return min(walls)


def many():
    source = """#include <gtest/gtest.h>
#include <string>
class Empty : public testing::Test { void TestBody() override {} };
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 0; i < 100000; ++i)
    testing::RegisterTest(("Suite" + std::to_string(i / 100)).c_str(), ("Case" + std::to_string(i)).c_str(), nullptr, nullptr,
                          __FILE__, i, [] { return new Empty; });
  return RUN_ALL_TESTS();
}
"""
    folder = workspace("many")
    program = build_googletest(folder, "many", source)
    alone = measure.best([program, "--gtest_list_tests"], times=2)
    listed = measure.best([measure.CHIRON, "test", "list", program, "--shard", "1/2"], times=3, cwd=folder)
    measure.line("list-and-plan-100000-wall", listed.wall, "s", 1.0 + alone.wall)
    measure.line("list-and-plan-100000-memory", listed.peak_kib / 1024, "MiB", 200)


def planted(name, program_arguments, folder, truth, total, prefix):
    """Runs 20 shuffles; every planted dependence must be told, within its budget of runs, and nothing else."""
    shutil.rmtree(os.path.join(folder, ".chiron"), ignore_errors=True)
    events = os.path.join(folder, "events.jsonl")
    subprocess.run([measure.CHIRON, "test", *program_arguments, "--stress", "20", "--jobs=2", "--events", events, "--bisect-limit", "10000",
                    "--seed", "1"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found, over, wrong = set(), 0, 0
    log2 = (total - 1).bit_length()
    if not os.path.exists(events):
        sys.exit("chiron test did not run; see its message with the same arguments by hand")
    for text in open(events):
        event = json.loads(text)
        if event["event"] == "order-dependence":
            victim = event["test"].rsplit(prefix, 1)[-1]
            culprits = {c.rsplit(prefix, 1)[-1] for c in event["culprits"]}
            if truth.get(victim) == culprits:
                found.add(victim)
            else:
                wrong += 1
            if event["runs"] > 2 * max(1, len(culprits)) * log2 + 10:
                over += 1
        elif event["event"] == "verdict" and event["verdict"] not in ("passed", "order-dependent"):
            wrong += 1
        elif event["event"] == "verdict" and event["verdict"] == "order-dependent" and event["test"].rsplit(prefix, 1)[-1] not in truth:
            wrong += 1
    measure.at_least(f"{name}-planted-found", len(found), "dependencies", len(truth))
    measure.line(f"{name}-planted-wrong", wrong, "reports", 0)
    measure.line(f"{name}-planted-over-budget", over, "searches", 0)


def plan():
    """12 single polluters, 4 pairs, 4 missing setters among 300 tests: names to (kind, group)."""
    dice = random.Random(4)
    places = dice.sample(range(300), 12 * 2 + 4 * 3)
    role, truth = {}, {}
    for group in range(12):
        a, v = places[2 * group:2 * group + 2]
        role[a], role[v] = f"state[{group}] = 1", f"state[{group}] == 0"
        truth[v] = {a}
    rest = places[24:]
    for group in range(4):
        a, b, v = rest[3 * group:3 * group + 3]
        role[a], role[b] = f"state[{20 + group}] += 1", f"state[{30 + group}] += 1"
        role[v] = f"state[{20 + group}] * state[{30 + group}] == 0"
        truth[v] = {a, b}
    free = [i for i in range(300) if i not in role]
    for group in range(4):
        # A setter stands before its victim in the order of definition.
        a, v = sorted(dice.sample(free, 2))
        free = [i for i in free if i not in (a, v)]
        role[a], role[v] = f"state[{40 + group}] = 1", f"state[{40 + group}] == 1"
        truth[v] = {a}
    return role, truth


def is_assertion(text):
    return "==" in text


def planted_googletest():
    role, truth = plan()
    source = "#include <gtest/gtest.h>\nint state[64];\n"
    name = lambda index: f"Suite{index // 20}.Case{index}"
    for index in range(300):
        text = role.get(index, "")
        body = f"EXPECT_TRUE({text});" if is_assertion(text) else f"{text};"
        source += f"TEST(Suite{index // 20}, Case{index}) {{ {body} }}\n"
    folder = workspace("planted-googletest")
    program = build_googletest(folder, "planted", source)
    planted("googletest", [program], folder, {name(v): {name(c) for c in cs} for v, cs in truth.items()}, 300, "::")


def planted_pytest():
    role, truth = plan()
    folder = workspace("planted-pytest")
    module = lambda index: f"test_m{index // 50}.py"
    with open(os.path.join(folder, "shared.py"), "w") as file:
        file.write("state = [0] * 64\n")
    for number in range(6):
        with open(os.path.join(folder, f"test_m{number}.py"), "w") as file:
            file.write("from shared import state\n")
            for index in range(50 * number, 50 * number + 50):
                text = role.get(index, "pass")
                file.write(f"def test_{index}():\n    {'assert ' if is_assertion(text) else ''}{text}\n")
    name = lambda index: f"{module(index)}::test_{index}"
    planted("pytest", [".", "--python", PYTHON], folder, {name(v): {name(c) for c in cs} for v, cs in truth.items()}, 300, "pytest::")


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["googletest", "pytest", "skewed", "many", "planted_googletest", "planted_pytest"]
    try:
        for part in chosen:
            globals()[part]()
    finally:
        shutil.rmtree(HERE, ignore_errors=True)
    measure.finish()
