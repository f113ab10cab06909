#!/usr/bin/env python3
"""Every example of docs/language.md: compiled, decided, or refused with the code it names. And every public function stands in docs/formats.md.

    documentation.py CONSTC DOCUMENT FORMATS HEADER...

A fenced block that starts with ```const must check without an error and pass its own tests (and have one); ```const E0310 must be refused
with that code. Only Python's standard library.
"""
import os
import re
import subprocess
import sys
import tempfile


def slugs(text):
    """The anchors of a page's headings, as its readers make them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+?)\s*$", text, re.M)}


def broken_links(folder):
    """Links between the pages of a folder, and within them, that lead to no page or heading."""
    pages = {name: open(os.path.join(folder, name), encoding="utf-8").read() for name in sorted(os.listdir(folder)) if name.endswith(".md")}
    for name, text in pages.items():
        for page, anchor in re.findall(r"\]\(([\w.\-]*\.md)?(?:#([^)\s]+))?\)", text):
            there = page or name
            if there not in pages:
                yield f"{name}: there is no {there}"
            elif anchor and anchor not in slugs(pages[there]):
                yield f"{name}: {there} has no heading #{anchor}"
        numbers = re.findall(r"^## (\d+)\. ", text, re.M)
        if numbers != [str(i + 1) for i in range(len(numbers))]:
            yield f"{name}: the sections are numbered {numbers}"


def main():
    constc, document = os.path.abspath(sys.argv[1]), sys.argv[2]
    text = open(document, encoding="utf-8").read()
    blocks = re.findall(r"^```const ?([EW]\d{4})?\n(.*?)^```", text, re.M | re.S)
    failed = 0
    for number, (code, body) in enumerate(blocks, 1):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "example.const")
            with open(path, "w", encoding="utf-8") as file:
                file.write(body)
            command = ["check", path] if code else ["test", path]
            run = subprocess.run([constc, *command], capture_output=True, text=True, timeout=60)
        output = run.stdout + run.stderr
        if code:
            good = run.returncode == 1 and code in output
        else:
            good = run.returncode == 0 and re.search(r"^[1-9]\d* passed, 0 failed$", output, re.M)
        if not good:
            failed += 1
            print(f"example {number} ({code or 'tests'}):\n{body}\n{output}")
    formats = open(sys.argv[3], encoding="utf-8").read()
    functions = [name for path in sys.argv[4:] for name in
                 re.findall(r"^CST_API [^;(]*?\b(cst_\w+)\(", open(path, encoding="utf-8").read(), re.M)]
    for name in functions:
        if f"`{name}`" not in formats:
            failed += 1
            print(f"{name} is not in {sys.argv[3]}")
    for trouble in broken_links(os.path.dirname(document)):
        failed += 1
        print(trouble)
    print(f"{len(blocks)} examples, {len(functions)} functions, {failed} failures")
    return 1 if failed or len(blocks) < 5 or len(functions) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
