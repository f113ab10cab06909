"""The cases of sets and definitions about commands: tests/stdlib/commands.lines.jsonl.

A row says what a condition answers for a shell line: true, false or undecided. Each is asked in a rule, which fires unless it is
false, and in a permit, which counts only if it is true; constc runs both natively and by the reference evaluator. Every set and definition of std.shell,
std.git and std.files has at least eight lines that it is true (or, where it never is, undecided) of, and eight that it is not.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FEWEST = 8
HEAD = 'constitution cases "1"\nimport std.shell\nimport std.git\nimport std.files\nimport std.net\ntool bash(line: command) executes\n'


def policy(when, rows, permit):
    lines = [HEAD + ("default action deny\npermit found on action bash when " if permit else "rule found on action bash when ") + when + ("" if permit else " then deny")]
    for number, row in enumerate(rows):
        stops = row["answer"] != "true" if permit else row["answer"] != "false"
        lines += [f'test "{number}" {{', f"  action bash {{ line: {json.dumps(row['line'], ensure_ascii=False)} }}", "  expect deny" if stops else "  expect permit", "}"]
    return "\n".join(lines) + "\n"


def main():
    constc, wrong, cases = str(pathlib.Path(sys.argv[1]).resolve()), [], {}
    for line in (ROOT / "tests/stdlib/commands.lines.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        cases.setdefault(row["when"], []).append(row)
    for module in ("shell", "git", "files"):
        for name in re.findall(r"^(?:set|define) (\w+)", (ROOT / f"stdlib/{module}.const").read_text(encoding="utf-8"), re.M):
            if not name.endswith(("_names", "_folders")) and not any(f"{module}.{name}" in when for when in cases):
                wrong.append(f"{module}.{name} has no cases")
    for when, rows in cases.items():
        no = sum(row["answer"] == "false" for row in rows)
        if min(no, len(rows) - no) < FEWEST:
            wrong.append(f"{when}: fewer than {FEWEST} cases of a sort")
        for permit in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "cases.const"
                path.write_text(policy(when, rows, permit), encoding="utf-8")
                done = subprocess.run([constc, "test", path.name], cwd=folder, capture_output=True, text=True, timeout=120)
            failed = [int(number) for number in re.findall(r"^FAILED .*: (\d+)$", done.stdout, re.M)]
            wrong += [f"{when}, as a {'permit' if permit else 'rule'}: not {rows[n]['answer']}: {rows[n]['line']!r}" for n in failed]
            passed = re.search(r"^(\d+) passed, (\d+) failed", done.stdout, re.M)
            if not passed or int(passed[1]) + int(passed[2]) != len(rows) or int(passed[2]) != len(failed):
                wrong.append(f"{when}: {done.stdout[-300:]}{done.stderr[:300]}")
    print("\n".join(wrong))
    print(f"{sum(map(len, cases.values()))} cases of {len(cases)} conditions, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
