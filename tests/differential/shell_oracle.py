#!/usr/bin/env python3
"""What a shell line runs, as bash says it: lines are run in an empty folder with nothing but stub programs in PATH, and what ran is
compared with what the analysis lists.

    shell_oracle.py COMMANDS [SEED [LINES]]

A stub writes its name down and does nothing; those of wrappers (env, xargs, find, …) write it down and then do what they do. A program
that ran must be listed, unless the list says that it is not complete; where a line has no branch, a program that is listed must have run. A line that bash refuses has run
nothing. Skips with a word where bash is missing. Only Python's standard library.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

STUBS = ["aa", "bb", "cc", "dd2", "ee", "git", "curl", "sudo2"]
WRAPPERS = ["env", "xargs", "find", "nice", "nohup", "timeout", "stdbuf", "setsid", "cat", "touch", "bash", "sh", "rm", "base64", "sed", "awk", "tee"]
BUILTINS = {"echo", "cd", "test", "[", "true", "false", "export", "read", "printf", "eval", "command", "exec", "trap", "set", ":", "builtin", "source", ".", "local", "declare",
            "shift", "return", "exit", "unset", "alias", "type", "time", "wait", "pwd"}

FIXED = [
    "aa; bb & wait; cc", "a''a; \"bb\"; \\cc", "$'\\x61a'", "aa | bb | cc", "(aa; (bb)); { cc; }", "echo $(aa $(bb)) `cc \\`ee\\``", "bash -c 'aa; bb'", "bash -c \"aa 'x;bb'\"",
    "env A=b aa", "env -i /bin/true", "nice -n 3 aa", "timeout 5 aa", "nohup aa", "stdbuf -oL aa", "setsid aa", "command aa", "exec aa", "eval 'aa; bb'", "eval aa ';' bb",
    "echo x | xargs aa", "echo 'x y' | xargs -n 1 aa", "echo x | xargs -I{} bash -c 'aa {}'", "touch f; find . -name f -exec aa {} \\;", "find . -maxdepth 0 -exec aa {} + -exec bb \\;",
    "cat <<E\naa\n$(bb)\nE\ncc", "cat <<'E'\n$(aa)\nE\nbb", "bash <<'E'\naa\nbb\nE", "bash <<< 'aa; bb'", "echo aa | bash", "printf %s aa | sh", "f() { aa; }; f", "f() { aa; }; bb", "function f { aa; }; g() { f; }; g",
    "aa() { bb; }; aa", "x=aa; $x", "x='aa y'; $x", "x=aa; y=$x; $y", "for x in 1 2; do aa; done", "for ((i=0;i<2;i++)); do aa; done", "case a in a) aa;; esac", "aa <(bb) >(cc)", "! aa", "time aa", "trap 'aa' EXIT",
    "aa > o 2>&1 < /dev/null; bb >> o; cc &> p", "aa 'bb; cc'", "aa \"bb; cc\"", "aa bb\\;cc", "echo \"$(aa)\"", "echo '$(aa)'", "echo \\$(aa", "echo \"\\$(aa)\"", "{aa,x}", "a{a,b} 2>/dev/null; bb", "((1)); aa", "echo $((1 + $(aa; echo 1)))",
    "((aa); (bb))", "[[ a == b || $(aa) ]] && bb; cc", "# aa\nbb # cc", "aa#bb; cc", "aa \\\n bb; cc", "'aa'", "cd . && aa", "X=$(aa) bb", "x=(a $(aa)); bb", "sh -c 'bash -c \"aa\"'", "echo ${x:-$(aa)}",
    "coproc aa; bb", "aa |& bb", "exec 3>o; aa >&3", "aa {x}>o", "PATH=$PATH aa", "cat <<A <<B\naa\nA\nbb\nB\ncc", "cat <<-E\n\taa\n\tE\nbb", "aa 'unterminated", "aa $(bb", "aa )", "if aa", "aa; fi", "aa | | bb", "echo a; ; aa",
    "(aa() { :; }); aa", "aa; aa() { :; }", "bb && aa() { :; }; aa", "aa() { :; } | bb; aa", "aa() { :; } & wait; aa", "aa() { :; }; unset -f aa; aa", "aa() { :; }; command aa", "bb > >(bash)", "echo aa | tee >(bash)",
    "set -- aa; \"$1\"", "y=cc; eval \"$y\"", "bash -c '$0' aa", "bash -c '\"$@\"' _ aa", "alias q=aa; q", "sed -n '1e aa' /dev/null; echo x | sed '1e aa'", "awk 'BEGIN{system(\"aa\")}'", "echo YWE= | base64 -d | sh", "tee >(aa) < /dev/null",
    "env - PATH=$PATH aa", "env -- aa", "time -- aa", "time -p aa", "x='$(aa)'; echo ${x@P}", "x='`aa`'; : \"${x@P}\"", "xargs -- aa < /dev/null", "env -S 'aa b' c", "for PATH in $PATH; do aa; done", "exec -a bb bash -c aa", "builtin command aa", "bash -c -- aa", "coproc aa; wait",
]


def word(chance):
    return chance.choice(["x", "'y z'", "\"w\"", "a\\ b", "\"$(%s)\"" % chance.choice(STUBS), "$(%s u)" % chance.choice(STUBS), "v;w".replace(";", "\\;"), "'aa; bb'", "\"q `cc`\"", "{p,q}", "-o", "*"])


def simple(chance):
    program = chance.choice(STUBS)
    program = chance.choice([program] * 5 + ["'%s'" % program, "\\" + program, program[0] + '""' + program[1:]])
    line = " ".join([program] + [word(chance) for _ in range(chance.randrange(3))])
    return chance.choice(["", "", "", "", "env ", "nice ", "timeout 5 ", "command ", "A=b ", "! "]) + line + chance.choice(["", "", "", " > o", " 2>&1", " < /dev/null", " 2>>p"])


def generate(chance, depth=3):
    if depth == 0 or chance.random() < 0.3:
        return simple(chance)
    inner = lambda: generate(chance, depth - 1)
    form = chance.randrange(12)
    if form < 3:
        return inner() + chance.choice(["; ", "\n", " | ", " |& "]) + inner()
    if form == 3:
        return inner() + chance.choice([" && ", " || "]) + inner()
    if form == 4:
        return "( %s )" % inner()
    if form == 5:
        return "{ %s; }" % inner()
    if form == 6:
        return "if %s; then %s; else %s; fi" % (inner(), inner(), inner())
    if form == 7:
        return "for i in 1 2; do %s; done" % inner()
    if form == 8:
        return "bash -c '%s'" % inner().replace("'", "'\\''")
    if form == 9:
        return "f%d() { %s; }; f%d" % (depth, inner(), depth)
    if form == 10:
        return "eval '%s'" % inner().replace("'", "'\\''")
    return "cat <<E\n$( %s)\nE\n%s" % (inner(), simple(chance))


def stubs(folder):
    log = os.path.join(folder, "log")
    path = os.path.join(folder, "bin")
    os.mkdir(path)
    for name in STUBS + WRAPPERS:
        real = shutil.which(name) if name in WRAPPERS else None
        if name in WRAPPERS and real is None:
            continue
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write(f"#!{shutil.which('bash')}\necho {name} >> {log}\n" + (f"exec {real} \"$@\"\n" if real else "exit 0\n"))
        os.chmod(os.path.join(path, name), 0o755)
    return path, log


def ran(line, path, log, folder):
    open(log, "w").close()
    work = tempfile.mkdtemp(dir=folder)
    run = subprocess.run([shutil.which("bash"), "-c", line], cwd=work, env={"PATH": path, "HOME": work, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    shutil.rmtree(work, ignore_errors=True)
    if b"operand expected" in run.stderr:
        return None, False  # arithmetic that fails ends the line in the middle
    refused = re.search(rb"syntax error|unexpected EOF|unexpected end of file", run.stderr) is not None
    return set(open(log, encoding="utf-8").read().split()), refused


def main():
    if not shutil.which("bash"):
        print("SKIPPED: there is no bash")
        return 0
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    lines = FIXED + [generate(chance) for _ in range(count)]
    output = subprocess.run([os.path.abspath(sys.argv[1])], input="".join(line + "\0" for line in lines), capture_output=True, text=True, check=True, timeout=60).stdout
    known = [json.loads(line) for line in output.splitlines()]
    failed = complete = 0
    with tempfile.TemporaryDirectory() as folder:
        path, log = stubs(folder)
        visible = set(STUBS + WRAPPERS)
        for line, facts in zip(lines, known):
            programs, refused = ran(line, path, log, folder)
            listed = set(facts["programs"]) & visible
            wrong = ""
            if programs is None or not facts["all_programs"]:
                pass
            elif programs - listed:
                wrong = f"ran and are not listed: {programs - listed}"
            elif refused:
                wrong = "is complete, and bash refuses it"
            elif not re.search(r"&&|\|\||\bif\b|\bcase\b|\bexec\b|!|coproc", line) and not ("() {" in line and "|" in line) and listed - programs:
                wrong = f"are listed and did not run: {listed - programs}"
            complete += facts["all_programs"]
            if wrong:
                failed += 1
                print(f"{line!r}\n  {wrong}\n  {facts}")
    print(f"{len(lines)} lines, {complete} of them known in full, {failed} failures")
    return 1 if failed or len(known) != len(lines) or complete < len(lines) // 2 else 0


if __name__ == "__main__":
    sys.exit(main())
