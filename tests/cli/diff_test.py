"""constc diff: what two versions of a policy say differently, by their text and by recorded events."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv.pop(1))
OLD = '''// the old one
constitution shop "1"
import limits
enum Kind { small, large }
set homes = { "example.com" }
pattern order = /[A-Z]{2}[0-9]{6}/
tool pay(to: email, amount: decimal, kind: Kind) pays
tool look(what: string) reads
approvals by user
default action deny
define abroad(a: email) = a.domain not in homes
permit looking on action look
permit paying on action pay when limits.below(args.amount)
rule strangers on action pay when abroad(args.to) then require approval from user
rule orders on output when text contains order then redact with "[order]"
rule shout on input when text contains "NOW" then flag because "Loud."
rule greedy on action pay when args.amount > 90.0 then refuse offering "Less, please."
test "looking" { action look { what: "x" } expect permit }
'''
EVENTS = [{"stage": "action", "tool": "pay", "args": {"to": to, "amount": amount, "kind": "small"}}
          for to in ("a@example.com", "b@example.org") for amount in (5, 95)] + [
          {"stage": "output", "text": "Your order AB123456."}, {"stage": "input", "text": "Do it NOW"}, {"stage": "action", "tool": "look"}]


class Diff(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for side in ("a", "b"):
            os.mkdir(os.path.join(self.folder, side))
            self.write(f"{side}/limits.const", "define below(d: decimal) = d < 100.0\n")
            self.write(f"{side}/shop.const", OLD)
        self.write("events.jsonl", "".join(json.dumps(event) + "\n" for event in EVENTS))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def diff(self, *words, code):
        run = subprocess.run([CONSTC, "diff", "a/shop.const", "b/shop.const", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout

    def changed(self, *changes, events=False, code=1):
        """The new policy is the old one with these replacements; what is found, by kind and name."""
        text = OLD
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.write("b/shop.const", text)
        return self.found(events, code)

    def found(self, events=False, code=1):
        words = ["--events", "events.jsonl"] if events else []
        answer = json.loads(self.diff("--format", "json", *words, code=code))
        self.answer = answer
        changes = {(one["kind"], one["name"]): (one["change"], one["direction"]) for one in answer["changes"]}
        self.assertEqual(len(changes), answer["count"]["changes"])
        return changes

    def test_layout_comments_and_order_are_no_difference(self):
        lines = OLD.splitlines()
        rules = [line for line in lines if line.startswith(("rule", "permit"))]
        rest = [line for line in lines if not line.startswith(("rule", "permit"))]
        text = "\n\n".join(rest[:-1] + rules[::-1] + rest[-1:]).replace(" when ", "\n    when   ").replace("// the old one", "// other")
        self.write("b/shop.const", text + "\n")
        self.assertEqual(self.found(code=0), {})
        self.assertEqual(self.diff(code=0), "no difference\n")
        self.assertEqual(self.found(events=True, code=0), {})
        self.assertEqual(self.answer["count"]["events"], len(EVENTS))

    def test_effects(self):
        for old, new, name, direction in [
                ("then refuse offering \"Less, please.\"", "then deny", "greedy", "stricter"),
                ("then refuse offering \"Less, please.\"", "then flag", "greedy", "looser"),
                ("then refuse offering \"Less, please.\"", "then refuse offering \"Much less, please.\"", "greedy", "either"),
                ("then require approval from user", "then require approval from user within 5m", "strangers", "either"),
                ("because \"Loud.\"", "because \"Very loud.\"", "shout", "neither"),
                ("then flag because", "then deny because", "shout", "stricter")]:
            with self.subTest(new):
                self.assertEqual(self.changed((old, new)), {("rule", name): ("changed", direction)})

    def test_rules_come_and_go(self):
        self.assertEqual(self.changed(("permit looking on action look\n", "")), {("permit", "looking"): ("removed", "stricter")})
        self.assertEqual(self.changed(("rule greedy", "rule greedier")),
                         {("rule", "greedy"): ("removed", "looser"), ("rule", "greedier"): ("added", "stricter")})
        self.assertEqual(self.changed(("rule greedy on action pay", "rule greedy on action pay in shadow")), {("rule", "greedy"): ("changed", "looser")})
        self.assertEqual(self.changed(("rule greedy on action pay", "rule greedy on action pay waivable")), {("rule", "greedy"): ("changed", "looser")})
        self.assertEqual(self.changed(("permit looking", "permit peeping on action look\npermit looking")), {("permit", "peeping"): ("added", "looser")})

    def test_what_rules_use(self):
        self.assertEqual(self.changed(("a.domain not in homes", "a.domain != \"example.com\"")),
                         {("define", "abroad"): ("changed", "either"), ("rule", "strangers"): ("changed", "either")})
        self.assertEqual(self.changed(("[0-9]{6}", "[0-9]{7}")), {("pattern", "order"): ("changed", "either")})
        self.assertEqual(self.changed(("{6}/", "{6}/ checked by luhn")), {("pattern", "order"): ("changed", "either")})
        self.assertEqual(self.changed(("{ \"example.com\" }", "{ \"example.com\", \"example.org\" }"), events=True), {("set", "homes"): ("changed", "looser")})
        self.assertEqual([one["line"] for one in self.answer["decisions"]], [3, 4])
        self.assertEqual(self.answer["count"]["events_looser"], 1)   # line 3: permit; line 4: greedy alone refuses, as before
        self.assertEqual(self.answer["count"]["events_as_strict"], 1)

    def test_a_flag_that_leaves_the_shadow_is_stricter(self):
        self.write("a/shop.const", OLD.replace("rule shout on input", "rule shout on input in shadow"))
        self.assertEqual(self.found(events=True), {("rule", "shout"): ("changed", "stricter")})
        self.assertEqual(self.answer["count"]["events_stricter"], 1)

    def test_bounds_that_move(self):
        for old, new, direction in [
                ("args.amount > 90.0", "args.amount > 80.0", "stricter"), ("args.amount > 90.0", "args.amount > 91.0", "looser"),
                ("args.amount > 90.0", "args.amount >= 90.0", "stricter"), ("args.amount > 90.0", "90.0 < args.amount", None),
                ("args.amount > 90.0", "args.amount < 90.0", "either"), ("args.amount > 90.0", "not args.amount > 95.0", "either"),
                ("args.amount > 90.0", "args.amount > 80.0 and args.amount < 1000.0", "either")]:
            self.write("a/shop.const", OLD)
            if direction is None:
                self.assertEqual(self.changed((old, new), code=1)[("rule", "greedy")][1], "neither")
            else:
                self.assertEqual(self.changed((old, new)), {("rule", "greedy"): ("changed", direction)}, new)
        for old, new, direction in [("args.amount < 5.0", "args.amount < 6.0", "stricter"), ("args.amount <= 5.0", "args.amount <= 4.5", "looser"),
                                    ("not (args.amount < 5.0)", "not (args.amount < 6.0)", "looser"),
                                    ("(args.amount > 5.0 and args.what == \"x\")", "(args.amount > 4.0 and args.what == \"x\")", "stricter"),
                                    ("(args.amount > 5.0 and args.amount < 9.0)", "(args.amount > 4.0 and args.amount < 8.0)", "either")]:
            for kind, tail, same in (("rule", " then deny", direction), ("permit", "", {"stricter": "looser", "looser": "stricter"}.get(direction, direction))):
                text = f'constitution s "1"\ntool pay(amount: decimal, what: string) pays\n{kind} r on action pay when CONDITION{tail}\n'
                self.write("a/shop.const", text.replace("CONDITION", old))
                self.write("b/shop.const", text.replace("CONDITION", new))
                self.assertEqual(self.found(), {(kind, "r"): ("changed", same)}, (kind, new))

    def test_sets_that_grow_and_shrink(self):
        text = """constitution s "1"
