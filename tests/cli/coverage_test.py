#!/usr/bin/env python3
"""constc test --coverage and --mutate: what is counted, which changes survive, and what is said. coverage_test.py CONSTC"""
import json
import os
import subprocess
import sys
import tempfile

CONSTC = os.path.abspath(sys.argv[1])
failures = 0

# Everything that tests can bring: history, approvals, host predicates, provenance, definitions, a rule in shadow.
POLICY = """constitution p "1"
import std.net
enum Role { guest, staff }
context user { id: string, role: Role }
approvals by boss
default action deny
extern risky(text: string) returns bool within 1s
origin pages = result of get
set homes = { "a.test", "b.test" }
define stranger(a: email) = a.domain not in homes
tool mail(to: list<email>, body: string) sends external
tool pay(amount: decimal, note?: string) pays
tool get(url: url) reads
permit mails on action mail
permit pays on action pay when args.amount <= 500.0
permit gets on action get
rule far on action mail when any a in args.to satisfies stranger(a) then deny because "to {a}"
rule big on action pay when args.amount > 100.0 and user.role == guest then require approval from boss within 10m
rule noteless on action pay when args.amount > 50.0 unless args.note is present then flag
rule often on action pay when count of (action pay where args.amount > 10.0) within 1h >= 3 then halt
rule bad on input when risky(text) then refuse
rule inner on action get when net.local_name(args.url) then deny
rule echoed on action mail when args.body from pages then flag
rule quiet on action mail in shadow when length of args.to > 1 then deny

test "mail" {
  action mail { to: ["x@a.test"], body: "hello" }
  expect permit
  action mail { to: ["x@a.test", "y@c.test"], body: "hello" }
  expect deny by far
}
test "pay" {
  given user { id: "u", role: guest }
  action pay { amount: 101.0, note: "n" }
  expect require approval by big
  wait 1m
  approved by boss
  expect flag
}
test "often" {
  given user { id: "u", role: staff }
  action pay { amount: 20.0 }
  expect permit
  action pay { amount: 20.0 }
  wait 40m
  action pay { amount: 1.0 }
  expect permit
  action pay { amount: 20.0 }
  expect halt by often
}
test "asks the host" {
  given risky true
  input "bad"
  expect refuse by bad
}
test "not answered" {
  input "bad"
}
"""

LOWER = """constitution lower "1"
extends "upper.const"
waive upper.loud when text contains "ok" because "ok"
rule long on input when length of text > 5 then flag
test "loud" {
  input "x!"
  expect deny by upper.loud
  input "ok!"
  expect permit
}
"""

UPPER = """constitution upper "1"
default message deny
permit talk on message when text != "no"
rule loud on input waivable when text contains "!" then deny
rule unused on output when text contains "?" then deny
"""

# Three conditions that tests hold from both sides, so nothing survives but what is named in `survivors`.
HELD = """constitution held "1"
tool pay(amount: decimal, to: string, kind: string, note?: string) pays
set good = { "a", "b" }
rule r on action pay when args.amount > 10.0 and (args.to not in good or args.kind == "x") then deny
rule n on action pay when args.note is present and length of args.note > 3 then refuse
test "all" {
  action pay { amount: 11.0, to: "c", kind: "y" }
  expect deny by r
  action pay { amount: 10.0, to: "c", kind: "y" }
  expect permit
  action pay { amount: 11.0, to: "a", kind: "y" }
  expect permit
  action pay { amount: 11.0, to: "b", kind: "y" }
  expect permit
  action pay { amount: 11.0, to: "b", kind: "x" }
  expect deny by r
  action pay { amount: 1.0, to: "b", kind: "y", note: "abc" }
  expect permit
  action pay { amount: 1.0, to: "b", kind: "y", note: "abcd" }
  expect refuse by n
}
"""


def expect(what, truth, shown=""):
    global failures
    if not truth:
        failures += 1
        print("FAILED %s %s" % (what, shown))


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def run(*words, code=0):
    done = subprocess.run([CONSTC, "test", *words], capture_output=True, text=True, timeout=120)
    expect("exit code of %s" % (words,), done.returncode == code, "%d %s %s" % (done.returncode, done.stderr, done.stdout))
    return done


def report(*words, code=0):
    return json.loads(run(*words, "--format", "json", code=code).stdout)


def counts(coverage):
    return {r["rule"]: (r["fired"], r["silent"], r["undecided"]) for r in coverage["rules"]}


