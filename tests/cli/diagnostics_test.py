#!/usr/bin/env python3
"""Diagnostics as programs and people meet them: diagnostics_test.py CONSTC.

What the golden files cannot show: that JSON and SARIF are well formed for every one of them, that mends which are
edits lead to sound policies, that every code is explained, and that warnings stay away from sound policies. Only
Python's standard library.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "constc"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = [os.path.join(ROOT, "tests", "golden", folder) for folder in ("mistakes", "diagnostics")]


def constc(*arguments, folder=None):
    return subprocess.run([CONSTC, *arguments], cwd=folder, capture_output=True, timeout=60)


def goldens():
    for folder in GOLDEN:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".const") and not name.startswith("_"):
                yield folder, name


def flags(folder, name):
    """Options that the file's first line asks for."""
    with open(os.path.join(folder, name), "rb") as file:
        found = re.match(rb"// flags: (.*)", file.readline())
    return found.group(1).decode().split() if found else []


def codes():
    with open(os.path.join(ROOT, "compiler", "diagnostics.def"), encoding="utf-8") as file:
        return re.findall(r'DIAGNOSTIC\(\s*(\w+),\s*"([EW]\d{4})",\s*DIAGNOSTIC_(\w+),', file.read())


def json_lines(folder, *names):
    run = constc("check", "--format", "json", *names, folder=folder)
    return run.returncode, [json.loads(line) for line in run.stderr.decode().splitlines() if line.startswith("{")]


class Everything:
    """All goldens of a folder, checked by one process in each form, but for those with options of their own; SARIF has a run for each file."""

    def __init__(self, folder):
        self.folder = folder
        plain = [name for where, name in goldens() if where == folder and not flags(where, name)]
        self.names = list(plain)
        self.sarif = json.loads(constc("check", "--format", "sarif", *plain, folder=folder).stderr.decode())
        self.json = json_lines(folder, *plain)[1]
        for name in (name for where, name in goldens() if where == folder and name not in plain):
            self.names.append(name)
            log = json.loads(constc("check", "--format", "sarif", *flags(folder, name), name, folder=folder).stderr.decode())
            self.sarif["runs"] += log["runs"]
            self.json += json_lines(folder, *flags(folder, name), name)[1]

    def with_fixes(self):
        for name, run in zip(self.names, self.sarif["runs"]):
            if any("fixes" in result for result in run["results"]):
                yield name


ALL = [Everything(folder) for folder in GOLDEN]


class Places(unittest.TestCase):
    """A place in JSON or SARIF: lines and columns from one, the end not before the start."""

    def place(self, folder, item):
        self.assertTrue(0 <= item["start"] <= item["end"])
        self.assertTrue((1, 1) <= (item["line"], item["column"]) <= (item["end_line"], item["end_column"]))
        if os.path.exists(os.path.join(folder, item["file"])):
            with open(os.path.join(folder, item["file"]), "rb") as file:
                self.assertLessEqual(item["end"], len(file.read()))

    def test_json(self):
        severity = {code: kind.lower() for _, code, kind in codes()}
        for every in ALL:
            for d in every.json:
                with self.subTest(d["file"], code=d["code"]):
                    self.assertEqual(d["severity"], severity[d["code"]])
                    self.assertTrue(d["title"] and d["message"])
                    self.assertFalse(d["message"].endswith("."), d["message"])
                    self.place(every.folder, d)
                    for note in d["notes"]:
                        self.assertTrue(note["message"])
                        if "file" in note:
                            self.place(every.folder, note)
                    if d["severity"] == "warning":
                        self.assertIn("mend", d)
                    if "edit" in d.get("mend", {}):
                        self.place(every.folder, d["mend"]["edit"])

    def test_exit_status(self):
        self.assertEqual(json_lines(GOLDEN[0], "01_misspelt_tool.const")[0], 1)
        self.assertEqual(json_lines(GOLDEN[0], "05_dead_rule.const")[0], 0)


