"""constc lsp: what an editor tells and asks, and what it is answered."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

CONSTC = os.path.abspath(sys.argv.pop(1))
GOOD = '''constitution mail "1"
import names
tool send(to: email, body: string) sends
default action deny
permit mail on action send
// é😀 before the place
rule strangers on action send when names.foreign(args.to) then deny because "é😀 {args.to}"
'''
NAMES = 'define foreign(a: email) = a.domain != "example.com"\n'


class Lsp(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(suffix=" ü")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        (self.folder / "names.const").write_text(NAMES)
        self.uri = (self.folder / "mail.const").as_uri()
        self.names = (self.folder / "names.const").as_uri()
        self.messages = []
        self.number = 0

    def notify(self, method, **params):
        self.messages.append({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method, **params):
        self.number += 1
        self.messages.append({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        return self.number

    def open(self, text, uri=None):
        self.notify("textDocument/didOpen", textDocument={"uri": uri or self.uri, "languageId": "const", "version": 1, "text": text})

    def change(self, text, uri=None):
        self.notify("textDocument/didChange", textDocument={"uri": uri or self.uri, "version": 2}, contentChanges=[{"text": text}])

    def about(self, method, line=0, character=0, uri=None, **more):
        return self.ask(f"textDocument/{method}", textDocument={"uri": uri or self.uri}, position={"line": line, "character": character}, **more)

    def talk(self, utf8=False, code=0):
        """Answers by id, and what was published, in order."""
        offer = {"general": {"positionEncodings": ["utf-8", "utf-16"]}} if utf8 else {}
        first = [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": offer}}, {"jsonrpc": "2.0", "method": "initialized", "params": {}}]
        last = [{"jsonrpc": "2.0", "id": "end", "method": "shutdown"}, {"jsonrpc": "2.0", "method": "exit"}]
        data = b"".join(self.frame(json.dumps(message).encode()) for message in first + self.messages + last)
        return self.raw(data, code)

    @staticmethod
    def frame(body):
        return b"Content-Length: %d\r\n\r\n" % len(body) + body

    def raw(self, data, code):
        run = subprocess.run([CONSTC, "lsp"], input=data, capture_output=True, timeout=60)
        self.assertEqual(run.returncode, code, run.stderr.decode())
        answers, published, rest = {}, [], run.stdout
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            length = int(head.split(b":")[1])
            message, rest = json.loads(rest[:length]), rest[length:]
            if message.get("method") == "textDocument/publishDiagnostics":
                published.append((message["params"]["uri"], message["params"]["diagnostics"]))
            else:
                answers[message["id"]] = message
        return answers, published

    def test_begins_and_ends(self):
        answers, published = self.talk()
        self.assertEqual(answers[0]["result"]["capabilities"]["positionEncoding"], "utf-16")
        self.assertIsNone(answers["end"]["result"])
        self.assertEqual(published, [])
        self.assertEqual(self.talk(utf8=True)[0][0]["result"]["capabilities"]["positionEncoding"], "utf-8")

    def test_errors_appear_and_go(self):
        self.open(GOOD.replace("args.to)", "args.too)"))
        self.change(GOOD)
        self.notify("textDocument/didClose", textDocument={"uri": self.uri})
        _, published = self.talk()
        self.assertEqual([uri for uri, _ in published], [self.uri] * 3)
        [wrong], nothing, closed = [found for _, found in published]
        self.assertEqual((nothing, closed), ([], []))
        self.assertEqual((wrong["code"], wrong["severity"], wrong["source"]), ("E0252", 1, "constc"))
        line = GOOD.splitlines()[6].replace("args.to)", "args.too)")
        self.assertEqual(wrong["range"]["start"], {"line": 6, "character": line.index("too")})
        self.assertEqual(wrong["range"]["end"], {"line": 6, "character": line.index("too") + 3})
        self.assertIn("did you mean `to`?", wrong["message"])

    def test_columns_are_units_of_the_encoding(self):
        text = GOOD.replace("{args.to}", "{args.too}")
        line = text.splitlines()[6]
        for utf8, unit in ((False, lambda s: len(s.encode("utf-16-le")) // 2), (True, lambda s: len(s.encode()))):
            self.messages = []
            self.open(text)
            [(_, [wrong])] = self.talk(utf8)[1]
            self.assertEqual(wrong["range"]["start"], {"line": 6, "character": unit(line[:line.index("too")])})

    def test_mends_are_quick_fixes(self):
        text = GOOD.replace("permit mail on action send", "permit mail on action sned")
        self.open(text)
        at = text.splitlines()[4].index("sned")
        place = {"start": {"line": 4, "character": at}, "end": {"line": 4, "character": at}}
        here = self.ask("textDocument/codeAction", textDocument={"uri": self.uri}, range=place, context={"diagnostics": []})
        away = self.ask("textDocument/codeAction", textDocument={"uri": self.uri}, range={"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}, context={})
        answers, _ = self.talk()
        [action] = answers[here]["result"]
        self.assertEqual(action["kind"], "quickfix")
        [edit] = action["edit"]["changes"][self.uri]
        self.assertEqual(edit, {"range": {"start": {"line": 4, "character": at}, "end": {"line": 4, "character": at + 4}}, "newText": "send"})
        self.assertEqual(answers[away]["result"], [])

    def test_what_is_imported_is_watched(self):
        self.open(GOOD)
        self.open(NAMES, self.names)
        self.change("define outside(a: email) = a.domain != \"x\"\n", self.names)   # in the editor only
        self.change("define\n", self.names)
        _, published = self.talk()
        last = {uri: found for uri, found in published[:4]}
        self.assertEqual([one["code"] for one in last[self.uri]], ["E0255"])
        self.assertIn("E0", published[-1][1][0]["code"])

    def test_errors_of_files_that_are_not_open_are_told_there(self):
        (self.folder / "names.const").write_text("define foreign(a email) = true\n")
        self.open(GOOD)
        _, published = self.talk()
        self.assertEqual(sorted(uri for uri, found in published if found), [self.names])

    def test_and_taken_back_when_they_are_gone(self):
        (self.folder / "names.const").write_text("define foreign(a email) = true\n")
        self.open(GOOD)
        self.change(GOOD.replace("import names\n", "").replace("when names.foreign(args.to) ", ""))
        _, published = self.talk()
        self.assertEqual([(uri, len(found)) for uri, found in published if uri == self.names], [(self.names, 1), (self.names, 0)])

    def test_hover_definition_symbols(self):
        self.open(GOOD)
        rule = self.about("hover", 6, 8)
        nothing = self.about("hover", 5, 0)
        column = GOOD.splitlines()[6].index("foreign") + 2
        definition = self.about("definition", 6, column)
        none = self.about("definition", 6, GOOD.splitlines()[6].index("args") + 1)
        symbols = self.about("documentSymbol")
        answers, _ = self.talk()
        self.assertIn('args.to.domain != "example.com"', answers[rule]["result"]["contents"]["value"])
        self.assertIsNone(answers[nothing]["result"])
        self.assertEqual(answers[definition]["result"]["uri"], self.names)
        self.assertEqual(answers[definition]["result"]["range"]["start"], {"line": 0, "character": 0})
        self.assertIsNone(answers[none]["result"])
        self.assertEqual([(one["name"], one["detail"]) for one in answers[symbols]["result"]], [("send", "tool"), ("mail", "permit"), ("strangers", "rule")])

    def test_formatting(self):
        self.open('// é😀\r\nrule   a on input when text contains "é😀"\r\nthen deny')
        first = self.ask("textDocument/formatting", textDocument={"uri": self.uri}, options={"tabSize": 8, "insertSpaces": False})
        self.change(GOOD)
        second = self.ask("textDocument/formatting", textDocument={"uri": self.uri}, options={"tabSize": 8, "insertSpaces": False})
        self.change(GOOD + "rule b on")
        third = self.ask("textDocument/formatting", textDocument={"uri": self.uri}, options={"tabSize": 8, "insertSpaces": False})
        answers, _ = self.talk()
        self.assertTrue(answers[0]["result"]["capabilities"]["documentFormattingProvider"])
        self.assertEqual(answers[first]["result"], [{
            "range": {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 9}},
            "newText": '// é😀\r\nrule a on input when text contains "é😀"\r\n  then deny\r\n'}])
        self.assertEqual(answers[second]["result"], [])
        self.assertIsNone(answers[third]["result"])

    def test_hover_explains_an_error(self):
        self.open(GOOD.replace("args.to)", "args.too)"))
        hover = self.about("hover", 6, GOOD.splitlines()[6].index("args.to)") + 6)
        self.assertIn("E0252", self.talk()[0][hover]["result"]["contents"]["value"])

    def test_what_is_not_known(self):
        unknown = self.ask("textDocument/rename", textDocument={"uri": self.uri})
        self.open(GOOD)
        method = self.about("rename")
        closed = self.about("hover", uri="file:///no.const")
        self.notify("$/cancelRequest", id=1)
        self.notify("textDocument/didOpen")
        self.notify("textDocument/didChange", textDocument={"uri": 5}, contentChanges=[{"text": 7}])
        answers, _ = self.talk()
        self.assertEqual([answers[n]["error"]["code"] for n in (unknown, method, closed)], [-32602, -32601, -32602])

    def test_ends_without_shutdown(self):
        self.raw(self.frame(b'{"jsonrpc":"2.0","method":"exit"}'), 1)
        self.raw(b"", 1)

    def test_hostile_bytes(self):
        for data in (b"\r\n\r\n", b"Content-Length: x\r\n\r\n{}", b"Content-Length: 99999999999999999999\r\n\r\n", b"Content-Length: 5\r\n\r\n{}",
                     b"Content-Length: -5\r\n\r\n{}", b"X" * 100000, self.frame(b"[1,2]"), self.frame(b"{\"id\":1}"), self.frame(b"\xff\xfe"),
                     self.frame(b'{"id":{},"method":"initialize"}'), self.frame(b"[" * 5000)):
            self.raw(data, 1)
        rng = random.Random(1)
        whole = b"".join(self.frame(json.dumps(m).encode()) for m in (
            {"id": 1, "method": "initialize", "params": {}},
            {"method": "textDocument/didOpen", "params": {"textDocument": {"uri": self.uri, "text": GOOD}}},
            {"id": 2, "method": "textDocument/hover", "params": {"textDocument": {"uri": self.uri}, "position": {"line": 6, "character": 10 ** 12}}},
            {"id": 3, "method": "textDocument/definition", "params": {"textDocument": {"uri": self.uri}, "position": {"line": 10 ** 12, "character": 1}}}))
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(rng.randrange(1, 4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            run = subprocess.run([CONSTC, "lsp"], input=bytes(data), capture_output=True, timeout=60)
            self.assertEqual(run.returncode, 1, (bytes(data), run.stderr))


if __name__ == "__main__":
    unittest.main()
