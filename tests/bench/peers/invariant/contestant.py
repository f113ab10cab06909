"""Invariant, as its package gives it: the policy is parsed once, and the last event of a trace is decided as the pending one.

    contestant.py FOLDER

A contestant, see tests/bench/contestant.h. The decision is analyze_pending over the whole trace, since that is the interface for a
guard that stands between an agent and its tools. Several errors of one rule count once.
"""
import json
import sys
import time

from invariant.analyzer import LocalPolicy


def main():
    with open(sys.argv[1] + "/invariant.json", encoding="utf-8") as text:
        work = json.load(text)
    policy = LocalPolicy.from_string(work["invariant"])
    past, pending = work["trace"][:-1], work["trace"][-1:]

    def decide():
        return policy.analyze_pending(past, pending)

    fired = len({str(error.args[0]) if error.args else str(error) for error in decide().errors})
    if fired != work["fired"]:
        sys.exit(f"{fired} rules fired, {work['fired']} expected")
    start = time.process_time()
    decide()
    repeats = max(1, int(0.05 / max(time.process_time() - start, 1e-6)))
    print(json.dumps({"ready": True, "decisions": 1}), flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        for _ in range(repeats):
            decide()
        print(json.dumps({"decide": (time.process_time() - start) / repeats * 1e9}), flush=True)


if __name__ == "__main__":
    main()
