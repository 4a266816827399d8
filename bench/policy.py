#!/usr/bin/env python3
"""Policies: start-up, ten rules over a Terraform plan of 5,000 resources, a scan of 100,000 grants, 10,000 access rules.
The inputs are made by the shared generator ($CHIRON_SHARED or ../shared, bench/policy/gen.py); peers are OPA 1.7 on the
same kind of machine.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("CHIRON_SHARED", os.path.join(SOURCE, "..", "shared"))
MADE = os.path.join(SHARED, "bench", "policy")


def main():
    if not os.path.isdir(MADE):
        print(f"not run: {MADE} is missing")
        return
    folder = tempfile.mkdtemp(prefix="policy-bench-")
    try:
        for name in os.listdir(MADE):
            if not os.path.isdir(os.path.join(MADE, name)):
                shutil.copy(os.path.join(MADE, name), folder)
        subprocess.run([sys.executable, "gen.py"], cwd=folder, check=True)
        opa = [measure.CHIRON, "as", "opa", "eval", "-f", "raw"]

        def run(*arguments):
            return measure.best(opa + list(arguments), cwd=folder)

        start = run("1+1")
        measure.line("policy-start", start.cpu * 1e3, "ms", 2, 10)
        measure.line("policy-start-memory", start.peak_kib / 1024, "MiB", 8, 22)
        query = "[count(data.main.deny), count(data.main.warn)]"
        shown = measure.run_once(opa + ["-d", "plan.rego", "-i", "plan.json", "count(data.main.deny) + count(data.main.warn)"],
                                 cwd=folder, keep_output=True).out.decode().strip()
        if shown != "2646":
            sys.exit(f"the plan gives {shown} findings, not 2646")
        plan = run("-d", "plan.rego", "-i", "plan.json", query)
        size = os.path.getsize(os.path.join(folder, "plan.json")) / 1048576
        measure.line("policy-plan", plan.cpu * 1e3, "ms", 60, 810)
        measure.line("policy-plan-memory", (plan.peak_kib - start.peak_kib) / 1024 / size, "x-json", 4, 84 / size)
        grants = run("-d", "rbac.rego", "-d", "grants.json", "-i", "rbac_in.json", "data.rbac.allow")
        size = os.path.getsize(os.path.join(folder, "grants.json")) / 1048576
        measure.line("policy-grants", grants.cpu * 1e3, "ms", 50, 1050)
        measure.line("policy-grants-memory", (grants.peak_kib - start.peak_kib) / 1024 / size, "x-json", 4, 216 / size)
        acl = run("-d", "acl.rego", "-i", "acl_in.json", "data.acl.allow")
        measure.line("policy-acl", acl.cpu * 1e3, "ms", 90, 1810)
        measure.line("policy-acl-memory", acl.peak_kib / 1024, "MiB", None, 172)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    measure.finish()


if __name__ == "__main__":
    main()
