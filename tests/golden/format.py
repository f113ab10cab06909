#!/usr/bin/env python3
"""Golden tests of the layout: `constc fmt` on every .const file of a folder, against the .formatted file beside it.

    format.py CONSTC FOLDER [--update]

The result is laid out again and must stay as it is; for a file with errors the .formatted file holds its diagnostics. --update writes the .formatted files; read the difference before it is committed.
Only Python's standard library.
"""
import os
import subprocess
import sys


def layout(constc, text):
    run = subprocess.run([constc, "fmt", "-"], input=text, capture_output=True, timeout=60)
    return run.returncode == 0, run.stdout if run.returncode == 0 else run.stderr


def main():
    constc, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    names = sorted(n for n in os.listdir(folder) if n.endswith(".const"))
    failed = 0
    for name in names:
        path = os.path.join(folder, name)
        expected_path = path[:-6] + ".formatted"
        with open(path, "rb") as file:
            good, got = layout(constc, file.read())
        if "--update" in sys.argv:
            with open(expected_path, "wb") as file:
                file.write(got)
            continue
        with open(expected_path, "rb") as file:
            expected = file.read()
        if got != expected:
            print(f"{name}: differs\n--- expected\n{expected.decode()}--- got\n{got.decode()}")
            failed += 1
        elif good and layout(constc, got) != (True, got):
            print(f"{name}: a second time changes it")
            failed += 1
    print(f"{len(names)} files, {failed} failures")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
