"""The rows: what each measures, with which programs, against whom. A row is a function of the run that returns records and the missing.

A record is one figure: case, who, what, unit, and a value for each round. Whatever needs a judgement (which encoding is fair, what
is left out) is said in the row's text in pages.py, next to its figures.
"""
import json
import os
import subprocess

from workloads import access, call, cold, gdrive, github, history, hospital, rules, tinytodo

from .contest import Missing, NotAsked, contest

PROGRAM_SECONDS = 900


class Run:
    """What a row may use: where programs are, where workloads go, how long it may take."""

    def __init__(self, build, folder, peers, quick):
        self.build, self.folder, self.peers, self.quick = build, folder, peers, quick
        self.rounds = 5 if quick else 15

    def program(self, name):
        path = os.path.join(self.build, "tests", name)
        return path if os.path.exists(path) else None

    def store(self, store):
        folder = os.path.join(self.folder, store.name)
        store.write(folder)
        return folder

    def ours(self, variant, *stores, engine="optimised", decimal=None, alone=True):
        program = self.program("bench_decide")
        return [program, variant, "--engine", engine] + (["--decimal", decimal] if decimal else []) + (["--rules"] if alone else []) + list(stores)

    def peer(self, name, *arguments):
        command = self.peers.get(name)
        return command if isinstance(command, Missing) else command + list(arguments)

    def records(self, command, who, seconds=PROGRAM_SECONDS):
        """Of a program that writes its own with --json."""
        if isinstance(command, NotAsked):
            return [], []
        if isinstance(command, Missing):
            return [], [{"case": "", "who": who, "why": str(command)}]
        out = os.path.join(self.folder, "records.jsonl")
        if os.path.exists(out):
            os.remove(out)
        try:
            done = subprocess.run(command + ["--json", out], capture_output=True, text=True, timeout=seconds, check=False)
            why = (done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"])[-1] if done.returncode else None
        except (OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
        found = []
        if os.path.exists(out):
            with open(out, encoding="utf-8") as text:
                found = [json.loads(line) for line in text]
        return found, [{"case": "", "who": who, "why": why[:300]}] if why else []


def large(run, name, *arguments):
    """Of the programs that measure large policies by themselves, if this build has them: they print least, median and most."""
    program = run.program(name)
    if program is None:
        return [], []
    out = os.path.join(run.folder, f"{name}.json")
    try:
        done = subprocess.run([program, "--json", out, *arguments], capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
        if done.returncode:
            return [], [{"case": name, "who": "ours", "why": (done.stderr.strip().splitlines() or ["failed"])[-1][:300]}]
        with open(out, encoding="utf-8") as text:
            rows = json.load(text)["rows"]
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], [{"case": name, "who": "ours", "why": str(error)[:300]}]
    return [{"case": f"{name}: {row['rules']} rules, {row['requests']}", "who": row["engine"], "what": row["what"], "unit": "ns",
             "values": [row["least"], row["median"], row["most"]]} for row in rows], []


def joined(*parts):
    records, missing = [], []
    for some, without in parts:
        records += some
        missing += without
    return records, missing


def structured(run):
    program = run.program("bench_rules")
    parts = [run.records([program], "ours")]
    if not run.quick:
        parts.append(run.records([program, "--jit", "--rules", "1000"], "ours"))
    return joined(*parts)


def growth(run):
    parts = []
    for count in (10, 1000) if run.quick else (10, 100, 1000, 10000, 100000):
        for kind in ("random", "none"):
            folder = run.store(rules.make(count, kind))
            engine = "jit" if count > 1000 else "optimised"  # who has so many rules compiles them at once
            contestants = [("ours", run.ours("policy", folder, engine=engine, decimal="args.amount"))]
            if count <= 10000:
                contestants.append(("tree walk", run.ours("policy", folder, engine="reference", decimal="args.amount")))
            parts.append(contest(f"{count} rules, {kind}", contestants, run.rounds, each=False))
    sizes = [word for size in ("10", "1000") for word in ("--rules", size)] if run.quick else []
    return joined(*parts, large(run, "rules_index", *sizes))


def departments(run):
    parts = []
    for count in (1, 5, 50) if run.quick else (1, 5, 50, 100, 300):
        folder = run.store(hospital.make(count))
        contestants = [("ours", run.ours("folded", folder)), ("Cedar", run.peer("cedar", folder))]
        if count <= 50:
            contestants.append(("OPA", run.peer("opa", folder)))
        if count <= 5:
            contestants.append(("regorus", run.peer("regorus", folder)))
        if count == 1:
            contestants.append(("SAPL", run.peer("sapl", folder)))
        parts.append(contest(f"{33 * count + 5} policies", contestants, run.rounds))
    return joined(*parts)


def applications(run):
    parts = []
    stores = 2 if run.quick else 8
    for name, module in (("gdrive", gdrive), ("github", github), ("tinytodo", tinytodo)):
        for size in (5, 50) if run.quick else (5, 20, 50):
            folders = []
            for seed in range(42, 42 + stores):
                store = module.make(size, seed)
                store.name += f"-{seed}"
                folders.append(run.store(store))
            parts.append(contest(f"{name}, n = {size}", [
                ("ours", run.ours("folded", *folders)), ("ours, graph in the event", run.ours("carried", *folders, alone=False)),
                ("Cedar", run.peer("cedar", *folders)), ("regorus", run.peer("regorus", *folders)), ("OPA", run.peer("opa", *folders))],
                run.rounds, seconds=10))
    return joined(*parts)


def expression(run):
    parts = []
    for kind in ("published", "mixed"):
        folder = run.store(access.make(kind))
        parts.append(contest(f"{kind} requests", [("ours", run.ours("policy", folder)), ("C by hand", [run.program("bench_access"), folder]),
                                                  ("cel-go", run.peer("cel", folder))], run.rounds, each=False))
    return joined(*parts)


def one_call(run):
    parts = []
    for tools in (10, 1):
        folder = run.store(call.make(tools))
        parts.append(contest(f"{100 // tools} of 100 rules on the tool", [
            ("ours", run.ours("policy", folder, decimal="args.amount", alone=False)),
            ("parsers", run.peer("json", os.path.join(folder, "policy.events.jsonl")))], run.rounds, each=False))
    return joined(*parts)


def texts(run):
    folder = os.path.join(run.folder, "text")
    os.makedirs(folder, exist_ok=True)
    rounds = "3" if run.quick else "9"
    only = [["10"], ["1000"]] if run.quick else [[]]
    parts = [run.records([run.program("bench_scan"), rounds, *some, "--dump", folder], "ours") for some in only]
    for who, name, times in (("RE2::Set", "re2", rounds), ("YARA", "yara", "3")):
        parts += [run.records(run.peer(name, folder, times, *some), who) for some in only]
    return joined(*parts)


def folding(run):
    return run.records([run.program("bench_view"), "5" if run.quick else "21"], "ours")


def streams(run):
    return run.records([run.program("bench_stream"), "3" if run.quick else "11"], "ours")


def sessions(run):
    most, rounds = ("10000", "3") if run.quick else ("1000000", "5")
    parts = [run.records([run.program("bench_history"), most, "-1", rounds], "ours")]
    for steps in () if run.quick else (10, 30, 100):
        folder = os.path.join(run.folder, f"history-{steps}")
        fired = history.write(steps, folder)
        last = subprocess.run([os.path.join(run.build, "constc"), "run", os.path.join(folder, "policy.const"),
                               os.path.join(folder, "policy.events.jsonl")], capture_output=True, text=True, check=False).stdout.splitlines()[-1]
        if len(json.loads(last)["rules"]) != fired:
            raise SystemExit(f"history: {last} fires another number of rules than {fired}")
        parts.append(contest(f"trace of {steps} steps", [("Invariant", run.peer("invariant", folder))], 3, each=False, seconds=20))
    return joined(*parts)


def compiling(run):
    program = run.program("bench_compile")
    sizes = ["10", "100", "1000"] if run.quick else ["10", "100", "1000", "10000"]
    parts = [run.records([program, *sizes], "ours")]
    if not run.quick:
        parts.append(run.records([program, "--optimised", "1000"], "ours"))
    return joined(*parts)


def cold_process(run):
    folder = os.path.join(run.folder, "cold")
    source, event = cold.write(folder)
    library = os.path.join(folder, "policy.so")
    built = subprocess.run([os.path.join(run.build, "constc"), "build", source, "-o", library], capture_output=True, text=True, check=False)
    if built.returncode:
        return [], [{"case": "", "who": "ours", "why": built.stderr.strip()[-300:]}]
    records, missing = run.records([run.program("bench_cold"), library, event], "ours")
    size = {"case": "cold", "who": "ours", "what": "policy.so", "unit": "KB", "values": [os.path.getsize(library) / 1024]}
    started, failed = run.records([run.program("bench_start"), source, event], "ours")
    return records + ([size] if records else []) + started, missing + failed


def threads(run):
    return run.records([run.program("bench_threads"), "folded", run.store(hospital.make(5)), "2", "3" if run.quick else "9"], "ours")


def memory(run):
    return run.records([run.program("bench_memory"), "folded", run.store(hospital.make(5)), "1" if run.quick else "10"], "ours")


ROWS = {1: structured, 2: growth, 3: departments, 4: applications, 5: expression, 6: one_call, 7: texts, 8: folding, 9: streams, 10: sessions,
        11: compiling, 12: cold_process, 13: threads, 14: memory}
