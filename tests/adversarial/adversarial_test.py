"""Every attack of attacks.py against office.const, on native code and on the reference evaluator; then conversations, grants and streams.

    python3 tests/adversarial/adversarial_test.py CONSTC [--update]

Prints a table: attack, what stopped it, or that it gets through. Fails if an attack that must be stopped is not, if what stops it is another rule, if a twin is
touched, if a known limit has gone (then the case and the documentation say so), or if the two engines differ. With --update the table of docs/agents.md is replaced.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import attacks  # noqa: E402
import wire  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
LET_THROUGH = {"permit", "flag", "redact", "replace"}


def run(constc, policy, lines, *options):
    done = subprocess.run([constc, "run", policy, *options], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("constc run: " + done.stderr)
    return done.stdout.splitlines()


def line_of(event, session):
    if isinstance(event, str):
        return event.replace("{", '{"session":%s,"time":"2026-01-01T10:00:00Z",' % json.dumps(session)
                             + ("" if event.count('"user"') > 1 else '"user":{"id":%s},' % json.dumps(session)), 1)
    return json.dumps({"session": session, "time": "2026-01-01T10:00:00Z", "user": {"id": session}, **event})


def sessions():
    for number, case in enumerate(attacks.CASES):
        for kind in ("attack", "twin"):
            yield number, kind, [line_of(event, "%s-%d" % (kind, number)) for event in case[kind]]


def reasons(answer):
    if "error" in answer:
        return {answer["error"]["code"]}
    return {rule["rule"] or "default" for rule in answer["rules"] if rule["effect"] not in LET_THROUGH}


def judge(case, attack, twin):
    """What is wrong with this case, or None; and what happened, in words."""
    stopped = attack["decision"] not in LET_THROUGH
    found = reasons(attack)
    words = "%s (%s)" % (attack["decision"].replace("_", " "), ", ".join(sorted(found))) if stopped else attacks.THROUGH
    wanted = {case["by"]} if isinstance(case["by"], str) else case["by"]
    if twin["decision"] not in LET_THROUGH:
        return "the twin is touched: %s" % json.dumps(twin)[:400], words
    if case["limit"] and stopped:
        return "is stopped, but listed as a limit", words
    if not case["limit"] and not stopped:
        return "gets through", words
    if not case["limit"] and not found & wanted:
        return "is stopped by %s, not by %s" % (sorted(found), sorted(wanted)), words
    return None, words


def table(outcomes):
    groups, out = {}, []
    for case, words in outcomes:
        groups.setdefault(case["group"], []).append((case, words))
    stopped = sum(not case["limit"] for case, _ in outcomes)
    out.append("%d attacks, of which %d are stopped and %d get through:" % (len(outcomes), stopped, len(outcomes) - stopped))
    for group, own in groups.items():
        out += ["", "| %s | outcome |" % group, "|---|---|"]
        for case, words in own:
            out.append("| %s | %s |" % (case["name"], words if not case["limit"] else "**gets through**: " + case["limit"]))
    return "\n".join(out) + "\n"


def main():
    constc = os.path.abspath(sys.argv[1])
    made = list(sessions())
    lines = [line for _, _, own in made for line in own]
    source = str(HERE / "office.const")
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "office.so") # compiled once, for all that follows
        subprocess.run([constc, "build", source, "-o", library], check=True)
        native = run(constc, library, lines)
        on_the_wire = wire.outcomes(constc, library, HERE)
    failures = []
    if native != run(constc, source, lines, "--engine", "reference"):
        failures.append("native code and the reference evaluator differ")
    if len(native) != len(lines):
        sys.exit("%d answers to %d events" % (len(native), len(lines)))
    last, at = {}, 0
    for number, kind, own in made:
        at += len(own)
        last[number, kind] = json.loads(native[at - 1])
    outcomes = []
    for number, case in enumerate(attacks.CASES):
        wrong, words = judge(case, last[number, "attack"], last[number, "twin"])
        outcomes.append((case, words))
        if wrong:
            failures.append("%s: %s: %s" % (case["group"], case["name"], wrong))
    for case, words, wrong in on_the_wire:
        outcomes.append((case, words))
        if wrong:
            failures.append("%s: %s: %s" % (case["group"], case["name"], wrong))
    text = table(outcomes)
    if "--update" in sys.argv and not failures:
        document = HERE.parents[1] / "docs/agents.md"
        old = document.read_text(encoding="utf-8")
        document.write_text(re.sub(r"(<!-- attacks -->\n).*(<!-- attacks end -->)", lambda m: m[1] + text + m[2], old, flags=re.S), encoding="utf-8")
    else:
        print(text)
    for failure in failures:
        print("FAILED  " + failure)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
