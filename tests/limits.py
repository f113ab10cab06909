#!/usr/bin/env python3
"""docs/limits.md against runtime/limits.h: limits.py ROOT [--update]. Every bound stands in both, with its value and reason."""
import re
import sys


def table(header):
    rows = ["# Bounds", "",
            "Every bound of Constitution, from `runtime/limits.h`. Reaching one is answered by an error that names it, and never makes a decision more lenient.", ""]
    for line in header.splitlines():
        section = re.match(r"/\* ---- (.*?) ---- \*/", line)
        if section:
            rows += ["", f"**{section.group(1)}**", "", "| bound | value | for |", "|---|---|---|"]
        bound = re.match(r"#define (LIMIT_\w+)\s+(.*?)\s*/\* (.*?) \*/", line)
        if bound:
            name, value, reason = bound.groups()
            number = eval(re.sub(r"(\d)u", r"\1", value), {"__builtins__": {}})
            rows.append(f"| `{name}` | {number:,} | {reason} |")
    return "\n".join(rows) + "\n"


def main():
    root = sys.argv[1]
    expected = table(open(f"{root}/runtime/limits.h", encoding="utf-8").read())
    path = f"{root}/docs/limits.md"
    if "--update" in sys.argv:
        open(path, "w", encoding="utf-8").write(expected)
        return 0
    same = open(path, encoding="utf-8").read() == expected
    print("docs/limits.md is as runtime/limits.h" if same else "docs/limits.md differs: run tests/limits.py . --update")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
