"""Every bound of runtime/limits.h, reached: bounds_test.py CONSTC

One row a bound: what goes past it, and the words that name it in the answer. A bound of a policy is a diagnostic, a bound of an
event a denial with its code (or, for what conditions need while they run, "could not be decided"), a bound of a report a member of it
that says so. A bound without a row fails this test. Not reached, and why:

LIMIT_RULES        a million rules take minutes and gigabytes to check in a build with sanitizers, and several source files;
LIMIT_IMAGE_BYTES  tables of two gigabytes need a policy near every other bound at once;
LIMIT_PATTERNS     a hundred thousand patterns for one field take minutes to compile;
LIMIT_PATTERN_STATES  no bound that anybody meets: a pattern past it is run another way (tests/differential/patterns.c runs both);
LIMIT_SCAN_STEPS, LIMIT_CHECKED_ENDS, LIMIT_DECODE_BYTES, LIMIT_DECODE_GROWTH  need patterns and texts made for it, in unit tests that see inside.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CONSTC = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNREACHED = {"LIMIT_RULES", "LIMIT_IMAGE_BYTES", "LIMIT_PATTERNS", "LIMIT_PATTERN_STATES", "LIMIT_PATTERN_STATES_SEARCHED", "LIMIT_SCAN_STEPS", "LIMIT_CHECKED_ENDS",
             "LIMIT_DECODE_BYTES", "LIMIT_DECODE_GROWTH", "LIMIT_PATTERN_GATE", "LIMIT_SHARED_PAST_KEYS", "LIMIT_SHARED_PAST_BYTES",
             "LIMIT_APPROVALS", "LIMIT_APPROVER_BYTES", "LIMIT_APPROVAL_SECONDS", "LIMIT_USED_GRANTS", "LIMIT_SHARED_GRANTS",
             "LIMIT_PENDING_EVENTS", "LIMIT_PENDING_BYTES",
             "LIMIT_HOOK_SECONDS", "LIMIT_HOOK_STATE_BYTES", # tests/cli/hook_test.py
             "LIMIT_AWAY_SESSIONS", "LIMIT_CHAIN_AGENTS", "LIMIT_SNAPSHOT_BYTES", # the expire, chain and stream_history tests of tests/unit
             "LIMIT_COMPILE_STACK", # a size that is asked for, and nothing that policies reach
             # past these the same answer comes another way: tests/unit/compiler_stream_test.c, tests/unit/compiler_index_test.c
             "LIMIT_FOLLOW_PARTS", "LIMIT_FOLLOW_STATES", "LIMIT_FOLLOW_CROWDS",
             # tests/cli/cache_test.py; past the size of one entry, a policy is compiled as without a cache
             "LIMIT_CACHE_ENTRIES", "LIMIT_CACHE_BYTES", "LIMIT_CACHE_ENTRY_BYTES", "LIMIT_CACHE_LEFTOVER_SECONDS",
             "LIMIT_INDEX_DEPTH", "LIMIT_INDEX_PREFIX_BYTES"}
HEAD = 'constitution m "1"\n'
FROM = HEAD + "rule r on whole output when text from message of a0 or text from message of a1 or text from message of a2 or " \
              "text from message of a3 then deny\n"
LIST = HEAD + 'tool t(l: list<int>) a\nrule r on action t when any n in args.l satisfies n == 1 then deny because "{n}"\n'

STANDING = HEAD + "approvals by user\ntool t(a: int) x\nrule r on action t then require approval from user, or standing within %s\n"


COMMAND = HEAD + 'tool t(line: command) a\nrule r on action t when args.line runs "rm" then deny\n'


def shell(line):
    return run(COMMAND, [{"stage": "action", "tool": "t", "args": {"line": line}}])


def write(path, text, size=None):
    with open(path, "w") as file:
        file.write(text)
        if size is not None:
            file.truncate(size)


def constc(*words, stdin=""):
    done = subprocess.run([CONSTC, *words], input=stdin.encode(), capture_output=True, timeout=60)
    if done.returncode not in (0, 1, 2) or b"Sanitizer" in done.stderr or b"runtime error" in done.stderr:
        return "BROKEN %d %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[-800:])
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def check(text):
    write("policy.const", text)
    return constc("check", "policy.const")


def test(policy, *words):
    write("policy.const", policy)
    return constc("test", "policy.const", *words)


def run(policy, events, *words):
    write("policy.const", policy)
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    answers = constc("run", "policy.const", "--engine", "reference", *words, stdin="\n".join(lines) + "\n").splitlines()
    return answers[-1] if len(answers) >= len(lines) else "BROKEN: %d answers to %d lines" % (len(answers), len(lines))


def mcp_call(number, text=""):
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "t", "arguments": {"a": text}}}


def layers(count):
    for i in range(count):
        write("layer%d.const" % i, 'constitution l%d "1"\n' % i + ('extends "layer%d.const"\n' % (i + 1) if i + 1 < count else ""))
    return constc("check", "layer0.const")


def imports(count):
    for i in range(count):
        write("module%d.const" % i, 'constitution module%d "1"\n' % i)
    return check(HEAD + "".join("import module%d\n" % i for i in range(count)))


def tools(schema, size=None):
    write("tools.json", '{"tools":[{"name":"a","inputSchema":%s}]}' % schema, size)
    return check(HEAD + 'import tools "tools.json"\n')


def set_file(text, size=None):
    write("set.txt", text, size)
    return check(HEAD + 'set s from "set.txt"\nrule r on input when text in s then deny\n')


def act(**args):
    return {"stage": "action", "tool": "t", "args": args}


def lsp_open(uri):
    body = json.dumps({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": uri, "text": HEAD}}})
    return "Content-Length: %d\r\n\r\n%s" % (len(body), body)


def session(name):
    return {"stage": "input", "session": name, "text": "a", "user": {"id": "u"}}


USER = HEAD + 'context user { id: string }\nrule r on input when user.id == "x" then deny\n'
TEXT = HEAD + 'rule r on input when text + text == "x" then deny because "{text}"\n'
DOUBLE = '{"$ref":"#/$defs/d0","$defs":{' + ",".join(
    '"d%d":{"type":"object","properties":{%s}}' % (i, ",".join('"%s":{"$ref":"#/$defs/d%d"}' % (name, i + 1) for name in "abc"))
    for i in range(11)) + ',"d11":{"type":"string"}}}'

def nested(depth, text="open sesame, and more of it"):
    import base64
    data = text.encode()
    for _ in range(depth):
        data = base64.b64encode(data)
    return data.decode()


def undecided_only(answer):
    """The last line: before the bound everything was decided."""
    return answer.strip().splitlines()[-1]


def evaluate(rows, *words, policy=HEAD + 'rule r on input when text contains "x" then deny\n', command="eval"):
    write("policy.const", policy)
    write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return constc(command, "policy.const", "rows.jsonl", "--text", "text", "--label", "label", "--positive", "bad", *words)


DECODED = HEAD + 'rule r on input when text decoded contains "nothing of it" then deny\n'
CUT = HEAD + 'rule r on input when text contains "a" then redact with "b"\n'
ECHO = HEAD + 'rule r on output when text repeats 20 chars of system then deny\n'

PLAIN = HEAD + 'rule r on output when text contains "x" then deny\n'


def reply(events):
    write("policy.const", PLAIN)
    return constc("run", "policy.const", "--stream", "--from", "openai", stdin="".join("data: %s\n\n" % event for event in events))


def call(index, arguments=""):
    made = {"index": index, "id": "c%d" % index, "function": {"name": "f", "arguments": arguments}}
    return json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [made]}}]})


def act_k(**args):
    return {"stage": "action", "session": "s", "time": "2026-01-01T00:00:00Z", "tool": "t", "args": args}


PAST = HEAD + "tool t(k: string, n: int) a\n"
SUM = PAST + "rule r on action t when sum of args.n over action t within 1d > 5000 then deny\n"
LATEST = PAST + 'rule r on action t when (latest of args.k over action t else "") == "x" then deny\n'
KEYED = PAST + "rule r on action t when earlier action t with same args.k then deny\n"
FULL = PAST + 'rule r on action t when (latest of args.k over action t with same args.n else "") == "x" then deny\n'

ASKING = HEAD + "tool t(l: list<int>) a\nextern odd(n: int) returns bool within 1h\nrule r on action t when any x in args.l satisfies odd(x) then deny\n"


def predicate(count, arguments=1):
    return "".join("extern p%d(%s) returns bool within 1s\n" % (i, ", ".join("a%d: int" % k for k in range(arguments)))
                   for i in range(count))


ROWS = {
    "LIMIT_HOST_PREDICATES": ("1000 host predicates", lambda: check(HEAD + predicate(1001))),
    "LIMIT_HOST_ARGUMENTS": ("8 arguments", lambda: check(HEAD + predicate(1, 9))),
    "LIMIT_STANDING_SECONDS": ("holds for 366 days at most", lambda: check(STANDING % "367d")),
    "LIMIT_STANDING_USES": ("used 1 to 1000000 times", lambda: check(STANDING % "1d for at most 1000001 uses")),
    "LIMIT_HOST_WITHIN_US": ("longer than a day", lambda: check(HEAD + "extern p(a: int) returns bool within 25h\n")),
    "LIMIT_HOST_QUESTIONS": ('"undecided":"limit"', lambda: run(
        ASKING, [act(l=list(range(100)))], "--host", "echo '{\"ready\":true}'; while read line; do id=${line#*:}; echo '{\"id\":'${id%%,*}',\"answer\":false}'; done")),
    "LIMIT_PAST_STEPS": ("8 steps", lambda: check(PAST + "rule r on action t when earlier action t%s then deny\n" % (" followed by action t" * 8))),
    "LIMIT_PAST_KEYS": ("8 values", lambda: check(
        PAST + "rule r on action t when earlier action t with same (%s) then deny\n" % ", ".join(["args.k"] * 9))),
    "LIMIT_PAST_EVENTS": ('"undecided"', lambda: undecided_only(run(SUM, [act_k(k="a", n=1) for _ in range(1100)]))),
    "LIMIT_PAST_TEXT_BYTES": ('"undecided"', lambda: undecided_only(run(LATEST, [act_k(k="a" * 5000, n=1), act_k(k="b", n=1)]))),
    "LIMIT_SESSION_PAST_KEYS": ('"undecided"', lambda: undecided_only(run(KEYED, [act_k(k=str(i), n=1) for i in range(4200)]))),
    "LIMIT_SESSION_PAST_BYTES": ('"undecided"', lambda: undecided_only(run(FULL, [act_k(k="%4000d" % i, n=i) for i in range(4000)]))),
    "LIMIT_REQUEST_BYTES": ("aaa…?", lambda: run(
        PAST + "approvals by user\nrule r on action t then require approval from user\n", [act_k(k="a" * 3000, n=1)])),
    "LIMIT_LABELS": ("256 labels", lambda: check(HEAD + "".join("rule r%d on input then label l%d\n" % (i, i) for i in range(257)))),
    "LIMIT_SSE_EVENT_BYTES": ("the event is too long", lambda: reply(['"%s"' % ("x" * (17 << 20))])),
    "LIMIT_REPLY_CALLS": ("too many tool calls are open together", lambda: reply(call(i) for i in range(1100))),
    "LIMIT_REPLY_CALL_BYTES": ("the arguments of a tool call are too long", lambda: reply(call(0, "x" * (1 << 20)) for _ in range(17))),
    "LIMIT_PATTERN_PARTS": ("E1004", lambda: check(HEAD + "rule r on input when text contains /(?:(?:(?:){1000}){1000}){1000}x/ then deny\n")),
    "LIMIT_PATTERN_POSITIONS": ("E1004", lambda: check(HEAD + "rule r on input when text contains /a[bc]{4000}x{2,9}/ then deny\n")),
    "LIMIT_PATTERN_DEPTH": ("E1004", lambda: check(HEAD + "rule r on input when text contains /%sa%s/ then deny\n" % ("(" * 300, ")" * 300))),
    "LIMIT_PATTERN_AFTER": ("1 to 1000 characters", lambda: check(
        HEAD + 'pattern p = /a1/ after { "b" } within 1001 chars\nrule r on input when text contains p then deny\n')),
    "LIMIT_DECODE_DEPTH": ('"undecided"', lambda: run(DECODED, [{"stage": "input", "text": nested(6)}])),
    "LIMIT_DECODE_SEGMENTS": ('"undecided"', lambda: run(DECODED, [{"stage": "input", "text": " ".join(
        nested(1, "the text number %d of them all" % i) for i in range(4200))}])),
    "LIMIT_MATCHES": ('"decision":"deny"', lambda: run(CUT, [{"stage": "input", "text": "a " * 100001}])),
    "LIMIT_COMMAND_BYTES": ('"undecided"', lambda: shell("echo " + "a" * (256 << 10))),
    "LIMIT_COMMAND_SCRIPTS": ('"undecided"', lambda: shell("eval " * 10 + "a " * 120000)),
    "LIMIT_COMMAND_DEPTH": ('"undecided"', lambda: shell("( " * 40 + "ls" + " )" * 40)),
    "LIMIT_COMMAND_STEPS": ('"undecided"', lambda: shell("ls;" * 30000)),
    "LIMIT_COMMAND_FUNCTIONS": ('"undecided"', lambda: shell("".join("f%d() { ls; }; " % i for i in range(70)))),
    "LIMIT_REPEAT_CHARS": ("8 to 10000 characters", lambda: check(HEAD + "rule r on output when text repeats 10001 chars of system then deny\n")),
    "LIMIT_REPEAT_LEAST": ("8 to 10000 characters", lambda: check(HEAD + "rule r on output when text repeats 7 chars of system then deny\n")),
    "LIMIT_ORIGIN_BYTES": ('"undecided"', lambda: run(ECHO, [
        {"stage": "system", "session": "s", "text": "%d " % i + "x" * (3 << 20)} for i in range(2)] +
        [{"stage": "output", "session": "s", "text": "a reply that shares nothing"}])),
    "LIMIT_FROM_CHARS": ("1 to 10000 characters", lambda: check(HEAD + "rule r on output when text from user down to 10001 chars then deny\n")),
    "LIMIT_PROVENANCE_BYTES": ('"undecided"', lambda: run(FROM, [
        {"stage": "message", "session": "s", "from": "a%d" % i, "to": "b", "text": "a " * (2 << 20)} for i in range(4)] +
        [{"stage": "output", "session": "s", "text": "nobody said that"}])),
    "LIMIT_PROVENANCE_STEPS": ('"undecided"', lambda: run(FROM, [
        {"stage": "message", "session": "s", "from": "a0", "to": "b", "text": "ab cd " * (1 << 18)},
        {"stage": "output", "session": "s", "text": "ab ab cd cd"}])),
    "LIMIT_EVAL_EXAMPLES": ("from 1 to 1000", lambda: evaluate([{"text": "x", "label": "bad"}], "--show", "100001")),
    "LIMIT_EVAL_GROUPS": ("others", lambda: evaluate(
        [{"text": "x", "label": "bad", "kind": "k%d" % i} for i in range(5000)], "--category", "kind")),
    "LIMIT_EVAL_ROUNDS": ("from 1 to 1000", lambda: evaluate([{"text": "x", "label": "bad"}], "--rounds", "100001")),
    "LIMIT_EVAL_SPANS": ("not read        1", lambda: evaluate(
        [{"text": "x", "label": "bad", "spans": [[0, 1, "A"]] * 100001}], "--spans", "spans")),
    "LIMIT_LSP_MESSAGE_BYTES": ("the bound is 67108864", lambda: constc("lsp", stdin="Content-Length: 67108865\r\n\r\n")),
    "LIMIT_LSP_DOCUMENTS": ("at most 1000 open documents", lambda: constc("lsp", stdin="".join(
        lsp_open("file:///%d.const" % i) for i in range(1001)))),
    "LIMIT_MUTANTS": ("from 1 to 10000", lambda: test(HEAD, "--mutate", "--mutants", "10001")),
    "LIMIT_REDTEAM_ROWS": ("from 1 to 10000", lambda: evaluate(
        [{"text": "x", "label": "bad"}], "--limit", "10000001", command="redteam")),
    "LIMIT_REDTEAM_TEXT_BYTES": ("too long", lambda: evaluate(
        [{"text": "x " * 40000, "label": "bad"}], command="redteam")),
    "LIMIT_SOURCE_BYTES": ("16777216 bytes", lambda: check(HEAD + "//" + "x" * (16 << 20))),
    "LIMIT_SET_FILE_BYTES": ("268435456 bytes", lambda: set_file("a\n", (256 << 20) + 1)),
    "LIMIT_SET_ENTRIES": ("1000000", lambda: set_file("".join("%d\n" % i for i in range(1000001)))),
    "LIMIT_TOOLS_FILE_BYTES": ("67108864 bytes", lambda: tools("{}", (64 << 20) + 1)),
    "LIMIT_FILES": ("1000 files", lambda: imports(1001)),
    "LIMIT_LAYERS": ("16", lambda: layers(17)),
    "LIMIT_TOOLS": ("65535 tools", lambda: check(HEAD + "".join("tool t%d(x: int) a\n" % i for i in range(65536)))),
    "LIMIT_NAME_BYTES": ("the limit is 256", lambda: check(HEAD + "set %s = { 1 }\n" % ("a" * 257))),
    "LIMIT_STRING_BYTES": ("the limit is 1048576", lambda: check(HEAD + 'set a = { "%s" }\n' % ("a" * ((1 << 20) + 1)))),
    "LIMIT_PARSE_DEPTH": ("LIMIT_PARSE_DEPTH is 1000", lambda: check(HEAD + "rule r on input when " + "(" * 2000 + 'text == ""' + ")" * 2000 + " then deny\n")),
    "LIMIT_EXPRESSION_DEPTH": ("200 deep", lambda: check(HEAD + "rule r on input when " + "not " * 250 + 'text == "" then deny\n')),
    "LIMIT_EXPRESSION_NODES": ("4000000 parts", lambda: check(
        HEAD + 'define d0(s: string) = s == "a"\n' + "".join("define d%d(s: string) = d%d(s) or d%d(s)\n" % (i, i - 1, i - 1) for i in range(1, 30))
        + "rule r on input when d29(text) then deny\n")),
    "LIMIT_UNROLLED_SET": ("256", lambda: check(
        HEAD + "set s = { %s }\nrule r on input when any p in s satisfies text starts with p then deny\n" % ", ".join('"%d"' % i for i in range(257)))),
    "LIMIT_TYPE_DEPTH": ("32", lambda: check(HEAD + "tool t(x: " + "list<" * 40 + "int" + ">" * 40 + ") a\n")),
    "LIMIT_SCHEMA_STEPS": ("100000", lambda: tools(DOUBLE)),
    "LIMIT_DIAGNOSTICS": ("300 errors", lambda: check(HEAD + "".join("rule r%d on input when x%d == 1 then deny\n" % (i, i) for i in range(300)))),
    "LIMIT_COVER_STEPS": ("too many similar rules", lambda: check(HEAD + "".join(
        "rule r%d on input when text != \"\" then require approval from a%d\n" % (i, i) for i in range(7200)))),
    "LIMIT_SLOTS": ("65535", lambda: check(HEAD + "".join(
        "rule r%d on action when %s then flag\n" % (i, " or ".join("args.f%d is present" % f for f in range(i * 100, i * 100 + 100))) for i in range(660)))),
    "LIMIT_EVENT_BYTES": ('"code":"limit"', lambda: run(TEXT, ['{"stage":"input","text":"%s"}' % ("a" * (16 << 20))])),
    "LIMIT_CONVERSATION_BYTES": ('"code":"limit"', lambda: run(TEXT, ['{"messages":[{"role":"user","content":"%s"}]}' % ("a" * (64 << 20))], "--from", "openai")),
    "LIMIT_MCP_OPEN": ("too many requests wait", lambda: run(TEXT, [mcp_call(i) for i in range(4097)], "--from", "mcp")),
    "LIMIT_MCP_OPEN_BYTES": ("too many requests wait", lambda: run(TEXT, [mcp_call(i, "a" * (15 << 20)) for i in range(5)], "--from", "mcp")),
    "LIMIT_JSON_DEPTH": ('"code":"depth"', lambda: run(TEXT, ['{"stage":"input","text":"a","z":%s}' % ("[" * 64 + "]" * 64)])),
    "LIMIT_JSON_SCANNER_DEPTH": ("E0600", lambda: tools('{"a":%s}' % ("[" * 300 + "]" * 300))),
    "LIMIT_JSON_MEMBERS": ('"code":"members"', lambda: run(TEXT, [{"stage": "input", "text": "a", "z": {str(i): 1 for i in range(100001)}}])),
    "LIMIT_LIST_ELEMENTS": ('"code":"bound"', lambda: run(LIST, [act(l=[0] * 100001)])),
    "LIMIT_TEXT_BYTES": ('"code":"bound"', lambda: run(TEXT, ['{"stage":"input","text":"aaaaa"}'], "--limit", "text-bytes=4")),
    "LIMIT_SCRATCH_BYTES": ('"undecided"', lambda: run(TEXT, ['{"stage":"input","text":"%s"}' % ("a" * 5000)], "--limit", "scratch-bytes=1000")),
    "LIMIT_SESSIONS": ('"code":"session-limit"', lambda: run(USER, [session("a"), session("b"), session("c")], "--limit", "sessions=2")),
    "LIMIT_SESSION_BYTES": ('"at":"/session"', lambda: run(TEXT, [{"stage": "input", "session": "s" * 1025, "text": "a"}])),
    "LIMIT_SPANS": ('"span_total":300', lambda: run(LIST, [act(l=[1] * 300)])),
    "LIMIT_SPAN_STEPS": (re.compile(r'"span_total":\d{3}\b'), lambda: run(LIST, [act(l=[1] * 100000)])),
    "LIMIT_MESSAGE_BYTES": ('"message_cut":true', lambda: run(
        HEAD + 'rule r on input when text != "" then deny because "{text}"\n', [{"stage": "input", "text": "é" * 40000}])),
}


def main():
    with open(os.path.join(ROOT, "runtime", "limits.h")) as file:
        declared = set(re.findall(r"^#define (LIMIT_\w+)", file.read(), re.M))
    failed = sorted(declared ^ (set(ROWS) | UNREACHED))
    for name in failed:
        print("FAILED %s: it has no row here, or is no bound" % name)
    folder = tempfile.mkdtemp(prefix="bounds")
    os.chdir(folder)
    try:
        for name, (words, reach) in ROWS.items():
            started = time.time()
            answer = reach()
            took = time.time() - started
            named = words.search(answer) if isinstance(words, re.Pattern) else words in answer
            if not named or "BROKEN" in answer or '"decision":"permit"' in answer:
                failed.append(name)
                print("FAILED %s: expected %s, got %s" % (name, words, answer[:700] + " … " + answer[-300:]))
            if took > 1:
                print("%-26s %4.1f s" % (name, took))
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    print("%d bounds reached, %d failed, %d not reachable here" % (len(ROWS) - len(failed), len(failed), len(UNREACHED)))
    return 1 if failed else 0


sys.exit(main())
