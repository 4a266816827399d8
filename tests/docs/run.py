#!/usr/bin/env python3
"""Runs the commands that the pages show, in a scratch copy of what the page names.

    run.py [PAGE...]

A page names its workspace in a comment, `<!-- commands run in: examples -->` (a copy of examples/ with its history) or
`<!-- commands run in: an empty repository -->`, and what has to be there first in `<!-- before the commands: SHELL -->`.
Every line of the blocks `sh` and `console` is then run in order. A line that starts chiron may end with 0 or 1 (findings),
any other with 0. Of the output that a block `console` shows, each line must be printed, up to its numbers. A block that
cannot be run has `<!-- not run: REASON -->` on the line before it, which is printed here. Blocks of TOML with gates must
be a configuration that `chiron check --dry-run` accepts.
Closes on `N passed, N failed, N skipped`.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(os.environ.get("CHIRON_SOURCE", os.path.join(HERE, "../..")))
CHIRON = os.path.abspath(os.environ.get("CHIRON_BINARY", os.path.join(SOURCE, "build/release/bin/chiron")))
SECONDS = 300


def blocks_of(text):
    """(line, language, reason it is not run, text) of each fenced block."""
    lines, at = text.split("\n"), 0
    while at < len(lines):
        fence = re.match(r"^(`{3,})(.*)$", lines[at])
        if fence:
            end = at + 1
            while end < len(lines) and lines[end] != fence[1]:
                end += 1
            reason = re.fullmatch(r"<!-- not run: (.+) -->", lines[at - 1]) if at > 0 else None
            yield at + 1, fence[2].strip(), reason and reason[1], "\n".join(lines[at + 1:end])
            at = end
        at += 1


def commands_of(language, text):
    """(line within the block, command, output shown) in order."""
    made = []
    for number, line in enumerate(text.split("\n"), 1):
        if made and made[-1][1].endswith("\\"):
            made[-1][1] = made[-1][1][:-1] + line.lstrip()
        elif language == "console" and not line.startswith("$ "):
            if made and line.strip():
                made[-1][2].append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            made.append([number, line[2:] if language == "console" else line, []])
    return made


def make_workspace(page_text, folder, environment):
    kind = re.search(r"<!-- commands run in: (.+?) -->", page_text)
    kind = kind[1] if kind else "an empty repository"
    if kind == "examples":
        shutil.copytree(os.path.join(SOURCE, "examples"), folder, dirs_exist_ok=True)
        start = "./make-history.sh"
    elif kind == "an empty repository":
        start = "git init -q . && git commit -q --allow-empty -m start"
    else:
        return f"there is no workspace called {kind}"
    for before in [start] + re.findall(r"<!-- before the commands:\n?(.*?)-->", page_text, re.S):
        result = subprocess.run(["bash", "-ec", before], cwd=folder, env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=SECONDS)
        if result.returncode != 0:
            return f"what comes before the commands ended with {result.returncode}:\n{result.stdout.decode(errors='replace')}"
    return ""


def without_numbers(text):
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"[0-9]+([.,][0-9]+)*", "N", text)
    return re.sub(r"\s+", " ", re.sub(r"\bN (ms|s)\b", "N time", text)).strip()


def run_command(command, shown, folder, environment):
    result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=SECONDS, stdin=subprocess.DEVNULL)
    output = result.stdout.decode(errors="replace").replace(os.path.realpath(folder), "/home/you/parcel")
    allowed = (0, 1) if re.match(r"chiron |diff-cover |\S*/?vale ", command) else (0,)
    if result.returncode not in allowed:
        return f"ended with {result.returncode}:\n{output[-2000:]}"
    printed = [without_numbers(line) for line in output.splitlines()]
    for line in shown:
        if line.strip() != "…" and without_numbers(line) not in printed:
            return f"does not print: {line}\nbut:\n{output[-2000:]}"
    return ""


def check_configuration(text, environment):
    # A part of a configuration may need gates that it does not show.
    for needed in sorted({name for needs in re.findall(r"^needs = \[(.*?)\]", text, re.M) for name in re.findall(r'"([^"]+)"', needs)}):
        if f"[gate.{needed}]" not in text:
            text += f'\n[gate.{needed}]\nkind = "command"\nrun = "true"\n'
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        with open(os.path.join(folder, "chiron.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        result = subprocess.run([CHIRON, "check", "--dry-run"], cwd=folder, env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=SECONDS)
        return "" if result.returncode == 0 else result.stdout.decode(errors="replace")


class Page:
    def __init__(self, path):
        self.name = os.path.relpath(path, SOURCE)
        self.passed, self.failed, self.skipped = 0, 0, 0
        with open(path, encoding="utf-8") as file:
            self.text = file.read()

    def fail(self, line, what, why):
        self.failed += 1
        print(f"{self.name}:{line}: {what}\n{why.rstrip()}\n")

    def run(self):
        with tempfile.TemporaryDirectory(prefix="docs-") as top:
            folder = os.path.join(top, "workspace")
            os.mkdir(folder)
            kept = {n: v for n, v in os.environ.items() if not n.startswith(("CHIRON", "GIT_"))}
            environment = {**kept, "HOME": top, "PATH": f"{os.path.dirname(CHIRON)}:/usr/bin:/bin:{os.environ['PATH']}",
                           "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
                           "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
                           "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_COUNT": "1",
                           "GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main"}
            if wrong := make_workspace(self.text, folder, environment):
                return self.fail(1, "no workspace", wrong)
            for line, language, reason, text in blocks_of(self.text):
                self.run_block(line, language, reason, text, folder, environment)

    def run_block(self, line, language, reason, text, folder, environment):
        if reason:
            self.skipped += 1
            print(f"{self.name}:{line}: not run: {reason}")
        elif language in ("sh", "console"):
            for number, command, shown in commands_of(language, text):
                try:
                    wrong = run_command(command, shown, folder, environment)
                except subprocess.TimeoutExpired:
                    wrong = f"took more than {SECONDS} s"
                if wrong:
                    self.fail(line + number, command, wrong)
                else:
                    self.passed += 1
        elif language == "toml" and re.search(r"^\[(gate|workspace|profile)\b", text, re.M):
            if wrong := check_configuration(text, environment):
                self.fail(line, "the configuration is refused", wrong)
            else:
                self.passed += 1
        elif language == "" and re.search(r"^(\$ )?chiron ", text, re.M):
            self.fail(line, "commands in a block without a language", "write ```sh or ```console, so that they are run")


def main():
    pages = [os.path.abspath(path) for path in sys.argv[1:]]
    if not pages:
        gates = os.path.join(SOURCE, "docs/gates")
        pages = [os.path.join(gates, name) for name in sorted(os.listdir(gates)) if name.endswith(".md")]
        pages += [os.path.join(SOURCE, name) for name in ("README.md", "CONTRIBUTING.md", "docs/reports.md")]
    made = [Page(path) for path in pages]
    for page in made:
        page.run()
    passed, failed, skipped = (sum(getattr(page, what) for page in made) for what in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
