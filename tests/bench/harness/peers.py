"""Peers: programs of others, fetched from their registries by name when the benchmark runs, and built outside of the tree.

The small programs in tests/bench/peers/ are ours; what they call is not. Nothing here is part of the build or of the tests. A peer that
cannot be had gives its reason, which the page shows instead of a figure.
"""
import os
import re
import shutil
import subprocess
import sys
import time

from .contest import Missing, NotAsked

BUILD_SECONDS = 3600


def _run(command, folder, log, **more):
    with open(log, "a", encoding="utf-8") as out:
        out.write(f"$ {' '.join(command)}\n")
        out.flush()
        try:
            status = subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, timeout=BUILD_SECONDS,
                                    env=dict(os.environ, **more), check=False).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"{command[0]}: {error}") from error
    if status != 0:
        with open(log, encoding="utf-8", errors="replace") as text:
            lines = [line.strip() for line in text if line.strip()]
        said = [line for line in lines if "error" in line.lower()] or lines
        raise Missing(f"{' '.join(command[:3])} failed: {_plain(said[0])[:200]}…")


def _plain(text):
    """Without colours, and without addresses, which say more about the network here than about the failure."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return re.sub(r"(?:in )?https?://\S+", "at the registry", text)


class Peers:
    """Builds each peer when it is first asked for, and remembers the failure of one that cannot be had."""

    def __init__(self, sources, cache, wanted):
        self.sources, self.cache, self.wanted = sources, os.path.abspath(cache), wanted
        self.made = {}
        self.seconds = 0.0  # spent on fetching and building
        self.folder = os.path.join(self.cache, "src")

    def _copied(self):
        """The programs are built in a copy: package managers write lock files beside what they build."""
        shutil.copytree(self.sources, os.path.join(self.folder, "bench", "peers"), dirs_exist_ok=True)
        for header in ("bench.h", "contestant.h"):
            shutil.copy2(os.path.join(self.sources, "..", header), os.path.join(self.folder, "bench", header))
        return os.path.join(self.folder, "bench", "peers")

    def get(self, name):
        """The command of a peer, as a list; a Missing, not raised, if there is none."""
        if name not in self.made:
            if self.wanted is not None and name not in self.wanted:
                self.made[name] = NotAsked("not asked for in this run")
            else:
                print(f"  building {name}", file=sys.stderr, flush=True)
                start = time.monotonic()
                try:
                    self.made[name] = getattr(self, f"_{name}")(self._copied())
                except Missing as why:
                    self.made[name] = why
                self.seconds += time.monotonic() - start
        return self.made[name]

    def _log(self, name):
        log = os.path.join(self.cache, f"{name}.log")
        open(log, "w", encoding="utf-8").close()
        return log

    def _rust(self, name, sources):
        target = os.path.join(self.cache, name)
        _run(["cargo", "build", "--release", "-j2"], os.path.join(sources, name), self._log(name), CARGO_TARGET_DIR=target)
        return [os.path.join(target, "release", f"bench-{name}")]

    def _cedar(self, sources):
        return self._rust("cedar", sources)

    def _regorus(self, sources):
        return self._rust("regorus", sources)

    def _go(self, name, sources):
        folder, log = os.path.join(sources, name), self._log(name)
        shutil.copy2(os.path.join(sources, "contestant.go"), folder)
        program = os.path.join(self.cache, f"{name}-contestant")
        _run(["go", "mod", "tidy"], folder, log)
        _run(["go", "build", "-p", "2", "-o", program, "."], folder, log)
        return [program]

    def _opa(self, sources):
        return self._go("opa", sources)

    def _cel(self, sources):
        return self._go("cel", sources)

    def _compiled(self, name, compiler, source, *libraries):
        program = os.path.join(self.cache, name)
        _run([*compiler, "-O3", "-o", program, source, *libraries], ".", self._log(name))
        return [program]

    def _json(self, sources):
        return self._compiled("json-contestant", ["c++", "-std=c++17"], os.path.join(sources, "json", "parse.cc"), "-lsimdjson", "-lcjson")

    def _re2(self, sources):
        return self._compiled("re2_set", ["c++", "-std=c++17"], os.path.join(sources, "text", "re2_set.cc"), "-lre2")

    def _yara(self, sources):
        return self._compiled("yara_rules", ["cc", "-std=gnu17"], os.path.join(sources, "text", "yara_rules.c"), "-lyara")

    def _invariant(self, sources):
        folder, log = os.path.join(self.cache, "invariant"), self._log("invariant")
        python = os.path.join(folder, "bin", "python")
        if not os.path.exists(python):
            _run([sys.executable, "-m", "venv", folder], ".", log)
        _run([python, "-m", "pip", "install", "-q", "invariant-ai==0.3.5"], ".", log)
        return ["env", "INVARIANT_MAX_ITERATIONS=1000000000", python, os.path.join(sources, "invariant", "contestant.py")]

    def _sapl(self, sources):
        """Only the resolving is tried: what is needed to build on it does not resolve, and the reason is Maven's."""
        folder = os.path.join(sources, "sapl")
        log = self._log("sapl")
        _run(["mvn", "-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=" + os.path.join(self.cache, "sapl")], folder, log)
        raise Missing("the library resolves, but this benchmark has no program for it")
