#!/usr/bin/env python3
"""Reports of a million findings in every form: time and peak memory of the program that holds and writes them. Then the
page of 100,000 findings in headless Chromium (skipped where there is none): the time until it is loaded and laid out, and
the slowest of several filters, until the list is laid out again.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure

MADE = os.path.join(os.path.dirname(measure.CHIRON), "made-report")
FORMS = ["terminal", "json", "sarif", "junit", "markdown", "github", "gitlab", "gitlab-sast", "html"]
GIB_IN_MIB = 1024

# Runs behind the page's own script: types into the filter as a user would and writes the times into the document.
PROBE = """<script>
(() => {
  const laidOut = () => document.body.getBoundingClientRect().height + document.querySelectorAll('.item').length;
  laidOut();
  const load = performance.now();
  const filters = {};
  for (const text of ['ledger', 'e', 'is never read', 'src/order 12', 'nothing has this', '']) {
    const field = document.getElementById('text');
    const start = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input'));
    laidOut();
    filters[text] = performance.now() - start;
  }
  const note = document.createElement('pre');
  note.id = 'probe';
  note.textContent = JSON.stringify({ load, filters });
  document.body.append(note);
})();
</script></body>"""


def page_times(folder, chromium):
    page = os.path.join(folder, "page.html")
    subprocess.run([MADE, "100000", "html", page], check=True)
    with open(page, encoding="utf-8") as file:
        text = file.read()
    # The page lets its own script run only; the probe needs that bound lifted.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text, count=1)
    at = text.rindex("</body>")
    with open(page, "w", encoding="utf-8") as file:
        file.write(text[:at] + PROBE + text[at + len("</body>"):])
    dom = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1440,1000",
         "--user-data-dir=" + os.path.join(folder, "profile"), "--dump-dom", "file://" + page],
        check=True, capture_output=True, text=True, timeout=120).stdout
    found = re.search(r'<pre id="probe">(.*?)</pre>', dom)
    if not found:
        sys.exit("benchmark cannot run: the page did not load in Chromium")
    return json.loads(found.group(1))


def main():
    with tempfile.TemporaryDirectory() as folder:
        saved = os.path.join(folder, "report.json")
        for form in FORMS:
            run = measure.best([MADE, "1000000", form, saved if form == "json" else os.path.join(folder, "out")], times=1)
            measure.line(f"reports.{form}.1000000.memory", run.peak_kib / 1024, "MiB", GIB_IN_MIB)
            measure.line(f"reports.{form}.1000000.time", run.cpu, "s")
        for form in ["sarif", "html"]:
            run = measure.best([measure.CHIRON, "report", saved, "--format", form], times=1)
            measure.line(f"reports.read-and-{form}.1000000.memory", run.peak_kib / 1024, "MiB", GIB_IN_MIB)
            measure.line(f"reports.read-and-{form}.1000000.time", run.cpu, "s")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if chromium is None:
            print("reports.page: no Chromium here, not measured")
        else:
            times = page_times(folder, chromium)
            measure.line("reports.page.100000.load", times["load"], "ms", 3000)
            measure.line("reports.page.100000.filter", max(times["filters"].values()), "ms", 200)
    measure.finish()


if __name__ == "__main__":
    main()
