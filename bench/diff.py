"""chiron diff on the comparison inputs (see CHIRON_DIFF_INPUTS), against diffoscope where it is installed and
CHIRON_PEER=1. The limits are wall seconds; the inputs' folder holds big/, dir/, tar/, whl/, elf/, deb/ and img/ with
sides a and b."""
import os
import shutil
import sys
import time

import measure

INPUTS = os.environ.get("CHIRON_DIFF_INPUTS", "/tmp/repro-inputs/in")
PEER = shutil.which("diffoscope") if os.environ.get("CHIRON_PEER") == "1" else None

ROWS = [
    ("identical-200MB", "big/{}/same.bin", 0.1, 0),
    ("one-byte-of-200MB", "big/{}/one.bin", 0.12, 1),
    ("trees-of-2000-files", "dir/{}", 0.15, 1),
    ("tar-85MB", "tar/{}/src.tar", 0.1, 1),
    ("tar-gz", "tar/{}/src.tar.gz", 0.3, 1),
    ("tar-xz", "tar/{}/src.tar.xz", 2.6, 1),
    ("tar-zst", "tar/{}/src.tar.zst", 0.4, 1),
    ("wheel", "whl/{}/demo-1.0-py3-none-any.whl", 0.05, 1),
    ("elf-with-dwarf", "elf/{}/big", 0.15, 1),
    ("log-50MB", "big/{}/log.txt", 0.15, 1),
    ("deb", "deb/{}/coreutils_9.1-1_amd64.deb", 0.25, 1),
    ("squashfs", "img/{}/x.squashfs", 0.4, 1),
]


def private_peak_kib(argv):
    """Anonymous memory at its peak, sampled: mapped files are the page cache's, not ours."""
    import subprocess
    peak = 0
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    while child.poll() is None:
        try:
            with open(f"/proc/{child.pid}/status") as status:
                for row in status:
                    if row.startswith("RssAnon:"):
                        peak = max(peak, int(row.split()[1]))
        except OSError:
            break
        time.sleep(0.001)
    return peak


def main():
    if not os.path.isdir(INPUTS):
        sys.exit(f"benchmark cannot run: no inputs at {INPUTS} (set CHIRON_DIFF_INPUTS)")
    for name, path, limit, code in ROWS:
        a, b = os.path.join(INPUTS, path.format("a")), os.path.join(INPUTS, path.format("b"))
        ours = measure.best([measure.CHIRON, "diff", a, b], expect=(code,))
        peer = measure.run_once([PEER, a, b]) if PEER else None
        measure.line(f"diff-{name}-wall", ours.wall, "s", limit, peer.wall if peer else None)
        measure.line(f"diff-{name}-cpu", ours.cpu, "s", None, peer.cpu if peer else None)
        measure.line(f"diff-{name}-memory", ours.peak_kib / 1024, "MiB", None, peer.peak_kib / 1024 if peer else None)
        if name == "one-byte-of-200MB":
            measure.line(f"diff-{name}-private-memory", private_peak_kib([measure.CHIRON, "diff", a, b]) / 1024, "MiB", 32)
    start = measure.best([measure.CHIRON, "diff", "--help"], expect=(0,))
    measure.line("diff-process-start-cpu", start.cpu * 1000, "ms", 5)
    measure.finish()


main()
