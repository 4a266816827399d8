#!/usr/bin/env python3
"""Compares what Chiron reads from .gcda and .gcno files with what gcov says of them.

    compare_gcov.py CHIRON FOLDER SOURCE_TREE...

Builds tinyxml2's and yaml-cpp's sources with --coverage at -O0, -O1 and -O2 below FOLDER, runs each program several times
so that counts are merged, and compares every line, branch and function count with `gcov --json-format`. Exits with 1 where
anything differs.
"""
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys

LEVELS = ["-O0", "-O1", "-O2"]


def programs(tree):
    """The sources of one program, its include folders, and the inputs that its runs read."""
    if os.path.exists(os.path.join(tree, "tinyxml2.cpp")):
        return [os.path.join(tree, "tinyxml2.cpp"), os.path.join(tree, "xmltest.cpp")], [tree], [None, None]
    if os.path.exists(os.path.join(tree, "include", "yaml-cpp")):
        sources = sorted(glob.glob(os.path.join(tree, "src", "*.cpp"))) + [os.path.join(tree, "util", "parse.cpp")]
        return sources, [os.path.join(tree, "include"), os.path.join(tree, "src")], [
            "a: [1, 2.5, {b: c}]\n? complex\n: - x\n  - !tag y\n",
            "- &a text\n- *a\n- |\n  block\n   more\n- \"q\\u00e9\\n\"\n---\n# second\nk: >-\n  folded\n  lines\n",
            "broken: [1, 2\nx: }\n",
            "".join(f"key{i}: value{i}\n" for i in range(50)),
        ]
    sys.exit(f"{tree}: neither tinyxml2 nor yaml-cpp")


def build(tree, level, folder):
    sources, includes, inputs = programs(tree)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    flags = ["-w", "--coverage", level] + [f"-I{include}" for include in includes]

    def compile_one(source):
        # yaml-cpp has a parse.cpp in two folders.
        target = os.path.join(folder, os.path.relpath(source, tree)[:-4].replace(os.sep, "-") + ".o")
        subprocess.run(["g++", *flags, "-c", source, "-o", target], check=True, cwd=folder)
        return target

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources))
    program = os.path.join(folder, "program")
    subprocess.run(["g++", "--coverage", *objects, "-o", program], check=True, cwd=folder)
    for text in inputs:
        # xmltest reads and writes files of its own source folder.
        subprocess.run([program], cwd=tree if text is None else folder, input=(text or "").encode(), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def counts(chiron, reports, tree):
    """{file: {record: value}} of chiron's merged tracefile; functions as a sorted list of counts, as names differ."""
    done = subprocess.run([chiron, "coverage", "merge", *reports], cwd=tree, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    files, current = {}, None
    for line in done.stdout.splitlines():
        tag, _, rest = line.partition(":")
        if tag == "SF":
            current = files.setdefault(rest, {})
        elif tag == "DA":
            number, hits = rest.split(",")
            current["line", int(number)] = hits
        elif tag == "BRDA":
            number, block, way, hits = rest.split(",")
            current["branch", int(number), int(block), int(way)] = hits
        elif tag == "FNDA":
            current.setdefault(("functions",), []).append(int(rest.split(",")[0]))
    for file in files.values():
        file.get(("functions",), []).sort()
    return files


def compare(chiron, folder, tree):
    data = sorted(glob.glob(os.path.join(folder, "*.gcda")))
    for path in data:
        done = subprocess.run(["gcov", "--json-format", "--stdout", "-b", "-c", path], cwd=folder, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with open(path[:-5] + ".gcov.json", "wb") as out:
            out.write(done.stdout)
    ours = counts(chiron, [folder], tree)
    theirs = counts(chiron, sorted(glob.glob(os.path.join(folder, "*.gcov.json"))), tree)
    records = different = 0
    for name in sorted(set(ours) | set(theirs)):
        mine, other = ours.get(name, {}), theirs.get(name, {})
        for record in sorted(set(mine) | set(other), key=str):
            records += 1
            if mine.get(record) == other.get(record):
                continue
            different += 1
            if different <= 20:
                print(f"  {name} {record}: {mine.get(record)}, gcov has {other.get(record)}")
    return len(ours), records, different


def main():
    chiron, folder, trees = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    failed = False
    for tree in map(os.path.abspath, trees):
        name = os.path.basename(os.path.dirname(tree)) if os.path.basename(tree) == "tree" else os.path.basename(tree)
        for level in LEVELS:
            place = os.path.join(folder, name + level)
            build(tree, level, place)
            files, records, different = compare(chiron, place, tree)
            failed = failed or different != 0 or records == 0
            print(f"{name} {level}: {records} records of {files} files, {different} differ")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
