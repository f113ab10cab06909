#!/usr/bin/env python3
"""`constc run --stream` and `constc explain --holdback`: stream_test.py CONSTC. Only Python's standard library."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "constc"

POLICY = """\
constitution replies "1.0"
context user { role: string }
tool send(to: string) sends
pattern mail = /[a-z]+@[a-z]+\\.[a-z]+/
pattern code = /[A-Z]{2}[0-9]{4}/
rule mails on output when text contains mail then redact with "[mail]"
rule codes on output when text contains code then redact with "[code]"
rule plans on output when text contains "secret plan" and user.role != "admin" then deny
rule leak on output when text repeats 12 chars of system then deny
rule strangers on action send when args.to ends with ".test" then deny
"""
HOLDBACK = """\
constitution holds "1.0"
pattern mail = /[a-z]+@[a-z]+\\.[a-z]+/
pattern code = /[A-Z]{2}[0-9]{4}/
set rivals = { "Initech", "Globex Corp" }
rule mails on output when text contains mail then redact with "[mail]"
rule codes on output when text contains code then redact with "[code]"
rule phrase on output when text contains "secret plan" then deny
rule folded on output when text folded contains any rivals then flag
rule hidden on output when text decoded contains code then deny
rule leak on output when text repeats 40 chars of system then deny
rule both on output when text contains "alpha" and text contains "omega" then deny
rule clean on output when not text contains code then deny
rule long on output when length of text > 1000 then deny
rule asked on whole output when text contains code then deny
rule noted on output when length of text > 1000 then flag
rule input_only on input when text contains code then deny
"""
GOLDEN = """\
rule                        holds back                why
mails                       until the match ends      `mail` has no longest match
codes                       at most 6 bytes           the longest match, of `code`
phrase                      at most 11 bytes          the longest match, of `secret plan`
folded                      to a border of the view   a disguised word is seen as one; then `Globex Corp`, 11 there at most
hidden                      to a border of the view   encoded text is seen as one; then `code`, 6 there at most
leak                        40 characters             a run shared with `system` may begin there
both                        at most 5 bytes           the longest match, of `alpha`; and from what one test finds to the end, unless the others are met before
clean                       the whole reply           a `not` may turn with the last byte
long                        the whole reply           it asks for the text as a whole: its length, its beginning or end, or what it is
asked                       the whole reply           it says `on whole output`
noted                       nothing                   it looks for nothing in the text, or cuts nothing

