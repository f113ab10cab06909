#!/usr/bin/env python3
"""Golden tests: `constc check` on every .const file of a folder, against the .expected file beside it.

    run.py CONSTC FOLDER [--update]

The expected file holds what a person would see (text diagnostics, without colour). --update writes it; read the difference before it is
committed. With --codes DIAGNOSTICS.DEF every code of that table must be shown by some file of the folder whose name
starts with it. Only Python's standard library.
"""
import os
import re
import subprocess
import sys


def check(constc, folder, name):
    flags = []
    with open(os.path.join(folder, name), "rb") as file:
        first = file.readline()
        match = re.match(rb"// flags: (.*)", first)
        if match:
            flags = match.group(1).decode().split()
    run = subprocess.run([constc, "check", *flags, name], cwd=folder, capture_output=True, timeout=60)
    return f"exit {run.returncode}\n" + run.stderr.decode("utf-8", "replace") + run.stdout.decode("utf-8", "replace")


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    update = "--update" in sys.argv
    constc, folder = os.path.abspath(arguments[0]), arguments[1]
    names = sorted(n for n in os.listdir(folder) if n.endswith(".const") and not n.startswith("_"))
    failed = 0
    for name in names:
        expected_path = os.path.join(folder, name[:-6] + ".expected")
        got = check(constc, folder, name)
        if update:
            with open(expected_path, "w", encoding="utf-8") as file:
                file.write(got)
            continue
        expected = open(expected_path, encoding="utf-8").read() if os.path.exists(expected_path) else "(no expected file)\n"
        code = re.match(r"[EW]\d{4}", name)
        if code and code.group(0) not in got:
            print(f"{name}: does not show {code.group(0)}")
            failed += 1
        elif got != expected:
            print(f"{name}: differs\n--- expected\n{expected}--- got\n{got}")
            failed += 1
    if len(arguments) > 2:
        table = open(arguments[2], encoding="utf-8").read()
        codes = re.findall(r'DIAGNOSTIC\(\s*\w+,\s*"([EW]\d{4})"', table)
        for code in codes:
            if not any(n.startswith(code) for n in names) and code not in open(os.path.join(folder, "exempt.txt"), encoding="utf-8").read():
                print(f"{code}: no example in {folder}")
                failed += 1
    print(f"{len(names)} files, {failed} failures")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
