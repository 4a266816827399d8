"""Start-up of the program and of a check whose every gate comes from the cache."""
import os
import subprocess
import tempfile

import measure

version = measure.best([measure.CHIRON, "--version"])
measure.line("version-cpu", version.cpu * 1000, "ms", 5)
measure.line("version-memory", version.peak_kib / 1024, "MiB")

with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "chiron.toml"), "w") as config:
        for i in range(5):
            config.write(f'[gate.g{i}]\nkind = "command"\nrun = "cat src/*.c | wc -l"\ninputs = ["src/**"]\n')
    os.mkdir(os.path.join(folder, "src"))
    for i in range(200):
        with open(os.path.join(folder, "src", f"f{i}.c"), "w") as source:
            source.write(f"int f{i}(void) {{ return {i}; }}\n" * 50)
        os.utime(source.name, (1_700_000_000, 1_700_000_000))
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["sleep", "2.1"])  # files younger than two seconds are read again by design
    for _ in range(2):
        measure.run_once([measure.CHIRON, "check"], cwd=folder)
    cached = measure.best([measure.CHIRON, "check"], cwd=folder)
    measure.line("check-cached-cpu", cached.cpu * 1000, "ms", 20)
    measure.line("check-cached-wall", cached.wall * 1000, "ms")

measure.finish()
