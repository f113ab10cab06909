#!/usr/bin/env python3
"""unknown_match_test.py CONSTC: a match that cannot be found out within the bounds makes no permit count, and a restricting rule fire."""
import json
import os
import random
import subprocess
import sys
import tempfile

# Too many states for a table, thousands of steps for each byte: a text of a few thousand letters uses up what one pattern may cost.
PATTERN = "/[ab]*a[ab]{12}(?:[ab]?){340}[c-i]/"
POLICY = """constitution bounds "1.0"
tool run(line: string) sends
default action deny
permit fine on action run when args.line matches %s
rule odd on action run when args.line contains %s then halt
""" % (PATTERN, PATTERN)


def decide(constc, folder, line):
    policy, events = os.path.join(folder, "bounds.const"), os.path.join(folder, "events.jsonl")
    with open(policy, "w") as file:
        file.write(POLICY)
    with open(events, "w") as file:
        file.write(json.dumps({"stage": "action", "tool": "run", "session": "s", "args": {"line": line}}) + "\n")
    run = subprocess.run([constc, "run", policy, events], capture_output=True, text=True, timeout=60)
    decision = json.loads(run.stdout.splitlines()[0])
    return decision["decision"], [rule["rule"] for rule in decision["rules"]]


def main():
    random.seed(1)
    hard = "".join(random.choice("ab") for _ in range(4000))
    with tempfile.TemporaryDirectory() as folder:
        seen = [decide(sys.argv[1], folder, line) for line in ("x", "a" * 14 + "c", hard)]
    # None is the default, which speaks where no permit counts: the text that matches is permitted, the one that is unknown is not
    expected = [("deny", [None]), ("halt", ["odd"]), ("halt", ["odd", None])]
    if seen != expected:
        print("expected", expected, "seen", seen)
        return 1
    print("what is unknown restricts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
