"""Measures commands for the benchmarks: CPU seconds (user + system of the whole process tree), wall seconds and
peak resident size, best of five, and prints one line per measure:

    name value unit limit peer ratio

`limit` is what must be reached ("-" for none), `peer` the same measure of the tool we replace ("-" where it is not
installed), `ratio` peer divided by ours. finish() exits 1 where a limit was missed.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time

CHIRON = os.environ.get("CHIRON_BINARY", os.path.join(os.path.dirname(__file__), "..", "build", "release", "bin", "chiron"))
CHIRON = os.path.abspath(CHIRON)
_missed = []


class Run:
    def __init__(self, cpu, wall, peak_kib, code, out):
        self.cpu, self.wall, self.peak_kib, self.code, self.out = cpu, wall, peak_kib, code, out


def run_once(argv, cwd=None, env=None, stdin=None, keep_output=False):
    with tempfile.TemporaryFile() as sink:
        start = time.perf_counter()
        child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=stdin or subprocess.DEVNULL,
                                 stdout=sink, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        sink.seek(0)
        out = sink.read() if keep_output else b""
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss, child.returncode, out)


def best(argv, times=5, expect=(0,), **kwargs):
    """The run with the least CPU time; stops the benchmark where the exit code is not an expected one."""
    runs = [run_once(argv, **kwargs) for _ in range(times)]
    for run in runs:
        if expect is not None and run.code not in expect:
            sys.exit(f"benchmark cannot run: {' '.join(argv)} ended with {run.code}")
    result = min(runs, key=lambda r: r.cpu)
    result.wall = min(r.wall for r in runs)
    result.peak_kib = peak_kib(argv, **kwargs) or min(r.peak_kib for r in runs)
    return result


def peak_kib(argv, cwd=None, env=None, stdin=None, keep_output=False):
    """Peak resident size, measured by a small program between: a child of ours begins with our own size."""
    if not os.path.exists("/usr/bin/time"):
        return None
    with tempfile.NamedTemporaryFile() as figure:
        subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", figure.name, *argv], cwd=cwd, env=env,
                       stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        text = figure.read().split()
        return int(text[-1]) if text else None


def line(name, value, unit, limit=None, peer=None):
    ratio = f"{peer / value:.1f}" if peer and value else "-"
    missed = limit is not None and value > limit
    if missed:
        _missed.append(name)
    print(f"{name} {value:.4g} {unit} {'-' if limit is None else f'{limit:.4g}'} "
          f"{'-' if peer is None else f'{peer:.4g}'} {ratio}{'  MISSED' if missed else ''}", flush=True)


def at_least(name, value, unit, limit, peer=None):
    """As line(), for measures where more is better."""
    missed = value < limit
    if missed:
        _missed.append(name)
    ratio = f"{value / peer:.1f}" if peer else "-"
    print(f"{name} {value:.4g} {unit} {limit:.4g} {'-' if peer is None else f'{peer:.4g}'} {ratio}"
          f"{'  MISSED' if missed else ''}", flush=True)


def finish():
    if _missed:
        sys.exit(1)
