#!/usr/bin/env python3
"""The program from end to end: command_line_test.py CONSTC. Only Python's standard library."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "constc"

POLICY = """\
constitution mail "1.0"
principle consent "Nothing leaves without the user's consent."
enum Role { customer, admin }
context user { id: string, role: Role }
tool send_email(to: list<email>, subject: string) sends
tool pay(amount: decimal) pays
approvals by user
rule strangers on action send_email under consent
  when any a in args.to satisfies a.domain != "example.com"
  then require approval from user within 10m because "This mail leaves the company: {args.to}"
rule large on action pay when args.amount > 100.0 then deny because "Too much: {args.amount}"
rule admins on action pay when user.role == admin then flag
rule quiet on action pay in shadow when args.amount > 10.0 then deny
test "a stranger" {
  given user { id: "u", role: customer }
  action send_email { to: ["eve@evil.test"], subject: "hi" }
  expect require approval by strangers
}
test "a colleague" {
  action send_email { to: ["ann@example.com"], subject: "hi" }
  expect permit
}
test "money" {
  given user { id: "u", role: admin }
  action pay { amount: 100.01 }
  expect deny by large, admins
  action pay { amount: 100.0 }
  expect flag by admins
}
"""

USER = {"id": "u", "role": "customer"}


def pay(amount, **more):
    return {"stage": "action", "tool": "pay", "args": {"amount": amount}, "user": USER, **more}


def mail(*to, **more):
    return {"stage": "action", "tool": "send_email", "args": {"to": list(to), "subject": "s"}, **more}


def lines(*events):
    return "".join(json.dumps(event) + "\n" for event in events)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("mail.const", POLICY)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def run_constc(self, *words, text="", code=0):
        data = text if isinstance(text, bytes) else text.encode()
        run = subprocess.run([CONSTC, *words], input=data, capture_output=True, cwd=self.folder.name, timeout=120)
        out, err = run.stdout.decode(), run.stderr.decode()
        self.assertEqual(run.returncode, code, f"{words}\n{out}\n{err}")
        return out, err

    def decide(self, *words, text, code=0):
        out, err = self.run_constc("run", "mail.const", *words, text=text, code=code)
        self.assertEqual(err, "")
        return [json.loads(line) for line in out.splitlines()]

    # ---- the command line itself

    def test_help_teaches(self):
        out, _ = self.run_constc("--help")
        for name in "check run test build dump explain fmt doc diff bench eval redteam lsp version help".split():
            self.assertIn(f"\n  {name} ", out)
            self.assertIn("Examples:", self.run_constc("help", name)[0])
            self.assertEqual(self.run_constc("help", name)[0], self.run_constc(name, "--help")[0])
        for later in "format".split():
            self.assertNotIn(f"\n  {later} ", out)
            self.assertIn("unknown command", self.run_constc(later, code=2)[1])

    def test_the_example_of_the_help_compiles(self):
        out, _ = self.run_constc("--help")
        text = out[out.index("  // mail.const"):out.index("  constc check")]
        self.write("example.const", text)
        self.run_constc("check", "--werror", "example.const")

    def test_mistakes_are_answered(self):
        for words, part in [
            ([], "Commands:"), (["rnu"], "unknown command"), (["chek"], 'did you mean "check"?'),
            (["run", "--sumary", "mail.const"], "did you mean --summary?"), (["run"], "run needs a policy"),
            (["run", "mail.const", "--from", "opnai"], "openai"), (["run", "mail.const", "--from"], "needs a value"),
            (["run", "mail.const", "--summary=yes"], "takes no value"), (["check"], "missing"),
            (["run", "mail.const", "a", "b"], "too many"), (["check", ""], "empty"),
            (["check", "no.const"], "no.const"), (["help", "nope"], "the commands are: check"), (["run", "."], "directory"),
            (["run", "mail.const", "."], "directory"), (["run", "mail.const", "no.jsonl"], "no.jsonl"),
            (["run", "mail.const", "mail.const"], "mail.const is a policy"), (["test", "mail.const", "--filter", "nobody"], "no test has"),
            (["test", "mail.const", "--filter", "money", "--mutate"], "--filter"),
            (["run", "mail.const", "--given", "user={}"], "--from openai"),
            (["run", "mail.const", "--fail-on", "never"], "--fail-on"),
            (["run", "mail.const", "--limit", "bytes=3"], "--limit"),
            (["run", "mail.const", "--limit", "json-depth=65"], "from 1 to 64"),
            (["run", "mail.const", "--context", "user={}"], "--from openai"),
            (["run", "mail.const", "--from", "openai", "--context", "text={}"], "NAME=JSON"),
            (["run", "mail.const", "--from", "openai", "--context", "user={"], "--context"),
            (["build", "mail.const"], "-o"), (["build", "mail.const", "-o", "mail.exe"], ".so"),
            (["dump", "mail.const"], "--after"), (["test", "no"], "no"), (["bench", "mail.const", "no"], "no"),
            (["explain", "mail.const", "no"], "no"), (["help", "rum"], "unknown command"),
        ]:
            with self.subTest(words=words):
                self.assertIn(part, self.run_constc(*words, code=2)[1])

    def test_messages_are_ours(self):
        _, err = self.run_constc("run", "mail.const", "no.jsonl", code=2)
        self.assertTrue(all(line.startswith("constc: ") for line in err.splitlines()), err)

    # ---- check

    def test_check(self):
        self.assertEqual(self.run_constc("check", "mail.const")[0], "")
        self.write("bad.const", 'constitution bad "1"\nrule r on action sned when true then deny\n')
        _, err = self.run_constc("check", "mail.const", "bad.const", code=1)
        self.assertRegex(err, r"bad\.const:2:\d+")
        self.assertRegex(err, r"E\d{4}")
        report = [json.loads(line) for line in self.run_constc("check", "bad.const", "--format", "json", code=1)[1].splitlines()]
        self.assertTrue(any(row["code"].startswith("E") for row in report))
        sarif = json.loads(self.run_constc("check", "bad.const", "--format=sarif", code=1)[1])
        self.assertEqual(sarif["version"], "2.1.0")
        self.assertTrue(sarif["runs"][0]["results"])

    def test_check_explains_codes(self):
        self.write("bad.const", 'constitution bad "1"\nrule r on action sned when true then deny\n')
        _, err = self.run_constc("check", "bad.const", code=1)
        code = err[err.index("E0"):][:5]
        self.assertIn(code, self.run_constc("check", "--explain", code)[0])
        self.assertIn("E9999", self.run_constc("check", "--explain", "E9999", code=2)[1])

    def test_cost(self):
        out, _ = self.run_constc("check", "mail.const", "--cost")
        self.assertIn("action", out)
        self.assertNotIn("history", out)
        self.write("past.const", 'constitution past "1"\ncontext user { id: string }\ntool pay(n: int)\n'
                   "rule a on action pay when earlier action pay then flag\n"
                   "rule b on action pay when sum of args.n over action pay with same user.id across sessions within 1d > 9 then deny\n")
        out, _ = self.run_constc("check", "past.const", "--cost")
        self.assertRegex(out, r"(?m)^  [0-9]+ bytes: `earlier action pay`$")
        self.assertRegex(out, r"(?m)^  [0-9]+ bytes a key, 1000000 keys in its window: `sum of args.n over")
        self.assertRegex(out, r"(?m)^history of one session: [1-9][0-9]* bytes; across sessions: [1-9][0-9]* bytes$")

    def test_cost_says_where(self):
        self.write("dear.const", 'constitution dear "1"\ntool t(a: list<string>) sends\nrule cheap on action t when length of args.a > 9 then flag\n'
                   "rule four on action t when any x in args.a satisfies any y in args.a satisfies any z in args.a satisfies any w in args.a satisfies (x == y and z == w) then deny\n"
                   'rule words on input when text contains "x" then flag\n')
        out, _ = self.run_constc("check", "dear.const", "--cost")
        self.assertRegex(out, r"(?m)^  action: .* in the rule `four`, at `.*`; declare how large the lists and texts that it goes through can be")
        self.assertRegex(out, r"(?m)^  input: [0-9]+ steps in the rule `words`, at `text contains \"x\"`; `text` is as large as the host lets it be: say what it allows, such as `--limit ")
        rows = out.splitlines()[:6]
        self.assertEqual({row.find("-") if "-" in row else row.rfind(" ") + 1 for row in rows[2:]} | {rows[0].find("worst tool")}, {rows[0].find("worst tool")})

    # ---- run

    def test_decisions_come_in_order(self):
        rows = self.decide(text=lines(mail("eve@evil.test", session="s", id="c1"), mail("ann@example.com"), pay(50), pay(500)))
        self.assertEqual([row["decision"] for row in rows], ["require_approval", "permit", "permit", "deny"])
        self.assertEqual(rows[0]["session"], "s")
        self.assertEqual(rows[0]["id"], "c1")
        rule = rows[0]["rules"][0]
        self.assertEqual((rule["rule"], rule["principle"], rule["from"], rule["within_s"]), ("strangers", "consent", "user", 600))
        self.assertEqual(rule["message"], "This mail leaves the company: eve@evil.test")
        self.assertEqual([row["rule"] for row in rows[2]["shadow"]], ["quiet"])

    def test_lines_of_all_kinds(self):
        event = json.dumps(pay(500))
        rows = self.decide("-", text=f"\n{event}\r\n  \t\n{event}\n\r\n{event}")
        self.assertEqual(["deny"] * 3, [row["decision"] for row in rows])
        self.assertEqual(self.decide(text=""), [])
        self.assertEqual(self.decide(text="\n\n"), [])

    def test_malformed_events_are_denied(self):
        rows = self.decide(text=b'{\n42\n\xff\n{"stage":"nap"}\n' + lines(pay("much"), {"stage": "action"}).encode())
        self.assertEqual(len(rows), 6)
        for row in rows:
            self.assertEqual(row["decision"], "deny")
            self.assertIn("error", row)
        self.assertEqual(rows[0]["error"]["code"], "json")
        self.assertEqual(rows[4]["error"]["at"], "/args/amount")

    def test_a_long_line_is_one_denial(self):
        text = json.dumps(pay(1, extra="x" * 100000)) + "\n" + json.dumps(pay(1)) + "\n"
        rows = self.decide("--limit", "event-bytes=5000", text=text)
        self.assertEqual([row["decision"] for row in rows], ["deny", "permit"])
        self.assertEqual(rows[0]["error"]["code"], "limit")
        rows = self.decide(text=b"x" * (17 << 20) + b"\n" + json.dumps(pay(1)).encode())
        self.assertEqual([row["decision"] for row in rows], ["deny", "permit"])
        self.assertEqual(rows[0]["error"]["code"], "limit")

    def test_trouble_names_its_line(self):
        text = lines(mail("a@example.com")) + "\n" + '{"stage" "input"}\n' + lines({"stage": "action"}, {"stage": "action", "tool": "pay", "args": {}, "user": USER})
        self.write("events.jsonl", text)
        out, _ = self.run_constc("run", "mail.const", "events.jsonl")
        errors = [json.loads(line).get("error") for line in out.splitlines()]
        self.assertEqual([error["code"] if error else None for error in errors], [None, "json", "missing", "missing"])
        self.assertEqual(errors[1]["text"], "The text is not JSON (byte 9).")
        self.assertEqual(self.run_constc("run", "mail.const", "events.jsonl", "-j", "2")[0], out)
        numbers = [line.split()[0] for line in self.run_constc("run", "mail.const", "events.jsonl", "--summary")[0].splitlines()[1:5]]
        self.assertEqual(numbers, ["1", "3", "4", "5"])
        explained = self.run_constc("explain", "mail.const", "events.jsonl", "--all")[0]
        self.assertEqual(re.findall(r"^event (\d+)", explained, re.M), numbers)

    def test_a_file_without_events(self):
        self.write("notes.txt", "hello\nworld\n")
        for words in ((), ("-j", "2"), ("--summary",)):
            _, err = self.run_constc("run", "mail.const", "notes.txt", *words)
            self.assertEqual(err, "constc: notes.txt: no line of it is JSON, so it holds no events\n")
        self.run_constc("run", "mail.const", text="hello\n")  # a filter answers whatever comes

    def test_folders_and_titles(self):
        os.makedirs(os.path.join(self.folder.name, "more/deep"))
        self.write("more/deep/b.const", "constitution b \"1\"\nrule r on input when text contians \"x\" then deny\n")
        self.write("more/a.const", "constitution a \"1\"\nrule r on input when  text contains \"x\" then deny\n")
        self.write("more/a.txt", "no policy")
        self.assertIn("more/deep/b.const:2", self.run_constc("check", "more", code=1)[1])
        self.assertEqual(self.run_constc("fmt", "--check", "more", code=1)[0], "more/a.const\n")
        out, _ = self.run_constc("test", "mail.const", "--filter", "a stranger")
        self.assertEqual(out.splitlines()[-1], "1 passed, 0 failed")

    def test_fail_on(self):
        self.decide("--fail-on", "deny", text=lines(pay(500)), code=3)
        self.decide("--fail-on", "require-approval", text=lines(mail("eve@evil.test")), code=3)
        self.decide("--fail-on", "require_approval", text=lines(pay(5)), code=0)

    def test_what_does_not_compile(self):
        self.write("bad.const", "rule")
        out, err = self.run_constc("run", "bad.const", text=lines(pay(1)), code=1)
        self.assertEqual(out, "")
        self.assertIn("bad.const", err)

    def test_closed_pipe_and_full_disk(self):
        path = self.write("many.jsonl", lines(pay(500)) * 5000)
        run = subprocess.run(f"'{CONSTC}' run mail.const '{path}' | head -1; exit ${{PIPESTATUS[0]}}", shell=True,
                             executable="/bin/bash", capture_output=True, cwd=self.folder.name, timeout=120)
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                run = subprocess.run([CONSTC, "run", "mail.const", path], stdout=full, stderr=subprocess.PIPE,
                                     cwd=self.folder.name, timeout=120)
            self.assertEqual(run.returncode, 2)
            self.assertTrue(run.stderr.startswith(b"constc: writing to stdout"))

    def test_answers_before_it_waits(self):
        with subprocess.Popen([CONSTC, "run", "mail.const"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              cwd=self.folder.name) as run:
            for amount, decision in [(500, "deny"), (5, "permit")]:
                run.stdin.write(json.dumps(pay(amount)).encode() + b"\n")
                run.stdin.flush()
                self.assertEqual(json.loads(run.stdout.readline())["decision"], decision)
            run.stdin.close()
            self.assertEqual(run.wait(timeout=60), 0)

    def test_summary(self):
        out, _ = self.run_constc("run", "mail.const", "--summary", text=lines(mail("eve@evil.test"), pay(5), pay("x")))
        self.assertRegex(out, r"1 +action +send_email +require approval +strangers: This mail")
        self.assertRegex(out, r"\n3 events\n +1 +permit")
        self.assertRegex(out, r"1 +strangers +require approval")
        self.assertIn("could not be read", out)
        self.assertNotIn("\033", out)
        self.assertTrue(all(len(line) <= 100 for line in out.splitlines()))
        out, _ = self.run_constc("run", "mail.const", "--summary", text=lines(*[pay(5)] * 50, pay(500)))
        self.assertIn("more than 40", out)
        self.assertRegex(out, r"\n +51 +action +pay +deny +large")
        self.assertNotRegex(out, r"\n +1 +action +pay")

    def test_summary_hides_control_characters(self):
        self.write("say.const", 'constitution say "1"\nrule r on input when text != "" then flag because "said {text}"\n')
        event = {"stage": "input", "text": "a\x1b[31mb\u202ec\nd"}
        out, _ = self.run_constc("run", "say.const", "--summary", text=lines(event))
        self.assertNotIn("\x1b", out)
        self.assertNotIn("\u202e", out)
        self.assertIn("said a [31mb c d", out)

    # ---- conversations

    def chat(self):
        return {"id": "chat", "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "pay"},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "pay", "arguments": '{"amount": 500}'}},
                {"id": "c2", "type": "function", "function": {"name": "pay", "arguments": '{"amount": '}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "paid"},
            {"role": "assistant", "content": "Done."}]}

    def test_conversations(self):
        context = ["--context", "user=" + json.dumps(USER)]
        for text in (lines(self.chat()), json.dumps(self.chat(), indent=2)):
            rows = self.decide("--from", "openai", *context, text=text)
            self.assertEqual([row.get("stage") for row in rows], ["system", "input", "action", "action", "result", "output"])
            self.assertEqual([row["decision"] for row in rows], ["permit", "permit", "deny", "deny", "permit", "permit"])
            self.assertEqual(rows[2]["rules"][0]["message"], "Too much: 500")
            self.assertEqual(rows[3]["error"]["code"], "json")
            self.assertEqual(rows[3]["id"], "c2")
            self.assertEqual({row["session"] for row in rows}, {"chat"})
        claude = {"messages": [{"role": "user", "content": "pay"}, {"role": "assistant", "content": [
            {"type": "text", "text": "Now."}, {"type": "tool_use", "id": "t", "name": "pay", "input": {"amount": 500}}]}]}
        rows = self.decide("--from", "anthropic", *context, text=lines(claude))
        self.assertEqual([(row["stage"], row["decision"]) for row in rows],
                         [("input", "permit"), ("output", "permit"), ("action", "deny")])

    def test_emitted_events_decide_the_same(self):
        context = ["--context", "user=" + json.dumps(USER)]
        events, _ = self.run_constc("run", "--emit-events", "--from", "openai", *context, text=lines(self.chat()))
        direct = self.decide("--from", "openai", *context, text=lines(self.chat()))
        again = self.decide(text=events)
        self.assertEqual([row["decision"] for row in direct], [row["decision"] for row in again])

    def test_a_system_prompt_that_is_not_understood_is_not_forgotten(self):
        self.write("leak.const", 'constitution leak "1"\nrule leak on output when text repeats 12 chars of system then deny\n')
        chat = {"id": "a", "messages": [{"role": "system", "content": {"odd": 1}}, {"role": "assistant", "content": "All is well."}]}
        other = {"id": "b", "messages": [{"role": "assistant", "content": "All is well."}]}
        out, _ = self.run_constc("run", "leak.const", "--from", "openai", text=lines(chat, other))
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([row["decision"] for row in rows], ["deny", "deny", "permit"])
        self.assertEqual(rows[0]["error"]["code"], "value")
        self.assertIn("undecided", rows[1]["rules"][0])
        events, _ = self.run_constc("run", "--emit-events", "--from", "openai", text=lines(chat, other))
        out, _ = self.run_constc("run", "leak.const", text=events)
        self.assertEqual([json.loads(line)["decision"] for line in out.splitlines()], ["deny", "deny", "permit"])

    # ---- test, build, dump, explain, bench

    def test_tests(self):
        for engine in ([], ["--engine", "jit"], ["--engine", "optimised"], ["--engine", "reference"]):
            out, _ = self.run_constc("test", "mail.const", *engine)
            self.assertEqual(out, "".join(f"ok      mail.const: {title}\n" for title in ["a stranger", "a colleague", "money"])
                             + "3 passed, 0 failed\n")

    def test_failing_tests_say_why(self):
        os.mkdir(os.path.join(self.folder.name, "sub"))
        self.write("sub/b.const", POLICY.replace("expect permit", "expect deny by large"))
        self.write("sub/a.const", "rule")
        out, _ = self.run_constc("test", "sub", code=1)
        self.assertTrue(out.endswith("2 passed, 2 failed\n"), out)
        self.assertIn("FAILED  sub/a.const", out)
        self.assertIn("FAILED  sub/b.const: a colleague", out)
        self.assertIn("expected deny", out)
        self.assertIn("strangers", out)
        self.assertIn("ann@example.com", out)
        self.assertLess(out.index("sub/a.const"), out.index("sub/b.const"))

    def test_a_failing_test_names_what_is_missing(self):
        self.write("results.const", 'constitution r "1"\ntool find(q: string) returns { n: int } reads\n'
                                    'rule r on result find when text contains "x" then deny\n'
                                    'test "t" {\n  result find { q: "x" } value { n: 1 }\n  expect permit\n}\n')
        _, err = self.run_constc("test", "results.const", code=1)
        self.assertIn("error[E0453]: this event has no `text`, which rules read", err)
        self.write("context.const", 'constitution r "1"\ncontext user { id: string }\nrule r on input when user.id == "x" then deny\n'
                                    'test "t" {\n  input "a"\n  expect deny\n}\n')
        out, _ = self.run_constc("test", "context.const", code=1)
        self.assertIn("the event is malformed, so no rule was asked: /user: A required field is missing.", out)

    def test_a_result_without_what_rules_read_says_which(self):
        self.write("results.const", 'constitution r "1"\ntool find(q: string) returns { n: int } reads\n'
                                    'rule r on result find when text of this contains "x" then deny\n'
                                    'rule s on output when text contains "x" then deny\n')
        event = {"stage": "result", "tool": "find", "args": {"q": "a"}}
        out, _ = self.run_constc("run", "results.const", "-", text=lines({**event, "text": "a"}, {**event, "value": {"n": 1}},
                                 {**event, "text": "a", "value": {"n": 1}}, {"stage": "output"}))
        said = [(d["decision"], d.get("error", {}).get("at"), d.get("error", {}).get("text")) for d in map(json.loads, out.splitlines())]
        self.assertEqual(said, [("deny", "/value", "Rules read the value that the tool returns by its declaration, and there is none."),
                                ("deny", "/text", "Rules read the text of this result, and there is none."),
                                ("permit", None, None), ("deny", "/text", "A required field is missing.")])

    def test_build(self):
        events = lines(mail("eve@evil.test", session="s"), pay(50), pay(500))
        expected = self.run_constc("run", "mail.const", text=events)[0]
        self.run_constc("build", "mail.const", "-o", "mail.so")
        self.assertEqual(self.run_constc("run", "mail.so", text=events)[0], expected)
        self.assertIn("compiled", self.run_constc("test", "mail.so", code=2)[1])
        self.assertIn("compiled", self.run_constc("run", "mail.so", "--engine", "reference", code=2)[1])
        for name in ("mail.o", "mail.ll", "mail.s"):
            self.run_constc("build", "mail.const", "-o", name, *(["--header", "mail.h"] if name == "mail.o" else []))
            self.assertGreater(os.path.getsize(os.path.join(self.folder.name, name)), 0)
        with open(os.path.join(self.folder.name, "mail.h")) as header:
            self.assertIn("cst_module", header.read())
        self.run_constc("build", "mail.const", "-o", "no/such/folder/mail.so", code=2)
        self.write("bad.const", "rule")
        self.run_constc("build", "bad.const", "-o", "bad.so", code=1)
        self.assertFalse(os.path.exists(os.path.join(self.folder.name, "bad.so")))

    def test_dump(self):
        for form in "tokens ast checked graph plan llvm asm".split():
            with self.subTest(form=form):
                out, _ = self.run_constc("dump", "--after", form, "mail.const")
                self.assertGreater(len(out), 100)
                if form != "asm":
                    self.assertIn("send_email" if form == "llvm" else "strangers", out)

    def test_explain(self):
        path = self.write("event.json", json.dumps(pay(50), indent=2))
        out, _ = self.run_constc("explain", "mail.const", path)
        for part in ("permit", "large", "args.amount", "50"):
            self.assertIn(part, out)
        out, _ = self.run_constc("explain", "mail.const", text=lines(pay(50), pay(500)))
        self.assertTrue(out.startswith("event 2: deny\n"), out)
        self.assertNotIn("event 1", out)
        out, _ = self.run_constc("explain", "mail.const", "--all", text=lines(pay(50), pay(500)) + "{\n")
        for part in ("event 1: permit", "event 2: deny", "event 3: deny", "json"):
            self.assertIn(part, out)
        self.run_constc("explain", "mail.const", text="", code=2)

    def test_explain_shows_sums_and_short_values(self):
        self.write("o.const", """constitution o "1"
