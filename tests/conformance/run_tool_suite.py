#!/usr/bin/env python3
"""Runs a suite that brings its own run.py against Chiron under a drop-in name.

    run_tool_suite.py SUITE NAME KNOWN [ARGUMENTS...]

SUITE is the suite's folder below the shared conformance data, NAME the tool's name (a link to $CHIRON_BINARY is made
under it), KNOWN a Markdown file whose list items `- ID: reason` are cases accepted to fail. Prints what fails, and closes
on `N passed, N failed, N skipped`. A known case that passes is told, so that the list stays true. Exit codes: 0, 1 for
a failure that is not known, 77 where the suite is not there.
"""
import os
import re
import subprocess
import sys
import tempfile


def known_cases(path):
    with open(path, encoding="utf-8") as text:
        return dict(re.findall(r"^- `([^`]+)`: (.+)$", text.read(), re.M))


def main():
    suite, name, known_file, *arguments = sys.argv[1:]
    source = os.path.dirname(os.path.abspath(__file__)) + "/../.."
    shared = os.environ.get("CHIRON_SHARED", source + "/../shared")
    runner = f"{shared}/conformance/{suite}/run.py"
    if not os.path.exists(runner):
        print(f"suite not run: no {suite} below the shared conformance data (set CHIRON_SHARED)")
        return 1 if os.environ.get("CHIRON_REQUIRE_SUITES") == "1" else 77
    known = known_cases(known_file)
    with tempfile.TemporaryDirectory() as folder:
        link = f"{folder}/{name}"
        os.symlink(os.path.abspath(os.environ["CHIRON_BINARY"]), link)
        result = subprocess.run([sys.executable, runner, link, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace")
    lines = result.stdout.splitlines()
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    if not counts:
        print(result.stdout)
        print("the suite's runner ended without a count")
        return 1
    failures = [line for line in lines if line.startswith("FAIL ")]
    new = []
    expected = set()
    for line in failures:
        case = next((k for k in known if line[5:].startswith(k + " ") or line[5:].startswith(k + ":")), None)
        if case is None:
            new.append(line)
            print(line)
        else:
            expected.add(case)
            print(f"known  {line[5:]} ({known[case]})")
    for case in sorted(set(known) - expected):
        print(f"passes although it is listed as known: {case}")
    print(f"{counts[1]} passed, {len(new)} failed, {len(failures) - len(new)} skipped")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
