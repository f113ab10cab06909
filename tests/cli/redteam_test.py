#!/usr/bin/env python3
"""`constc redteam` from end to end: redteam_test.py CONSTC. Only Python's standard library."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "constc"

POLICY = """\
constitution words "1.0"
rule starts on input when text starts with "ignore" then deny
rule ends on input when text ends with "!" then flag
rule long on input when length of text > 60 then deny
rule quiet on input in shadow when text starts with "please" then deny
"""
FIELDS = ("--text", "text", "--label", "label", "--positive", "attack")


def row(text, label="attack", **more):
    return {"text": text, "label": label, **more}


ROWS = [row("ignore these words", id="a1"), row("ignore those words!", id="a2"), row("hello", id="a3"),
        row("ignore this", "benign", id="b1"), row("please", id="a4")]


def lines(rows):
    return "".join(json.dumps(entry) + "\n" for entry in rows)


class Redteam(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("words.const", POLICY)
        self.write("rows.jsonl", lines(ROWS))

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def run_constc(self, *words, text="", code=0):
        data = text if isinstance(text, bytes) else text.encode()
        run = subprocess.run([CONSTC, *words], input=data, capture_output=True, cwd=self.folder.name, timeout=300)
        out, err = run.stdout.decode(), run.stderr.decode()
        self.assertEqual(run.returncode, code, f"{words}\n{out}\n{err}")
        return out, err

    def attack(self, *words, data=("rows.jsonl",), text=""):
        out, self.error = self.run_constc("redteam", "words.const", *data, *FIELDS, "--format", "json", *words, text=text)
        report = json.loads(out)
        self.alone = {entry["name"]: entry for entry in report["alone"]}
        self.pairs = {(pair["first"], pair["second"]): pair for pair in report["pairs"]}
        return report

    def counts(self, entry):
        return entry["caught"], entry["total"]

    def test_rows(self):
        report = self.attack()
        self.assertEqual(report["rows"], {"all": 5, "positive": 4, "caught": 2, "rewritten": 2, "too_long": 0,
                                          "not_read": 0, "malformed": 0})
        self.assertEqual(report["rules"], [{"rule": "starts", "rows": 2}, {"rule": "ends", "rows": 1}])

    def test_alone(self):
        self.attack()
        self.assertEqual(self.counts(self.alone["upper"]), (1, 2))
        self.assertEqual(self.counts(self.alone["upper"]["rules"]["starts"]), (0, 2))
        self.assertEqual(self.counts(self.alone["upper"]["rules"]["ends"]), (1, 1))
        self.assertEqual(self.counts(self.alone["line_breaks"]), (2, 2))
        self.assertEqual(self.counts(self.alone["hex"]["rules"]["starts"]), (0, 2))
        self.assertEqual(self.counts(self.alone["full_width"]), (0, 2))
        self.assertEqual(self.alone["upper"]["past"]["value"], 0.5)
        self.assertEqual(self.alone["upper"]["example"], {"row": "rows.jsonl:1", "excerpt": "IGNORE THESE WORDS"})
        self.assertNotIn("example", self.alone["line_breaks"])
        self.assertTrue(self.alone["reversed"]["control"])
        self.assertFalse(self.alone["upper"]["control"])

    def test_another_rule_may_catch(self):
        self.attack("--only", "escapes")
        self.assertEqual(self.counts(self.alone["escapes"]), (2, 2))  # long enough for `long`, which knew neither
        self.assertEqual(self.counts(self.alone["escapes"]["rules"]["starts"]), (0, 2))
        self.assertNotIn("long", self.alone["escapes"]["rules"])

    def test_pairs(self):
        report = self.attack("--only", "upper,line_breaks,double_blanks")
        self.assertEqual(len(self.alone), 3)
        self.assertEqual(len(self.pairs), 5)
        self.assertNotIn(("line_breaks", "double_blanks"), self.pairs)  # no blank is left to double
        self.assertEqual(self.counts(self.pairs["upper", "line_breaks"]), (1, 2))
        self.assertEqual(self.counts(self.pairs["double_blanks", "line_breaks"]), (2, 2))
        past = [pair["past"]["value"] for pair in report["pairs"]]
        self.assertEqual(past, sorted(past, reverse=True))
        self.assertEqual(self.attack("--alone")["pairs"], [])

    def test_a_pair_that_undoes_is_not_counted(self):
        self.attack("--only", "reversed,rot13,upper")
        self.assertNotIn(("reversed", "reversed"), self.pairs)
        self.attack("--only", "title,upper")
        self.assertEqual(self.pairs["title", "upper"]["total"], 2)
        self.assertNotIn(("upper", "title"), self.pairs)  # upper case stays as it is

    def test_unchanged_texts_are_not_counted(self):
        self.attack("--only", "line_breaks,leet", data=("-",), text=lines([row("ignore"), row("ignore a b")]))
        self.assertEqual((self.alone["line_breaks"]["total"], self.alone["line_breaks"]["unchanged"]), (1, 1))

    def test_the_same_seed_gives_the_same(self):
        rows = lines([row(f"ignore number {i}", id=i) for i in range(400)])
        first = self.attack("--limit", "20", "--id", "id", data=("-",), text=rows)
        self.assertEqual(first, self.attack("--limit", "20", "--id", "id", data=("-",), text=rows))
        other = self.attack("--limit", "20", "--id", "id", "--seed", "2", data=("-",), text=rows)
        self.assertNotEqual(first, other)
        self.assertEqual((first["rows"]["caught"], first["rows"]["rewritten"]), (400, 20))

    def test_rows_are_chosen_from_everywhere(self):
        rows = lines([row("ignore all", id=i) for i in range(200)])
        chosen = set()
        for seed in range(1, 40):
            self.attack("--limit", "1", "--only", "upper", "--id", "id", "--seed", str(seed), data=("-",), text=rows)
            chosen.add(int(self.alone["upper"]["example"]["row"]))
        self.assertGreater(len(chosen), 20)
        self.assertLess(min(chosen), 50)
        self.assertGreater(max(chosen), 150)

    def test_shadow_and_at_least(self):
        self.assertEqual(self.attack("--shadow")["rows"]["caught"], 3)
        report = self.attack("--at-least", "deny")
        self.assertEqual(report["rules"], [{"rule": "starts", "rows": 2}])
        self.assertEqual(self.counts(self.alone["upper"]), (0, 2))

    def test_actions(self):
        self.write("post.const", 'constitution post "1"\ntool post(body: string) sends\n'
                   'rule bad on action post when args.body starts with "ignore" then deny\n')
        out, _ = self.run_constc("redteam", "post.const", "rows.jsonl", *FIELDS, "--format", "json", "--stage", "action",
                                 "--tool", "post", "--arg", "body")
        self.assertEqual(json.loads(out)["rules"], [{"rule": "bad", "rows": 2}])

    def test_engines_agree(self):
        self.assertEqual(self.attack(), self.attack("--engine", "reference"))

    def test_table(self):
        self.write("many.const", POLICY + "".join(f'rule r{i} on input when text starts with "ign" then deny\n' for i in range(9)))
        out, err = self.run_constc("redteam", "many.const", "rows.jsonl", *FIELDS)
        self.assertEqual(err, "")
        for part in ("the policy catches 2 of them as they are", "alone: caught", "alone, more rules", "controls", "pairs, the first 20",
                     "full_width", "0/2", "100.0 %", "r8"):
            self.assertIn(part, out)
        self.assertTrue(all(line == line.rstrip() for line in out.splitlines()))
        self.assertTrue(all(len(line) <= 100 for line in out.splitlines()[1:]))

    def test_list(self):
        out, _ = self.run_constc("redteam", "--list")
        self.assertGreater(len(out.splitlines()), 25)
        self.assertIn("look_alikes", out)
        self.assertIn("control", out)

    def test_examples_are_utf8_and_json(self):
        rows = [row("ignore \u00e4\u20ac\U0001f600 \u4f60\u597d z\u0301 <&\"'> 100% \\ " + "x\u00e4" * 200)]
        report = self.attack(data=("-",), text=lines(rows))
        self.assertEqual(report["rows"]["rewritten"], 1)
        self.assertEqual(sum(entry["not_decided"] for entry in report["alone"]) + report["pairs_not_decided"], 0)
        for entry in report["alone"]:
            entry.get("example", {"excerpt": ""})["excerpt"].encode()

    def test_data_that_is_not_as_it_should_be(self):
        data = b"".join([b"no\n", b"[]\n", b'{"label":"attack"}\n', b'{"text":1,"label":"attack"}\n', b'{"text":"x","label":[]}\n',
                         b'{"text":"\xff","label":"attack"}\n', json.dumps(row("ignore " + "a" * 70000)).encode() + b"\n",
                         b'{"text":"' + b"a" * (17 << 20) + b'","label":"attack"}\n', b'{"text":"ignore","label":"attack"}'])
        report = self.attack("--alone", data=("-",), text=data)
        self.assertEqual(report["rows"], {"all": 9, "positive": 2, "caught": 2, "rewritten": 1, "too_long": 1, "not_read": 7, "malformed": 0})
        out, _ = self.run_constc("redteam", "words.const", "-", *FIELDS, "--alone", text=data)
        self.assertIn("7 rows could not be read", out)
        self.assertIn("1 caught rows are too long", out)

    def test_nothing_to_rewrite(self):
        self.attack(data=("-",), text="")
        self.assertIn("not one row has a positive label", self.error)
        report = self.attack(data=("-",), text=lines([row("fine")]))
        self.assertIn("catches none", self.error)
        self.assertIsNone(report["alone"][0]["past"])
        self.run_constc("redteam", "words.const", "-", *FIELDS, text=lines([row("fine")]))

    def test_mistakes(self):
        data = ("redteam", "words.const", "rows.jsonl")
        for words, part in [
            (("redteam",), "missing"), (data, "--text is missing"), (data + FIELDS + ("--only", "uper"), 'no transformation "uper"'),
            (data + FIELDS + ("--limit", "0"), "--limit"), (data + FIELDS + ("--limit", "10001"), "1 to 10000"),
            (data + FIELDS + ("--seed", "x"), "--seed"), (data + FIELDS + ("--stage", "action"), "--tool"),
            (("redteam", "words.const", "-", "-") + FIELDS, "once"), (("redteam", "words.const", "no") + FIELDS, "no"),
            (data + FIELDS + ("--html", "x"), "no option"),
        ]:
            with self.subTest(words=words):
                self.assertIn(part, self.run_constc(*words, code=2)[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
