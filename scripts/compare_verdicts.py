#!/usr/bin/env python3
"""Holds the verdicts of `chiron test` in ten random orders against those of the framework itself.

    compare_verdicts.py CHIRON STATE-FOLDER FRAMEWORK TARGET

A test that Chiron calls order-dependent or flaky is no difference, for the framework ran one order only: it is told, with
what it depends on, and its verdict alone is compared. Exits 1 where a verdict differs or a test is missing.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as tree

chiron, state, framework, target = sys.argv[1:5]
target = os.path.abspath(target)
name = os.path.basename(target) if not os.path.isdir(target) else os.path.basename(os.path.dirname(target))
folder = os.path.join(state, framework + "-" + name)
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
open(os.path.join(folder, "chiron.toml"), "w").close()
python = os.environ.get("CHIRON_ACCEPTANCE_PYTHON", "/usr/bin/python3")


def run(argv, **options):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder,
                          timeout=3600, **options).stdout.decode("utf-8", "replace")


def of_junit(path):
    verdicts = {}
    for case in tree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        verdict = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        if case.get("status") in ("notrun", "disabled"):
            verdict = "skipped"
        verdicts[(case.get("classname") or "", case.get("name") or "")] = verdict
    return verdicts


def googletest():
    run([target, "--gtest_output=xml:own.xml"])
    return {f"{suite}.{case}": verdict for (suite, case), verdict in of_junit(os.path.join(folder, "own.xml")).items()}


def xml_of(argv):
    text = run(argv)
    return tree.fromstring(text[text.index("<?xml"):].rsplit(">", 1)[0].encode() + b">")


def catch2():
    # One name may run several times; the worst counts.
    verdicts = {}
    for case in xml_of([target, "-r", "xml"]).iter("TestCase"):
        result = case.find("OverallResult")
        if result is None:
            continue
        verdict = "failed" if result.get("success") != "true" else "skipped" if int(result.get("skips", "0")) else "passed"
        if verdicts.get(case.get("name").strip()) != "failed":
            verdicts[case.get("name").strip()] = verdict
    return verdicts


def doctest():
    verdicts = {}
    for case in xml_of([target, "-r=xml"]).iter("TestCase"):
        result = case.find("OverallResultsAsserts")
        if result is None:
            continue
        verdict = "passed" if result.get("test_case_success") == "true" else "failed"
        if verdicts.get(case.get("name")) != "failed":
            verdicts[case.get("name")] = verdict
    return verdicts


def boost():
    verdicts = {}

    def walk(node, prefix):
        for child in node:
            path = prefix + [child.get("name") or ""]
            if child.tag == "TestCase":
                result = child.get("result")
                verdicts["/".join(path)] = {"passed": "passed", "skipped": "skipped"}.get(result, "failed")
            elif child.tag == "TestSuite":
                walk(child, path)

    text = run([target, "--report_level=detailed", "--report_format=XML", "--log_level=nothing"])
    begin = text.index("<TestResult>")
    for suite in tree.fromstring(text[begin:text.index("</TestResult>") + 13]):
        walk(suite, [])
    return verdicts


def ctest():
    run(["ctest", "--test-dir", target, "--output-junit", os.path.join(folder, "own.xml")])
    return {case: verdict for (_, case), verdict in of_junit(os.path.join(folder, "own.xml")).items()}


def pytest():
    outcome = {"passed": "passed", "failed": "failed", "error": "failed", "skipped": "skipped", "xfailed": "skipped",
               "xpassed": "passed"}
    text = run([python, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "--rootdir", target,
                "-v", "--color=no", target])
    verdicts = {}
    for line in re.finditer(r"^(.*::.*?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b", text, re.M):
        word = {"XFAIL": "skipped", "XPASS": "passed"}.get(line[2]) or outcome[line[2].lower()]
        if verdicts.get(line[1].split("/")[-1]) != "failed":
            verdicts[line[1].split("/")[-1]] = word
    return verdicts


def ours(seed):
    events = os.path.join(folder, f"events-{seed}.jsonl")
    run([chiron, "test", target, "--seed", str(seed), "--jobs", "2", "--python", python, "--events", events])
    verdicts, told = {}, {}
    for text in open(events):
        event = json.loads(text)
        test = event.get("test", "").split("::", 1)[-1] if framework != "pytest" else event.get("test", "").split("/")[-1]
        test = test.removeprefix("pytest::")
        if event["event"] == "verdict":
            verdicts[test] = event["verdict"]
        elif event["event"] == "order-dependence":
            told[test] = [culprit.split("::", 1)[-1] for culprit in event["culprits"]]
    return verdicts, told


def main():
    theirs = globals()[framework]()
    if not theirs:
        sys.exit(f"{name}: the framework itself ran no test")
    differences, dependent = set(), {}
    for seed in range(1, 11):
        verdicts, told = ours(seed)
        for test in [test for test in verdicts if framework == "doctest" and test not in theirs]:
            # Cases of one name, which doctest tells together: the worst counts.
            together = re.sub(r" #\d+$", "", test)
            verdict = verdicts.pop(test)
            if verdicts.get(together) != "failed":
                verdicts[together] = verdict
        dependent.update({test: told.get(test, []) for test, verdict in verdicts.items()
                          if verdict in ("order-dependent", "flaky")})
        for test, verdict in theirs.items():
            mine = verdicts.get(test, "missing")
            if mine in ("order-dependent", "flaky"):
                continue
            if mine != verdict:
                differences.add(f"{test}: {framework} says {verdict}, chiron {mine} with seed {seed}")
        for test in verdicts.keys() - theirs.keys():
            if verdicts[test] != "skipped":
                differences.add(f"{test}: not run by {framework}, {verdicts[test]} by chiron")
    counts = {verdict: list(theirs.values()).count(verdict) for verdict in ("passed", "failed", "skipped")}
    print(f"{name} ({framework}): {len(theirs)} tests ({counts['passed']} passed, {counts['failed']} failed, "
          f"{counts['skipped']} skipped), 10 orders, {len(differences)} differences, {len(dependent)} order-dependent or flaky")
    for test, culprits in sorted(dependent.items()):
        print(f"  depends on order: {test}" + (f", after {', '.join(culprits)}" if culprits else ""))
    for difference in sorted(differences)[:20]:
        print("  " + difference)
    return 1 if differences else 0


sys.exit(main())
