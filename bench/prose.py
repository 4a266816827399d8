"""Prose: write-good and Google over the Markdown files of the shared benchmark folder, files per CPU second; each reader
alone over the pages and fixtures of its format, repeated, in megabytes per CPU second. Vale itself is in no registry that
the benchmark could install it from.
"""
import os
import tempfile

import measure

SHARED = os.environ.get("CHIRON_SHARED", os.path.join(os.path.dirname(__file__), "..", "..", "shared"))
PAGES = os.path.join(SHARED, "bench", "prose")
STYLES = os.path.join(SHARED, "conformance", "vale-styles")

if not os.path.isdir(PAGES):
    raise SystemExit("the benchmark's pages are not there: set CHIRON_SHARED")
pages = sum(name.endswith(".md") for _, _, names in os.walk(PAGES) for name in names)

with tempfile.TemporaryDirectory() as folder:
    for style in ("write-good", "Google"):
        os.symlink(os.path.abspath(os.path.join(STYLES, style, style)), os.path.join(folder, style))
    config = os.path.join(folder, ".vale.ini")
    with open(config, "w", encoding="utf-8") as out:
        out.write(f"StylesPath = {folder}\nMinAlertLevel = suggestion\n[*.md]\nBasedOnStyles = write-good, Google\n")
    command = [measure.CHIRON, "as", "vale", "--no-global", "--output=line", "--no-exit", f"--config={config}", PAGES]
    run = measure.best(command)
    # The peer: Vale's own rate is not measured here; codespell, which knows no rules, does 890 files per CPU second.
    measure.at_least("prose.files-per-cpu-second", pages / run.cpu, "files/s", 1000, 890)
    measure.line("prose.peak-memory", run.peak_kib / 1024, "MiB", 400)
    empty = os.path.join(folder, "empty.md")
    open(empty, "w", encoding="utf-8").close()
    with open(config, "w", encoding="utf-8") as out:
        out.write(f"StylesPath = {folder}\n[*.md]\nVale.Repetition = YES\n")
    measure.line("prose.start", measure.best(command[:-1] + [empty]).cpu * 1000, "ms", 20)


READERS = os.path.join(os.path.dirname(measure.CHIRON), "measure-prose")
FIXTURES = os.path.join(SHARED, "conformance", "vale")
SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")


def read_alone(name, ending, folder, limit):
    files = sorted(os.path.join(root, file) for root, _, names in os.walk(folder) for file in names
                   if file.endswith("." + ending))
    run = measure.run_once([READERS, "read", ending, "8000000", *files], keep_output=True)
    if run.code != 0 or not files:
        raise SystemExit(f"the reader of {ending} failed")
    measure.at_least(f"prose.read-{name}", float(run.out.split()[0]), "MB/s", limit)


if not os.path.exists(READERS):
    print("the readers are not measured: build the target measure-prose")
else:
    read_alone("markdown", "md", PAGES, 50)
    for name, ending, limit in (("html", "html", 50), ("rst", "rst", 50), ("asciidoc", "adoc", 50), ("org", "org", 50),
                                ("mdx", "mdx", 50), ("xml", "dita", 50)):
        read_alone(name, ending, FIXTURES, limit)
    read_alone("comments", "cpp", SOURCES, 2)  # by the language's grammar

measure.finish()
