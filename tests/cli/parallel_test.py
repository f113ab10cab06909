"""constc run -j N: the same bytes as one thread, whatever the lines are.

What is held: sessions whose events depend on one another (records, history, labels, halts), lines that are no events, lines past the bound, blank
lines, texts that lose a system prompt for every session; a reader that goes away; and a writer that waits for each answer.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

CONSTC = sys.argv[1]

STATEFUL = """constitution parallel "1"
context user { role: string }
tool pay(amount: decimal, to: string) acts
tool read(path: string)
rule much on action pay when sum of args.amount over (action pay) within 1h > 500.0 then deny because "{args.amount} is too much"
rule often on action pay when count of (action pay) within 10m > 6 then flag
rule stolen on action pay when earlier (action read where args.path contains "secret") then escalate to boss
rule bomb on input when text contains "bomb" then halt
rule staff on action read when user.role != "staff" and args.path contains "secret" then label peeked
rule repeats on output when text repeats 12 chars of system then refuse
"""

STATELESS = """constitution free "1"
tool pay(amount: decimal, to: string) acts
rule much on action pay when args.amount > 50.0 then deny because "{args.amount} is too much"
rule mail on input, output when text contains /[a-z]+@[a-z]+[.]test/ then redact with "[mail]"
rule long on output when length of text > 60 then flag
"""

ACROSS = """constitution across "1"
context user { id: string }
tool pay(amount: decimal, to: string) acts
rule much on action pay when count of (action pay) with same user.id across sessions within 1h > 5 then deny
"""


def stamp(second):
    return "2026-11-23T%02d:%02d:%02dZ" % (second // 3600 % 24, second // 60 % 60, second % 60)


def make_line(choose, number):
    session = choose.choice(["s%d" % choose.randrange(9), "", "\u00e4-%d" % choose.randrange(3), None])
    event = {"id": number, "time": stamp(number)}
    kind = choose.randrange(12)
    if session is not None:
        event["session"] = session
    if kind < 4:
        event.update(stage="action", tool="pay", user={"role": "user", "id": "u%d" % choose.randrange(3)},
                     args={"amount": choose.randrange(200) / 4, "to": "x"})
    elif kind < 6:
        event.update(stage="action", tool="read", user={"role": choose.choice(["staff", "user"])},
                     args={"path": choose.choice(["/secret", "/a", "/b/c"])})
    elif kind < 8:
        event.update(stage="input", text=choose.choice(["hello", "mail ann@example.test", "a bomb" if choose.randrange(9) == 0 else "ok"]))
    elif kind == 8:
        event.update(stage="output", text=choose.choice(["be good to everyone, always", "x" * 80, "you@there.test"]))
    elif kind == 9:
        event = {"stage": "system", "text": "be good to everyone, always"} | ({"session": session} if session else {})
    elif kind == 10:
        return choose.choice(["", "  \t", "{", "nonsense", "[1]", "\x00", '{"stage":"system","text":"x",', '{"session":"s1","stage"',
                              '{"stage":"input","session":5,"text":"a"}', '{"session":"s1","session":"s2","stage":"input","text":"a"}',
                              '{"stage":"input","session":null,"text":"n"}', '{"stage":"input","session":"\\u0073\\u0031","text":"e"}',
                              '{"stage":"input","text":"\\ud800"}', '{"a":' * 80, '{"stage":"input","text":"' + "y" * 5000 + '"}'])
    text = json.dumps(event, ensure_ascii=choose.randrange(2) == 0)
    return text + choose.choice(["", "", "", "\r"])


def run(policy, lines, *options):
    done = subprocess.run([CONSTC, "run", policy, "--limit", "event-bytes=4000", *options], input=lines, capture_output=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def check_equal(policy, seed, count):
    choose = random.Random(seed)
    lines = "\n".join(make_line(choose, number) for number in range(count)).encode("utf-8", "surrogatepass")
    expected = run(policy, lines)
    assert expected[1].count(b"\n") > count // 2, expected
    for threads in ("2", "3", "7"):
        found = run(policy, lines, "-j", threads)
        assert found == expected, (policy, threads, first_difference(expected[1], found[1]), found[2])
    assert run(policy, lines, "--fail-on", "deny")[0] == run(policy, lines, "--fail-on", "deny", "-j", "2")[0] == 3
    return expected[1]


def first_difference(a, b):
    for number, (x, y) in enumerate(zip(a.splitlines(), b.splitlines())):
        if x != y:
            return number, x, y
    return len(a.splitlines()), len(b.splitlines())


def check_waiting(policy):
    """A writer that waits for the answer to each line before it sends the next."""
    running = subprocess.Popen([CONSTC, "run", policy, "-j", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in range(20):
        running.stdin.write(b'{"stage":"input","id":%d,"session":"s%d","text":"hi"}\n' % (number, number % 3))
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["id"] == number
    running.stdin.close()
    assert running.wait(timeout=60) == 0


def check_broken_pipe(policy):
    """The reader goes away: the program ends, quietly."""
    running = subprocess.Popen([CONSTC, "run", policy, "-j", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.close()
    line = b'{"stage":"input","session":"s","text":"hello"}\n' * 200
    try:
        for _ in range(2000):
            running.stdin.write(line)
        running.stdin.close()
    except BrokenPipeError:
        pass
    assert running.wait(timeout=60) == 0 and running.stderr.read() == b""


def main():
    with tempfile.TemporaryDirectory() as folder:
        policies = {}
        for name, text in (("stateful", STATEFUL), ("stateless", STATELESS), ("across", ACROSS)):
            policies[name] = os.path.join(folder, name + ".const")
            with open(policies[name], "w") as file:
                file.write(text)
        answers = check_equal(policies["stateful"], 1, 6000)
        verdicts = {json.loads(line)["decision"] for line in answers.splitlines()}
        assert {"permit", "deny", "escalate", "halt", "flag", "refuse"} <= verdicts, verdicts
        check_equal(policies["stateless"], 2, 4000)
        check_equal(policies["across"], 3, 1500)
        check_waiting(policies["stateful"])
        check_waiting(policies["stateless"])
        check_broken_pipe(policies["stateless"])
        refused = run(policies["stateful"], b"", "-j", "2", "--summary")
        assert refused[0] == 2 and b"--jobs" in refused[2], refused
    print("the answers of several threads are those of one")


main()
