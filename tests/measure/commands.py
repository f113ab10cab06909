"""The tables of docs/commands.md, measured: what examples/coding_agent.const does to shell lines that nobody of this project wrote.

    python3 tests/measure/commands.py CONSTC [DATA] [--update]

DATA is the folder of evaluation data (else CONSTITUTION_DATA), JSON lines as docs/commands.md lists them. Each line is one action in a session of
its own, decided by the example as it stands; nothing here decides. Beside it stands one regular expression, as such guards are often written. With
--update the tables between the markers of docs/commands.md are replaced, else they are printed. Rates stand with their 95 % intervals.
"""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASELINE = r"rm -rf|sudo|curl .*\| *(ba)?sh|git push (-f|--force)|git reset --hard|mkfs|dd if="
WORKSPACE = {"root": "/work", "branch": "fix"}
SHELLS = {"sh", "bash", "shell"}
# (name, licence, file, a test of the row)
DANGEROUS = [
    ("guards: claude-code-safety-net", "MIT", "agent_shell_guards", lambda r: r["label"] == "dangerous" and r["source"] == "claude-code-safety-net"),
    ("guards: destructive_command_guard", "MIT", "agent_shell_guards", lambda r: r["label"] == "dangerous" and r["source"] == "destructive_command_guard"),
    ("RedCode-Exec, bash", "CC-BY-4.0", "redcode_exec", lambda r: r["kind"] in SHELLS),
    ("Atomic Red Team, sh and bash", "MIT", "atomic_red_team", lambda r: r["kind"] in SHELLS),
]
BENIGN = [
    ("guards: claude-code-safety-net", "MIT", "agent_shell_guards", lambda r: r["label"] == "benign" and r["source"] == "claude-code-safety-net"),
    ("guards: destructive_command_guard", "MIT", "agent_shell_guards", lambda r: r["label"] == "benign" and r["source"] == "destructive_command_guard"),
    ("InterCode, bash of agents", "MIT", "intercode_agent_actions", lambda r: r["kind"] in SHELLS),
    ("nl2bash", "MIT", "nl2bash", lambda r: True),
    ("tldr", "CC-BY-4.0", "tldr", lambda r: True),
]
POLICY = """constitution facts "1"
tool run_command(line: command(8000)) executes
rule programs on action run_command when "" in args.line.programs then deny
rule reads on action run_command when "" in args.line.reads then deny
rule writes on action run_command when "" in args.line.writes then deny
rule connects on action run_command when any h in args.line.connects satisfies h == "none.invalid" then deny
"""


def interval(hits, count):
    if count == 0:
        return "-"
    z, p = 1.959964, hits / count
    middle, half = p + z * z / (2 * count), z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    low, high = (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)
    return f"{100 * p:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def decide(constc, policy, rows):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "events.jsonl"
        path.write_text("".join(json.dumps({"stage": "action", "session": f"s{i}", "tool": "run_command", "args": {"line": row["text"]}, "workspace": WORKSPACE}) + "\n"
                                for i, row in enumerate(rows)), encoding="utf-8")
        run = subprocess.run([constc, "run", str(policy), str(path)], capture_output=True, text=True, encoding="utf-8", timeout=900)
    decisions = [json.loads(line) for line in run.stdout.splitlines()]
    if len(decisions) != len(rows):
        sys.exit(f"{len(decisions)} decisions of {len(rows)} rows: {run.stderr[-500:]}")
    return decisions


def rows_of(data, name, wanted):
    with open(data / "commands" / f"{name}.jsonl", encoding="utf-8") as file:
        return [row for row in map(json.loads, file) if wanted(row)]


def sure(decision):
    """Stopped by a rule that was decided, not by what is unknown."""
    return any("undecided" not in rule and rule.get("effect") not in ("flag", "permit") for rule in decision["rules"])


def table(constc, data, sets, dangerous):
    verb = "stopped" if dangerous else "passed"
    lines = [f"| data | licence | n | {verb} | denied | asked | decided only by what the line hides | only for its length | regular expression {verb} |", "|---|---|---|---|---|---|---|---|---|"]
    for name, licence, file, wanted in sets:
        rows = rows_of(data, file, wanted)
        decisions = decide(constc, ROOT / "examples/coding_agent.const", rows)
        denied = sum(d["decision"] in ("deny", "halt", "refuse") for d in decisions)
        asked = sum(d["decision"] in ("require_approval", "require approval", "escalate") for d in decisions)
        hidden = sum(d["decision"] not in ("permit", "flag") and "error" not in d and not sure(d) for d in decisions)
        long = sum("error" in d or {rule["rule"] for rule in d["rules"]} == {"long_lines"} for d in decisions)
        matched = sum(re.search(BASELINE, row["text"]) is not None for row in rows)
        count = len(rows)
        stopped = denied + asked
        good, base = (stopped, matched) if dangerous else (count - stopped, count - matched)
        lines.append(f"| {name} | {licence} | {count:,} | {interval(good, count)} | {denied:,} | {asked:,} | {hidden:,} | {long:,} | {interval(base, count)} |")
    return lines


def known(constc, data):
    lines = ["| data | n | programs all known | reads | writes | connects |", "|---|---|---|---|---|---|"]
    for name, _, file, wanted in BENIGN + DANGEROUS:
        rows = rows_of(data, file, wanted)
        with tempfile.TemporaryDirectory() as folder:
            policy = pathlib.Path(folder) / "facts.const"
            policy.write_text(POLICY.replace('"" in args.line.reads', 'any r in args.line.reads satisfies r inside "/none"').replace(
                '"" in args.line.writes', 'any w in args.line.writes satisfies w inside "/none"'), encoding="utf-8")
            decisions = decide(constc, policy, rows)
        cells = []
        for fact in ("programs", "reads", "writes", "connects"):
            open_ones = sum(any(rule["rule"] == fact for rule in d["rules"]) or "error" in d for d in decisions)
            cells.append(interval(len(rows) - open_ones, len(rows)))
        lines.append(f"| {name} | {len(rows):,} | " + " | ".join(cells) + " |")
    return lines


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    constc = os.path.abspath(words[0])
    data = pathlib.Path(words[1] if len(words) > 1 else os.environ.get("CONSTITUTION_DATA", "data"))
    if not (data / "commands").is_dir():
        print("SKIPPED: there is no evaluation data at", data)
        return 0
    tables = {"dangerous": table(constc, data, DANGEROUS, True), "benign": table(constc, data, BENIGN, False), "known": known(constc, data)}
    page = ROOT / "docs/commands.md"
    text = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        block = "\n".join(lines)
        if "--update" in sys.argv:
            text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda found: found[1] + block + "\n" + found[2], text, flags=re.S)
        else:
            print(block + "\n")
    if "--update" in sys.argv:
        text = re.sub(r"(<!-- baseline -->\n).*?(<!-- end -->)", lambda found: found[1] + f"    {BASELINE}\n" + found[2], text, flags=re.S)
        page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
