#!/usr/bin/env python3
"""The benchmark's own test, without peers and without timing: are its workloads what they claim, and do we decide them right?

    smoke_test.py BENCH_DECIDE

The published numbers of permits must come out of the generators. Then every decision of ours, from JSON and by typed calls, in each
encoding and on each engine, is held against the naive evaluation in Python; bench_decide refuses to start otherwise, which is tried too. Last,
the pages are written from made-up figures, in which a peer wins.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import report  # noqa: E402
from harness.pages import ROWS  # noqa: E402
from workloads import access, call, gdrive, github, hospital, rules, tinytodo  # noqa: E402

failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"failed: {what}")


def published_permits():
    for module in (hospital, gdrive, github, tinytodo):
        for size, permits in module.PUBLISHED_PERMITS.items():
            facts = module.Facts(size, 42)
            found = sum(bool(module.decide(facts, request)) for request in facts.requests(42))
            check(found == permits, f"{module.__name__} {size}: {found} permits, published are {permits}")


def starts(program, folder, variant, engine, decimal):
    alone = variant != "carried" and not os.path.basename(folder).startswith("call")  # lists and identities end with their event
    command = [program, variant, "--engine", engine] + (["--decimal", decimal] if decimal else []) + (["--rules"] if alone else []) + [folder]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode == 0 and '"ready":true' in done.stdout, done.stderr.strip()[:300]


def decisions(program, folder):
    stores = [(hospital.make(1), None), (hospital.make(5), None), (gdrive.make(5), None), (gdrive.make(10), None), (github.make(10), None), (tinytodo.make(10), None),
              (access.make("mixed"), None), (rules.make(100, "random"), "args.amount"), (rules.make(100, "none"), "args.amount"), (call.make(1), "args.amount"), (call.make(10), "args.amount")]
    for store, decimal in stores:
        place = os.path.join(folder, store.name)
        store.write(place)
        for variant in store.policies:
            for engine in ("jit", "reference"):
                good, why = starts(program, place, variant, engine, decimal)
                check(good, f"{store.name}, {variant}, {engine}: {why}")
    path = os.path.join(folder, "hospital-1", "expected.txt")
    with open(path, encoding="utf-8") as text:
        expected = text.read()
    with open(path, "w", encoding="utf-8") as text:
        text.write(("0" if expected[0] == "1" else "1") + expected[1:])
    good, why = starts(program, os.path.join(folder, "hospital-1"), "folded", "jit", None)
    check(not good and "decided otherwise" in why, f"a wrong decision is not noticed: {why}")


def pages():
    records = [{"case": "38 policies", "who": who, "what": what, "unit": "ns", "values": values}
               for who, what, values in (("ours", "typed", [200.0, 210.0, 220.0]), ("Cedar", "decide", [100.0, 105.0, 110.0]))]
    rows = {str(row.number): {"records": [], "missing": []} for row in ROWS}
    rows["3"] = {"records": records, "missing": [{"case": "38 policies", "who": "SAPL", "why": "cannot be had"}]}
    made = {"date": "2000-01-01", "revision": "0", "quick": True, "minutes": 1, "versions": {"LLVM": "19"}, "rows": rows,
            "machine": {"processor": "p", "cores": 2, "memory_gib": 1, "virtual": True, "system": "s", "kernel": "1", "load_before": 0.1}}
    markdown, page = report.markdown(made, "performance.html"), report.page(made)
    for wanted in ("| 3 | 38 policies | ours, typed 210 ns | Cedar 105 ns | 2.00× |", "SAPL, 38 policies: cannot be had", "210 ns (202–218)"):
        check(wanted in markdown, f"the page lacks: {wanted}")
    tables = sum(line.startswith("|---|") for line in markdown.splitlines())
    check(page.count("<table>") == tables, "the HTML page has another number of tables")


def main():
    published_permits()
    with tempfile.TemporaryDirectory() as folder:
        decisions(sys.argv[1], folder)
    pages()
    print("bench_smoke: " + (f"{len(failures)} failures" if failures else "good"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
