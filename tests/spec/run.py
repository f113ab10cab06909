#!/usr/bin/env python3
"""The specification as cases: every sentence that says what a policy means has a file here that fails when it is broken.

    run.py CONSTC [NAME…]

A case is NAME.const. The files beside it say what must hold; a folder of that name holds what the case includes:

    NAME.events.jsonl    events, as bytes; decided with --engine jit, optimised and reference, and by a built .so
    NAME.expected.jsonl  one object an event. Its members must be equal in the decision: of an object those that are
                         named, of a list every element in order. "absent": members that must not be there;
                         "hash_of": N / "hash_unlike": N: the action_hash is (is not) that of the Nth event;
                         "//": a remark.
    NAME.tests           what `constc test` must answer: its exit code, then its last line

In NAME.const itself, `//! TEXT` at the end of a line demands an error at this line whose diagnostic holds TEXT, and
`//? TEXT` a warning; where there is a `//!`, every error must be demanded. Beyond that, the decisions of all engines must
be the same byte for byte, have their members in the documented order, and be no milder than any rule they report.
Only Python's standard library.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
ENGINES = ("jit", "optimised", "reference", "so")
MEMBERS = ("decision", "stage", "session", "id", "error", "rules", "shadow", "text", "action_hash", "request", "args", "value", "offering", "policy")
LEVELS = ("permit", "flag", "redact", "replace", "require_approval", "escalate", "refuse", "deny", "halt")
SPECIAL = ("//", "absent", "hash_of", "hash_unlike")


def differences(expected, actual, where="decision"):
    """What of `expected` does not hold of `actual`, as lines."""
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{where}: {json.dumps(actual)} is no object"]
        found = []
        for key, value in expected.items():
            if key in SPECIAL:
                continue
            if key not in actual:
                found.append(f"{where}.{key} is not there, expected {json.dumps(value, ensure_ascii=False)}")
            else:
                found += differences(value, actual[key], f"{where}.{key}")
        return found + [f"{where}.{key} must not be there" for key in expected.get("absent", []) if key in actual]
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{where}: expected {json.dumps(expected, ensure_ascii=False)}"
                    f", got {json.dumps(actual, ensure_ascii=False)}"]
        return [line for i, (e, a) in enumerate(zip(expected, actual)) for line in differences(e, a, f"{where}[{i}]")]
    if type(expected) is not type(actual) or expected != actual:
        return [f"{where}: expected {json.dumps(expected, ensure_ascii=False)}"
                f", got {json.dumps(actual, ensure_ascii=False)}"]
    return []


def shape(decision):
    """What holds of every decision, whatever the policy."""
    members = list(decision)
    found = []
    if members != [m for m in MEMBERS if m in members]:
        found.append(f"members or their order: {members}")
    found += [f"no member {m}" for m in ("decision", "rules", "shadow", "policy") if m not in members]
    if found:
        return found
    level = LEVELS.index(decision["decision"])
    effects = [LEVELS.index(r["effect"]) for r in decision["rules"] if r["rule"] is not None]
    if effects != sorted(effects, reverse=True):
        found.append("rules are not reported strictest first")
    for rule in decision["rules"]:
        if LEVELS.index(rule["effect"]) > level:
            found.append(f"milder than the rule {rule['rule']}")
    if "error" in decision:
        if decision["decision"] != "deny" or decision["rules"] or decision["shadow"]:
            found.append("a malformed event is denied, and no rule sees it")
        if sorted(decision["error"]) != ["at", "code", "text"]:
            found.append("an error has code, at and text")
    elif ("action_hash" in members) != (decision.get("stage") == "action" or decision["decision"] == "require_approval"):
        found.append("action_hash belongs to every well-formed action and to all that waits for an approval, and to nothing else")
    elif ("request" in members) != (decision["decision"] == "require_approval"):
        found.append("request belongs to what waits for an approval, and to nothing else")
    if "action_hash" in members and not re.fullmatch(r"sha256:[0-9a-f]{64}", decision["action_hash"]):
        found.append("action_hash is no SHA-256")
    if not re.fullmatch(r"\S+@\S+ sha256:[0-9a-f]{64}", decision["policy"]):
        found.append("policy is not NAME@VERSION sha256:…")
    return found


def call(arguments):
    return subprocess.run(arguments, cwd=FOLDER, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


def decide(constc, name, scratch):
    """The decisions of every engine: {engine: [line]}, and what went wrong."""
    events = name + ".events.jsonl"
    module = os.path.join(scratch, name + ".so")
    calls = [(e, [constc, "run", "--engine", e, name + ".const", events]) for e in ENGINES[:-1]]
    calls += [(None, [constc, "build", name + ".const", "-o", module]), ("so", [constc, "run", module, events])]
    outputs, found = {}, []
    for engine, arguments in calls:
        run = call(arguments)
        if run.returncode != 0:
            found.append(f"{' '.join(arguments[1:])}: exit {run.returncode}\n{run.stderr.decode('utf-8', 'replace')}")
        if engine and run.returncode == 0:
            outputs[engine] = run.stdout.decode("utf-8").splitlines()
    return outputs, found


def check_events(constc, name, scratch):
    with open(os.path.join(FOLDER, name + ".expected.jsonl"), encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    outputs, found = decide(constc, name, scratch)
    if not outputs:
        return found
    first = next(iter(outputs))
    for engine, lines in outputs.items():
        if lines != outputs[first]:
            found.append(f"{engine} and {first} differ")
    decisions = [json.loads(line) for line in outputs[first]]
    if len(decisions) != len(expected):
        return found + [f"{len(expected)} decisions expected, got {len(decisions)}"]
    for number, (want, got) in enumerate(zip(expected, decisions), 1):
        lines = shape(got) + differences(want, got)
        for key, same in (("hash_of", True), ("hash_unlike", False)):
            if key in want and (got["action_hash"] == decisions[want[key] - 1]["action_hash"]) != same:
                lines.append(f"action_hash must {'' if same else 'not '}be that of event {want[key]}")
        if lines:
            remark = f" ({want['//']})" if "//" in want else ""
            found.append(f"event {number}{remark}:\n    " + "\n    ".join(lines)
                         + "\n    in " + json.dumps(got, ensure_ascii=False))
    return found


def check_diagnostics(constc, name):
    """Lines marked //! and //? against what `constc check` says."""
    with open(os.path.join(FOLDER, name + ".const"), encoding="utf-8") as file:
        marks = [(number, m.group(1), m.group(2).strip()) for number, line in enumerate(file, 1)
                 for m in [re.search(r"//([!?])(.*)", line)] if m]
    if not marks:
        return []
    run = call([constc, "check", name + ".const"])
    text = run.stderr.decode("utf-8", "replace")
    blocks = {}
    for block in re.split(r"\n(?=(?:error|warning)\[)", "\n" + text):
        head = re.match(r"\s*(error|warning)\[.*\n *--> (\S+?):(\d+):", block)
        if head:
            key = (int(head.group(3)), "!" if head.group(1) == "error" else "?")
            said = "\n".join(line for line in block.splitlines() if not re.match(r" *\d+ \|", line))
            blocks[key] = blocks.get(key, "") + said
    found = [f"line {number}: no {'error' if kind == '!' else 'warning'} that says {part!r}: "
             f"{blocks.get((number, kind), 'nothing was said')}"
             for number, kind, part in marks if part not in blocks.get((number, kind), "\0")]
    errors = [number for number, kind, _ in marks if kind == "!"]
    if errors:
        found += [f"an error that was not expected: {block}" for (number, kind), block in sorted(blocks.items())
                  if kind == "!" and number not in errors]
    if run.returncode != (1 if errors else 0):
        found.append(f"check: exit {run.returncode}\n{text}")
    return found


