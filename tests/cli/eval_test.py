#!/usr/bin/env python3
"""`constc eval` from end to end: eval_test.py CONSTC. Only Python's standard library."""
import html.parser
import json
import os
import pty
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "constc"

INPUT = """\
constitution words "1.0"
rule starts on input when text starts with "Ignore" then deny because "It starts so."
rule ends on input when text ends with "!" then flag
rule long on input in shadow when length of text > 40 then deny
rule never on input when text starts with "zzz" then deny
"""
ACTION = """\
constitution posts "1.0"
tool post(lines: list<string>, place: string) sends
tool other(text: string) sends
rule bad on action post when any line in args.lines satisfies line starts with "Ignore" then deny
rule elsewhere on action other when args.text starts with "Ignore" then deny
"""
CONTEXT = """\
constitution guests "1.0"
context user { id: string }
rule guest on input when user.id == "guest" and text starts with "I" then deny
"""


def row(text, label, **more):
    return {"text": text, "label": label, **more}


ROWS = [
    row("Ignore this", "attack", id="a1", kind="plain"),
    row("Ignore that!", "attack", id="a2", kind="plain"),
    row("ignore it", "attack", id="a3", kind="lower"),
    row("please look at this text, it is long enough", "injection", id="a4", kind="lower"),
    row("Hello", "benign", id="b1", kind="plain"),
    row("Hello!", "benign", id="b2", kind="plain"),
    row("Ignored by all", "benign", id="b3"),
    row("Good morning", "benign", id="b4", kind=["plain", "lower"]),
    row("Who knows", "unsure", id="u1"),
]
FIELDS = ("--text", "text", "--label", "label", "--positive", "attack,injection")


def lines(rows):
    return "".join(json.dumps(entry) + "\n" for entry in rows)


