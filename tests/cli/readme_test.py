#!/usr/bin/env python3
"""readme_test.py CONSTC: the commands that README.md shows first run as they stand there, in examples/mail, whose policy and events are those of the page."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIFFERENCE = 1  # what `constc diff` exits with where there is one


def main():
    constc = pathlib.Path(sys.argv[1]).resolve()
    blocks = re.findall(r"^```\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    policy = next(block for block in blocks if block.startswith("constitution mail"))
    events = next(block for block in blocks if block.startswith('{"stage"'))
    commands = next(block for block in blocks if block.startswith("constc check mail.const")).splitlines()
    wrong = []
    for name, text in (("mail.const", policy), ("events.jsonl", events)):
        if (ROOT / "examples/mail" / name).read_text(encoding="utf-8") != text:
            wrong.append(f"examples/mail/{name} is not what README.md shows")
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "mail")
        shutil.copytree(ROOT / "examples/mail", place)
        environment = {**os.environ, "XDG_CACHE_HOME": os.path.join(folder, "cache")}
        for line in commands:
            words = shlex.split(line, comments=True)
            assert words[0] == "constc", line
            run = subprocess.run([str(constc), *words[1:]], cwd=place, env=environment, capture_output=True, text=True, timeout=120)
            if run.returncode != (DIFFERENCE if words[1] == "diff" else 0) or run.stderr:
                wrong.append(f"{line}: exit {run.returncode}\n{run.stdout}{run.stderr}")
            if words[1] not in ("check", "fmt", "build") and not run.stdout:
                wrong.append(f"{line}: it says nothing")
        after = pathlib.Path(place, "mail.const").read_text(encoding="utf-8")
    if after != policy:
        wrong.append("constc fmt changes the policy of the page")
    print("\n".join(wrong + [f"{len(commands)} commands, {len(wrong)} wrong"]))
    return 1 if wrong or len(commands) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