set homes = { "example.com", "example.org" }
set words = { "risk", "loss" }
set more = { words, "gain" }
tool pay(to: email, amount: decimal) pays
RULE
"""
        cases = [("rule r on action pay when args.to.domain not in homes then deny", '"example.org" }', '"example.org", "example.net" }', "homes", "looser"),
                 ("rule r on action pay when args.to.domain in homes then deny", '"example.org" }', '"example.org", "example.net" }', "homes", "stricter"),
                 ("permit r on action pay when args.to.domain in homes", '"example.org" }', '"example.org", "example.net" }', "homes", "looser"),
                 ("permit r on action pay when args.to.domain in homes", ', "example.org" }', ' }', "homes", "stricter"),
                 ("rule r on action pay when args.to.domain in homes then deny", '"example.org" }', '"example.net" }', "homes", "either"),
                 ("rule r on action pay when args.to.domain in homes then deny\nrule s on action pay when args.to.domain not in homes then deny",
                  '"example.org" }', '"example.org", "example.net" }', "homes", "either"),
                 ("rule r on input when text contains any words then deny", '"loss" }', '"loss", "pain" }', "words", "either"),  # more has it
                 ("rule r on input when text contains any more then deny", '"gain" }', '"gain", "pain" }', "more", "stricter")]
        for rule, old, new, name, direction in cases:
            whole = text.replace("RULE", rule)
            self.write("a/shop.const", whole)
            self.write("b/shop.const", whole.replace(old, new))
            self.assertEqual(self.found(), {("set", name): ("changed", direction)}, (rule, new))
        self.assertEqual(self.answer["changes"][0]["entries"], {"removed": [], "added": ['"pain"']})
        self.assertIn('~ set more  (b/shop.const:4)  stricter\n    entries    + "pain"\n', self.diff(code=1))

    def test_imported_files_count(self):
        self.write("b/limits.const", "define below(d: decimal) = d < 10.0\n")
        self.assertEqual(self.found(events=True), {("define", "below"): ("changed", "either"), ("permit", "paying"): ("changed", "stricter")})
        self.assertEqual(self.answer["count"]["events_stricter"], 2)
        aspect = next(one for one in self.answer["changes"] if one["name"] == "paying")["aspects"]
        self.assertEqual([one["aspect"] for one in aspect], ["condition"])

    def test_bounds_of_patterns_count(self):
        words = "{6}/ checked by entropy above 2.5 after { \"order\" } within 20 chars"
        for old, new in (("2.5", "2.0"), ("{ \"order\" }", "{ \"ticket\" }"), ("20 chars", "30 chars")):
            self.write("a/shop.const", OLD.replace("{6}/", words))
            self.write("b/shop.const", OLD.replace("{6}/", words.replace(old, new)))
            self.assertEqual(self.found(), {("pattern", "order"): ("changed", "either")}, new)

    def test_cuts_are_compared(self):
        self.changed(("\"[order]\"", "\"[cut]\""), events=True)
        self.assertEqual([(one["old"]["onward"], one["new"]["onward"]) for one in self.answer["decisions"]],
                         [("Your order [order].", "Your order [cut].")])

    def test_text(self):
        self.changed(("args.amount > 90.0", "args.amount > 80.0"), ("permit looking on action look\n", ""))
        text = self.diff("--events", "events.jsonl", "--show", "1", code=1)
        self.assertIn("~ rule greedy  (b/shop.const:16)  stricter\n    condition  - args.amount > 90.0\n               + args.amount > 80.0\n", text)
        self.assertIn("- permit looking  (a/shop.const:12)  stricter\n", text)
        self.assertIn('events.jsonl:7  permit [] -> deny ["(default)"]\n', text)
        self.assertIn("2 changes: 2 stricter, 0 looser, 0 that may be either, 0 that decide as before\n", text)
        self.assertTrue(text.endswith("7 events: 1 decided more strictly, 0 more leniently, 0 as strictly but otherwise\n"))

    def test_trouble(self):
        self.write("b/shop.const", OLD + "rule\n")
        self.diff(code=2)
        self.write("b/shop.const", OLD)
        self.diff("--events", "no.jsonl", code=2)
        self.diff("--show", "0", code=2)
        os.remove(os.path.join(self.folder, "b/shop.const"))
        self.diff(code=2)


if __name__ == "__main__":
    unittest.main()
