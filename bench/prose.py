"""Prose: write-good and Google over the Markdown files of the shared benchmark folder, files per CPU second."""
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

measure.finish()