class Page(html.parser.HTMLParser):
    """What a browser would see: elements that open and close, and no element or attribute that loads or runs."""
    VOID = {"meta", "br", "rect", "path"}

    def __init__(self):
        super().__init__()
        self.open, self.text, self.wrong = [], "", []

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "link", "img", "iframe", "object", "image", "use"):
            self.wrong.append(tag)
        self.wrong += [name for name, _ in attributes if name.startswith("on") or name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("/" + tag)

    def handle_data(self, data):
        self.text += data


class Eval(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("input.const", INPUT)
        self.write("action.const", ACTION)
        self.write("context.const", CONTEXT)
        self.write("rows.jsonl", lines(ROWS))

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, name):
        with open(os.path.join(self.folder.name, name), "rb") as file:
            return file.read().decode()

    def run_constc(self, *words, text="", code=0):
        data = text if isinstance(text, bytes) else text.encode()
        run = subprocess.run([CONSTC, *words], input=data, capture_output=True, cwd=self.folder.name, timeout=120)
        out, err = run.stdout.decode(), run.stderr.decode()
        self.assertEqual(run.returncode, code, f"{words}\n{out}\n{err}")
        return out, err

    def measure(self, *words, policy="input.const", data=("rows.jsonl",), fields=FIELDS, text="", code=0):
        out, err = self.run_constc("eval", policy, *data, *fields, "--format", "json", *words, text=text, code=code)
        self.error = err
        return json.loads(out)

    def matrix(self, report):
        matrix = report["matrix"]
        return tuple(matrix[name] for name in ("true_positive", "false_negative", "false_positive", "true_negative"))

    # ---- figures

    def test_figures(self):
        report = self.measure()
        self.assertEqual(self.error, "")
        self.assertEqual(self.matrix(report), (2, 2, 2, 3))
        self.assertEqual(report["rows"], {"all": 9, "positive": 4, "negative": 5, "skipped": 0, "not_read": 0, "malformed": 0})
        self.assertEqual((report["recall"]["hits"], report["recall"]["total"]), (2, 4))
        self.assertAlmostEqual(report["recall"]["value"], 0.5)
        self.assertAlmostEqual(report["recall"]["low"], 0.150036, 5)
        self.assertAlmostEqual(report["recall"]["high"], 0.849964, 5)
        self.assertAlmostEqual(report["precision"]["value"], 0.5)
        self.assertAlmostEqual(report["false_positive_rate"]["value"], 0.4)
        self.assertAlmostEqual(report["f1"]["value"], 0.5)
        self.assertEqual(report["f1"]["total"], 6)
        self.assertEqual(report["policy"]["name"], "words")
        self.assertGreater(report["throughput"]["rows_per_second"], 0)

    def test_negative_labels(self):
        report = self.measure("--negative", "benign")
        self.assertEqual(self.matrix(report), (2, 2, 2, 2))
        self.assertEqual(report["rows"]["skipped"], 1)
        self.assertIn({"label": "unsure", "counts_as": "skipped", "rows": 1}, report["labels"])

    def test_at_least_and_shadow(self):
        self.assertEqual(self.matrix(self.measure("--at-least", "deny")), (2, 2, 1, 4))
        self.assertEqual(self.matrix(self.measure("--at-least", "halt")), (0, 4, 0, 5))
        self.assertEqual(self.matrix(self.measure("--shadow")), (3, 1, 2, 3))

    def test_rules(self):
        report = self.measure()
        rules = {rule["rule"]: rule for rule in report["rules"]}
        self.assertEqual(set(rules), {"starts", "ends", "long", "never"})
        self.assertEqual((rules["starts"]["positive"], rules["starts"]["negative"]), (2, 1))
        self.assertEqual((rules["ends"]["positive"], rules["ends"]["negative"]), (1, 1))
        self.assertEqual((rules["long"]["positive"], rules["long"]["negative"], rules["long"]["shadow"]), (1, 0, True))
        self.assertEqual((rules["never"]["positive"], rules["never"]["negative"]), (0, 0))
        self.assertIsNone(rules["never"]["precision"]["value"])
        self.assertAlmostEqual(rules["starts"]["precision"]["value"], 2 / 3, 5)
        self.assertEqual(report["rules"][0]["rule"], "starts")

    def test_categories(self):
        report = self.measure("--category", "kind")
        groups = {group["category"]: self.matrix(group) for group in report["categories"]}
        self.assertEqual(groups, {"plain": (2, 0, 1, 2), "lower": (0, 2, 0, 1), "(none)": (0, 0, 1, 1)})

    def test_files(self):
        self.write("more.jsonl", lines(ROWS[:2]))
        report = self.measure(data=("rows.jsonl", "more.jsonl"))
        self.assertEqual(self.matrix(report), (4, 2, 2, 3))
        self.assertEqual([(file["file"], self.matrix(file)) for file in report["files"]],
                         [("rows.jsonl", (2, 2, 2, 3)), ("more.jsonl", (2, 0, 0, 0))])
        self.assertEqual(self.matrix(self.measure(data=("-",), text=lines(ROWS))), (2, 2, 2, 3))

    def test_engines_and_a_library_agree(self):
        self.run_constc("build", "input.const", "-o", "words.so")
        expected = self.measure()
        for words, policy in [(("--engine", "reference"), "input.const"), (("--engine", "optimised"), "input.const"),
                              ((), "./words.so")]:
            report = self.measure(*words, policy=policy)
            for part in ("matrix", "rules", "misses", "false_alarms"):
                self.assertEqual(report[part], expected[part], (words, policy))

    def test_rounds_count_once(self):
        report = self.measure("--rounds", "3")
        self.assertEqual(self.matrix(report), (2, 2, 2, 3))
        self.assertEqual(report["throughput"]["rounds"], 3)
        self.assertEqual(report["throughput"]["bytes"], len(lines(ROWS)))

    # ---- examples

    def test_examples(self):
        report = self.measure("--id", "id")
        self.assertEqual([miss["id"] for miss in report["misses"]], ["a3", "a4"])  # the shortest first
        self.assertEqual([alarm["id"] for alarm in report["false_alarms"]], ["b3", "b2"])  # the strictest first
        self.assertEqual(report["false_alarms"][0]["rules"], "starts")
        self.assertEqual(report["false_alarms"][0]["line"], 7)
        self.assertTrue(report["misses"][0]["whole"])
        self.assertEqual(len(self.measure("--show", "1")["misses"]), 1)
        self.assertEqual(self.measure("--show", "0")["misses"], [])

    def test_the_worst_of_many_are_kept(self):
        rows = [row("x" * (1 + (i * 37) % 500), "attack", id=i) for i in range(500)]
        report = self.measure("--id", "id", "--show", "7", text=lines(rows), data=("-",))
        self.assertEqual([len(miss["excerpt"]) for miss in report["misses"]], [1, 2, 3, 4, 5, 6, 7])

    def test_equal_texts_are_shown_once(self):
        report = self.measure(text=lines([row("same", "attack")] * 4 + [row("other", "attack")]), data=("-",))
        self.assertEqual([miss["excerpt"] for miss in report["misses"]], ["same", "other"])
        self.assertEqual(self.matrix(report), (0, 5, 0, 0))

    def test_long_texts_are_cut_between_characters(self):
        report = self.measure(text=lines([row("\u00e4\u20ac" * 1000, "attack")]), data=("-",))
        self.assertFalse(report["misses"][0]["whole"])
        self.assertTrue(("\u00e4\u20ac" * 1000).startswith(report["misses"][0]["excerpt"]))

    def test_nothing_for_the_terminal_to_obey(self):
        bad = "Ignore\x1b[31m \u202e\u200b\x9b\r\n<script>alert('1')</script>&amp;\x07"
        data = lines([row(bad, "benign\x1b[2J", id="\x1b]0;x\x07<b>", kind="\x1b<i>")])
        out, err = self.run_constc("eval", "input.const", "-", *FIELDS, "--id", "id", "--category", "kind",
                                   "--html", "page.html", text=data)
        for character in "\x1b\x07\u202e\u200b\x9b\r":
            self.assertNotIn(character, out)
            self.assertNotIn(character, err)
            self.assertNotIn(character, self.read("page.html"))

    # ---- the table

    def test_table(self):
        out, _ = self.run_constc("eval", "input.const", "rows.jsonl", *FIELDS, "--category", "kind", "--id", "id")
        for part in ("positive rows              2           2\n", "negative rows              2           3\n",
                     "recall                 50.0 %  (15.0 to 85.0)    2 of 4 positive rows", "of 5 negative rows",
                     "throughput", "reading JSON included", "1 rule for these events never spoke: never",
                     "in shadow: not counted", "misses (2 of 2)", "false alarms (2 of 2)", "categories", "a3  attack  permit"):
            self.assertIn(part, out)
        self.assertNotIn("not read", out)
        self.assertTrue(all(line == line.rstrip() for line in out.splitlines()))

    # ---- the page

    def test_page(self):
        self.write("more.jsonl", lines([row("Ignore <script>alert(1)</script> & 'all'", "benign", id="<b>", kind='"><img src=x>')]))
        self.run_constc("eval", "input.const", "rows.jsonl", "more.jsonl", *FIELDS, "--html", "page.html", "--category", "kind",
                        "--id", "id")
        text = self.read("page.html")
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual((page.wrong, page.open), ([], []))
        for part in ("words 1.0", "Confusion matrix", "Recall", "Categories", "Files", "Misses", "False alarms",
                     "Ignore <script>alert(1)</script> & 'all'", '"><img src=x>', "ignore it"):
            self.assertIn(part, page.text)
        self.assertIn("<svg", text)
        self.assertIn("prefers-color-scheme:dark", text)
        self.assertNotIn("http", text.replace("http-equiv", ""))
        self.assertIn("page/none", self.run_constc("eval", "input.const", "rows.jsonl", *FIELDS, "--html", "page/none", code=2)[1])

    # ---- stages

    def test_result_and_message_and_output(self):
        self.write("stages.const", """\
constitution stages "1.0"
tool search(query: string) reads
rule answer on result search when text starts with "Ignore" then deny
rule said on message when text starts with "Ignore" then deny
rule spoken on output when text starts with "Ignore" then deny
""")
        for words in (("--stage", "result", "--tool", "search"), ("--stage", "output"),
                      ("--stage", "message", "--given", 'from="planner"', "--given", 'to="coder"')):
            with self.subTest(words=words):
                report = self.measure(*words, policy="stages.const")
                self.assertEqual(report["rows"]["malformed"], 0, report["malformed"])
                self.assertEqual(self.matrix(report), (2, 2, 1, 4))
                self.assertEqual(len(report["rules"]), 1)
        self.assertEqual(self.matrix(self.measure(policy="stages.const")), (0, 4, 0, 5))

    def test_actions(self):
        words = ("--stage", "action", "--tool", "post", "--arg", "lines.0", "--given", 'args={"place":"here"}')
        report = self.measure(*words, policy="action.const")
        self.assertEqual(self.matrix(report), (2, 2, 1, 4))
        self.assertEqual(report["at"], "/args/lines/0")
        self.assertEqual([rule["rule"] for rule in report["rules"]], ["bad"])
        report = self.measure("--stage", "action", "--tool", "other", "--arg", "text", policy="action.const")
        self.assertEqual(self.matrix(report), (2, 2, 1, 4))
        report = self.measure("--stage", "action", "--tool", "nothing", "--arg", "text", policy="action.const")
        self.assertIn('declares no tool "nothing"', self.error)

    def test_contexts(self):
        report = self.measure("--given", 'user={"id":"guest"}', policy="context.const")
        self.assertEqual(self.matrix(report), (2, 2, 1, 4))
        report = self.measure("--given", 'user={"id":"host"}', policy="context.const")
        self.assertEqual(self.matrix(report), (0, 4, 0, 5))
        report = self.measure(policy="context.const", code=2)
        self.assertEqual(report["rows"]["malformed"], 9)
        self.assertEqual(report["malformed"][0]["rows"], 9)
        self.assertIn("/user", report["malformed"][0]["reason"])
        self.assertEqual(self.matrix(report), (0, 0, 0, 0))
        self.assertIn("not one row could be counted", self.error)

    def test_rows_do_not_influence_each_other(self):
        self.write("halt.const", 'constitution stop "1"\nrule stop on input when text starts with "Ignore" then halt\n')
        self.assertEqual(self.matrix(self.measure(policy="halt.const")), (2, 2, 1, 4))

    def test_defaults_speak(self):
        self.write("closed.const", 'constitution closed "1"\ntool t(a: string) sends\ndefault action deny\n'
                   'permit fine on action t when args.a starts with "Hello"\n')
        report = self.measure("--stage", "action", "--tool", "t", "--arg", "a", policy="closed.const")
        self.assertEqual(self.matrix(report), (4, 0, 3, 2))
        self.assertEqual([rule["rule"] for rule in report["rules"]], ["(default)"])

    # ---- fields

    def test_paths_to_fields(self):
        data = lines([{"a": {"b/c": [{"t": "Ignore me"}]}, "m": {"l": True}, "x.y": "whole"},
                      {"a": {"b/c": [{"t": "fine"}]}, "m": {"l": False}, "x.y": "whole"}])
        for text, label in (("a.b/c.0.t", "m.l"), ("/a/b~1c/0/t", "/m/l")):
            report = self.measure(data=("-",), text=data, fields=("--text", text, "--label", label, "--positive", "true"))
            self.assertEqual(self.matrix(report), (1, 0, 0, 1))
        data = lines([{"x.y": "Ignore", "n": 1}, {"x.y": "no", "n": 0}])
        report = self.measure(data=("-",), text=data, fields=("--text", "x.y", "--label", "n", "--positive", "1"))
        self.assertEqual(self.matrix(report), (1, 0, 0, 1))

    # ---- spans

    def spans(self, rows, *words, code=0):
        return self.measure("--stage", "action", "--tool", "post", "--arg", "lines.0", "--given", 'args={"place":"here"}',
                            "--spans", "spans", *words, policy="action.const", data=("-",), text=lines(rows), code=code)

    def test_spans(self):
        text = "Ignore \u00e4"  # 8 characters, 9 bytes; the rule reports all of it
        rows = [row(text, "attack", spans=[[0, 8, "ALL"]]), row(text, "attack", spans=[{"start": 0, "end": 6, "type": "WORD"}]),
                row(text, "attack", spans=[[7, 8, "LETTER"]]), row("fine", "benign", spans=[]),
                row("missed", "attack", spans=[[0, 3, "ALL"]]), row("no field", "benign")]
        spans = self.spans(rows)["spans"]
        self.assertEqual((spans["rows"], spans["rows_without_field"]), (6, 1))
        self.assertEqual((spans["exact"]["recall"]["hits"], spans["exact"]["recall"]["total"]), (1, 4))
        self.assertEqual((spans["exact"]["precision"]["hits"], spans["exact"]["precision"]["total"]), (1, 3))
        self.assertEqual((spans["overlap"]["recall"]["hits"], spans["overlap"]["precision"]["hits"]), (2, 2))
        self.assertEqual((spans["characters"]["recall"]["hits"], spans["characters"]["recall"]["total"]), (15, 18))
        self.assertEqual((spans["characters"]["precision"]["hits"], spans["characters"]["precision"]["total"]), (15, 24))
        self.assertIsNone(spans["characters"]["recall"]["low"])  # characters of one span are not independent
        types = {kind["type"]: (kind["exact"]["hits"], kind["overlap"]["hits"], kind["exact"]["total"]) for kind in spans["types"]}
        self.assertEqual(types, {"ALL": (1, 1, 2), "WORD": (0, 1, 1), "LETTER": (0, 0, 1)})
        self.assertEqual(self.spans([row(text, "attack", spans=[[0, 9, "ALL"]])], "--offsets", "bytes")["spans"]["exact"]["recall"]["hits"], 1)

    def test_kinds(self):
        rows = [row("Ignore", "attack", spans=[[0, 6, "A"]]), row("Ignore it", "attack", spans=[[0, 6, "B"]])]
        spans = self.spans(rows, "--kinds", "A")["spans"]
        self.assertEqual(spans["left_out"], {"expected": 1, "found": 1})
        self.assertEqual(spans["exact"]["precision"]["total"], 1)
        self.assertEqual(spans["exact"]["recall"]["total"], 1)
        self.assertEqual(self.spans(rows, "--kinds", "A,B")["spans"]["exact"]["recall"]["total"], 2)

    def test_spans_that_are_none(self):
        rows = [row("Ignore", "attack", spans=wrong) for wrong in
                ([[0, 7, "A"]], [[3, 3, "A"]], "0-3", [[0]], [["0", "3"]], [[0, 1, 2]], {"start": 0, "end": 2})]
        report = self.spans(rows + [row("Ignore", "attack", spans=[])])
        self.assertEqual(report["rows"]["not_read"], 7)
        self.assertEqual(report["not_read"], [{"reason": "spans", "rows": 7, "first": {"file": "-", "line": 1}}])
        self.assertEqual(self.spans([row("\u00e4", "attack", spans=[[0, 1]])], "--offsets", "bytes", code=2)["rows"]["not_read"], 1)

    def test_rules_without_spans_count_nothing(self):
        report = self.measure("--spans", "spans", data=("-",), text=lines([row("Ignore", "attack", spans=[[0, 6, "A"]])]))
        self.assertEqual(report["spans"]["exact"]["precision"]["total"], 0)
        self.assertIsNone(report["spans"]["exact"]["precision"]["value"])
        self.assertEqual(report["spans"]["exact"]["recall"]["total"], 1)

    # ---- data that is not as it should be

    def test_rows_that_cannot_be_read(self):
        data = b"".join([
            b"not json\n", b"\n", b"  \r\n", b"[1]\n", b"{}\n", b'{"text":null,"label":"attack"}\n', b'{"text":3,"label":"attack"}\n',
            b'{"text":"x"}\n', b'{"text":"x","label":["attack"]}\n', b'{"text":"x","label":{"a":1}}\n',
            b'{"text":"\xff\xfe","label":"attack"}\n', b'{"text":"\\ud800","label":"attack"}\n',
            b'{"text":"a","text":"b","label":"attack"}\n', b'{"text":"x","label":"attack","n":' + b"[" * 300 + b"]" * 300 + b"}\n",
            b'{"text":"Ignore","label":"attack"}'])
        report = self.measure(data=("-",), text=data)
        self.assertEqual(report["rows"]["all"], 13)
        self.assertEqual(report["rows"]["not_read"], 12)
        self.assertEqual({fault["reason"]: fault["rows"] for fault in report["not_read"]},
                         {"not_json": 5, "no_object": 1, "no_text": 2, "text_type": 1, "no_label": 1, "label_type": 2})
        self.assertEqual(self.matrix(report), (1, 0, 0, 0))
        table = self.run_constc("eval", "input.const", "-", *FIELDS, "--html", "page.html", text=data)[0]
        self.assertIn("5 not JSON; first -:1", table)
        self.assertIn("rows not JSON", self.read("page.html"))

    def test_huge_rows(self):
        big = json.dumps(row("a" * (17 << 20), "attack"))
        near = json.dumps(row("b" * ((16 << 20) - 60), "attack"))
        report = self.measure(data=("-",), text="\n".join([big, near, json.dumps(ROWS[0])]))
        self.assertEqual(report["rows"]["all"], 3)
        self.assertEqual(report["not_read"], [{"reason": "too_long", "rows": 1, "first": {"file": "-", "line": 1}}])
        self.assertEqual(report["rows"]["positive"] + report["rows"]["malformed"], 2)

    def test_many_categories_and_labels(self):
        rows = [row("x", f"l{i}", kind=f"k{i}") for i in range(2500)] + [row("Ignore", "attack", kind="last")]
        report = self.measure("--category", "kind", data=("-",), text=lines(rows), fields=FIELDS[:4] + ("--positive", "attack"))
        self.assertEqual(len(report["categories"]), 1001)
        others = [group for group in report["categories"] if group["category"] == "(others)"][0]
        self.assertEqual(self.matrix(others), (1, 0, 0, 1500))
        self.assertEqual(sum(label["rows"] for label in report["labels"]), 2501)

    def test_empty_data(self):
        for text in ("", "\n\n", "{}\n"):
            report = self.measure(data=("-",), text=text, code=2)
            self.assertIsNone(report["recall"]["value"])
            self.assertIn("not one row could be counted", self.error)
        out, err = self.run_constc("eval", "input.const", "-", *FIELDS, "--html", "page.html", code=2)
        self.assertIn("not one row", err)
        self.assertIn("recall", out)
        self.assertNotIn("nan", out)

    def test_one_sided_data(self):
        report = self.measure(data=("-",), text=lines(ROWS[:4]))
        self.assertIsNone(report["false_positive_rate"]["value"])
        self.assertEqual(report["recall"]["total"], 4)

    def test_labels_that_are_nowhere(self):
        self.measure(fields=FIELDS[:4] + ("--positive", "attack,attak"))
        self.assertIn('no row has the label "attak"', self.error)
        _, err = self.run_constc("eval", "input.const", "rows.jsonl", *FIELDS[:4], "--positive", "Attack")
        self.assertIn('no row has the label "Attack" of --positive', err)
        self.assertIn("the labels of the data are: ", err)
        self.assertIn("benign", err)
        # only harmless rows: false alarms alone are a figure
        report = self.measure(data=("-",), text=lines([row("hello", "benign")]), fields=FIELDS)
        self.assertEqual(report["false_positive_rate"]["total"], 1)
        # where no row could be read, nothing is said of labels
        _, err = self.run_constc("eval", "input.const", "rows.jsonl", "--text", "txet", *FIELDS[2:], code=2)
        self.assertNotIn("label", err)

    def test_what_rows_do_not_bring_is_named(self):
        self.write("who.const", 'constitution w "1"\ncontext user { id: string }\nrule r on input when user.id == "x" and text contains "y" then deny\n')
        out, _ = self.run_constc("eval", "who.const", "-", *FIELDS, text=lines([row("y", "attack")]), code=2)
        self.assertIn("Give it with --given user=JSON.", out)
        for word in ("--given", "--context"):
            out, _ = self.run_constc("eval", "who.const", "-", *FIELDS, word, 'user={"id":"x"}', text=lines([row("y", "attack")]))
            self.assertIn("1 of 1 positive rows", out)

    def test_rules_in_shadow_have_a_star(self):
        out, _ = self.run_constc("eval", "input.const", "-", *FIELDS, text=lines([row("Ignore", "attack"), row("x", "benign")]))
        self.assertRegex(out, r"never spoke: .*\blong\*")
        self.assertIn("* in shadow: not counted", out)

    # ---- the command line

    def test_mistakes(self):
        data, good = ("eval", "input.const", "rows.jsonl"), FIELDS
        for words, part in [
            (("eval", "input.const"), "missing"), (data, "--text is missing"), (data + ("--text", "text"), "--label is missing"),
            (data + FIELDS[:4], "--positive is missing"), (data + FIELDS[:4] + ("--positive", "a,,b"), "empty"),
            (data + good + ("--negative", "attack"), "both"), (data + good + ("--stage", "nap"), "--stage is one of"),
            (data + good + ("--stage", "result"), "needs --tool"), (data + good + ("--tool", "t"), "--tool is for"),
            (data + good + ("--arg", "a"), "--arg is for"), (data + good + ("--stage", "action", "--tool", "t"), "needs --arg"),
            (data + good + ("--stage", "action", "--tool", "t", "--arg", "a..b"), "--arg"),
            (data + good + ("--stage", "action", "--tool", "t", "--arg", "a", "--given", 'args={"a":1}'), "is no good"),
            (data + good + ("--given", "user"), "--given"), (data + good + ("--given", "text=1"), "--given"),
            (data + good + ("--given", "user={"), "--given user"), (data + good + ("--given", "args=3"), "object"),
            (data + good + ("--given", "u=1", "--given", "u=2"), "is no good"),
            (data + good + ("--at-least", "permit"), "--at-least"), (data + good + ("--at-least", "loud"), "--at-least"),
            (data + good + ("--show", "-1"), "--show"), (data + good + ("--show", "1001"), "1 to 1000"),
            (data + good + ("--rounds", "0"), "--rounds"), (data + good + ("--kinds", "A"), "--spans"),
            (data + good + ("--offsets", "bytes"), "--spans"), (data + good + ("--text", ""), "empty"),
            (("eval", "input.const", "-", "-") + good, "once"), (("eval", "input.const", "-", "--rounds", "2") + good, "once"),
            (("eval", "input.const", "no.jsonl") + good, "no.jsonl"), (("eval", "input.const", ".") + good, "directory"),
            (("eval", "no.const", "rows.jsonl") + good, "no.const"), (data + good + ("--format", "xml"), "--format"),
            (data + good + ("--posititve", "x"), "did you mean --positive"),
        ]:
            with self.subTest(words=words):
                out, err = self.run_constc(*words, code=2)
                self.assertIn(part, err)
                self.assertEqual(out, "")
        self.write("bad.const", 'constitution b "1"\nrule r on input when nothing == 1 then deny\n')
        self.assertIn("bad.const", self.run_constc("eval", "bad.const", "rows.jsonl", *FIELDS, code=1)[1])

    def test_progress_on_a_terminal(self):
        self.write("many.jsonl", lines(ROWS) * 60000)
        try:
            main, side = pty.openpty()
        except OSError as error: # a bare root without /dev/pts
            self.skipTest(str(error))
        run = subprocess.Popen([CONSTC, "eval", "input.const", "many.jsonl", *FIELDS], cwd=self.folder.name,
                               stdout=subprocess.DEVNULL, stderr=side)
        os.close(side)
        seen = b""
        try:
            while chunk := os.read(main, 4096):
                seen += chunk
        except OSError:
            pass
        os.close(main)
        self.assertEqual(run.wait(timeout=120), 0)
        self.assertIn(b"events/s", seen)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
