#!/usr/bin/env python3
"""Runs casebooks: Markdown pages that show, rule by rule, what is found where.

    run.py [FOLDER|FILE...]

Each `##` section is a case: a folder of its own in which its fenced blocks are carried out in order.

    ```toml file=chiron.toml        the block is written to that file
    ```sh                           the block is run by sh; it must end with 0
    ```findings ARGUMENTS           runs `chiron check ARGUMENTS`; the block is what is found

A line of findings is `LEVEL RULE PLACE MESSAGE` (the place is `-` where there is none), or `GATE could not run: REASON`,
or `GATE skipped: REASON`; nothing found is `nothing`. NAME=VALUE before the arguments sets a variable. With CHIRON_ACCEPT=1
in the environment the blocks of findings are rewritten. Every rule that the reference lists must be found in some case.
Prints what differs, and closes on `N passed, N failed, N skipped`.
"""
import concurrent.futures
import difflib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("CHIRON_SOURCE", os.path.join(HERE, "../.."))
CHIRON = os.path.abspath(os.environ.get("CHIRON_BINARY", os.path.join(SOURCE, "build/release/bin/chiron")))
ACCEPT = os.environ.get("CHIRON_ACCEPT") == "1"
SECONDS = 120
FENCE = re.compile(r"^(`{3,})(\S*)[ ]?(.*)$")


class Block:
    def __init__(self, language, info, first, last, text):
        self.language, self.info, self.first, self.last, self.text = language, info, first, last, text


def read_cases(path):
    """The lines of the casebook, and its cases as (title, blocks); a block's text is lines[first:last]."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    cases, at = [], 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if lines[at].startswith("## "):
            cases.append((lines[at][3:].strip(), []))
        elif fence:
            end = at + 1
            while end < len(lines) and lines[end] != fence[1]:
                end += 1
            if end == len(lines):
                raise ValueError(f"{path}:{at + 1}: the block is not closed")
            if not cases:
                raise ValueError(f"{path}:{at + 1}: a block before the first case (##)")
            text = "".join(line + "\n" for line in lines[at + 1:end])
            cases[-1][1].append(Block(fence[2], fence[3], at + 1, end, text))
            at = end
        at += 1
    return lines, cases


def shown_place(place):
    text = place.get("file", "-")
    for part in ("line", "column"):
        if place.get(part):
            text += f":{place[part]}"
    return text


def findings_of(report, folder):
    lines = []
    for gate in report["gates"]:
        status = gate["status"].replace("-", " ").replace("_", " ")
        if status in ("could not run", "skipped"):
            reason = gate.get("reason", "").split("\n")[0]
            lines.append(f"{gate['gate']} {status}: {reason}")
    for finding in report["findings"]:
        message = finding["message"].split("\n")[0]
        lines.append(f"{finding['level']} {finding['rule']} {shown_place(finding.get('place', {}))} {message}")
    lines = [re.sub(r"\bprocess \d+", "process N", line.replace(os.path.realpath(folder), "WORKSPACE").rstrip())
             for line in lines]
    return sorted(lines) or ["nothing"]


def environment_of(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHIRON", "GIT_", "SOURCE_DATE"))}
    return {**kept, "PATH": os.path.dirname(CHIRON) + ":" + os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main"}


def check(block, folder):
    words = shlex.split(block.info)
    environment = environment_of(folder)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, value = words.pop(0).split("=", 1)
        environment[name] = value
    result = subprocess.run([CHIRON, "check", "-q", "--format", "json", *words], cwd=folder, env=environment,
                            capture_output=True, timeout=SECONDS)
    if result.returncode not in (0, 1, 2) or not result.stdout:
        return [f"exit code {result.returncode}: " + result.stderr.decode(errors="replace").strip().split("\n")[0]]
    return findings_of(json.loads(result.stdout), folder)


def run_case(blocks):
    """What differs, as text, and the findings of each block."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        for block in blocks:
            if block.info.startswith("file="):
                path = os.path.join(folder, block.info[5:])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(block.text)
            elif block.language == "sh":
                result = subprocess.run(["sh", "-ec", block.text], cwd=folder, env=environment_of(folder), timeout=SECONDS,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                if result.returncode != 0:
                    return f"set-up ended with {result.returncode}: {result.stdout.decode(errors='replace')}", found
            elif block.language == "findings":
                found[block.first] = check(block, folder)
    wrong = ""
    for block in blocks:
        if block.language == "findings":
            expected = block.text.splitlines()
            if expected != found[block.first]:
                wrong += "\n".join(difflib.unified_diff(expected, found[block.first], "expected", "found", lineterm="", n=0)) + "\n"
    if not found:
        wrong = "the case has no block of findings"
    return wrong, found


def run_book(path):
    name = os.path.relpath(path, HERE)
    lines, cases = read_cases(path)
    rules, failures, passed, edits = set(), [], 0, []
    if not lines[0].startswith("# "):
        failures.append(f"{name}: the first line is not the rule's name as a heading")
    for title, blocks in cases:
        try:
            wrong, found = run_case(blocks)
        except (subprocess.TimeoutExpired, OSError, ValueError) as error:
            wrong, found = str(error), {}
        for block in blocks:
            if block.first in found:
                edits.append((block, found[block.first]))
                rules.update(line.split(" ")[1] for line in found[block.first] if line.count(" ") > 1)
        if wrong and not (ACCEPT and found):
            failures.append(f"{name}: {title}\n{wrong}")
        else:
            passed += 1
    if ACCEPT:
        for block, found in sorted(edits, key=lambda edit: -edit[0].first):
            lines[block.first:block.last] = found
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    return passed, failures, rules


def books_below(path):
    if os.path.isfile(path):
        return [path]
    return sorted(os.path.join(folder, file) for folder, _, files in os.walk(path) for file in files
                  if file.endswith(".md") and file != "README.md")


def rules_without_case(found):
    with open(os.path.join(SOURCE, "docs/reference/rules.md"), encoding="utf-8") as file:
        return sorted(set(re.findall(r"^### `([^`]+)`$", file.read(), re.M)) - found)


def main():
    given = sys.argv[1:]
    books = [book for path in given or [HERE] for book in books_below(os.path.abspath(path))]
    passed, failures, rules = 0, [], set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for book_passed, book_failures, book_rules in pool.map(run_book, books):
            passed += book_passed
            failures += book_failures
            rules |= book_rules
    if not given:
        failures += [f"the rule {rule} is found in no casebook: add tests/cases/{rule}.md" for rule in rules_without_case(rules)]
    for failure in failures:
        print(failure.rstrip() + "\n")
    print(f"{passed} passed, {len(failures)} failed, 0 skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
