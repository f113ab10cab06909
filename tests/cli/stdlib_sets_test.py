"""The cases of sets in tests/stdlib: constc decides each text, natively and by the reference evaluator.

A row of tests/stdlib/MODULE.cases.jsonl with a `set` says whether that set (or pattern) is found in a text on a view: "text", "folded",
"decoded" or "folded decoded". Each set becomes one policy with one rule and one test a row, beside a copy of its module, so that
the module of this tree is tested and not the one that was built in. Rows of other kinds are left to other tests.

A set that has cases has at least eight of each sort.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FEWEST = 8


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def policy(module, name, is_set, view, rows):
    where = "" if view == "text" else view + " "
    lines = ["constitution cases \"1\"", f"import {module}",
             f"rule found on input when text {where}contains {'any ' if is_set else ''}{name} then deny"]
    for number, row in enumerate(rows):
        lines += [f'test "{number}" {{', f"  input {quoted(row['text'])}",
                  "  expect deny by found" if row["match"] else "  expect permit", "}"]
    return "\n".join(lines) + "\n"


def main():
    constc, wrong, count = str(pathlib.Path(sys.argv[1]).resolve()), [], 0
    for file in sorted((ROOT / "tests/stdlib").glob("*.cases.jsonl")):
        module = file.name.split(".")[0]
        source = ROOT / "stdlib" / f"{module}.const"
        sets = set(re.findall(r"^set (\w+)", source.read_text(encoding="utf-8"), re.M))
        cases = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "set" in row:
                cases.setdefault((row["set"], row["view"]), []).append(row)
        for (name, view), rows in cases.items():
            found = sum(row["match"] for row in rows)
            if min(found, len(rows) - found) < FEWEST:
                wrong.append(f"{name}: fewer than {FEWEST} cases of a sort")
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(source, folder)
                path = pathlib.Path(folder) / "cases.const"
                path.write_text(policy(module, name, name.split(".")[1] in sets, view, rows), encoding="utf-8")
                done = subprocess.run([constc, "test", path.name], cwd=folder, capture_output=True, text=True, timeout=120)
            failed = [int(number) for number in re.findall(r"^FAILED .*: (\d+)$", done.stdout, re.M)]
            wrong += [f"{name} on {view}: {'missed' if rows[n]['match'] else 'false alarm'}: {quoted(rows[n]['text'])}" for n in failed]
            passed = re.search(r"^(\d+) passed, (\d+) failed", done.stdout, re.M)
            if not passed or int(passed[1]) + int(passed[2]) != len(rows) or int(passed[2]) != len(failed):
                wrong.append(f"{name} on {view}: {done.stdout[-300:]}{done.stderr[:300]}")
            count += len(rows)
    print("\n".join(wrong + [f"{count} cases of sets, {len(wrong)} wrong"]))
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
