"""Shares cases out among lanes, each a process with its own sandboxes and databases, and gathers the results."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

POSTGRES = "DAMHUB_FAULTS_POSTGRES"
"""Names the server to a lane: a password has no place in a command line."""


@dataclass(frozen=True)
class Result:
    """How one run ended."""

    case: object
    outcome: str  # held | violated | never fired | no verdict
    detail: str
    kills: int
    fired: list
    calls: int
    minutes: float
    seconds: float
    trace: str


class Lane:
    """A lane as the driver sees it."""

    def __init__(self, folder, postgres_url, databases):
        self._log = (folder.parent / f"{folder.name}.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.process.lane", str(folder), ",".join(databases)],
            env={**os.environ, POSTGRES: postgres_url}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, text=True, bufsize=1,
        )  # fmt: skip

    def ready(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a lane did not start: {Path(self._log.name).read_text()[-2000:]}")
        return json.loads(line)["ready"]

    def run(self, case, bug=""):
        self._process.stdin.write(json.dumps({"case": case.packed(), "bug": bug}) + "\n")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a lane ended: {Path(self._log.name).read_text()[-2000:]}")
        told = json.loads(line)
        del told["number"]
        return Result(case=case, **told)

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
        self._log.close()


class Lanes:
    """Some lanes side by side."""

    def __init__(self, folder, count, postgres_url, databases):
        self._stack = ExitStack()
        self._lanes = []
        try:
            for number in range(count):
                lane = Lane(Path(folder) / f"lane_{number}", postgres_url, databases)
                self._stack.callback(lane.close)
                self._lanes.append(lane)
            for lane in self._lanes:
                lane.ready()
        except BaseException:
            self._stack.close()
            raise

    def close(self):
        self._stack.close()

    def run(self, cases, *, bug="", told: Callable = lambda result: None, enough: Callable = lambda result: False):
        """Run cases side by side; end early once `enough` says so of a result. Return the results, in their order."""
        waiting = queue.SimpleQueue()
        for case in cases:
            waiting.put(case)
        results, failures, lock, stop = [], [], threading.Lock(), threading.Event()

        def serve(lane):
            while not stop.is_set():
                try:
                    case = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    result = lane.run(case, bug)
                except (OSError, RuntimeError, ValueError) as failed:
                    failures.append(failed)
                    stop.set()
                    return
                with lock:
                    results.append(result)
                    told(result)
                    if enough(result):
                        stop.set()

        threads = [threading.Thread(target=serve, args=(lane,)) for lane in self._lanes]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            stop.set()  # an interrupt ends all of them after the run that they are at
        if failures:
            raise failures[0]
        return results


@contextmanager
def lanes(folder, count, postgres_url="", databases=("sqlite",)):
    """Some lanes, closed at the end."""
    made = Lanes(folder, count, postgres_url, databases)
    try:
        yield made
    finally:
        made.close()


def catch(some_lanes, bug, cases):
    """Return after how many runs of these cases a planted bug was caught, and how; None: it was not."""
    ran = []

    def caught(result):
        ran.append(result)
        return result.outcome == "violated"

    results = some_lanes.run(cases, bug=bug, enough=caught)
    first = next((result for result in results if result.outcome == "violated"), None)
    return None if first is None else (results.index(first) + 1, first)
