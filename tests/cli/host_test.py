#!/usr/bin/env python3
"""Host predicates on the command line: --answers, --host, and what is told where nobody answers. host_test.py CONSTC"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

CONSTC = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
failures = 0

POLICY = """constitution h "1"
extern toxicity(text: string) returns float within 2s
extern quick(text: string) returns bool within 1ms
rule tox on input when toxicity(text) > 0.5 then deny
rule fast on input when text contains "fast" and quick(text) then refuse
rule shade on input in shadow when toxicity(text + "!") > 0.5 then flag
"""

HOST = """import json, sys, time
print('{"ready":true}', flush=True)
for line in sys.stdin:
    q = json.loads(line)
    text = q["arguments"]["text"]
    if text.startswith("die"):
        sys.exit(1)
    if q["predicate"] == "quick":
        time.sleep(0.2)
    print(json.dumps({"id": 1000, "answer": True}))            # of no question
    print(json.dumps({"id": q["id"], "answer": 0.9 if text.startswith("bad") else 0.1}), flush=True)
"""


def expect(what, truth, shown=""):
    global failures
    if not truth:
        failures += 1
        print("FAILED %s %s" % (what, shown))


def run(*words, events=(), code=0):
    text = "".join(json.dumps({"stage": "input", "text": event}) + "\n" for event in events)
    done = subprocess.run([CONSTC, *words], input=text, capture_output=True, text=True, timeout=60)
    expect("exit code of %s" % (words,), done.returncode == code, done.stderr + done.stdout)
    return done


def decisions(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def nobody_answers():
    one, = decisions(run("run", "p.const", events=["hi"]))
    expect("pending", one["decision"] == "pending" and one["rules"] == [], one)
    question, = one["questions"]
    expect("question", question == {"id": question["id"], "predicate": "toxicity", "arguments": {"text": "hi"}, "within_ms": 2000,
                                    "shadow": False}, question)
    expect("shadow", [q["arguments"]["text"] for q in one["shadow_questions"]] == ["hi!"], one)
    run("run", "p.const", "--fail-on", "halt", events=["hi"], code=3)  # nothing goes on: as strict as can be
    table = run("run", "p.const", "--summary", events=["hi"]).stdout
    expect("summary", "pending" in table and "waits for answers of the host" in table, table)
    why = run("explain", "p.const", events=["hi"]).stdout
    expect("explain", "event 1: pending" in why and "not asked  toxicity(text) > 0.5" in why, why)


def file_of_answers():
    write("a.jsonl", '{"predicate":"toxicity","arguments":{"text":"bad"},"answer":0.9}\n\n'
                     '{"predicate":"toxicity","arguments": { "text" : "broken" },"failed":true}\n'
                     '{"predicate":"toxicity","answer":0.25}\n')
    bad, broken, good = decisions(run("run", "p.const", "--answers", "a.jsonl", events=["bad", "broken", "good"]))
    expect("bad", bad["decision"] == "deny" and bad["asked"][0] == {"predicate": "toxicity", "answer": 0.25}, bad)
    expect("broken", broken["rules"][0]["undecided"] == {"code": "host", "at": "toxicity(text)"}, broken)
    expect("broken, told", {"predicate": "toxicity", "undecided": "failed"} in broken["asked"], broken)
    expect("good", good["decision"] == "permit" and good["not_evaluated"] == ["quick"], good)
    waiting, = decisions(run("run", "p.const", "--answers", "a.jsonl", events=["fast"]))
    expect("no answer", waiting["decision"] == "pending" and waiting["questions"][0]["predicate"] == "quick", waiting)
    for wrong in ('{"predicate":"x"}\n', '{"answer":1}\n', "{\n", '{"predicate":"x","answer":1,"failed":true}\n', "[]\n"):
        write("w.jsonl", wrong)
        done = run("run", "p.const", "--answers", "w.jsonl", events=["hi"], code=2)
        expect("wrong answers", "w.jsonl:1: " in done.stderr, done.stderr)
    run("run", "p.const", "--answers", "missing.jsonl", events=["hi"], code=2)
    run("run", "p.const", "--answers", "", events=["hi"], code=2)


def program():
    write("host.py", HOST)
    command = "%s host.py" % sys.executable
    for engine in ("jit", "reference"):
        bad, good, late = decisions(run("run", "p.const", "--engine", engine, "--host", command, events=["bad", "good", "fast"]))
        expect("bad", bad["decision"] == "deny" and [r["rule"] for r in bad["shadow"]] == ["shade"], bad)
        expect("good", good["decision"] == "permit", good)
        expect("late", late["decision"] == "refuse" and {"predicate": "quick", "undecided": "late"} in late["asked"], late)
    both = decisions(run("run", "p.const", "--host", command, "--answers", "a.jsonl", events=["bad"]))
    expect("answers first", both[0]["asked"][0] == {"predicate": "toxicity", "answer": 0.25}, both)
    done = run("run", "p.const", "--host", command, events=["good", "die", "good"])
    ended = decisions(done)
    expect("ended", [d["decision"] for d in ended] == ["permit", "deny", "deny"], ended)
    expect("ended, told once", done.stderr.count("the host program has ended") == 1, done.stderr)
    for wrong in ("exit 3", "echo hello", "no_such_program_anywhere"):
        run("run", "p.const", "--host", wrong, events=["hi"], code=2)
    noise = run("run", "p.const", "--host", "echo '{\"ready\":true}'; read a; echo noise; cat >/dev/null", events=["hi"])
    expect("noise", decisions(noise)[0]["decision"] == "deny" and "no answer" in noise.stderr, noise.stdout + noise.stderr)
    big = "good " + "x" * 3000000  # more than a pipe holds
    expect("large", decisions(run("run", "p.const", "--host", command, events=[big]))[0]["decision"] == "permit")


def measured():
    write("rows.jsonl", "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in
                                [("bad one", "bad"), ("bad two", "bad"), ("fine", "good")]))
    words = ("p.const", "rows.jsonl", "--text", "text", "--label", "label", "--positive", "bad", "--format", "json")
    figures = json.loads(run("eval", *words, "--host", "%s host.py" % sys.executable).stdout)
    expect("eval", figures["matrix"]["true_positive"] == 2 and figures["matrix"]["true_negative"] == 1, figures["matrix"])
    done = run("eval", *words, code=2)
    expect("eval without a host", "pending" in done.stdout + done.stderr, done.stdout + done.stderr)


def stubs():
    folder = os.path.join(ROOT, "examples", "host")
    done = run("run", os.path.join(folder, "moderated.const"), os.path.join(folder, "events.jsonl"),
               "--host", "%s %s" % (sys.executable, os.path.join(folder, "stub_host.py")))
    expect("stub", [d["decision"] for d in decisions(done)] == ["permit", "refuse", "escalate", "require_approval", "permit"], done.stdout)


def tests_that_say_too_little():
    write("t.const", POLICY + 'test "t" { input "hi" expect permit }\n')
    done = run("test", "t.const", code=1)
    expect("test", "the host is asked toxicity" in done.stdout and "given toxicity" in done.stdout, done.stdout)


def main():
    folder = tempfile.mkdtemp(prefix="host")
    os.chdir(folder)
    try:
        write("p.const", POLICY)
        for part in (nobody_answers, file_of_answers, program, measured, stubs, tests_that_say_too_little):
            part()
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    print("%d failures" % failures)
    return 1 if failures else 0


sys.exit(main())