def ways(coverage, name):
    rule, = [r for r in coverage["rules"] if r["rule"] == name]
    return [(c["condition"], c["true"], c["false"], c["undecided"]) for c in rule["conditions"]]


def changes(mutants, rule):
    return [s["change"] for s in mutants["survivors"] if s["rule"] == rule]


def counted():
    for engine in ((), ("--engine", "reference"), ("--engine", "jit")):
        one = report("--coverage", *engine, "p.const")
        coverage = one["coverage"]
        expect("tests", one["tests"] == {"failures": [], "passed": 5, "failed": 0}, one["tests"])
        expect("rules", counts(coverage) == {
            "mails": (2, 0, 0), "pays": (6, 0, 0), "gets": (0, 0, 0), "far": (1, 1, 0), "big": (2, 4, 0), "noteless": (0, 6, 0),
            "often": (1, 5, 0), "bad": (1, 0, 0), "inner": (0, 0, 0), "echoed": (0, 2, 0), "quiet": (1, 1, 0)}, counts(coverage))
        expect("define", ways(coverage, "far") == [("a.domain not in homes", 1, 2, 0),
                                                   ("any a in args.to satisfies stranger(a)", 1, 1, 0)], ways(coverage, "far"))
        expect("unless", ways(coverage, "noteless") == [("args.amount > 50.0", 2, 4, 0), ("args.note is present", 2, 4, 0)],
               ways(coverage, "noteless"))
        expect("history", ways(coverage, "often")[1] == ("args.amount > 10.0", 5, 1, 0), ways(coverage, "often"))
        expect("library", ways(coverage, "inner") == [("net.local_name(args.url)", 0, 0, 0)], ways(coverage, "inner"))
        expect("totals", coverage["layers"] == [{"layer": "p", "rules": 11, "fired": 7, "conditions": 13, "both_ways": 9}], coverage["layers"])
        expect("events", coverage["events"] == 10 and coverage["defaults"] == [
            {"layer": "p", "stage": "action", "default": "deny", "stood": 0, "lifted": 8}], coverage["defaults"])
        place = [r for r in coverage["rules"] if r["rule"] == "big"][0]
        expect("place", (place["line"], place["column"], place["file"], place["kind"]) == (18, 6, "p.const", "rule"), place)


def shown():
    text = run("--coverage", "p.const").stdout
    for part in ("coverage of p.const: 5 tests, 10 events\n",
                 "         6         0         0  permit pays\n", "         0         8            default action deny\n",
                 "         1         1         0  rule quiet (in shadow)\n",
                 "always counted: permit pays\n  --> p.const:15:8\n", "never counted: permit gets\n",
                 "16 | permit gets on action get\n   |        ^^^^ no test has an event on action get\n",
                 "never fired: rule noteless\n", "^^^^^^^^ asked 6 times\n", "never silent: rule bad\n",
                 "7 of 11 rules fired, 9 of 13 conditions seen both ways\n5 passed, 0 failed\n"):
        expect("text of coverage", part in text, part + "\n----\n" + text)
    expect("a rule with one condition is said once", "half seen: rule bad" not in text and "half seen: rule pays" not in text, text)
    text = run("--mutate", "p.const").stdout
    for part in ("survived: the tests do not notice if `>` becomes `>=`, in `big`\n  --> p.const:18:29\n",
                 "= help: add a test at the boundary: exactly 100.0\n",
                 "survived: the tests do not notice if the rule `noteless` is dropped, nor 5 other changes of it\n",
                 "31 of 57 mutants killed\n5 passed, 0 failed\n"):
        expect("text of mutants", part in text, part + "\n----\n" + text)


def malformed():
    write("malformed.const", """constitution p "1"
tool search(query: string)
context user { id: string }
rule kept on result search when text contains "x" then deny
rule who on output when user.id == "x" then deny
rule in_all on result when tool == search then deny
test "t" {
  result search { query: "a" } value 1
  expect malformed
  result search { query: "b" } value 1
  expect malformed
  output "a"
  expect malformed
}
""")
    text = run("--coverage", "malformed.const").stdout
    for part in ("^^^^ 2 events on result search, malformed: missing /text\n", "^^^ 1 event on output, malformed: missing /user\n",
                 "^^^^^^ 2 events on result, malformed: missing /text\n"):
        expect("malformed events", part in text, part + "\n----\n" + text)


