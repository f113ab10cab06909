"""Contests: programs that answer the same requests take turns, round by round.

Each contestant is a process that loads a workload, checks every decision against the expected ones, says `ready` and then measures a
round whenever it is told to (contestant.h has the agreement). So all of them see the same slow and fast moments of the machine.
"""
import json
import os
import queue
import signal
import subprocess
import threading
import time

READY_SECONDS = 240   # to load, compile and check a workload
TURN_SECONDS = 60     # for one round


class Missing(Exception):
    """A contestant that could not take part; the text says why."""


class NotAsked(Missing):
    """One that this run leaves out: it is no news, and no page lists it."""


class Contestant:
    def __init__(self, who, command):
        self.who = who
        self.values = {}
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                            start_new_session=True)
        except OSError as error:
            raise Missing(str(error)) from error
        self.answers = queue.Queue()
        self.complaints = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()
        self._answer(READY_SECONDS, "did not get ready")

    def _read(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put(None)

    def _listen(self):
        for line in self.process.stderr:
            self.complaints.append(line.strip())

    def _answer(self, seconds, what):
        try:
            line = self.answers.get(timeout=seconds)
        except queue.Empty:
            self.close()
            raise Missing(f"{what} within {seconds} s") from None
        if line is None:
            self.close()
            said = [line for line in self.complaints if line]
            raise Missing((said[-1] if said else f"ended with status {self.process.returncode}")[:300])
        return json.loads(line)

    def turn(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self._answer(TURN_SECONDS, "did not finish a round")

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def contest(case, contestants, rounds, each=True, seconds=25):
    """Records and the missing. `seconds` bounds what one contestant may take: who is slow has fewer rounds, but three at least."""
    playing, records, missing = [], [], []
    for who, command in contestants:
        if isinstance(command, NotAsked):
            continue
        if isinstance(command, Missing):
            missing.append({"case": case, "who": who, "why": str(command)})
            continue
        try:
            playing.append(Contestant(who, command))
        except Missing as why:
            missing.append({"case": case, "who": who, "why": str(why)})
    spent = {one.who: 0.0 for one in playing}
    for number in range(rounds + 1):  # the first is not counted
        for one in list(playing):
            if number > 3 and spent[one.who] > seconds:
                continue
            try:
                start = time.monotonic()
                found = one.turn("round")
                spent[one.who] += time.monotonic() - start
            except Missing as why:
                playing.remove(one)
                missing.append({"case": case, "who": one.who, "why": str(why)})
                continue
            if number > 0:
                for what, value in found.items():
                    one.values.setdefault(what, []).append(value)
    for one in playing:
        for what, values in one.values.items():
            records.append({"case": case, "who": one.who, "what": what, "unit": "ns", "values": values})
        if each:
            try:
                for what, value in one.turn("each").items():
                    records.append({"case": case, "who": one.who, "what": what, "unit": "ns", "values": [value]})
            except Missing as why:
                missing.append({"case": case, "who": one.who, "why": f"single decisions: {why}"})
        one.close()
    return records, missing
