"""What an adversary feeds to constc: hostile_test.py CONSTC

Any bytes as policy, tools, set, library and events; full disks, closed pipes, interrupts. Whatever comes in, the program ends with an
exit code of docs/formats.md and says what is wrong; it never dies by a signal, never shows a sanitizer's report, and never
permits an event that it could not read. Each case below is one line of a table or one short function; a case that this
machine cannot play (no root for a small disk) says so and is skipped.
"""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

CONSTC = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = 'constitution m "1"\n'
RULES = HEAD + 'tool t(x: int, s: string(10)) acts\ndefault action deny\npermit p on action t when args.x > 0\n' \
               'rule r on input when text == "bad" then deny\n'
PERMITTED = {"stage": "action", "tool": "t", "args": {"x": 1, "s": "a"}}
REPORTS = (b"Sanitizer", b"runtime error:", b"Assertion", b"CST_INTERNAL")
failures = []
cases = 0


def fail(name, why, out=b""):
    failures.append(name)
    print("FAILED %s: %s\n%s" % (name, why, out.decode("utf-8", "replace")[-1500:]))


def constc(*words, stdin=b"", timeout=20, **options):
    done = subprocess.run([CONSTC, *words], input=stdin, capture_output=True, timeout=timeout, **options)
    return done.returncode, done.stdout, done.stderr


def sound(name, code, codes, out, err):
    """The exit code is one of `codes`, and nothing broke on the way."""
    global cases
    cases += 1
    if code not in codes:
        fail(name, "exit code %d, expected one of %s" % (code, codes), out + err)
    elif any(report in out + err for report in REPORTS):
        fail(name, "something broke", out + err)
    elif code not in (0, 3) and not err.strip():
        fail(name, "exit code %d without a word" % code)
    else:
        return True
    return False


def write(path, content):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def check(name, content, codes=(1,), says=b"error[", command="check", extra=()):
    write("policy.const", content)
    code, out, err = constc(command, "policy.const", *extra)
    if sound(name, code, codes, out, err) and code == 1 and says not in err:
        fail(name, "does not say %r" % says, err)


# ---- policies -------------------------------------------------------------------------------------------------