def survivors():
    mutants = report("--mutate", "p.const")["mutants"]
    expect("killed", (mutants["count"], mutants["killed"], len(mutants["survivors"])) == (57, 31, 26), mutants)
    expect("big", changes(mutants, "big") == [
        "`args.amount > 100.0` is dropped from the `and`", "`>` becomes `>=`", "`100.0` becomes `99.0`",
        "`user.role == guest` is dropped from the `and`", "`within` becomes half as long"], changes(mutants, "big"))
    expect("history", changes(mutants, "often") == ["`>` becomes `>=`", "`10.0` becomes `11.0`", "`10.0` becomes `9.0`"],
           changes(mutants, "often"))
    expect("shadow", changes(mutants, "quiet") == [], mutants)
    expect("far", changes(mutants, "far") == ["the set `homes` loses `\"b.test\"`"], changes(mutants, "far"))
    expect("same again", report("--mutate", "p.const")["mutants"] == mutants)
    some = report("--mutate", "--mutants", "20", "p.const")["mutants"]
    other = report("--mutate", "--mutants", "20", "--seed", "7", "p.const")["mutants"]
    expect("some", some["count"] == 20 and some["left_out"] == 37 and other["survivors"] != some["survivors"], some)


def held():
    one = report("--mutate", "--coverage", "held.const")
    mutants = one["mutants"]
    expect("nothing survives", mutants["survivors"] == [] and mutants["killed"] == mutants["count"] == 22, mutants)
    expect("guards", mutants["ill_formed"] == 2, mutants)  # without `is present`, or with its opposite, `args.note` would have no guard
    layer = one["coverage"]["layers"][0]
    expect("all seen", layer == {"layer": "held", "rules": 2, "fired": 2, "conditions": 5, "both_ways": 5}, layer)
    # each change of the text is noticed by the same test that notices the change of the tree
    for old, new in (("> 10.0", ">= 10.0"), ("not in good", "in good"), ("> 3", "> 4"), ("then deny", "then refuse"),
                     (" or args.kind == \"x\"", ""), ("args.amount > 10.0 and ", ""), ("{ \"a\", \"b\" }", "{ \"a\" }")):
        expect("text has it", HELD.count(old) >= 1, old)
        write("edited.const", HELD.replace(old, new, 1))
        run("edited.const", code=1)


def layers():
    coverage = report("--coverage", "lower.const")["coverage"]
    expect("layers", counts(coverage) == {"waive upper.loud": (1, 1, 0), "long": (0, 2, 0), "upper.talk": (0, 0, 0),
                                          "upper.loud": (2, 0, 0), "upper.unused": (0, 0, 0)}, counts(coverage))
    expect("apart", [(x["layer"], x["fired"], x["rules"]) for x in coverage["layers"]] == [("lower", 1, 2), ("upper", 1, 3)],
           coverage["layers"])
    expect("default", coverage["defaults"] == [{"layer": "upper", "stage": "message", "default": "deny", "stood": 0, "lifted": 0}])
    text = run("--coverage", "lower.const").stdout
    expect("own gaps alone", "never fired: rule long" in text and "never fired: rule upper.unused" not in text, text)
    expect("own line last", "of upper, which it extends\n" in text and
           "upper: 1 of 3 rules fired, 0 of 3 conditions seen both ways\n1 of 2 rules fired, 1 of 2 conditions seen both ways\n" in text, text)
    mutants = report("--mutate", "lower.const")["mutants"]
    expect("own rules alone", {s["rule"] for s in mutants["survivors"]} == {"long"}, mutants)


def bounds():
    run("--coverage", "--min-coverage", "60", "p.const")
    less = run("--coverage", "--min-coverage", "70", "p.const", code=1)
    expect("less", "constc: p.const: the tests cover less than 70 %\n" in less.stderr, less.stderr)
    run("--mutate", "--min-killed", "54", "p.const")
    less = run("--mutate", "--min-killed", "55", "p.const", code=1)
    expect("fewer", "the tests notice less than 55 % of the changes" in less.stderr, less.stderr)
    run("--coverage", "--mutate", "--min-coverage", "100", "--min-killed", "100", "held.const")
    for words in (("--min-coverage", "50"), ("--min-killed", "50"), ("--mutants", "5"), ("--seed", "5"),
                  ("--coverage", "--min-coverage", "101"), ("--mutate", "--mutants", "0"), ("--mutate", "--mutants", "10001"),
                  ("--coverage", "--format", "xml")):
        done = run(*words, "p.const", code=2)
        expect("usage", done.stderr.startswith("constc: ") and done.stdout == "", done.stderr)


