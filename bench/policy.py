#!/usr/bin/env python3
"""Policies: start-up, ten rules over a Terraform plan of 5,000 resources, a scan of 100,000 grants, 10,000 access rules.
The inputs are made by the shared generator ($CHIRON_SHARED or ../shared, bench/policy/gen.py); peers are OPA 1.7 on the
same kind of machine.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.environ.get("CHIRON_SHARED", os.path.join(SOURCE, "..", "shared"))
MADE = os.path.join(SHARED, "bench", "policy")


def repeated(folder, *arguments):
    """Nanoseconds of one evaluation among many in one process."""
    shown = measure.run_once([measure.CHIRON, "policy", "bench", "-f", "json", *arguments], cwd=folder, keep_output=True)
    return json.loads(shown.out)["Extra"]["histogram_timer_rego_query_eval_ns_mean"]


def made_globs(folder):
    """5,000 rules, each with a glob."""
    rule = 'allow if {{\n\tglob.match("svc{}:*:read", [":"], input.path)\n\tinput.method == "GET"\n}}\n'
    with open(os.path.join(folder, "globs.rego"), "w") as out:
        out.write("package globs\n\ndefault allow := false\n\n" + "\n".join(rule.format(i) for i in range(5000)))
    with open(os.path.join(folder, "globs.json"), "w") as out:
        json.dump({"path": "svc4321:x:read", "method": "GET"}, out)


def made_join(folder):
    """Two lists of 20,000, joined by a key."""
    chosen = random.Random(1)
    rows = {side: [{"id": i, "k": f"k{chosen.randrange(20000)}"} for i in range(20000)] for side in "ab"}
    with open(os.path.join(folder, "join.json"), "w") as out:
        json.dump(rows, out)
    with open(os.path.join(folder, "join.rego"), "w") as out:
        out.write("package join\n\npairs contains [x.id, y.id] if {\n\tsome x in input.a\n\tsome y in input.b\n"
                  "\tx.k == y.k\n}\n")


MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{i}-{j}
  namespace: team-{team}
  labels: {{app: app-{i}, tier: backend, owner: "team-{team}"}}
spec:
  replicas: {replicas}
  template:
    spec:
      containers:
        - name: main
          image: registry.example.com/team/app-{i}:{tag}
          ports:
            - containerPort: 80{j}
          resources:
            limits: {{cpu: "500m", memory: 256Mi}}
            requests:
              cpu: 100m
              memory: 128Mi
          env:
            - name: LOG_LEVEL
              value: info
            - name: "URL"
              value: 'https://svc-{j}.example.com/path?x=1'
          securityContext:
            privileged: {privileged}
"""

RULES = ["""deny contains msg if {{
	some c in input.spec.template.spec.containers
	endswith(c.image, ":latest")
	input.spec.replicas > {k}
	msg := sprintf("{k}: %s is the latest", [c.name])
}}
""", """deny contains "{k}: privileged" if {{
	some c in input.spec.template.spec.containers
	c.securityContext.privileged
}}
""", """deny contains "{k}: no owner" if {{
	input.kind == "Deployment"
	not input.metadata.labels.owner
}}
""", """warn contains "{k}: no limit" if {{
	some c in input.spec.template.spec.containers
	not c.resources.limits.memory
}}
"""]


def made_yaml(folder):
    """1,000 files of eight documents, and 20 rules; gives the files' size in bytes."""
    os.mkdir(os.path.join(folder, "files"))
    os.mkdir(os.path.join(folder, "rules"))
    size = 0
    for i in range(1000):
        text = "---\n".join(MANIFEST.format(i=i, j=j, team=i % 17, replicas=i % 5, tag="latest" if i % 9 == 0 else f"1.{j}",
                                            privileged="true" if i % 50 == 0 else "false") for j in range(8))
        size += len(text)
        with open(os.path.join(folder, "files", f"{i}.yaml"), "w") as out:
            out.write(text)
    with open(os.path.join(folder, "rules", "rules.rego"), "w") as out:
        out.write("package main\n\n" + "\n".join(RULES[k % len(RULES)].format(k=k) for k in range(20)))
    return size


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
        again = repeated(folder, "-d", "acl.rego", "-i", "acl_in.json", "data.acl.allow")
        measure.line("policy-acl-repeated", again / 1e3, "us", 2, 9)
        made_globs(folder)
        measure.line("policy-globs-repeated", repeated(folder, "-d", "globs.rego", "-i", "globs.json", "data.globs.allow") / 1e3,
                     "us")
        made_join(folder)
        measure.line("policy-join", run("-d", "join.rego", "-i", "join.json", "count(data.join.pairs)").cpu * 1e3, "ms")
        size = made_yaml(folder)
        files = measure.best([measure.CHIRON, "as", "conftest", "test", "-p", "rules", "files"], cwd=folder, expect=(1,))
        measure.at_least("policy-yaml-files", size / 1e6 / files.wall, "MB/s", 20)
        measure.line("policy-yaml-files-cores", files.cpu / files.wall, "cores")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    measure.finish()


if __name__ == "__main__":
    main()