def policies():
    deep = 20000
    nested = "this is nested too deep".encode()
    when = HEAD + "rule r on input when "
    for name, content, says in (
        ("parentheses", when + "(" * deep + 'text == "a"' + ")" * deep + " then deny\n", nested),
        ("open parentheses", when + "(" * 300000, nested),
        ("not", when + "not " * deep + 'text == "a" then deny\n', nested),
        ("records", HEAD + "context c " + "{ a: " * deep + "int" + " }" * deep, nested),
        ("lists", HEAD + "context c { a: " + "list<" * deep + "int" + ">" * deep + " }", nested),
        ("test json", HEAD + 'tool t(x: json) a\ntest "a" { action t { x: ' + "[" * deep + "]" * deep + " } }", nested),
        ("quantifiers", when + "".join("any a%d in chain satisfies (" % i for i in range(deep)), nested),
        ("braces", HEAD + "{" * 300000, b"E0101"),
        ("quotes", HEAD + '"' * 300000, b"error["),
        ("sums", when + "length of text " + "+ 1 " * deep + "== 3 then deny\n", b"1000"),
        ("path", HEAD + "rule r on action when args" + ".a" * deep + " is present then deny\n", b"64"),
        ("identifier", HEAD + "set " + "a" * 3000000 + ' = { "x" }\n', b"256"),
        ("text", HEAD + 'set a = { "' + "a" * 3000000 + '" }\n', b"1048576"),
        ("digits", when + "length of text == " + "9" * 1000000 + " then deny\n", b"64 bits"),
        ("definitions that double", HEAD + 'define d0(s: string) = s == "a"\n'
         + "".join("define d%d(s: string) = d%d(s) or d%d(s)\n" % (i, i - 1, i - 1) for i in range(1, 40))
         + "rule r on input when d39(text) then deny\n", b"E0751"),
        ("errors without end", HEAD + "rule\n" * 100000, b"errors"),
        ("invalid utf-8", HEAD.encode() + b'set a = { "\xff\xfe" }\n', b"UTF-8"),
        ("surrogate bytes", HEAD.encode() + b'set a = { "\xed\xa0\x80" }\n', b"UTF-8"),
        ("surrogate escape", HEAD + 'set a = { "\\ud800" }\n', b"error["),
        ("nul", HEAD + 'set a = { "a\0b" }\n', b"error["),
        ("nul outside", HEAD + "\0" * 100000, b"error["),
        ("overlong", HEAD.encode() + b'// \xc0\xaf\n', b"UTF-8"),
        ("17 MB", HEAD + "//" + "x" * (17 << 20), b"16777216"),
        ("extends itself", HEAD + 'extends "policy.const"\n', b"E0511"),
        ("no such layer", HEAD + 'extends "nowhere.const"\n', b"nowhere.const"),
        ("layer is a folder", HEAD + 'extends "folder"\n', b"folder"),
        ("tools is a folder", HEAD + 'import tools "folder"\n', b"folder"),
        ("set is a folder", HEAD + 'set s from "folder"\nrule r on input when text in s then deny\n', b"folder"),
        ("set without a file", HEAD + 'set s from "nowhere"\nrule r on input when text in s then deny\n', b"nowhere"),
        ("nul in a path", HEAD + 'import tools "a\\u0000b"\n', b"error["),
    ):
        check(name, content, says=says)
    for name, content in (
        ("byte order mark", "\ufeff" + RULES), ("line ends", RULES.replace("\n", "\r\n")), ("old line ends", RULES.replace("\n", "\r")),
        ("no line end", RULES.rstrip()), ("a long conjunction", when + " and ".join(['text != "a"'] * 20000) + " then deny\n"),
        ("200 alike rules over a large set", HEAD + "set s = { %s }\n" % ", ".join('"%d"' % i for i in range(200))
         + "".join("rule r%d on input when any p in s satisfies text == p then deny\n" % i for i in range(100))),
        ("30000 fields", HEAD + "context c { " + ", ".join("f%d: int" % i for i in range(30000)) + " }\n"),
        ("30000 tags", HEAD + "tool t() " + " ".join("f%d" % i for i in range(30000)) + "\n"),
    ):
        check(name, content, codes=(0, 1))
    for cycle in (2, 3):
        for i in range(cycle):
            write("layer%d.const" % i, 'constitution l%d "1"\nextends "layer%d.const"\n' % (i, (i + 1) % cycle))
            write("module%d.const" % i, 'constitution module%d "1"\nimport module%d\n' % (i, (i + 1) % cycle))
        for kind in ("layer0.const", "module0.const"):
            code, out, err = constc("check", kind)
            if sound("cycle of %d, %s" % (cycle, kind), code, (1,), out, err) and b"E0511" not in err:
                fail("cycle", "does not say so", err)
    write("secret.const", RULES)
    os.chmod("secret.const", 0)
    write("policy.const", HEAD + 'extends "secret.const"\n')
    os.chmod(".", 0o755)
    try:
        code, out, err = constc("check", "policy.const", **({"user": 65534} if os.geteuid() == 0 else {}))
    except PermissionError:
        print("skipped: root can read every file, and nobody else can run the program")
        return
    if sound("unreadable layer", code, (1,), out, err) and b"secret.const" not in err:
        fail("unreadable layer", "does not name it", err)


