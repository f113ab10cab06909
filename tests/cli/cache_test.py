#!/usr/bin/env python3
"""constc --cache: what is kept, what is found again, what is trusted.

    cache_test.py CONSTC

A start that found its policy does not load the code generator, which the loader itself says (LD_DEBUG). Whatever is done to the folder, the
decisions are those of a run without a cache, byte for byte.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CONSTC = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
failures = []

POLICY = """constitution kept "1"
import lists.more
import tools "tools.json"
set words from "words.txt"
tool pay(amount: decimal, to: string) acts
rule much on action pay when args.amount > 10.5 then deny because "{args.amount} is too much"
rule word on input when any w in words satisfies text contains w then flag
rule listed on action pay when args.to in more.names then flag
rule look on action look when args.what == "x" then deny
"""
EVENTS = "".join("%s\n" % line for line in (
    '{"stage":"action","tool":"pay","args":{"amount":11,"to":"ann"}}', '{"stage":"action","tool":"pay","args":{"amount":1,"to":"bob"}}',
    '{"stage":"input","text":"an alpha and a beta"}', '{"stage":"action","tool":"look","args":{"what":"x"}}', '{"stage":"action"', "{}"))
TOOLS = '{"tools":[{"name":"look","inputSchema":{"type":"object","properties":{"what":{"type":"string"}},"required":["what"]}}]}'


def check(name, holds, shown=""):
    if not holds:
        failures.append(name)
        print("FAILED: %s\n%s" % (name, shown))


def run(arguments, environment=None, program=CONSTC, cwd=None):
    whole = {key: value for key, value in os.environ.items() if key not in ("CONSTITUTION_CACHE", "XDG_CACHE_HOME")}
    whole.update({"LD_DEBUG": "files"}, **(environment or {}))
    done = subprocess.run([program, *arguments], capture_output=True, env=whole, cwd=cwd, timeout=300)
    # What the loader says begins with the process's number, also where it goes to the same stream.
    said = [line for line in done.stderr.decode().splitlines() if not re.match(r"\s*\d+:", line)]
    compiled = b"calling init" in done.stderr and re.search(rb"calling init: \S*libconstc-codegen", done.stderr) is not None
    return {"out": done.stdout, "code": done.returncode, "said": [line for line in said if line], "compiled": compiled}


def same(one, other):
    return (one["out"], one["code"], one["said"]) == (other["out"], other["code"], other["said"])


def entries(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".policy"))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


class Place:
    """A policy of several files, its events, and a folder for the cache."""

    def __init__(self, folder):
        self.folder, self.cache = folder, os.path.join(folder, "cache")
        self.policy, self.events = os.path.join(folder, "kept.const"), os.path.join(folder, "events.jsonl")
        write(self.policy, POLICY)
        write(self.events, EVENTS)
        write(os.path.join(folder, "lists/more.const"), 'constitution more "1"\nset names = { "ann" }\n')
        write(os.path.join(folder, "words.txt"), "alpha\ngamma\n")
        write(os.path.join(folder, "tools.json"), TOOLS)

    def plain(self, *more):
        return run(["run", self.policy, self.events, *more])

    def cached(self, *more, **how):
        return run(["run", self.policy, self.events, "--cache", self.cache, *more], **how)

    def entry(self):
        return os.path.join(self.cache, entries(self.cache)[0])


def misses(place, name):
    """The next start compiles, the one after it does not, and both say what a run without a cache says."""
    plain, first, second = place.plain(), place.cached(), place.cached()
    check(name + ": it is compiled", first["compiled"])
    check(name + ": it is found again", not second["compiled"])
    check(name + ": the same is decided", same(plain, first) and same(plain, second), "%r\n%r\n%r" % (plain, first, second))


def test_policies(folder):
    cases = [("tests/acceptance/support.const", "tests/acceptance/events.jsonl"), ("examples/support.const", "examples/support.events.jsonl")]
    cases += [("tests/spec/%s.const" % name, "tests/spec/%s.events.jsonl" % name) for name in
              ("layers", "imports", "library", "enums_agents_sets", "closed_tools", "commands_hidden")]
    cache = os.path.join(folder, "cases")
    for policy, events in cases:
        plain = run(["run", policy, events], cwd=ROOT)
        first = run(["run", policy, events, "--cache", cache], cwd=ROOT)
        second = run(["run", policy, events, "--cache", cache], cwd=ROOT)
        tiered = run(["run", policy, events, "--cache", cache, "--engine", "tiered"], cwd=ROOT)
        check(policy + ": compiled, then found", plain["compiled"] and first["compiled"] and not second["compiled"] and not tiered["compiled"])
        check(policy + ": the same", plain["out"] and same(plain, first) and same(plain, second) and same(plain, tiered),
              "%r\n%r" % (plain, second))
    check("an entry a policy", len(entries(cache)) == len(cases))
    check("the folder's mode", os.stat(cache).st_mode & 0o777 == 0o700)
    check("the entries' mode", all(os.stat(os.path.join(cache, name)).st_mode & 0o777 == 0o400 for name in entries(cache)))
    check("nothing else is left there", len(os.listdir(cache)) == len(cases), os.listdir(cache))


def test_key(place):
    misses(place, "new")
    check("optimised code is the same entry", not place.cached("--engine", "optimised")["compiled"])
    check("limits are no part of it", not place.cached("--limit", "text-bytes=5")["compiled"])
    check("limits count", same(place.plain("--limit", "text-bytes=5"), place.cached("--limit", "text-bytes=5")))
    check("limits change something", place.plain("--limit", "text-bytes=5")["out"] != place.plain()["out"])
    for name, old, new in (("kept.const", "10.5", "11.5"), ("lists/more.const", "ann", "bob"), ("words.txt", "gamma", "beta"),
                           ("tools.json", '"name":"look"', '"title":"Look","name":"look"')):
        path = os.path.join(place.folder, name)
        before, said = read(path).decode(), place.cached()["out"]
        write(path, before.replace(old, new))
        misses(place, "an edit of " + name)
        check("an edit of %s changes what is decided" % name, place.cached()["out"] != said or name == "tools.json")
        write(path, before)
        if name == "kept.const":
            check("the version before the edit is still there", not place.cached()["compiled"])
        else:
            misses(place, name + " as it was")
    path = os.path.join(place.folder, "words.txt")
    before = read(path)
    os.remove(path)
    plain, cached = place.plain(), place.cached()
    check("a file that is gone", plain["code"] == 1 and same(plain, cached), "%r" % cached)
    write(path, before)
    check("a file that is back", not place.cached()["compiled"])
    moved = Place(os.path.join(place.folder, "else"))
    moved.cache = place.cache
    misses(moved, "the same text elsewhere")


def test_other_compiler(place):
    """Another code generator: the same, but for its build id."""
    place.cached()
    folder = os.path.join(place.folder, "bin")
    os.makedirs(folder)
    shutil.copy(CONSTC, folder)
    library = read(os.path.join(os.path.dirname(CONSTC), "libconstc-codegen.so"))
    note = library.index(b"GNU\0", library.index(b"\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0"))
    for name, changed in (("the same build elsewhere", library), ("another build", library[:note + 4] + b"\xaa" + library[note + 5:])):
        write(os.path.join(folder, "libconstc-codegen.so"), changed)
        first = place.cached(program=os.path.join(folder, "constc"))
        check(name, first["compiled"] == (changed != library) and same(first, place.plain()), "%r" % first)
    os.remove(os.path.join(folder, "libconstc-codegen.so"))
    first = place.cached(program=os.path.join(folder, "constc"))
    check("no code generator", first["code"] == 2 and first["out"] == b"", "%r" % first)


def test_damage(place):
    plain = place.plain()
    place.cached()
    good = read(place.entry())
    flipped = [bytes(good[:at]) + bytes([good[at] ^ 4]) + bytes(good[at + 1:])
               for at in (0, 20, 5000, len(good) // 2, len(good) - 130, len(good) - 118, len(good) - 100, len(good) - 75, len(good) - 50, len(good) - 1)]
    kinds = [("a bit at another place %d" % i, bad) for i, bad in enumerate(flipped)]
    kinds += [("cut off at %d" % size, good[:size]) for size in (0, 1, 119, 120, 4096, len(good) - 1)]
    kinds += [("longer", good + b"x"), ("longer at its front", b"x" + good), ("noise", os.urandom(9000)),
              ("its end alone", good[-120:]), ("zeros", bytes(len(good)))]
    for name, bad in kinds:
        path = place.entry()
        os.remove(path)
        write(path, bad)
        os.chmod(path, 0o400)
        first = place.cached()
        check(name + ": compiled", first["compiled"])
        check(name + ": the same", same(plain, first), "%r" % first)
        check(name + ": replaced", read(place.entry()) != bad)
    check("found at last", not place.cached()["compiled"])


def test_trust_entries(place):
    plain = place.plain()
    place.cached()
    path, good = place.entry(), read(place.entry())

    def refused(name):
        first, second = place.cached(), place.cached()
        check(name, first["compiled"] and not second["compiled"] and same(plain, first) and same(plain, second), "%r" % first)

    for mode in (0o420, 0o402, 0o666):
        os.chmod(path, mode)
        refused("mode %o" % mode)
        check("mode %o is not left" % mode, os.stat(path).st_mode & 0o777 == 0o400)
    if os.geteuid() == 0:
        os.chown(path, 1234, -1)
        refused("somebody else's entry")
    os.remove(path)
    write(os.path.join(place.folder, "elsewhere"), good)
    os.symlink(os.path.join(place.folder, "elsewhere"), path)
    refused("a link")
    check("the link is gone", not os.path.islink(path))
    os.remove(path)
    os.mkfifo(path)
    refused("a pipe")
    os.remove(path)
    os.mkdir(path)
    check("a folder of this name", same(plain, place.cached()))
    os.rmdir(path)
    # The entry of another policy under this one's name.
    other = Place(os.path.join(place.folder, "other"))
    write(other.policy, POLICY.replace("deny", "flag"))
    other.cached()
    shutil.copy(other.entry(), path)
    os.chmod(path, 0o400)
    refused("another policy's entry")


def test_trust_folders(place):
    plain = place.plain()

    def refused(name, words):
        before = sorted(os.listdir(place.cache)) if os.path.isdir(place.cache) else None
        done = place.cached()
        check(name + ": the answer", (done["out"], done["code"]) == (plain["out"], plain["code"]) and done["compiled"], "%r" % done)
        check(name + ": the warning", len(done["said"]) == 1 and words in done["said"][0], done["said"])
        after = sorted(os.listdir(place.cache)) if os.path.isdir(place.cache) else None
        check(name + ": nothing is written", before == after)

    place.cached()
    for mode in (0o770, 0o707, 0o777, 0o1777):
        os.chmod(place.cache, mode)
        refused("a folder of mode %o" % mode, "others may write there")
    os.chmod(place.cache, 0o755)
    check("others may read it", not place.cached()["compiled"])
    if os.geteuid() == 0:
        os.chown(place.cache, 1234, -1)
        refused("somebody else's folder", "somebody else")
        os.chown(place.cache, 0, -1)
    real, place.cache = place.cache, os.path.join(place.folder, "link")
    os.symlink(real, place.cache)
    refused("a link", "a link")
    place.cache += "/"
    refused("a link with a slash", "a link")
    place.cache = place.events
    refused("a file", "no folder")
    place.cache = "/proc/none/cache"
    refused("where nothing can be made", "cannot be made")
    place.cache = os.path.join(place.folder, "deep/er/cache/")
    check("it is made", place.cached()["said"] == [] and not place.cached()["compiled"])


def test_bounds(place):
    limits = dict(re.findall(r"#define (LIMIT_CACHE_\w+)\s+(\(?[\du <]+\)?)\s", open(os.path.join(ROOT, "runtime/limits.h"), encoding="utf-8").read()))
    most, most_bytes = (eval(limits[name].replace("u", ""), {"__builtins__": {}}) for name in ("LIMIT_CACHE_ENTRIES", "LIMIT_CACHE_BYTES"))
    os.makedirs(place.cache, mode=0o700)

    def fake(number, suffix=".policy", size=10, age=0):
        path = os.path.join(place.cache, "%064x%s" % (number, suffix))
        write(path, "x")
        os.truncate(path, size)
        os.utime(path, (time.time() - age, time.time() - age))
        return path

    fakes = [fake(number, age=100000 - number) for number in range(most + 20)]
    old, young = fake(1, ".99.0.tmp", age=4000), fake(2, ".99.0.tmp", age=60)
    write(os.path.join(place.cache, "notes"), "mine")
    check("the bound: the answer", same(place.plain(), place.cached()))
    check("the bound: entries", len(entries(place.cache)) == most, len(entries(place.cache)))
    check("the bound: the oldest went", [os.path.exists(path) for path in fakes] == [False] * 21 + [True] * (most - 1))
    check("what was left over goes", not os.path.exists(old) and os.path.exists(young) and os.path.exists(os.path.join(place.cache, "notes")))
    check("the bound: its own stays", not place.cached()["compiled"])
    # What is used stays: opened now, it is younger than all the others.
    own = [name for name in entries(place.cache) if not name.startswith("0" * 40)][0]
    os.utime(os.path.join(place.cache, own), (1, 1))
    check("an old one is found", not place.cached()["compiled"])
    check("and is young then", os.stat(os.path.join(place.cache, own)).st_mtime > time.time() - 600)
    for number in range(5):
        fake(1000 + number, size=most_bytes // 4, age=50 - number)
    write(place.policy, POLICY.replace("10.5", "12.5"))
    place.cached()
    check("the bound: bytes", sum(os.stat(os.path.join(place.cache, name)).st_size for name in entries(place.cache)) <= most_bytes)
    check("the bound: the newest stay", not place.cached()["compiled"] and os.path.exists(os.path.join(place.cache, own)))


def test_together(place):
    plain = place.plain()
    command = [CONSTC, "run", place.policy, place.events, "--cache", place.cache]
    for _ in range(3):
        shutil.rmtree(place.cache, ignore_errors=True)
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
        answers = [process.communicate(timeout=300) + (process.returncode,) for process in running]
        check("several at once", all(answer == (plain["out"], b"", plain["code"]) for answer in answers), "%r" % answers)
        check("several at once leave one entry", len(os.listdir(place.cache)) == 1, os.listdir(place.cache))
        check("several at once: it is good", not place.cached()["compiled"])


def test_ways(place):
    plain, home = place.plain(), os.path.join(place.folder, "home")
    for name, arguments, environment, where in (
            ("the environment", [], {"CONSTITUTION_CACHE": home + "/a"}, home + "/a"),
            ("auto by the variable", ["--cache", "auto"], {"CONSTITUTION_CACHE": home + "/b", "XDG_CACHE_HOME": home + "/no"}, home + "/b"),
            ("auto by XDG", ["--cache", "auto"], {"XDG_CACHE_HOME": home + "/c", "HOME": home + "/no"}, home + "/c/constitution"),
            ("auto at home", ["--cache", "auto"], {"HOME": home}, home + "/.cache/constitution"),
            ("the option before the environment", ["--cache", home + "/d"], {"CONSTITUTION_CACHE": home + "/no"}, home + "/d")):
        done = run(["run", place.policy, place.events, *arguments], environment)
        check(name, same(plain, done) and len(os.listdir(where)) == 1, "%r" % done)
        check(name + ": found", not run(["run", place.policy, place.events, *arguments], environment)["compiled"])
    for name, arguments, environment in (("--no-cache", ["--no-cache"], {"CONSTITUTION_CACHE": home + "/a"}),
                                         ("--no-cache is the stronger", ["--no-cache", "--cache", home + "/a"], {}),
                                         ("an empty variable", [], {"CONSTITUTION_CACHE": ""}), ("nothing", [], {"HOME": home})):
        check(name, run(["run", place.policy, place.events, *arguments], environment)["compiled"])
    reference = run(["run", place.policy, place.events, "--engine", "reference", "--cache", home + "/e"])
    check("the reference evaluator has no cache", same(plain, reference) and not os.path.exists(home + "/e"))
    check("nothing else was made", not os.path.exists(home + "/no"))
    missing = run(["run", place.policy, place.events, "--cache", home + "/f"], {"PATH": "/nowhere"})
    check("no linker: the answer", same(plain, missing) and os.listdir(home + "/f") == [], "%r" % missing)
    write(place.policy, POLICY + "rule bad on input when nothing then deny\n")
    plain, cached = place.plain(), place.cached()
    check("errors are told each time", plain["code"] == 1 and same(plain, cached) and same(plain, place.cached()), "%r" % cached)
    check("what does not compile is not kept", os.listdir(place.cache) == [])
    for command in (["bench", place.policy, place.events, "--rounds", "1"],
                    ["eval", place.policy, place.events, "--text", "text", "--label", "stage", "--positive", "input"]):
        write(place.policy, POLICY + "// for %s\n" % command[0])
        first, second = run(command + ["--cache", place.cache]), run(command + ["--cache", place.cache])
        check(command[0], first["compiled"] and first["code"] == second["code"] == 0, "%r" % first)
        check(command[0] + ": one entry more", len(entries(place.cache)) >= 1)


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_policies(folder)
        for test in (test_key, test_other_compiler, test_damage, test_trust_entries, test_trust_folders, test_bounds, test_together, test_ways):
            test(Place(os.path.join(folder, test.__name__)))
    print("%d failures" % len(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
