"""The patterns of the standard library against PCRE2, on its cases and on mutations of them.

    stdlib_patterns.py PATTERNS_PROGRAM PROJECT [MUTATIONS]

Every expression of every module goes into one database (patterns.c, `file`), once as written and once without case, as folded views
ask for it; the texts are those of tests/stdlib/*.cases.jsonl, each with a number of mutations from a fixed seed.
"""
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile

program, project = sys.argv[1:3]
mutations = int(sys.argv[3]) if len(sys.argv) > 3 else 1
sys.path.insert(0, os.path.join(project, "tests", "stdlib"))
from expand import expand  # noqa: E402

# A text, a comment, or an expression: whichever begins first.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//.*|/((?:[^/\\\n]|\\.)+)/')


def expressions(path):
    """What stands between slashes in the `pattern` declarations of a module."""
    out, inside = [], False
    for line in open(path, encoding="utf-8"):
        if line.startswith("//"):
            continue
        if re.match(r"(secret )?pattern ", line):
            inside = True
        elif line.strip() and not line[0].isspace():
            inside = False
        if inside:
            out += [match.group(1) for match in TOKEN.finditer(line) if match.group(1)]
    return out


def mutate(text, source):
    at = source.randrange(len(text) + 1)
    kind = source.randrange(4)
    sign = source.choice("0123456789abcXYZ-_ .@/:\n\u00e9\u0436\u6f22")
    if kind == 0:
        return text[:at] + sign + text[at:]
    if kind == 1:
        return text[:at] + text[at + 1:]
    if kind == 2:
        return text[:at] + sign + text[at + 1:]
    return text[at:] + source.choice(" \n,") + text[:at]


found = []
for module in sorted(glob.glob(os.path.join(project, "stdlib", "*.const"))):
    found += expressions(module)
source = random.Random(1)
texts = []
for path in sorted(glob.glob(os.path.join(project, "tests", "stdlib", "*.cases.jsonl"))):
    for line in open(path, encoding="utf-8"):
        text = expand(json.loads(line)["text"])
        texts.append(text)
        for _ in range(mutations):
            texts.append(mutate(texts[-1] if source.randrange(2) else text, source))
if len(found) < 100 or len(texts) < 100:
    sys.exit("only %d expressions and %d texts were found" % (len(found), len(texts)))
failed = 0
for letter in "PC":
    for first in range(0, len(found), 400):
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            for one in found[first:first + 400]:
                # PCRE2 writes a character by its number as \x{…}
                file.write(letter + re.sub(r"\\u([0-9a-fA-F]{4})", r"\\x{\1}", one) + "\n")
            for text in texts:
                file.write("T" + text.encode("utf-8").hex() + "\n")
            file.flush()
            failed |= subprocess.call([program, "file", file.name])
print("%d expressions, %d texts" % (len(found), len(texts)))
sys.exit(failed)
