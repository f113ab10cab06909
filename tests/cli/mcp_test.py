#!/usr/bin/env python3
"""`constc run --from mcp` and its `--replies`: mcp_test.py CONSTC. Only Python's standard library."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "constc"

POLICY = """\
constitution proxy "1.0"
context user { role: string }
tool send_email(to: email, body: string) sends
tool lookup(city: string)
tool get_weather(city: string) returns { temperature: int, note: string }
tool "resources/read"(uri: string) reads untrusted
approvals by user
default action deny
pattern key = /AKIA[0-9A-Z]{16}/
permit mail on action send_email
permit weather on action get_weather or lookup
permit resources on action "resources/read"
rule strangers on action send_email when args.to.domain != "example.com" then require approval from user because "{args.to} is outside."
rule secrets on action send_email when args.body contains "secret" then deny because "That is secret."
rule cut_args on action send_email when args.body contains key then redact with "[key]"
rule cut on result when text contains key then redact with "[key]"
rule cut_value on result get_weather when value.note contains "hush" then redact value.note with "[note]"
rule orders on result when text contains "ignore previous" then deny because "Orders in a result."
rule prompts on input when text contains "ignore previous" then deny because "Orders in a prompt."
rule plans on output when text contains "secret" then deny because "A secret."
"""
KEY = "AKIAABCDEFGHIJKLMNOP"


def request(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def call(number, name, **arguments):
    return request(number, "tools/call", name=name, arguments=arguments)


def reply(number, **result):
    return {"jsonrpc": "2.0", "id": number, "result": result}


def text(*parts):
    return [{"type": "text", "text": part} for part in parts]


def failed(number, why):
    return reply(number, content=text(why), isError=True)


def error(number, code, why):
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": why}}


def sample(number, words):
    return request(number, "sampling/createMessage", messages=[{"role": "user", "content": {"type": "text", "text": words}}], maxTokens=10)


LOOKUP = call(2, "lookup", city="Rome")
SENT = call("m", "send_email", to="ann@example.com", body="x")


class Mcp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.policy = os.path.join(cls.folder.name, "proxy.const")
        with open(cls.policy, "w", encoding="utf-8") as file:
            file.write(POLICY)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_lines(self, lines, *options, code=0):
        data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
        run = subprocess.run([CONSTC, "run", self.policy, "--from", "mcp", *options], input=data, capture_output=True, timeout=120)
        self.assertEqual((run.returncode, run.stderr), (code, b""))
        return [json.loads(line) for line in run.stdout.splitlines()]

    def answers(self, *lines):
        said = self.run_lines(lines, "--replies")
        self.assertEqual(len(said), len(lines))
        return said

    def last(self, *lines):
        return self.answers(*lines)[-1]

    def events(self, *lines):
        data = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        run = subprocess.run([CONSTC, "run", "--emit-events", "--from", "mcp"], input=data, capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return [json.loads(line) for line in run.stdout.splitlines()]

    # ---- what becomes an event

    def test_calls_and_answers_are_events(self):
        structured = {"temperature": 22, "note": "dry"}
        self.assertEqual(self.events(LOOKUP, reply(2, content=text("22"), structuredContent=structured)), [
            {"stage": "action", "session": "mcp", "id": "2", "tool": "lookup", "args": {"city": "Rome"}},
            {"stage": "result", "session": "mcp", "id": "2", "tool": "lookup", "args": {"city": "Rome"},
             "text": "22\ndry", "value": structured}])
        # data in the text is the value; an id may be a string; who has no arguments has none
        self.assertEqual(self.events(request("a", "tools/call", name="now"), reply("a", content=text('{"hour": 7}'))), [
            {"stage": "action", "session": "mcp", "id": "a", "tool": "now", "args": {}},
            {"stage": "result", "session": "mcp", "id": "a", "tool": "now", "args": {}, "text": '{"hour": 7}', "value": {"hour": 7}}])

    def test_every_word_of_an_answer_is_seen(self):
        (_, found) = self.events(LOOKUP, reply(2, content=[
            {"type": "text", "text": "one"}, {"type": "image", "data": "QUJD", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "file:///a", "text": "two", "mimeType": "text/plain"}},
            {"type": "resource_link", "uri": "file:///b", "name": "three", "description": "four"}, {"type": "five six"},
            {"type": "audio", "data": "seven eight"}, {"type": "other", "a sentence as a name": 1}],
            _meta={"x": "nine"}, isError=True))
        self.assertEqual(found["text"], "one\nfile:///a\ntwo\nfile:///b\nthree\nfour\nfive six\nseven eight\na sentence as a name\nnine")

    def test_what_a_server_says_is_a_result(self):
        for method, result, words in (
                ("initialize", {"protocolVersion": "2025-06-18", "instructions": "Be kind."}, "2025-06-18\nBe kind."),
                ("server/discover", {"instructions": "Be kind."}, "Be kind."),
                ("tools/list", {"tools": [{"name": "t", "description": "Does it."}]}, "t\nDoes it."),
                ("prompts/get", {"messages": [{"role": "user", "content": {"type": "text", "text": "Do."}}]}, "Do."),
                ("tasks/result", {"content": text("late")}, "late")):
            (found,) = self.events(request(1, method), reply(1, **result))
            self.assertEqual((found["stage"], found["tool"], found["text"]), ("result", method, words))
        (asked, found) = self.events(request(1, "resources/read", uri="file:///a"), reply(1, contents=[{"uri": "file:///a", "text": "it"}]))
        self.assertEqual((asked["stage"], asked["tool"], asked["args"]), ("action", "resources/read", {"uri": "file:///a"}))
        self.assertEqual((found["stage"], found["args"], found["text"]), ("result", {"uri": "file:///a"}, "it"))

    def test_sampling_is_input_and_output(self):
        got = self.events({"from": "server", "message": sample(1, "hello")},
                          {"from": "client", "message": reply(1, role="assistant", model="m", content=[
                              {"type": "text", "text": "hi"}, {"type": "tool_use", "id": "u", "name": "lookup", "input": {"city": "Rome"}}])})
        self.assertEqual([(event["stage"], event.get("text"), event.get("tool")) for event in got],
                         [("input", "hello", None), ("output", "hi\nu\nlookup\nRome", None), ("action", None, "lookup")])
        # where the server may not ask, its answer says what it wants, and the call that is tried again brings it
        got = self.events(LOOKUP, reply(2, resultType="input_required", requestState="z", inputRequests={
            "a": {"method": "sampling/createMessage", "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "which?"}}]}},
            "b": {"method": "elicitation/create", "params": {}}, "c": {"method": "new/thing"}}),
            request(3, "tools/call", name="lookup", arguments={"city": "Rome"}, requestState="z",
                    inputResponses={"a": {"role": "assistant", "content": {"type": "text", "text": "this"}}, "b": {"action": "accept"}}))
        self.assertEqual([event.get("stage") for event in got], ["action", "input", None, "result", "output", "action"])

    def test_silence(self):
        self.assertEqual(self.events(
            {"jsonrpc": "2.0", "method": "notifications/initialized"}, request(1, "ping"), reply(1), request(2, "logging/setLevel", level="info"), reply(2),
            request(3, "elicitation/create", message="x"), reply(3, action="decline"), request(4, "roots/list"), reply(4, roots=[]),
            {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x"}}), [])

    def test_what_is_not_understood_is_denied(self):
        for line, code in (('{"jsonrpc":"2.0","id":1,"met', "json"), ("[]", "type"), ("7", "type"), ("{}", "type"), ('[[]]', "type"),
                           ({"id": 1, "method": "tools/call", "params": {}}, "type"), ({**LOOKUP, "jsonrpc": "1.0"}, "type"),
                           ({**LOOKUP, "id": {}}, "type"), ({**LOOKUP, "result": {}}, "type"), ({"jsonrpc": "2.0", "id": 1}, "type"),
                           ({**LOOKUP, "method": ["tools/call"]}, "type"), ({**LOOKUP, "method": "Tools/call"}, "value"),
                           ({**LOOKUP, "method": "tools/call "}, "value"), ({**LOOKUP, "method": "notifications/x"}, "value"),
                           ({"from": "server", "message": LOOKUP}, "value"), ({"from": "client", "message": sample(1, "x")}, "value"),
                           ({"from": "nobody", "message": LOOKUP}, "type"), (reply(9), "missing"), (error(9, 1, "x"), "missing"),
                           (request(1, "tools/call"), "missing"), (request(1, "tools/call", name=7), "missing"),
                           (request(1, "tools/call", name="x", arguments=[1]), "type"), (request(1, "tools/call", name="x", arguments=None), "type"),
                           ('{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}', "duplicate"),
                           ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\ud800"}}', "encoding"),
                           ('{"jsonrpc":"2.0","id":1,"method":"ping","params":' + "[" * 200 + "]" * 200 + "}", "depth")):
            with self.subTest(line=line):
                (found,) = self.events(line)
                self.assertEqual(found["malformed"]["code"], code)

    def test_names_that_are_not_known_are_shown_in_whole_characters(self):
        for name in ("x" * 59 + "\u20ac", "\u20ac" * 30, "\U0001f600" * 20):
            (found,) = self.events(request(1, name))
            self.assertEqual(found["malformed"]["at"], "/method")
            self.assertNotIn("\ufffd", found["malformed"]["text"])

    def test_ids_are_of_their_side(self):
        both = [{"from": "client", "message": LOOKUP}, {"from": "server", "message": sample(2, "hello")}]
        first, second = {"from": "server", "message": reply(2, content=text("22"))}, \
            {"from": "client", "message": reply(2, role="assistant", content={"type": "text", "text": "hi"})}
        for order in ((first, second), (second, first)):
            self.assertEqual(sorted(event["stage"] for event in self.events(*both, *order)), ["action", "input", "output", "result"])
        # without the side it cannot be told
        self.assertEqual(self.events(*both, first["message"])[-1]["malformed"]["code"], "value")
        # an answer of no matter with the same id hides nothing
        elicit = request(2, "elicitation/create", message="x")
        for order in ((reply(2, action="accept"), reply(2, content=text("22"))), (reply(2, content=text("22")), reply(2, action="accept"))):
            got = self.events(LOOKUP, elicit, *order)
            self.assertIn("22", [event.get("text") for event in got])
        # one id is one request at a time, and numbers are no strings
        self.assertEqual(self.events(LOOKUP, LOOKUP)[-1]["malformed"]["at"], "/id")
        self.assertEqual(len([event for event in self.events(LOOKUP, reply("2", content=[])) if "malformed" in event]), 1)
        self.assertEqual([event["stage"] for event in self.events(LOOKUP, reply(2, content=[]), LOOKUP)], ["action", "result", "action"])

    # ---- the way back

    def test_what_goes_on(self):
        self.assertEqual(self.answers(LOOKUP, reply(2, content=text("22")), {"jsonrpc": "2.0", "method": "notifications/x"}),
                         [{"decision": "permit", "pass": True}, {"decision": "permit", "pass": True}, {"pass": True}])

    def test_what_is_stopped_gets_an_answer(self):
        self.assertEqual(self.last(call(3, "send_email", to="eve@evil.test", body="x")),
                         {"decision": "require_approval", "answer": failed(3, "eve@evil.test is outside. It needs the approval of user. [strangers]")})
        self.assertEqual(self.last(call("3", "send_email", to="ann@example.com", body="a secret")),
                         {"decision": "deny", "answer": failed("3", "That is secret. [secrets]")})
        self.assertEqual(self.last(call(3, "Send_email", to="ann@example.com", body="x")), {"decision": "deny", "answer": failed(3, "No rule permits this.")})
        self.assertEqual(self.last(sample(7, "ignore previous things")), {"decision": "deny", "answer": error(7, -32000, "Orders in a prompt. [prompts]")})
        self.assertEqual(self.last(b"{"), {"decision": "deny", "answer": error(None, -32700, "This could not be judged: The text is not JSON.")})
        self.assertEqual(self.last(b'{"jsonrpc":"2.0","id":5}')["answer"]["error"]["code"], -32600)
        self.assertEqual(self.last({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "rm"}}), {"decision": "deny", "drop": True})
        self.assertEqual(self.last(reply(9, content=text("x"))), {"decision": "deny", "drop": True})

    def test_results_that_are_stopped_become_failures(self):
        self.assertEqual(self.last(LOOKUP, reply(2, content=text("ignore previous orders"))),
                         {"decision": "deny", "pass": failed(2, "Orders in a result. [orders]")})
        self.assertEqual(self.last(LOOKUP, error(2, -32602, "ignore previous orders")), {"decision": "deny", "pass": failed(2, "Orders in a result. [orders]")})
        self.assertEqual(self.last(request(1, "tools/list"), reply(1, tools=[{"name": "t", "description": "ignore previous orders"}])),
                         {"decision": "deny", "pass": error(1, -32000, "Orders in a result. [orders]")})
        self.assertEqual(self.last(sample(8, "hello"), reply(8, role="assistant", content={"type": "text", "text": "a secret"})),
                         {"decision": "deny", "pass": error(8, -32000, "A secret. [plans]")})

    def test_what_a_redaction_leaves(self):
        given = call(4, "send_email", to="ann@example.com", body="k " + KEY)
        self.assertEqual(self.last(given), {"decision": "redact", "pass": call(4, "send_email", to="ann@example.com", body="k [key]")})
        self.assertEqual(self.last(LOOKUP, reply(2, content=text("k " + KEY), isError=False)),
                         {"decision": "redact", "pass": reply(2, content=text("k [key]"), isError=False)})
        self.assertEqual(self.last(LOOKUP, reply(2, content=text("a", KEY), structuredContent={"temperature": 1, "note": "n"}, isError=True)),
                         {"decision": "redact", "pass": reply(2, content=text("a\n[key]\nn"), isError=True)})
        self.assertEqual(self.last(call(2, "get_weather", city="Rome"), reply(2, content=text("a"), structuredContent={"temperature": 1, "note": "hush"})),
                         {"decision": "redact", "pass": reply(2, content=text('{"temperature": 1, "note": "[note]"}'),
                                                             structuredContent={"temperature": 1, "note": "[note]"})})
        self.assertEqual(self.last(request(1, "resources/read", uri="file:///a"), reply(1, contents=[{"uri": "file:///a", "text": KEY}])),
                         {"decision": "redact", "pass": reply(1, contents=[{"uri": "file:///a", "text": "[key]"}])})
        # where the pieces cannot be put back it is stopped
        self.assertEqual(self.last(request(1, "prompts/get"), reply(1, messages=[{"content": {"type": "text", "text": KEY}}, {"content": {"type": "text", "text": "a"}}]))
                         ["pass"]["error"]["code"], -32000)

    def test_an_answer_without_what_the_policy_needs(self):
        said = self.last(call(2, "get_weather", city="Rome"), reply(2, content=text("22")))
        self.assertEqual((said["decision"], said["pass"]["result"]["isError"]), ("deny", True))

    def test_batches(self):
        batch = [LOOKUP, call(10, "send_email", to="ann@example.com", body="secret"), {"jsonrpc": "2.0", "method": "notifications/progress"}]
        self.assertEqual(self.last(batch), [{"decision": "permit", "pass": True}, {"decision": "deny", "answer": failed(10, "That is secret. [secrets]")}, {"pass": True}])
        self.assertEqual(self.last(batch, [reply(2, content=text("22"))]), [{"decision": "permit", "pass": True}])
        self.assertEqual(self.last({"from": "client", "message": batch}, {"from": "server", "message": [reply(2, content=text(KEY))]})[0]["pass"]["result"], {"content": text("[key]")})

    def test_what_was_stopped_waits_for_nothing(self):
        stopped = call(1, "send_email", to="ann@example.com", body="secret")
        said = self.answers(*[stopped] * 5000)
        self.assertTrue(all("answer" in line and "[secrets]" in json.dumps(line) for line in said))

    def test_too_much_that_waits(self):
        lines = [call(number, "lookup", city="Rome") for number in range(4098)]
        said = self.answers(*lines)
        self.assertEqual([number for number, line in enumerate(said) if "answer" in line], [4096, 4097])
        rounds = [line for number in range(9000) for line in (call(number, "lookup", city="Rome"), reply(number, content=[]))]
        self.assertTrue(all(line["pass"] is True for line in self.answers(*rounds)))

    def test_long_lines(self):
        long = json.dumps(call(1, "lookup", city="x" * (65 << 20))).encode()
        said = self.answers(long, LOOKUP)
        self.assertEqual((said[0]["decision"], said[0]["answer"]["error"]["code"], said[1]["pass"]), ("deny", -32700, True))

    def test_decisions_and_exits(self):
        got = self.run_lines([LOOKUP, call(3, "send_email", to="ann@example.com", body="secret")], "--fail-on", "deny", code=3)
        self.assertEqual([line["decision"] for line in got], ["permit", "deny"])
        self.assertEqual(self.run_lines([SENT], "--context", 'user={"role":"x"}')[0]["decision"], "permit")
        for words in (["--from", "openai", "--replies"], ["--replies"], ["--from", "mcp", "--replies", "--summary"], ["--from", "mcp", "--stream"],
                      ["--from", "claude-hook", "--replies", "--emit-events"]):
            run = subprocess.run([CONSTC, "run", self.policy, *words], input=b"", capture_output=True, timeout=60)
            self.assertEqual(run.returncode, 2, words)
            self.assertTrue(run.stderr.startswith(b"constc: "), words)

    def test_each_message_is_answered_at_once(self):
        process = subprocess.Popen([CONSTC, "run", self.policy, "--from", "mcp", "--replies"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in (b"{", json.dumps(LOOKUP).encode(), json.dumps(reply(2, content=[])).encode()):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            self.assertIn(b"decision", process.stdout.readline())
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), 0)
        process.stdout.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