def hostile():
    write("none.const", "constitution none \"1\"\nrule r on input when text contains \"x\" then deny\n")
    text = run("--coverage", "--mutate", "none.const")
    expect("no tests", "coverage of none.const: 0 tests, 0 events" in text.stdout and "0 of 1 rules fired" in text.stdout and
           "none.const has no tests that could notice a change" in text.stderr, text.stdout + text.stderr)
    run("--coverage", "--min-coverage", "1", "none.const", code=1)
    run("--mutate", "--min-killed", "1", "none.const", code=1)
    expect("null", report("--mutate", "none.const")["mutants"] is None)
    write("empty.const", "constitution empty \"1\"\n")
    text = run("--coverage", "--mutate", "--min-coverage", "100", "empty.const").stdout
    expect("no rules", "0 of 0 rules fired, 0 of 0 conditions seen both ways" in text, text)
    write("wrong.const", "constitution wrong \"1\"\nrule r on input when nothing == 1 then deny\n")
    wrong = run("--coverage", "--mutate", "wrong.const", code=1)
    expect("errors", "error[" in wrong.stderr and "FAILED  wrong.const: does not compile" in wrong.stdout, wrong.stderr)
    expect("errors, JSON", report("--coverage", "wrong.const", code=1) == {"policy": "wrong.const", "compiles": False})
    write("fails.const", POLICY.replace("expect halt by often", "expect permit"))
    fails = run("--mutate", "--coverage", "fails.const", code=1)
    expect("fails", "its tests fail, so no mutant is run" in fails.stderr and "mutants killed" not in fails.stdout and
           "rules fired" in fails.stdout, fails.stderr)
    one, = report("--mutate", "fails.const", code=1)["tests"]["failures"]
    expect("failure", one["test"] == "often" and one["line"] == 49 and "expected permit" in one["reason"], one)
    subprocess.run([CONSTC, "build", "held.const", "-o", "held.so"], check=True)
    built = run("--coverage", "--mutate", "held.so", code=2)
    expect("compiled", "held.so is compiled: the tests stand in its source" in built.stderr, built.stderr)
    run("--coverage", "there-is-none.const", code=2)
    lines = run("--coverage", "--mutate", "--format", "json", "folder").stdout.splitlines()
    expect("a folder", [json.loads(line)["policy"] for line in lines] == ["folder/a.const", "folder/b.const"], lines)


def strange():
    """Whatever a change makes of a policy, no run of its tests may crash: messages and cuts of rules that were changed, too."""
    write("strange.const", """constitution strange "1"
tool put(data: json, list: list<string>, text: string) acts
pattern key = /AKIA[0-9A-Z]{8}/
rule cut on input, output when text contains key then redact with "[{kind}]"
rule put on action put when args.text starts with "x" and args.data.a is int and args.data.a > 1 then replace args.text with "y"
rule every on action put when all x in args.list satisfy (length of x < 3 and x != "ab") then flag because "none"
rule some on action put when any x in args.list satisfies (x in { "q", "r", "s", "t", "u", "v" } or x starts with "z") then deny because "{x}"
rule seen on action put when earlier action put with same args.text within 1h and latest of args.text over action put is present then flag
rule sums on action put when args.data.n is int and (args.data.n * 2 + 1 == 7 or not (args.data.n != 9)) then flag
test "t" {
  input "AKIA12345678"
  expect redact by cut
  action put { data: { a: 2, n: 3 }, list: ["ab", "zz"], text: "xyz" }
  action put { data: { a: 2, n: 3 }, list: ["ab", "q"], text: "xyz" }
  action put { data: 1, list: [], text: "xyz" }
  action put { data: { a: 9223372036854775807, n: 9223372036854775807 }, list: ["abc"], text: "" }
}
""")
    mutants = report("--mutate", "strange.const")["mutants"]
    expect("all run", mutants["count"] > 50 and mutants["killed"] > 0, mutants)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    write("p.const", POLICY)
    write("lower.const", LOWER)
    write("upper.const", UPPER)
    write("held.const", HELD)
    os.mkdir("folder")
    write("folder/a.const", HELD)
    write("folder/b.const", HELD)
    for test in (counted, shown, malformed, survivors, held, layers, bounds, hostile, strange):
        test()
sys.exit(1 if failures else 0)