def check_tests(constc, name):
    with open(os.path.join(FOLDER, name + ".tests"), encoding="utf-8") as file:
        code, last = file.read().splitlines()[:2]
    run = call([constc, "test", name + ".const"])
    output = run.stdout.decode("utf-8", "replace")
    got = (str(run.returncode), output.splitlines()[-1] if output else "")
    if got == (code, last):
        return []
    return [f"constc test: expected exit {code} and {last!r}, got {got[0]} and {got[1]!r}\n{output}"
            + run.stderr.decode("utf-8", "replace")]


def check_case(constc, name, scratch):
    found = check_diagnostics(constc, name)
    if os.path.exists(os.path.join(FOLDER, name + ".events.jsonl")):
        found += check_events(constc, name, scratch)
    if os.path.exists(os.path.join(FOLDER, name + ".tests")):
        found += check_tests(constc, name)
    return found


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: run.py CONSTC [NAME…]")
    constc = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or sorted(n[:-6] for n in os.listdir(FOLDER) if n.endswith(".const"))
    failed = events = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, found in zip(names, pool.map(lambda n: check_case(constc, n, scratch), names)):
            path = os.path.join(FOLDER, name + ".expected.jsonl")
            events += sum(1 for _ in open(path, encoding="utf-8")) if os.path.exists(path) else 0
            if found:
                failed += 1
                print(f"FAIL {name}\n  " + "\n  ".join(found))
    print(f"{len(names)} cases, {events} events by {len(ENGINES)} engines, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