a reply: the whole reply: a `not` may turn with the last byte
"""
REPLIES = [
    "Write to ann@example.com or bob@example.org, code AB1234 and ab1234. \u00e9\u65e5\u672c \U0001f600 done",
    "nothing to see here",
    "",
    "the secret pla is no secret plan, you know",
    "You are told to keep this quiet: be helpful and brief, always",
    "AB1234AB1234 a@b.c",
]
SYSTEM = "Be kind. be helpful and brief, always."


def openai(text, calls=()):
    """The reply as chat completions stream it, in uneven pieces."""
    out, at, size = [], 0, 1
    while at < len(text):
        out.append({"choices": [{"index": 0, "delta": {"content": text[at:at + size]}, "finish_reason": None}]})
        at, size = at + size, size % 7 + 2
    for number, (name, arguments) in enumerate(calls):
        half = len(arguments) // 2
        for piece in ({"id": f"c{number}", "function": {"name": name, "arguments": arguments[:half]}},
                      {"function": {"arguments": arguments[half:]}}):
            out.append({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": number, **piece}]}, "finish_reason": None}]})
    out.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in out) + "data: [DONE]\n\n"


def anthropic(text, calls=()):
    events = [{"type": "message_start", "message": {"content": []}},
              {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
    events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[at:at + 3]}}
               for at in range(0, len(text), 3)]
    events.append({"type": "content_block_stop", "index": 0})
    for number, (name, arguments) in enumerate(calls, 1):
        events += [{"type": "content_block_start", "index": number,
                    "content_block": {"type": "tool_use", "id": f"c{number - 1}", "name": name, "input": {}}},
                   {"type": "content_block_delta", "index": number, "delta": {"type": "input_json_delta", "partial_json": arguments}},
                   {"type": "content_block_stop", "index": number}]
    events.append({"type": "message_stop"})
    return "".join(f"event: {event['type']}\r\ndata: {json.dumps(event)}\r\n\r\n" for event in events)


class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.policy = cls.write("replies.const", POLICY)
        cls.system = cls.write("system.txt", SYSTEM)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.folder.name, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def call(self, *words, data=b"", code=0):
        if isinstance(data, str):
            data = data.encode()
        run = subprocess.run([CONSTC, *words], input=data, capture_output=True, timeout=60)
        self.assertEqual(run.returncode, code, run.stderr.decode())
        return run.stdout.decode(), run.stderr.decode()

    def stream(self, data, *options, policy=None, code=0):
        out, _ = self.call("run", policy or self.policy, "-", "--stream", "--context", 'user={"role":"guest"}',
                           "--system", self.system, *options, data=data, code=code)
        lines = [json.loads(line) for line in out.splitlines()]
        return ("".join(line["release"] for line in lines if "release" in line),
                [line for line in lines if "decision" in line], any("stopped" in line for line in lines))

    def check_decisions(self, policy, *options):
        for text in REPLIES:
            sent, decisions, _ = self.stream(text, "--chunk", "1000000", *options, policy=policy)
            self.assertEqual(len(decisions), 1)
            whole = decisions[0]
            lets = whole["decision"] in ("permit", "flag", "redact")
            if lets:
                self.assertEqual(sent, whole.get("text", text))
            for size in (1, 4, 64):
                pieces = self.stream(text, "--chunk", str(size), *options, policy=policy)
                self.assertEqual(pieces[1], [whole], (text, size))
                if lets:
                    self.assertEqual(pieces[0], sent, (text, size))
                else:
                    self.assertTrue(text.startswith(pieces[0]) and pieces[0] != text, (text, size, pieces[0]))
                    self.assertTrue(pieces[2], (text, size))
            for form, make in (("openai", openai), ("anthropic", anthropic)):
                for size in (1, 4, 64, 1000000):
                    pieces = self.stream(make(text), "--from", form, "--chunk", str(size), *options, policy=policy)
                    self.assertEqual(pieces[1], [whole], (text, form, size))
                    if lets:
                        self.assertEqual(pieces[0], sent, (text, form, size))

    def test_pieces_are_decided_as_the_whole(self):
        self.check_decisions(self.policy)

    def test_reference(self):
        self.check_decisions(self.policy, "--engine", "reference")

    def test_compiled(self):
        library = os.path.join(self.folder.name, "replies.so")
        self.call("build", self.policy, "-o", library)
        self.check_decisions(library)

    def test_whole_text_is_what_run_decides(self):
        for text in REPLIES:
            if "helpful" in text:
                continue # an event cannot bring a system prompt
            event = {"stage": "output", "session": "conversation-1", "user": {"role": "guest"}, "text": text}
            out, _ = self.call("run", self.policy, "-", data=json.dumps(event))
            self.assertEqual(self.stream(text, "--chunk", "3")[1], [json.loads(out)])

    def test_all_decisions_are_met(self):
        met = {self.stream(text)[1][0]["decision"] for text in REPLIES}
        self.assertEqual(met, {"permit", "redact", "deny"})
        self.assertEqual(self.stream(REPLIES[4])[1][0]["rules"][0]["rule"], "leak")

    def test_tool_calls(self):
        calls = [("send", '{"to":"eve@evil.test"}'), ("send", '{"to":"ann@example.com"}')]
        for form, make in (("openai", openai), ("anthropic", anthropic)):
            first = None
            for size in (1, 5, 4096):
                sent, decisions, stopped = self.stream(make("Sending.", calls), "--from", form, "--chunk", str(size))
                self.assertEqual(sent, "Sending.")
                self.assertFalse(stopped)
                self.assertEqual([(d["stage"], d["decision"], d.get("id")) for d in decisions],
                                 [("action", "deny", "c0"), ("action", "permit", "c1"), ("output", "permit", None)])
                first = first or decisions
                self.assertEqual(decisions, first)
        _, decisions, _ = self.stream(openai("", [("send", '{"to":')]), "--from", "openai")
        self.assertEqual([(d["stage"], d["decision"]) for d in decisions], [("action", "deny"), ("output", "permit")])
        self.assertEqual(decisions[0]["error"]["code"], "json")

    def test_a_malformed_reply_is_denied(self):
        good = openai("Hello there, this is fine. ")
        for data, code in ((good[:-20], "cut"), (good.replace("data: [DONE]\n\n", ""), None), (good[:200], "cut"),
                           (good.replace('"index": 0', '"index": 1', 1), "value"), (good.replace('"fi', '"', 1), None),
                           (good.replace('"H"', '"\\ud83d"'), "encoding"), (good.replace('"H"', "5"), "type"),
                           (good.replace("data: {", "data: ", 1), "json"),
                           ('data: {"error":{"message":"busy"}}\n\n', "provider")):
            sent, decisions, _ = self.stream(data, "--from", "openai")
            self.assertEqual(len(decisions), 1)
            if code is None:
                self.assertEqual((sent, decisions[0]["decision"]), ("Hello there, this is fine. ", "permit"))
                continue
            self.assertEqual(decisions[0]["decision"], "deny", data)
            self.assertEqual(decisions[0]["error"]["code"], code, data)
            self.assertRegex(decisions[0]["error"]["text"], r"^event \d+ \(line \d+, byte \d+\): ")
            self.assertTrue("Hello there, this is fine. ".startswith(sent))
        _, decisions, _ = self.stream(b"fine \xff text")
        self.assertEqual((decisions[0]["decision"], decisions[0]["error"]["code"]), ("deny", "encoding"))

    def test_fail_on_and_summary(self):
        self.stream(REPLIES[3], "--fail-on", "deny", code=3)
        out, _ = self.call("run", self.policy, "-", "--stream", "--summary", "--chunk", "4", "--context",
                           'user={"role":"guest"}', data=REPLIES[3])
        self.assertIn("plans", out)
        self.assertRegex(out, r"stream: 42 bytes of text in 11 pieces; \d+ bytes went on, .*; at most \d+ were held back")
        self.assertIn("stream: stopped by a rule when 36 bytes had come", out)

    def test_the_command_line(self):
        for words in (["--chunk", "4"], ["--system", self.system], ["--from", "text"], ["--stream", "--from", "events"],
                      ["--stream", "--emit-events"], ["--stream", "--chunk", "0"], ["--stream", "--system", "/nowhere"]):
            self.call("run", self.policy, "-", *words, code=2)

    def test_holdback(self):
        path = self.write("holds.const", HOLDBACK)
        out, _ = self.call("explain", path, "--holdback")
        self.assertEqual(out, GOLDEN)
        out, _ = self.call("explain", path, "--holdback", "--format", "json")
        table = json.loads(out)
        self.assertEqual([row["rule"] for row in table["rules"]], [line.split()[0] for line in GOLDEN.splitlines()[1:-2]])
        self.assertEqual(table["stream"], "whole")
        self.assertEqual([row["holds"] for row in table["rules"]],
                         ["match", "bytes", "bytes", "border", "border", "chars", "bytes", "whole", "whole", "whole", "nothing"])
        self.call("explain", path, "-", "--holdback", code=2)
        self.call("explain", path, "--format", "json", code=2)
        path = self.write("closed.const", 'constitution c "1"\ndefault output deny\npermit every_reply on output\n')
        self.assertIn("a reply: the whole reply: the default", self.call("explain", path, "--holdback")[0])

    def test_holdback_is_true(self):
        """No more is held than the table says, and for bounded patterns exactly that at some place."""
        path = self.write("code.const", 'constitution c "1"\npattern code = /[A-Z]{2}[0-9]{4}/\n'
                          'rule codes on output when text contains code then redact with "[code]"\n')
        self.assertIn("at most 6 bytes", self.call("explain", path, "--holdback")[0])
        most = 0
        for text in ("AB123456 ABCDEFGH1234", "zzAB12", "ABABABAB123"):
            for end in range(1, len(text) + 1):
                out, _ = self.call("run", path, "-", "--stream", "--summary", "--chunk", "1", data=text[:end])
                most = max(most, int(out.split("at most ")[1].split()[0]))
        self.assertLessEqual(most, 6)
        self.assertGreaterEqual(most, 5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
