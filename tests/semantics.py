#!/usr/bin/env python3
"""docs/semantics.md against the tests: semantics.py ROOT. Every sentence names a test, and every test that is named exists and is run.

That a test fails when its sentence is broken cannot be checked here; that nobody renames or drops one unseen can. Only Python's standard
library.
"""
import os
import re
import sys


def read(*parts):
    path = os.path.join(*parts)
    return open(path, encoding="utf-8").read() if os.path.isfile(path) else None


def exists(root, name):
    tests = os.path.join(root, "tests")
    place, _, case = name.partition("/")
    if place == "spec":
        text = read(tests, "spec", f"{case}.const")
        beside = any(os.path.isfile(os.path.join(tests, "spec", f"{case}.{end}")) for end in ("expected.jsonl", "tests"))
        return text is not None and (beside or "//!" in text or "//?" in text)
    if place == "diagnostics":
        return all(os.path.isfile(os.path.join(tests, "golden", "diagnostics", f"{case}.{end}")) for end in ("const", "expected"))
    if place == "acceptance":
        file, _, block = case.partition(": ")
        return f'test "{block}" {{' in (read(tests, "acceptance", f"{file}.const") or "")
    unit = read(tests, "unit", f"{place}_test.c")
    if unit is not None:
        return re.search(rf"^static void {case}\(void \*\*", unit, re.M) is not None and re.search(rf"cmocka_unit_test\w*\({case}[,)]", unit) is not None
    return f"    def {case}(self" in (read(tests, "cli", f"{place}_test.py") or "")


def main():
    root = sys.argv[1]
    sentences, names, failed, section = 0, 0, 0, "none"
    for number, line in enumerate(read(root, "docs", "semantics.md").splitlines(), 1):
        section = line[3:].split()[0] if line.startswith("## ") else section
        if not line.startswith("- "):
            continue
        sentences += 1
        tests = re.findall(r"\[([a-z_]+/[^\]]+)\]", line)
        names += len(tests)
        if not tests:
            failed += 1
            print(f"docs/semantics.md:{number}: {section}: a sentence without a test: {line[2:]}")
        for name in tests:
            if not exists(root, name):
                failed += 1
                print(f"docs/semantics.md:{number}: {section}: there is no test {name}")
    print(f"{sentences} sentences, {names} tests, {failed} failures")
    return 1 if failed or sentences < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
