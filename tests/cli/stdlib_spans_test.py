"""The cases of patterns in tests/stdlib: constc says where each pattern is found, to the byte.

A row of tests/stdlib/MODULE.cases.jsonl with a `pattern` lists every match of that pattern in its text, after expand.py. The patterns of a
module go into policies of some thirty flagging rules each, beside a copy of the module, so that the module of this tree is
tested and not the one that was built in; each text is then one event, and the spans of the pattern's own rule are compared. Cut spans
and malformed events count as wrong. Rows of sets are left to stdlib_sets_test.py.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/stdlib"))
from expand import expand  # noqa: E402

RULES = 32


def policy(module, names):
    rules = [f"rule {name}_found on output when text contains {module}.{name} then flag" for name in names]
    return "\n".join(['constitution cases "1"', f"import {module}"] + rules) + "\n"


def decisions(constc, folder, rows):
    events = "".join(json.dumps({"stage": "output", "text": expand(row["text"])}) + "\n" for row in rows)
    (folder / "events.jsonl").write_text(events, encoding="utf-8")
    done = subprocess.run([constc, "run", "cases.const", "events.jsonl"], cwd=folder, capture_output=True, text=True, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(lines) != len(rows):
        sys.exit(f"constc decided {len(lines)} of {len(rows)} events: {done.stderr[:2000]}")
    return lines


def difference(row, decision):
    if decision["decision"] not in ("permit", "flag"):
        return f"decided {decision['decision']}"
    found = [rule for rule in decision["rules"] if rule["rule"] == row["pattern"] + "_found"]
    if any("span_total" in rule for rule in found):
        return "spans were cut"
    spans = sorted([span["start"], span["end"]] for rule in found for span in rule.get("spans", []))
    return None if spans == sorted(row["spans"]) else f"expected {row['spans']}, found {spans}"


def main():
    constc, wrong, count = str(pathlib.Path(sys.argv[1]).resolve()), [], 0
    for file in sorted((ROOT / "tests/stdlib").glob("*.cases.jsonl")):
        module = file.name.split(".")[0]
        rows = [row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()) if "pattern" in row]
        names = list(dict.fromkeys(row["pattern"] for row in rows))
        for first in range(0, len(names), RULES):
            part = names[first:first + RULES]
            cases = [row for row in rows if row["pattern"] in part]
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                shutil.copy(ROOT / "stdlib" / f"{module}.const", folder)
                (folder / "cases.const").write_text(policy(module, part), encoding="utf-8")
                for row, decision in zip(cases, decisions(constc, folder, cases)):
                    told = difference(row, decision)
                    wrong += [f"{module}.{row['pattern']}: {told}: {json.dumps(row['text'])[:200]}"] if told else []
            count += len(cases)
    print("\n".join(wrong + [f"{count} cases of patterns, {len(wrong)} wrong"]))
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
