"""The tables of docs/agents.md, measured: policies by origin on AgentDojo's ground truths, without any model.

    python3 tests/measure/agents.py CONSTC [DATA] [--update] [--misses]

DATA is the folder of evaluation data (else CONSTITUTION_DATA) with agentdojo_replay/episodes.jsonl: user tasks done as intended, and the same with an
injected instruction that the agent obeys in full, right after it has seen it ("early") or at the end ("late"). Every event of an episode is decided by
`constc run examples/agentdojo/SUITE.const`, one session an episode.

A benign episode is *untouched* if every event is let through without a question. An attack *lands* if all calls that realise its goal are let through; one whose goal is
to say something lands if that answer is. What follows a stopped call is a replay: it cannot show what an agent would have done then, so its results are decided
and remembered as recorded. That can only help an attack: what a stopped call would have brought is known although it never ran.

With --update the tables between the markers of docs/agents.md are replaced, else they are printed. --misses names the episodes.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITES = ["banking", "slack", "travel", "workspace"]
LET_THROUGH = {"permit", "flag", "redact", "replace"}
ASKED = {"require_approval", "escalate"}


def decide(constc, suite, episodes):
    """The decisions of each episode's events."""
    lines = []
    for episode in episodes:
        for event in episode["events"]:
            lines.append(json.dumps({"session": episode["id"], **event}))
    done = subprocess.run([constc, "run", str(ROOT / "examples/agentdojo" / (suite + ".const"))], input="\n".join(lines) + "\n",
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("%s: %s" % (suite, done.stderr[-2000:]))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(lines):
        sys.exit("%s: %d answers to %d events" % (suite, len(answers), len(lines)))
    out, at = [], 0
    for episode in episodes:
        out.append(answers[at:at + len(episode["events"])])
        at += len(episode["events"])
    return out


def lands(episode, answers):
    goal = episode["goal_tool_calls"] or [i for i in range(episode["hijack_from"], episode["hijack_to"])
                                          if episode["events"][i]["stage"] == "output"]
    return all(answers[i]["decision"] in LET_THROUGH for i in goal)


def rules_of(answers):
    return sorted({rule["rule"] or "default" for answer in answers if answer["decision"] not in LET_THROUGH for rule in answer["rules"]
                   if rule["effect"] not in LET_THROUGH})


def share(part, whole):
    return "%d of %d (%.1f %%)" % (part, whole, 100 * part / whole) if whole else "–"


def measure(constc, episodes):
    rows, misses = [], []
    total = collections.Counter()
    for suite in SUITES:
        own = [episode for episode in episodes if episode["suite"] == suite]
        count = collections.Counter()
        for episode, answers in zip(own, decide(constc, suite, own)):
            if not episode["attack"]:
                questions = sum(answer["decision"] in ASKED for answer in answers)
                stopped = sum(answer["decision"] not in LET_THROUGH | ASKED for answer in answers)
                count["benign"] += 1
                count["untouched"] += questions + stopped == 0
                count["questions"] += questions
                count["blocks"] += stopped
                if questions + stopped:
                    misses.append((suite, "benign", episode["id"], ", ".join(rules_of(answers))))
                continue
            kinds = ["late"] if episode["variant"] == "late" else []
            if episode["variant"] == "early" or episode.get("early_same"):
                kinds.append("early")
            for kind in kinds:
                count[kind] += 1
                count[kind + " landed"] += lands(episode, answers)
            count["attacks"] += 1
            count["landed"] += lands(episode, answers)
            if lands(episode, answers):
                misses.append((suite, "attack", episode["id"], "landed"))
        rows.append((suite, count))
        total.update(count)
    rows.append(("all", total))
    return rows, misses


def tables(rows, misses):
    out = ["| suite | user tasks untouched | questions a task | blocks a task | attacks landed, late | attacks landed, early |",
           "|---|---|---|---|---|---|"]
    for suite, count in rows:
        out.append("| %s | %s | %.2f | %.2f | %s | %s |" % (
            suite, share(count["untouched"], count["benign"]), count["questions"] / count["benign"], count["blocks"] / count["benign"],
            share(count["late landed"], count["late"]), share(count["early landed"], count["early"])))
    out += ["", "User tasks that were touched, and the rules that did it:", ""]
    out += ["- `%s`: %s" % (name, rules) for suite, kind, name, rules in misses if kind == "benign"] or ["- none"]
    landed = collections.Counter(re.sub(r"\.user_task_\d+", "", name) for _, kind, name, _ in misses if kind == "attack")
    out += ["", "Attacks that landed:", ""]
    out += ["- `%s`: %d" % (name, number) for name, number in sorted(landed.items())] or ["- none"]
    return "\n".join(out) + "\n"


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    data = pathlib.Path(words[1] if len(words) > 1 else os.environ.get("CONSTITUTION_DATA", ""))
    path = data / "agentdojo_replay/episodes.jsonl"
    if not words or not path.is_file():
        sys.exit("agents.py CONSTC [DATA]: there is no %s" % path)
    episodes = [json.loads(line) for line in path.open(encoding="utf-8")]
    rows, misses = measure(os.path.abspath(words[0]), episodes)
    text = tables(rows, misses)
    if "--misses" in sys.argv:
        for miss in misses:
            print(*miss, sep="\t")
    if "--update" not in sys.argv:
        print(text, end="")
        return
    document = ROOT / "docs/agents.md"
    old = document.read_text(encoding="utf-8")
    document.write_text(re.sub(r"(<!-- measured -->\n).*(<!-- end -->)", lambda m: m[1] + text + m[2], old, flags=re.S), encoding="utf-8")


if __name__ == "__main__":
    main()
