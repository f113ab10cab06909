#!/usr/bin/env python3
"""stdlib_views_test.py CONSTC: which sets of the library can be looked for on which view, and what is said of the wrong one.

Everything in the library compiles on each view. What loses one of its own cases (tests/stdlib) when the text is folded is warned of as W1111,
and of std.pii nothing else is; `found` loses none of them, and finds disguised and encoded forms.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/stdlib"))
from expand import expand  # noqa: E402

CONSTC = os.path.abspath(sys.argv.pop(1))
VIEWS = ("", "folded ", "decoded ", "folded decoded ")
DISGUISED = {"pii": ["my mail is ａｎｎ@example.com ok", "my mail is ann&#64;example.com ok", "card ４１１１ １１１１ １１１１ １１１１", "bXkgbWFpbCBpcyBhbm5AZXhhbXBsZS5jb20gb2sK"],
             "secrets": ["ghp&#95;16C7e42F292c6912E7710c838347Ae178B4a"]}
PLAIN = {"pii": ["my mail is at the office", "bXkgbWFpbCBpcyBub3QgaGVyZQ=="], "secrets": ["the key is under the mat"]}


def names(module):
    text = (ROOT / f"stdlib/{module}.const").read_text(encoding="utf-8")
    return re.findall(r"^set (\w+)", text, re.M), re.findall(r"^pattern (\w+)", text, re.M)


class Views(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_constc(self, command, policy, events=None):
        with open(os.path.join(self.folder, "p.const"), "w", encoding="utf-8") as file:
            file.write(policy)
        words = [CONSTC, command, "p.const"]
        if events is not None:
            with open(os.path.join(self.folder, "e.jsonl"), "w", encoding="utf-8") as file:
                file.writelines(json.dumps({"stage": "input", "text": text}) + "\n" for text in events)
            words.append("e.jsonl")
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=300)

    def fired(self, policy, texts):
        run = self.run_constc("run", policy, texts)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(len(lines), len(texts), run.stderr)
        return [{rule["rule"] for rule in line["rules"]} for line in lines]

    def cases(self, module):
        for line in (ROOT / f"tests/stdlib/{module}.cases.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if case.get("spans"):
                yield case["pattern"], expand(case["text"])

    def test_everything_compiles_on_every_view(self):
        for module in ("pii", "secrets", "injection", "jailbreak", "harm", "leak", "hedging", "sql", "html"):
            rules = [f"rule {name}_{number} on input when text {view}contains {word}{module}.{name} then deny\n"
                     for sort, word in zip(names(module), ("any ", "")) for name in sort for number, view in enumerate(VIEWS)]
            run = self.run_constc("check", f'constitution v "1"\nimport std.{module}\n' + "".join(rules))
            self.assertEqual(run.returncode, 0, run.stderr[:2000])

    def test_what_folding_loses_is_warned_of(self):
        for module in ("pii", "secrets"):
            sets, _ = names(module)
            cases = list(self.cases(module))
            patterns = sorted({pattern for pattern, _ in cases})
            head = f'constitution v "1"\nimport std.{module}\n'
            fired = self.fired(head + "".join(f"rule {p} on input when text folded contains {module}.{p} then flag\n" for p in patterns), [text for _, text in cases])
            lost = {pattern for (pattern, _), found in zip(cases, fired) if pattern not in found}
            self.assertTrue(lost)
            text = (ROOT / f"stdlib/{module}.const").read_text(encoding="utf-8")
            members = {name: set(re.findall(r"\w+", body)) for name, body in re.findall(r"^set (\w+) = \{([^}]*)\}", text, re.M)}
            while True:
                wider = lost | {name for name in sets if members[name] & lost}
                if wider == lost:
                    break
                lost = wider
            every = [f"rule r_{p} on input when text folded contains {module}.{p} then flag" for p in patterns] + \
                    [f"rule r_{s} on input when text folded contains any {module}.{s} then flag" for s in sets]
            warned = set()
            for start in range(0, len(every), 80):
                run = self.run_constc("check", head + "\n".join(every[start:start + 80]) + "\n")
                warned |= set(re.findall(r"W1111\]: `\w+\.(\w+)`", run.stderr))
            self.assertEqual(lost - warned, set())
            if module == "pii":  # of credentials all: one case of each is no measure
                self.assertEqual(warned - lost, set())

    def test_found_looks_on_each_view(self):
        for module in ("pii", "secrets"):
            all_of = {"pii": "personal", "secrets": "keys"}[module]
            plain = f'constitution v "1"\nimport std.{module}\nrule r on input when text contains any {module}.{all_of} then flag\n'
            found = f'constitution v "1"\nimport std.{module}\nrule r on input when {module}.found(text) then flag\n'
            texts = [text for _, text in self.cases(module)]
            for text, one, other in zip(texts, self.fired(plain, texts), self.fired(found, texts)):
                self.assertLessEqual(one, other, text)
            self.assertTrue(all(self.fired(found, DISGUISED[module])))
            self.assertFalse(any(self.fired(plain, DISGUISED[module])))
            self.assertFalse(any(self.fired(found, PLAIN[module])))


if __name__ == "__main__":
    unittest.main()