tool cancel(order: string) sends
tool pay(amount: decimal) pays
rule r on action cancel when args.order not from user then deny
rule s on action pay when sum of args.amount over action pay within 1h > 200.0 then deny
""")
        cancel = lambda order: {"stage": "action", "tool": "cancel", "args": {"order": order}, "session": "s"}
        events = [{"stage": "input", "text": "Cancel A-1, please", "session": "s"}, cancel("A-1"), cancel("B-2000")]
        events += [{"stage": "action", "tool": "pay", "args": {"amount": amount}, "session": "s"} for amount in (150, 20)]
        out, _ = self.run_constc("explain", "o.const", "--all", text=lines(*events))
        self.assertIn("[sum of args.amount over action pay within 1h = 170.0]", out)
        self.assertIn('[args.order = "A-1"; shorter than 4 characters, so it counts only as a whole value and not inside of a text: write `down to 3 chars` if it should]', out)
        self.assertIn('[args.order = "B-2000"]', out)

    def test_bench(self):
        path = self.write("e.jsonl", lines(pay(50), mail("ann@example.com"), {"stage": "nap"}) * 50)
        report = json.loads(self.run_constc("bench", "mail.const", path, "--rounds", "3", "--json")[0])
        self.assertEqual(report["events"], 150)
        self.assertEqual(report["stages"]["action"]["decisions"], 300)
        self.assertEqual(report["stages"]["malformed"]["decisions"], 150)
        self.assertIn("throughput", self.run_constc("bench", "mail.const", path, "--rounds", "2")[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