def random_policies():
    """Real policies with bytes changed, lines moved and pieces of others put in; many files a call."""
    rng = random.Random(7)
    seeds = []
    for folder, _, names in sorted(os.walk(os.path.join(HERE, "..", "fuzz", "corpus", "policy"))):
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as file:
                seeds.append(file.read())
    seeds = [seed for seed in seeds if 20 < len(seed) < 8000][:60]
    names = []
    for i in range(120):
        text = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 12)):
            at = rng.randrange(len(text) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                text[at:at + 1] = bytes([rng.randrange(256)])
            elif kind == 1:
                del text[at:at + rng.randrange(1, 30)]
            else:
                other = rng.choice(seeds)
                start = rng.randrange(len(other))
                text[at:at] = other[start:start + rng.randrange(1, 60)]
        names.append("random%d.const" % i)
        write(names[-1], bytes(text))
    for i in range(30):
        names.append("bytes%d.const" % i)
        write(names[-1], bytes(rng.randrange(256) for _ in range(rng.randrange(3000))))
    for start in range(0, len(names), 50):
        sound("random policies", *scan(constc("check", *names[start:start + 50]), (0, 1)))


def scan(done, codes):
    return done[0], codes, done[1], done[2]


def large_policies():
    write("rules.const", HEAD + "tool t(x: int) acts\n"
          + "".join("rule r%d on action t when args.x == %d then deny\n" % (i, i) for i in range(100000)))
    code, out, err = constc("check", "rules.const", timeout=25)
    sound("100,000 rules", code, (0,), out, err)
    write("million.txt", "".join("entry%d\n" % i for i in range(1000000)))
    write("policy.const", HEAD + 'set s from "million.txt"\nrule r on input when text in s then deny\n')
    events = b'{"stage":"input","text":"entry999999"}\n{"stage":"input","text":"entry1000000"}\n'
    code, out, err = constc("run", "policy.const", "--engine", "reference", stdin=events)
    if sound("a million entries", code, (0,), out, err):
        expect("a million entries", out, ["deny", "permit"])
    write("million.txt", b"a\xff\nb\n")
    check("a set that is not UTF-8", HEAD + 'set s from "million.txt"\nrule r on input when text in s then deny\n')
    write("million.txt", b"\xef\xbb\xbfa\r\nb\r\n\r\n")
    write("policy.const", HEAD + 'set s from "million.txt"\nrule r on input when text in s then deny\n')
    code, out, err = constc("run", "policy.const", "--engine", "reference",
                            stdin=b'{"stage":"input","text":"a"}\n{"stage":"input","text":"b"}\n{"stage":"input","text":"b\\r"}\n')
    if sound("a set with a mark and CRLF", code, (0,), out, err):
        expect("a set with a mark and CRLF", out, ["deny", "deny", "permit"])


def tools():
    policy = HEAD + 'import tools "t.json"\nrule r on action a when args.x == "y" then deny\n'
    schema = '{"tools":[{"name":"a","inputSchema":%s}]}'
    deep = '{"type":"object","properties":{"x":' * 5000 + "{}" + "}}" * 5000
    for name, content, codes in (
        ("empty", b"", (1,)), ("no json", b"\x7fELF\0\0", (1,)), ("cut", b'{"tools":[', (1,)), ("a number", b"1e999", (1,)),
        ("reference to itself", schema % '{"type":"object","properties":{"x":{"$ref":"#"}}}', (0, 1)),
        ("references in a ring", schema % '{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}', (0, 1)),
        ("references that double", schema % ('{"$ref":"#/$defs/d0","$defs":{' + ",".join(
            '"d%d":{"type":"object","properties":{"a":{"$ref":"#/$defs/d%d"},"b":{"$ref":"#/$defs/d%d"}}}' % (i, i + 1, i + 1)
            for i in range(30)) + ',"d30":{"type":"string"}}}'), (1,)),
        ("deep schema", schema % deep, (1,)), ("deep json", b"[" * 1000000, (1,)),
        ("duplicate member", b'{"tools":[{"name":"a","name":"b"}]}', (1,)), ("lone surrogate", b'{"tools":[{"name":"\\ud800"}]}', (1,)),
        ("names of bytes", b'{"tools":[{"name":"a\\u0000b","inputSchema":{}}]}', (0, 1)),
        ("no strings", b'{"tools":[{"name":1,"inputSchema":[]}]}', (1,)),
    ):
        write("t.json", content)
        check("tools: " + name, policy, codes=codes)


# ---- events ---------------------------------------------------------------------------------------------------


def expect(name, out, verdicts):
    lines = out.decode("utf-8").splitlines()
    got = [json.loads(line)["decision"] for line in lines]
    if got != verdicts:
        fail(name, "decided %s, expected %s" % (got[:20], verdicts[:20]), out)


def malformed(events, name, extra=()):
    write("policy.const", RULES)
    code, out, err = constc("run", "policy.const", "--engine", "reference", *extra, stdin=b"\n".join(events) + b"\n")
    if not sound(name, code, (0,), out, err):
        return
    lines = out.splitlines()
    if len(lines) != len(events):
        fail(name, "%d answers to %d events" % (len(lines), len(events)), out)
    for event, line in zip(events, lines):
        decision = json.loads(line)
        if decision["decision"] != "deny" or "error" not in decision:
            fail(name, "event %r got" % event[:200], line)


def bad_events():
    good = json.dumps(PERMITTED).encode()
    write("policy.const", RULES)
    code, out, err = constc("run", "policy.const", stdin=good + b"\n" + good[:-1] + b"\r\n" + good + b"\r\n" + b"\xef\xbb\xbf" + good)
    if sound("line ends and marks", code, (0,), out, err):
        expect("line ends and marks", out, ["permit", "deny", "permit", "deny"])
    changed = lambda old, new: good.replace(old, new, 1)
    malformed([
        b"{", b"null", b"[]", b"7", b'"a"', b"{}", good + b"x", good + good, b"\0", b"\xff", good[:-1],
        changed(b'"action"', b'"nope"'), changed(b'"action"', b'"Action"'), changed(b'"action"', b'["action"]'),
        changed(b'"stage": "action"', b'"stage": null'), changed(b'"tool": "t"', b'"tool": 1'), changed(b'"tool": "t", ', b""),
        changed(b'"args"', b'"args": {"x": 1, "s": "a"}, "args"'), changed(b'"x": 1', b'"x": 1, "x": 1'), changed(b'"x": 1', b'"x": 1, "\\u0078": 1'),
        changed(b'"x": 1', b'"y": 1'), changed(b'"x": 1', b'"x": "1"'), changed(b'"x": 1', b'"x": 1.5'), changed(b'"x": 1', b'"x": 1e999'),
        changed(b'"x": 1', b'"x": 9223372036854775808'), changed(b'"x": 1', b'"x": ' + b"1" * 400), changed(b'"x": 1', b'"x": 01'),
        changed(b'"x": 1', b'"x": +1'), changed(b'"x": 1', b'"x": NaN'), changed(b'"x": 1', b'"x": 1.'), changed(b'"x": 1', b'"x": 1, "z": 1e'),
        changed(b'"x": 1', b'"x": null'), changed(b'"x": 1', b'"x": [1]'), changed(b'"x": 1', b'"x": {"a": 1}'),
        changed(b'"args": {', b'"args": [{').replace(b"}}", b"}]}"), changed(b'"s": "a"', b'"s": "a", "z": "\\ud800"'), changed(b'"s": "a"', b'"s": "a", "z": "\\udc00\\ud800"'),
        changed(b'"s": "a"', b'"s": "a", "z": "\xff"'), changed(b'"s": "a"', b'"s": "a", "z": "\x01"'), changed(b'"s": "a"', b'"s": "a", "z": "\\x"'),
        changed(b'"s": "a"', b'"s": "a", "z": ' + b"[" * 100000 + b"]" * 100000), changed(b'"s": "a"', b'"s": "a", "z": ' + b'{"a":' * 70 + b"1" + b"}" * 70),
        changed(b'"x": 1', b'"x": 1, "z": ' + b"[" * 70 + b"]" * 70), changed(b'"stage"', b'"time": "yesterday", "stage"'),
        changed(b'"stage"', b'"session": 7, "stage"'), changed(b'"stage"', b'"session": "' + b"s" * 1100 + b'", "stage"'),
        changed(b'"stage"', b'"session": "' + b"\xc3", ),
    ], "malformed events")
    malformed([good[:-2] + b', "z": "' + b"a" * (17 << 20) + b'"}}'], "a line of 17 MB")
    rng = random.Random(11)
    mutants = []
    for _ in range(2000):
        text = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            text[rng.randrange(len(text))] = rng.choice(b'{}[]",:\\ 0e-.x\xff\xc3u')
        try:
            tree = json.loads(bytes(text).decode("utf-8"), object_pairs_hook=list)
        except (ValueError, RecursionError):
            tree = None
        if tree is None and b"\n" not in text and bytes(text).strip():
            mutants.append(bytes(text))
    malformed(mutants, "%d broken events" % len(mutants))
    for form in ("openai", "anthropic"):
        code, out, err = constc("run", "policy.const", "--from", form, "--engine", "reference", stdin=b"\n".join(mutants[:200]))
        if sound("broken conversations", code, (0,), out, err):
            expect("broken conversations", out, ["deny"] * len(out.splitlines()))
            if len(out.splitlines()) == 0:
                fail("broken conversations", "no answer at all")
    for form, message in (("openai", {"role": "user", "content": {"text": "bad"}}), ("openai", {"role": "user", "content": [["bad"]]}),
                          ("openai", {"role": "assistant", "content": None, "function_call": "bad"}),
                          ("openai", {"role": "user", "content": [{"type": "text", "text": {"value": "bad"}}]}),
                          ("anthropic", {"role": "user", "content": [{"type": "text", "text": {"value": "bad"}}]})):
        words = json.dumps({"messages": [message]}).encode()
        code, out, err = constc("run", "policy.const", "--from", form, "--engine", "reference", stdin=words)
        if sound("words in an unknown place", code, (0,), out, err):
            expect("words in an unknown place: %s" % message, out, ["deny"])
    code, out, err = constc("run", "policy.const", "folder")
    sound("a folder of events", code, (2,), out, err)
    code, out, err = constc("run", "policy.const", "nowhere")
    sound("no events", code, (2,), out, err)


def many_events():
    """300 MB through a pipe, in constant memory. The program that plays this is not slowed down by its shadow memory alone: what counts is that
    its peak stays where it is after the first megabytes. About 70 MB of it are the libraries of the code generator, which the program links."""
    write("policy.const", RULES)
    line = json.dumps({**PERMITTED, "pad": "x" * 1000000}).encode() + b"\n"

    def peak(count):
        with open("decisions.jsonl", "wb") as sink:
            child = subprocess.Popen([CONSTC, "run", "policy.const", "--engine", "reference"], stdin=subprocess.PIPE, stdout=sink)
            for _ in range(count):
                child.stdin.write(line)
            child.stdin.close()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        with open("decisions.jsonl", "rb") as sink:
            expect("300 MB of events", sink.read(), ["permit"] * count)
        return child.returncode, usage.ru_maxrss / 1024

    code, first = peak(20)
    code, last = peak(300)
    sound("300 MB of events", code, (0,), b"", b"")
    print("300 MB of events: peak %.0f MB, after 20 MB %.0f MB" % (last, first))
    if last > first + 20 or last > 150 + (100 if b"__asan_init" in open(CONSTC, "rb").read() else 0):
        fail("300 MB of events", "the peak grows: %.0f MB after %.0f MB" % (last, first))


# ---- compiled policies ------------------------------------------------------------------------------------------


def libraries():
    write("policy.const", RULES)
    code, out, err = constc("build", "policy.const", "-o", "policy.so")
    if not sound("build", code, (0,), out, err):
        return
    with open("policy.so", "rb") as file:
        whole = file.read()
    with open(os.path.join(HERE, "..", "..", "runtime", "module.h")) as file:
        abi = next(int(line.split()[2].rstrip("u")) for line in file if line.startswith("#define CST_ABI_VERSION"))
    with open(os.path.join(HERE, "..", "..", "runtime", "module.h")) as file:
        magic = next(line.split('"')[1] for line in file if line.startswith("#define CST_MODULE_MAGIC"))
    marker = magic.encode().ljust(8, b"\0")[:8]
    if marker + struct.pack("<I", abi) not in whole:
        fail("another version", "the magic is not in the library")
    newer = whole.replace(marker + struct.pack("<I", abi), marker + struct.pack("<I", abi + 1))
    event = json.dumps(PERMITTED).encode()
    other = next((path for folder in ("/lib/x86_64-linux-gnu", "/lib64", "/usr/lib", "/lib/aarch64-linux-gnu")
                  for path in (os.path.join(folder, "libm.so.6"),) if os.path.exists(path)), None)
    for name, content in (("empty", b""), ("text", b"not a library\n"), ("another version", newer), ("cut at half", whole[:len(whole) // 2]),
                          ("cut at 100", whole[:100]), ("the magic alone", whole[:4]), ("header of zeros", whole[:64] + b"\0" * 4000),
                          ("without the symbol", open(other, "rb").read() if other else None)):
        if content is None:
            print("skipped: no library without the symbol was found")
            continue
        write("hostile.so", content)
        code, out, err = constc("run", "hostile.so", stdin=event)
        sound("library: " + name, code, (1, 2), out, err)
        if b'"permit"' in out:
            fail("library: " + name, "permits", out)
    code, out, err = constc("run", "policy.so", stdin=event)
    if sound("library", code, (0,), out, err):
        expect("library", out, ["permit"])


# ---- the surroundings ----------------------------------------------------------------------------------------------


def leftovers(folder, allowed):
    return sorted(set(os.listdir(folder)) - set(allowed))


def full_disk():
    write("policy.const", RULES)
    os.makedirs("disk", exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", "disk"], capture_output=True).returncode != 0:
        print("skipped: a full disk needs root, to mount one")
        return
    try:
        write("disk/out.so", b"the old one")
        write("disk/out.o", b"the old one")
        try:
            with open("disk/filler", "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 1024)
        except OSError:
            pass
        for target in ("disk/out.so", "disk/out.o", "disk/out.ll"):
            code, out, err = constc("build", "policy.const", "-o", target)
            sound("full disk, " + target, code, (2,), out, err)
            if leftovers("disk", ("filler", "out.so", "out.o")) or any(
                    open(old, "rb").read() != b"the old one" for old in ("disk/out.so", "disk/out.o")):
                fail("full disk", "left %s" % os.listdir("disk"), err)
    finally:
        subprocess.run(["umount", "disk"], check=True)


def surroundings():
    write("policy.const", RULES)
    event = json.dumps(PERMITTED).encode() + b"\n"
    for target in ("nowhere/out.so", "folder/out.o/x.o", "folder.so"):
        code, out, err = constc("build", "policy.const", "-o", target)
        sound("build to " + target, code, (2,), out, err)
    if leftovers("folder.so", ()):
        fail("build over a folder", "left %s" % os.listdir("folder.so"))
    code, out, err = constc("run", "folder", stdin=event)
    sound("a folder as policy", code, (2,), out, err)
    for words in (("run", "policy.const", "--engine", "reference"), ("check", "--cost", "policy.const"), ("dump", "--after", "ast", "policy.const"),
                  ("test", "policy.const"), ("help",), ("--version",)):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([CONSTC, *words], input=event, stdout=full, stderr=subprocess.PIPE, timeout=20)
        sound("stdout is full: " + " ".join(words), done.returncode, (2,), b"", done.stderr)
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([CONSTC, *words], input=event * 1000, stdout=writer, stderr=subprocess.PIPE, timeout=20)
        os.close(writer)
        sound("stdout has no reader: " + " ".join(words), done.returncode, (0, 1, 2), b"x", done.stderr + b"x")
        done = subprocess.run([CONSTC, *words], input=event, stderr=subprocess.PIPE, timeout=20, preexec_fn=lambda: os.close(1))
        sound("stdout is closed: " + " ".join(words), done.returncode, (0, 1, 2), b"x", done.stderr + b"x")
    os.mkfifo("fifo.const")
    child = subprocess.Popen([CONSTC, "check", "fifo.const"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open("fifo.const", "wb") as fifo:
        fifo.write(RULES.encode())
    out, err = child.communicate(timeout=20)
    sound("a pipe as policy", child.returncode, (0,), out, err)


def interrupts():
    """SIGINT at any time of a build: the old file or the new one, and nothing else."""
    os.makedirs("build", exist_ok=True)
    write("build/policy.const", RULES)
    started = time.time()
    constc("build", "build/policy.const", "-o", "build/out.so")
    whole = time.time() - started
    for i in range(8):
        child = subprocess.Popen([CONSTC, "build", "build/policy.const", "-o", "build/out.so"], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(whole * (0.3 + 0.1 * i))
        child.send_signal(signal.SIGINT)
        child.wait(timeout=20)
        left = leftovers("build", ("policy.const", "out.so"))
        if child.returncode not in (0, -signal.SIGINT) or left:
            fail("interrupted build", "exit %d, left %s" % (child.returncode, left))
            return
    global cases
    cases += 1


def main():
    folder = tempfile.mkdtemp(prefix="hostile")
    os.chdir(folder)
    os.mkdir("folder")
    os.mkdir("folder.so")
    try:
        for part in (policies, random_policies, large_policies, tools, bad_events, many_events, libraries, full_disk, surroundings, interrupts):
            started = time.time()
            try:
                part()
            except subprocess.TimeoutExpired as expired:
                fail(part.__name__, "no answer after %d seconds: %s" % (expired.timeout, expired.cmd))
            print("%-16s %5.1f s" % (part.__name__, time.time() - started))
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    print("%d cases, %d failed" % (cases, len(failures)))
    return 1 if failures else 0


sys.exit(main())