class Sarif(unittest.TestCase):
    """What SARIF 2.1.0 demands of the parts that are used."""

    def region(self, region):
        for member in ("startLine", "startColumn", "endLine", "endColumn"):
            self.assertIsInstance(region[member], int)
            self.assertGreaterEqual(region[member], 1)
        self.assertLessEqual((region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"]))
        self.assertGreaterEqual(region["byteOffset"], 0)
        self.assertGreaterEqual(region["byteLength"], 0)

    def location(self, location):
        physical = location["physicalLocation"]
        self.assertRegex(physical["artifactLocation"]["uri"], r"^(file://)?[A-Za-z0-9._~/%-]+$")
        self.region(physical["region"])
        if "message" in location:
            self.assertTrue(location["message"]["text"])

    def result(self, result, rules):
        self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
        self.assertIn(result["level"], ("error", "warning"))
        self.assertTrue(result["message"]["text"])
        self.assertTrue(result["locations"])
        for location in result["locations"] + result.get("relatedLocations", []):
            self.location(location)
        for fix in result.get("fixes", []):
            self.assertTrue(fix["description"]["text"])
            for change in fix["artifactChanges"]:
                self.assertTrue(change["artifactLocation"]["uri"])
                for replacement in change["replacements"]:
                    self.region(replacement["deletedRegion"])
                    self.assertIsInstance(replacement["insertedContent"]["text"], str)

    def test_every_golden(self):
        for every in ALL:
            log = every.sarif
            self.assertEqual(log["version"], "2.1.0")
            self.assertTrue(log["$schema"].endswith("sarif-2.1.0.json"))
            self.assertEqual(len(log["runs"]), len(every.names))
            for name, run in zip(every.names, log["runs"]):
                with self.subTest(name):
                    self.run_of(run)
            results = [result for run in log["runs"] for result in run["results"]]
            self.assertEqual([r["ruleId"] for r in results], [d["code"] for d in every.json])
            self.assertEqual(["fixes" in r for r in results], ["edit" in d.get("mend", {}) for d in every.json])
            for result, d in zip(results, every.json):
                region = result["locations"][0]["physicalLocation"]["region"]
                self.assertEqual((region["startLine"], region["startColumn"]), (d["line"], d["column"]))

    def run_of(self, run):
        driver = run["tool"]["driver"]
        self.assertEqual(driver["name"], "constc")
        self.assertEqual(run["columnKind"], "unicodeCodePoints")
        for rule in driver["rules"]:
            self.assertRegex(rule["id"], r"^[EW]\d{4}$")
            self.assertTrue(rule["shortDescription"]["text"])
            self.assertTrue(rule["fullDescription"]["text"])
        ids = [rule["id"] for rule in driver["rules"]]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue(run["results"])
        places = []
        for result in run["results"]:
            self.result(result, driver["rules"])
            place = result["locations"][0]["physicalLocation"]
            places.append((place["artifactLocation"]["uri"], json.dumps(place["region"])))
        self.assertEqual(len(places), len(set(places)), "one mistake, one diagnostic")


class Mends(unittest.TestCase):
    """Edits are put in; what comes of them is checked again."""

    # Planted mistakes that go away when every edit is put in, one after the other.
    CLEAN = ["01_misspelt_tool", "02_misspelt_argument", "10_misspelt_enum_value", "11_and_or_mixed", "12_c_operators",
             "13_unknown_approver", "14_missing_then", "16_unknown_tag"]

    def edit(self, text, scratch, name):
        """Puts the first edit of the file itself in; None if there is none."""
        with open(os.path.join(scratch, name), "wb") as file:
            file.write(text)
        for d in json_lines(scratch, name)[1]:
            edit = d.get("mend", {}).get("edit")
            if edit is not None and edit["file"] == name:
                return d["code"], text[:edit["start"]] + edit["text"].encode() + text[edit["end"]:]
        return None

    def mended(self, folder, name):
        """The text after all edits, and the codes that were mended."""
        with tempfile.TemporaryDirectory() as scratch:
            for other in os.listdir(folder):
                with open(os.path.join(folder, other), "rb") as source, open(os.path.join(scratch, other), "wb") as copy:
                    copy.write(source.read())
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read()
            mended = []
            for _ in range(20):
                step = self.edit(text, scratch, name)
                if step is None:
                    break
                mended.append(step[0])
                text = step[1]
            status, left = json_lines(scratch, name)  # of the last text
            return mended, status, left

    def test_mistakes(self):
        for name in self.CLEAN:
            with self.subTest(name):
                mended, status, left = self.mended(GOLDEN[0], name + ".const")
                self.assertTrue(mended)
                self.assertEqual(status, 0, left)

    def test_edits_end(self):
        """Every edit mends what it says: the same mistake is not mended twice at one place for ever, and none is left."""
        for every in ALL:
            for name in every.with_fixes():
                with self.subTest(name):
                    mended, status, left = self.mended(every.folder, name)
                    self.assertLess(len(mended), 20, mended)
                    self.assertFalse([d for d in left if "edit" in d.get("mend", {}) and d["file"] == name])


class Explain(unittest.TestCase):
    def test_every_code(self):
        seen = set()
        for _, code, _ in codes():
            with self.subTest(code):
                run = constc("check", "--explain", code.lower())
                text = run.stdout.decode()
                self.assertEqual(run.returncode, 0)
                self.assertTrue(text.startswith(code + ": "))
                title, _, body = text.partition("\n\n")
                self.assertGreater(len(body.strip()), 40, body)
                self.assertNotIn(body.strip(), seen)
                seen.add(body.strip())
                self.assertFalse(re.search(r"[ \t]\n|\n\n\n.", text), "stray white space")

    def test_codes_are_unique(self):
        found = [code for _, code, _ in codes()]
        self.assertEqual(len(found), len(set(found)))
        for _, code, severity in codes():
            self.assertEqual(code[0], severity[0])

    def test_unknown_code(self):
        self.assertEqual(constc("check", "--explain", "E9999").returncode, 2)


TOOL = 'tool pay(amount: decimal, to: email, note?: string) pays\n'
RULE = 'rule r on action pay when args.amount > 5.0 then deny\n'
TESTS = ('test "t" { action pay { amount: 9.0, to: "a@b.example" } expect deny by r '
         'action pay { amount: 1.0, to: "a@b.example" } expect permit }\n')

# Each warning: a policy that has it, and the nearest one that is sound.
WARNINGS = {
    "W1000": ('set s = { "x" }\n' + TOOL + RULE, 'set s = { "x" }\n' + TOOL + RULE + 'rule q on input when text contains any s then deny\n'),
    "W1001": (TOOL + 'rule r on action pay when args.amount > 5.0 and args.amount < 3.0 then deny\n',
              TOOL + 'rule r on action pay when args.amount > 5.0 and args.amount < 7.0 then deny\n'),
    "W1002": (TOOL + RULE + 'rule q on action pay when args.amount > 5.0 and args.to.domain == "x.example" then flag\n',
              TOOL + RULE + 'rule q on action pay when args.to.domain == "x.example" then flag\n'),
    "W1003": (TOOL + RULE + 'permit p on action pay\n', 'default action deny\n' + TOOL + RULE + 'permit p on action pay\n'),
    "W1004": (TOOL + 'rule r on action pay when args.to == args.to then deny\n', TOOL + 'rule r on action pay then deny\n'),
    "W1005": (TOOL + RULE + 'test "t" { action pay { amount: 1.0, to: "a@b.example" } expect permit }\n', TOOL + RULE + TESTS),
    "W1006": (TOOL + 'rule q on input when text == "x" then deny\n', TOOL.replace("pays", "reads") + 'rule q on input when text == "x" then deny\n'),
    "W1007": ('rule r on input then require approval from user\n', 'approvals by user\nrule r on input then require approval from user\n'),
    "W1008": (None, TOOL + RULE),
    "W1009": ('import tools "tools.json"\ntool pya external\nrule r on action pay or pya then deny\n',
              'import tools "tools.json"\ntool pay external\nrule r on action pay then deny\n'),
    "W1011": ('approvals by user\n' + TOOL + 'rule r on action pay then require approval from user, or standing within 30d free (amount, to, note)\n',
              'approvals by user\n' + TOOL + 'rule r on action pay then require approval from user, or standing within 30d free (amount, note)\n'),
    "W1012": ('approvals by user\n' + TOOL + 'rule r on action pay when args.amount > 5.0 then require approval from user, or standing within 30d free (amount)\n',
              'approvals by user\n' + TOOL + 'rule r on action pay when args.amount > 5.0 then require approval from user, or standing within 30d free (note)\n'),
    "W1013": (TOOL.replace("pays", "clsoed") + RULE, TOOL.replace("pays", "closed") + RULE),
    "W1014": ('tool get(at: string) returns { body: string }\nrule r on result get when value.body contains "x" then deny\n',
              'tool get(at: string) returns { body: string }\nrule r on result get when text of this contains "x" then deny\n'),
    "W1100": (TOOL + 'rule r on action pay when args.amount > 5.0 or 1 == 2 then deny\n', TOOL + RULE),
    "W1101": (TOOL + RULE + 'context user { names: list<string> }\nrule q on input when any text in user.names satisfies text == "x" then deny\n',
              TOOL + RULE + 'context user { names: list<string> }\nrule q on input when any name in user.names satisfies name == "x" then deny\n'),
    "W1102": (TOOL + RULE + 'context user { names: list<string> }\nrule q on input when any n in user.names satisfies text == "x" then deny\n',
              TOOL + RULE + 'context user { names: list<string> }\nrule q on input when any n in user.names satisfies text == n then deny\n'),
    "W1103": (TOOL + 'rule r on action pay when args.amount is present and args.amount > 5.0 then deny\n',
              TOOL + 'rule r on action pay when args.note is present and args.note == "x" then deny\n'),
    "W1104": (TOOL + 'rule r on action pay when (args.amount else 0.0) > 5.0 then deny\n',
              TOOL + 'rule r on action pay when (args.note else "") == "x" then deny\n'),
    "W1106": (TOOL + RULE + 'rule q on input when text folded folded contains "xy" then deny\n',
              TOOL + RULE + 'rule q on input when text folded contains "xy" then deny\n'),
    "W1107": (TOOL + RULE + 'rule q on output when length of text > 9 then deny\n',
              TOOL + RULE + 'rule q on whole output when length of text > 9 then deny\n'),
    "W1108": (TOOL + RULE + 'rule q on input when text contains /[a-z]{4,}/ then deny\n',
              TOOL + RULE + 'rule q on input when text contains /[a-z]{4,} spree/ then deny\n'),
    "W1109": (TOOL + RULE + 'set s = { "xy" }\nrule q on input when text in s then deny\n',
              TOOL + RULE + 'set s = { "xy" }\nrule q on input when any x in s satisfies text == x then deny\n'),
    "W1110": (TOOL + RULE + 'rule q on input when text matches /spree [0-9]+/ then deny\n',
              TOOL + RULE + 'rule q on input when text matches /^spree [0-9]+$/ then deny\n'),
    "W1015": (TOOL + 'rule r on action pay then deny\ntest "t" { action pay { amount: 1.0, to: "a@b.example" } expect deny by r }\n'
              'test "u" { action pay { amount: 1.0, to: "a@b.example" } }\n',
              TOOL + 'rule r on action pay then deny\ntest "t" { action pay { amount: 1.0, to: "a@b.example" } expect deny by r }\n'),
    "W1111": (TOOL + RULE + 'import std.harm\nrule q on input when text contains any harm.requests then deny\n',
              TOOL + RULE + 'import std.harm\nrule q on input when text folded contains any harm.requests then deny\n'),
    "W1105": (TOOL + 'rule r on action, action pay then deny\n', TOOL + RULE),
}


class Warnings(unittest.TestCase):
    def found(self, text):
        with tempfile.TemporaryDirectory() as scratch:
            with open(os.path.join(scratch, "tools.json"), "w", encoding="utf-8") as file:
                file.write('[{"name": "pay"}]')
            with open(os.path.join(scratch, "p.const"), "w", encoding="utf-8") as file:
                file.write(text)
            status, found = json_lines(scratch, "p.const")
            self.assertEqual(status, 0, found)
            return [d["code"] for d in found]

    def test_both_ways(self):
        for code, (bad, good) in WARNINGS.items():
            with self.subTest(code):
                bad = TOOL + RULE if bad is None else 'constitution p "1"\n' + bad
                self.assertEqual(set(self.found(bad)), {code})
                self.assertEqual(self.found('constitution p "1"\n' + good), [])

    def test_every_warning_is_here(self):
        known = {code for _, code, severity in codes() if severity == "WARNING"}
        self.assertEqual(known - set(WARNINGS), {"W1010"})  # needs a policy of great size

    def test_a_library_is_no_policy(self):
        self.assertEqual(self.found("define big(x: int) = x > 3\n"), [])


class Bounds(unittest.TestCase):
    def test_warnings_never_hide_errors(self):
        with tempfile.TemporaryDirectory() as folder:
            lines = ['constitution m "1"', "tool t(l: list<int>, n: int) a"]
            lines += ["rule a%d on action t when any x in args.l satisfies args.n == %d then flag" % (i, i) for i in range(250)]
            lines += ["rule z%d on action t when nowhere.id == %d then deny" % (i, i) for i in range(250)]
            with open(os.path.join(folder, "many.const"), "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            run = constc("check", "many.const", folder=folder)
            text = run.stderr.decode()
            self.assertEqual(run.returncode, 1)
            self.assertEqual(len(re.findall(r"^warning\[", text, re.M)), 200)
            self.assertEqual(len(re.findall(r"^error\[", text, re.M)), 200)
            self.assertIn("250 errors, 250 warnings; 100 not shown", text)


class Cascades(unittest.TestCase):
    """One mistake is one diagnostic, however much refers to what was lost."""

    CASES = [
        ('context user { id string }\nrule r on input when user.id == "x" then deny\n', ["E0101"]),
        ('tool pay(amount decimal) pays\nrule r on action pay when args.amount > 5.0 then deny\n', ["E0101"]),
        ('import std.nett\ntool t(u: url)\nrule r on action t when net.local_name(args.u) then deny\n', ["E0510"]),
        ('import tools "none.json"\nrule r on action pay when args.amount > 5.0 then deny\nrule s on action tagged pays then deny\n', ["E0500"]),
        ('extends "none.const"\nrule r on input under privacy then deny\nwaive none.x when text == "y" because "z"\n', ["E0500"]),
        ('set s from "none.txt"\nrule r on input when text in s then deny\nrule q on input when any x in s satisfies x == text then deny\n', ["E0500"]),
        ('tool run(line: comand, n: int)\nrule r on action run when any p in args.line.programs satisfies p == "x" then deny\n'
         'rule q on action run when args.n > 3 then deny\n', ["E0300"]),
        ('pattern order = /ORD-[0-9]+\n', ["E0106"]),
        ('context user { n: int }\nrule r on input when 3 < user.n < 9 then deny\n', ["E0112"]),
    ]

    def test_cases(self):
        for text, expected in self.CASES:
            with self.subTest(text), tempfile.TemporaryDirectory() as scratch:
                with open(os.path.join(scratch, "p.const"), "w", encoding="utf-8") as file:
                    file.write('constitution p "1"\n' + text)
                status, found = json_lines(scratch, "p.const")
                self.assertEqual(status, 1)
                self.assertEqual([d["code"] for d in found], expected)

    def test_reasons(self):
        with tempfile.TemporaryDirectory() as scratch:
            os.mkdir(os.path.join(scratch, "folder.json"))
            with open(os.path.join(scratch, "p.const"), "w", encoding="utf-8") as file:
                file.write('constitution p "1"\nimport tools "none.json"\nimport tools "folder.json"\n')
            messages = [d["message"] for d in json_lines(scratch, "p.const")[1]]
            self.assertIn("there is no such file", messages[0])
            self.assertIn("it is a folder", messages[1])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
