"""Coverage of changed lines: a cold run on a small change, and a large diff against a large Cobertura file.

The repositories and reports are made here, the same each time. The peer is diff-cover, where it is installed.
"""
import os
import random
import shutil
import subprocess
import tempfile

import measure


def git(folder, *words):
    env = dict(os.environ, GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@example.invalid", GIT_COMMITTER_NAME="a",
               GIT_COMMITTER_EMAIL="a@example.invalid", GIT_CONFIG_GLOBAL="/dev/null")
    subprocess.run(["git", *words], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)


def small_repository(folder):
    """Twelve changed files of forty; each has 200 lines of which 20 changed."""
    git(folder, "init", "-q", "-b", "main")
    os.makedirs(os.path.join(folder, "src"))
    for i in range(40):
        with open(os.path.join(folder, "src", f"mod{i}.py"), "w") as out:
            out.writelines(f"value_{line} = {line}\n" for line in range(200))
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "base")
    git(folder, "checkout", "-qb", "change")
    for i in range(12):
        path = os.path.join(folder, "src", f"mod{i}.py")
        with open(path) as source:
            lines = source.readlines()
        for line in range(50, 70):
            lines[line] = f"changed_{line} = {line}\n"
        with open(path, "w") as out:
            out.writelines(lines)
    git(folder, "commit", "-qam", "change")
    with open(os.path.join(folder, "coverage.xml"), "w") as out:
        out.write('<?xml version="1.0" ?>\n<coverage version="7" timestamp="1" line-rate="0.5">\n<packages><package name="p"><classes>\n')
        for i in range(40):
            out.write(f'<class name="mod{i}" filename="src/mod{i}.py"><methods/><lines>\n')
            out.writelines(f'<line number="{n}" hits="{n % 3}"/>\n' for n in range(1, 201))
            out.write("</lines></class>\n")
        out.write("</classes></package></packages></coverage>\n")


def large_report(folder):
    """A report of 200 MiB over 1548 files, and a diff of 100,000 added lines spread over 1000 of them."""
    rng = random.Random(1)
    path = os.path.join(folder, "large.xml")
    files = 0
    with open(path, "w") as out:
        out.write('<?xml version="1.0" ?>\n<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n'
                  '<coverage line-rate="0.5" branch-rate="0" version="1" timestamp="1">\n<sources><source>.</source></sources>\n<packages>\n')
        size = 0
        while size < 200 * 1024 * 1024:
            part = [f'<package name="pkg{files}" line-rate="0.5">\n<classes>\n<class name="C{files}" '
                    f'filename="src/mod{files % 50}/file{files}.cpp" line-rate="0.6" branch-rate="0.5" complexity="0.0">\n<methods/>\n<lines>\n']
            for line in range(1, 2001):
                hits = rng.randint(0, 3)
                if rng.random() < 0.2:
                    part.append(f'<line number="{line}" hits="{hits}" branch="true" condition-coverage="50% (1/2)"><conditions>'
                                '<condition number="0" type="jump" coverage="50%"/></conditions></line>\n')
                else:
                    part.append(f'<line number="{line}" hits="{hits}" branch="false"/>\n')
            part.append("</lines>\n</class>\n</classes>\n</package>\n")
            text = "".join(part)
            size += len(text)
            out.write(text)
            files += 1
        out.write("</packages>\n</coverage>\n")
    diff = os.path.join(folder, "large.diff")
    with open(diff, "w") as out:
        for i in range(1000):
            name = f"src/mod{i % 50}/file{i}.cpp"
            out.write(f"diff --git a/{name} b/{name}\nindex 1..2 100644\n--- a/{name}\n+++ b/{name}\n@@ -99,0 +100,100 @@\n")
            out.writelines(f"+  int changed_{i}_{line} = {line};\n" for line in range(100))
    return path, diff


def main():
    folder = tempfile.mkdtemp(prefix="chiron-coverage-")
    try:
        repository = os.path.join(folder, "small")
        os.mkdir(repository)
        small_repository(repository)
        peer = shutil.which("diff-cover")
        words = ["coverage.xml", "--compare-branch", "main"]
        peer_run = measure.best([peer, *words], cwd=repository) if peer else None
        drop_in = measure.best([measure.CHIRON, "as", "diff-cover", *words], cwd=repository)
        measure.line("coverage-diff-12-files-drop-in-cpu", drop_in.cpu * 1000, "ms", 20, peer_run and peer_run.cpu * 1000)
        own = measure.best([measure.CHIRON, "coverage", "diff", *words], cwd=repository)
        measure.line("coverage-diff-12-files-cpu", own.cpu * 1000, "ms", 20, peer_run and peer_run.cpu * 1000)
        report, diff = large_report(folder)
        large = ["coverage", "diff", report, "--diff-file", diff]
        run = measure.best([measure.CHIRON, *large], cwd=repository)
        measure.line("coverage-diff-100k-lines-200MB-cpu", run.cpu, "s", 1.5)
        measure.line("coverage-diff-100k-lines-200MB-peak", run.peak_kib / 1024, "MiB", 300)
        run = measure.best([measure.CHIRON, "as", "diff-cover", report, "--diff-file", diff], cwd=repository)
        measure.line("coverage-diff-100k-lines-200MB-drop-in-cpu", run.cpu, "s", 1.5)
        shown = measure.best([measure.CHIRON, "coverage", "show", report, "--as", "json"], times=2, cwd=repository)
        measure.line("coverage-show-200MB-cpu", shown.cpu, "s")
        measure.line("coverage-show-200MB-peak", shown.peak_kib / 1024, "MiB")
    finally:
        shutil.rmtree(folder)
    measure.finish()


if __name__ == "__main__":
    main()
