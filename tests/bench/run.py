#!/usr/bin/env python3
"""The benchmark: us and the peers on the same work, in one run, and the page that says what came out.

    python3 tests/bench/run.py [--rows 1,3] [--peers cedar,opa | none] [--quick] [--build build/release] [--pages docs]
    python3 tests/bench/run.py --from RESULTS.json          only writes the pages again

Needs a release build (`cmake --preset release && cmake --build --preset release`) and nothing but Python's own library. Peers are fetched from their
registries by name when they are first asked for and built under build/bench-peers, outside of the build and of the tests: crates and Go modules by their
version in tests/bench/peers, Python's packages by pip, C and C++ libraries from the system (on Debian libsimdjson-dev, libre2-dev, libyara-dev). One that
cannot be had is listed with the reason. Raw figures go to build/bench/results.json; rows that a run does not measure keep their figures of the run before.
"""
import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import machine, report  # noqa: E402
from harness.peers import Peers  # noqa: E402
from harness.rows import ROWS, Run  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    reader = argparse.ArgumentParser(description="Runs the benchmark and writes its pages.")
    reader.add_argument("--rows", help="numbers with commas; all if not given")
    reader.add_argument("--peers", help="names with commas, or none: cedar, regorus, opa, cel, sapl, json, re2, yara, invariant; all if not given")
    reader.add_argument("--quick", action="store_true", help="few rounds, small sizes")
    reader.add_argument("--build", default=os.path.join(ROOT, "build", "release"), help="the release build")
    reader.add_argument("--results", default=os.path.join(ROOT, "build", "bench", "results.json"), help="raw figures")
    reader.add_argument("--pages", default=os.path.join(ROOT, "docs"), help="where performance.md and performance.html go")
    reader.add_argument("--from", dest="earlier", help="write the pages from these results, and measure nothing")
    return reader.parse_args()


def measure(options):
    started = time.monotonic()
    folder = os.path.join(os.path.dirname(options.results), "work")
    os.makedirs(folder, exist_ok=True)
    wanted = None if options.peers is None else [name for name in options.peers.split(",") if name != "none"]
    peers = Peers(os.path.join(HERE, "peers"), os.path.join(ROOT, "build", "bench-peers"), wanted)
    run = Run(options.build, folder, peers, options.quick)
    results = {"date": time.strftime("%Y-%m-%d"), "revision": machine.revision(ROOT), "quick": options.quick, "machine": machine.describe(),
               "versions": machine.versions(), "rows": {}}
    if os.path.exists(options.results) and options.rows:
        with open(options.results, encoding="utf-8") as text:
            results["rows"] = json.load(text)["rows"]
    spent = 0.0
    for number in [int(row) for row in options.rows.split(",")] if options.rows else ROWS:
        print(f"row {number}: {report.title(number)}", file=sys.stderr, flush=True)
        before = time.monotonic()
        built = peers.seconds
        records, missing = ROWS[number](run)
        took = time.monotonic() - before - (peers.seconds - built)
        spent += took
        results["rows"][str(number)] = {"records": records, "missing": missing, "seconds": round(took, 1)}
        print(f"  {len(records)} figures, {len(missing)} missing, {took:.0f} s", file=sys.stderr, flush=True)
        for one in missing:
            print(f"  {one['who']} {one['case']}: {one['why']}", file=sys.stderr)
        results["minutes"] = round(spent / 60, 1)
        with open(options.results, "w", encoding="utf-8") as out:
            json.dump(results, out, indent=1)
    print(f"{spent / 60:.1f} minutes of measuring, {(time.monotonic() - started) / 60:.1f} in all", file=sys.stderr)
    return results


def main():
    options = arguments()
    if options.earlier:
        with open(options.earlier, encoding="utf-8") as text:
            results = json.load(text)
    else:
        if not os.path.exists(os.path.join(options.build, "tests", "bench_decide")):
            sys.exit(f"run.py: {options.build} has no benchmark programs: build the project first (see --help)")
        os.makedirs(os.path.dirname(options.results), exist_ok=True)
        results = measure(options)
    for name, text in (("performance.md", report.markdown(results, "performance.html")), ("performance.html", report.page(results))):
        with open(os.path.join(options.pages, name), "w", encoding="utf-8") as out:
            out.write(text)
        print(os.path.join(options.pages, name), file=sys.stderr)


if __name__ == "__main__":
    main()
