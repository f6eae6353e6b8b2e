"""One lane of the matrix: two sandboxes, a seeded hub on each database, and runs one after the other.

    python -m tests.faults.process.lane FOLDER sqlite,postgres

reads a case as a line of JSON and answers with a line of JSON. Workers are forked from this process, which has one
thread and no connection: a fork is a process of its own that need not load the program again.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import threading
import time
import traceback
from pathlib import Path

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import configure_mappers

from connectors.sdk.registry import discover
from hub.clock import DAY, MINUTE
from hub.db.migrate import newest_revision
from hub.placements.faultpoints import DELAY_VARIABLE, VARIABLE
from tests.faults.process import whole, worker
from tests.faults.process.cases import Case
from tests.faults.process.oracle import Oracle, Rows, Violated
from tests.faults.process.remote import Remote

CONNECTORS = ("wordpress", "trello")
DELAYS_S = {True: "0.6", False: "8"}
"""How long a call is under way before `sent_no_answer` strikes: where the remote's word can be waited for, it is."""
LONGEST_S = 60.0
POLL_S = 0.01


class NoVerdict(Exception):
    """The harness itself failed, or a worker ended in a way that was not planned."""


HARNESS_ERRORS = (
    NoVerdict,
    OSError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    SQLAlchemyError,
)


class Lane:
    """Runs cases."""

    def __init__(self, folder, databases="sqlite", postgres_url=""):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.remotes = {name: Remote(name, self.folder) for name in CONNECTORS}
        self.started = time.time_ns() // 1_000_000
        self.postgres = make_url(postgres_url) if postgres_url else None
        self.places, self.facts = {}, {}
        for database in databases.split(","):
            self._seed(database)

    def close(self):
        for remote in self.remotes.values():
            remote.close()

    # A hub that is like new for each run

    def _seed(self, database):
        home = self.folder / database
        home.mkdir()
        name = f"{self.folder.name}_run".replace("-", "_")
        url = f"sqlite:///{home / 'damhub.sqlite3'}"
        if database == "postgres":
            self._sql(f'CREATE DATABASE "{name}"')
            url = self.postgres.set(database=name).render_as_string(hide_password=False)
        place = {
            "database": database, "home": str(home), "url": url, "clock": str(self.folder / "clock"),
            "journal": str(self.folder / "journal"), "origins": [each.origin for each in self.remotes.values()],
        }  # fmt: skip
        out = self.folder / f"{database}.json"
        told = {remote.name: remote.told for remote in self.remotes.values()}
        self._finish(self._fork(worker.seed, place, self.started, told, out))
        self.places[database], self.facts[database] = place, json.loads(out.read_text())
        if database == "postgres":
            self._sql(f'ALTER DATABASE "{name}" RENAME TO "{name}_template"')
        else:
            connection = sqlite3.connect(home / "damhub.sqlite3")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            connection.close()
            shutil.copyfile(home / "damhub.sqlite3", self.folder / "template.sqlite3")

    def _restore(self, place):
        if place["database"] == "postgres":
            name = make_url(place["url"]).database
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{name}_template"')
        else:
            path = Path(place["home"]) / "damhub.sqlite3"
            for left in ("-wal", "-shm"):
                Path(f"{path}{left}").unlink(missing_ok=True)
            shutil.copyfile(self.folder / "template.sqlite3", path)
        Path(place["journal"]).write_text("")
        Path(place["clock"]).write_text(str(self.started + 1000))

    def _sql(self, statement):
        engine = create_engine(self.postgres, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    # Processes

    def _fork(self, act, *args, env=None, **rest):
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            os.environ.update(env or {})
            act(*args, **rest)
            status = 0
        finally:
            if status:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(status)

    def _ended(self, pid):
        """Return how a process ended, or None while it runs."""
        done, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if done else None

    def _finish(self, pid, until=lambda: False):
        """Wait for a process; kill it as soon as `until` says so. Return how it ended."""
        deadline = time.monotonic() + LONGEST_S
        armed = True
        while (code := self._ended(pid)) is None:
            if armed and until():
                os.kill(pid, signal.SIGKILL)
                armed = False
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                raise NoVerdict(f"a worker was still running after {LONGEST_S:.0f} s")
            threading.Event().wait(POLL_S)
        if code not in {0, -signal.SIGKILL}:
            known = {worker.NOT_QUIET: "no quiet after so many rounds"}
            raise NoVerdict(known.get(code, f"a worker ended with {code}"))
        return code

    # Runs

    def run(self, case, bug=""):
        """Run one case and return its result."""
        began = time.monotonic()
        run = Run(self, case, bug)
        outcome, detail = "held", ""
        try:
            detail = run.play()
            outcome = "never fired" if detail else "held"
        except Violated as broken:
            outcome, detail = "violated", str(broken)
        except HARNESS_ERRORS as failed:
            traceback.print_exc()
            outcome, detail = "no verdict", f"{type(failed).__name__}: {failed}"
        return {
            "number": case.number, "outcome": outcome, "detail": detail, "kills": run.kills, "fired": run.fired,
            "calls": run.calls, "minutes": round(run.minutes, 2), "seconds": round(time.monotonic() - began, 2),
            "trace": run.trace(),
        }  # fmt: skip


class Run:
    """One run: the people act, workers die, one recovers, everything is checked."""

    def __init__(self, lane, case, bug):
        self.lane, self.case, self.bug = lane, case, bug
        self.remote, self.facts = lane.remotes[case.connector], lane.facts[case.database]
        self.place = {**lane.places[case.database], "ledger": str(self.remote.ledger_path)}
        self.kills, self.fired, self.calls, self.minutes = 0, [], 0, 0.0
        self.steps = []

    def play(self):
        """Return why the run does not count, or nothing."""
        self.remote.begin()
        self.lane._restore(self.place)
        oracle = Oracle(self.case, self.facts, self.remote, self.place["home"])
        if self.case.scenario != "publish":
            self._prepare(oracle)
        for number, life in enumerate(self.case.lives):
            if missed := self._live(number, life, oracle):
                return missed
        return self._recover(oracle)

    def _prepare(self, oracle):
        pid = self.lane._fork(worker.prepare, self.place, self.facts, self.case, self._now())
        self.lane._finish(pid)
        oracle.look(self._rows(), self._journal())
        made = oracle.effects()
        if len(made) != 1:
            raise NoVerdict(f"the copy was not brought into place: {made}")
        self.remote.use(made[0].ref)
        oracle.acted = made[0].seq

    def _live(self, number, life, oracle):
        """Live one worker's life with its faults; return what did not fire."""
        before = len(self.remote.fired())
        planned = self.remote.spoil(life)
        oracle.doubled |= any(rule[0] == "double" for rule in life.rules)
        killed = self._work(number, life, before) == -signal.SIGKILL
        self.remote.settle()
        fired = self.remote.fired()[before:]
        self.remote.control("faults", "DELETE")
        self._note(goes_on=not killed)
        self.kills += killed
        self.fired += [*fired, *([life.point or "look"] if killed else [])]
        oracle.look(self._rows(), self._journal())
        if self.case.drawn:
            return ""
        if killed != bool(life.point or life.look):
            return f"worker {number + 1} was not killed ({life.point or life.look})"
        return "" if len(fired) >= planned else f"only {len(fired)} of {planned} faults were met by worker {number + 1}"

    def _recover(self, oracle):
        """Let a worker without faults bring everything to quiet, and check the end."""
        began = self._now()
        self._work(len(self.case.lives), None, 0)
        self.minutes = (self._now() - began) % DAY / MINUTE
        self._note(goes_on=True)
        oracle.end(self._rows(), self._journal(), calls=self.calls, minutes=self.minutes)
        return "nothing fired" if self.case.drawn and not self.fired else ""

    def _work(self, number, life, before):
        """Run one worker to its end."""
        later = worker.LEASE_MS + 1000 if number else 0
        env = {VARIABLE: life.point, DELAY_VARIABLE: DELAYS_S[self.case.real]} if life and life.point else {}
        if self.case.real:
            return whole.work(self, env, acts=number == 0)
        pid = self.lane._fork(
            worker.work, self.place, self.facts, self.case, self._now() + later, owner=f"worker-{number}",
            acts=number == 0, bug=self.bug, env=env,
        )  # fmt: skip
        if life and (life.look or life.held >= 0):
            return self.lane._finish(pid, lambda: len(self.remote.fired()) > before)
        return self.lane._finish(pid)

    def _now(self):
        return int(Path(self.place["clock"]).read_text())

    def _rows(self):
        return Rows.read(self.place["url"])

    def _journal(self):
        lines = Path(self.place["journal"]).read_text().splitlines()
        return {entry["id"]: entry["ledger"] for entry in map(json.loads, lines)}

    def _note(self, *, goes_on):
        """Keep what was called; what the workers since the last death called counts until quiet."""
        calls = self.remote.calls()
        self.steps += [*calls, "|"]
        self.calls = self.calls + len(calls) if goes_on else 0
        self.remote.control("requests", "DELETE")

    def trace(self):
        """Return what tells this course of events from others: calls with their ids struck out, and faults."""
        course = "\n".join([*("".join("#" if c.isdigit() else c for c in step) for step in self.steps), *self.fired])
        return hashlib.sha256(course.encode()).hexdigest()[:12]


def warm():
    """Read whatever each worker would have to read first: forks have it already."""
    discover()
    newest_revision()
    configure_mappers()
    gc.collect()
    gc.freeze()  # a worker's garbage collector leaves it, and its memory, alone


def main():
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever prints, prints to the log
    warm()
    lane = Lane(*sys.argv[1:], postgres_url=os.environ.get("DAMHUB_FAULTS_POSTGRES", ""))
    try:
        lines.write(json.dumps({"ready": sorted(lane.places)}) + "\n")
        for line in sys.stdin:
            asked = json.loads(line)
            result = lane.run(Case.unpacked(asked["case"]), asked.get("bug", ""))
            lines.write(json.dumps(result) + "\n")
    finally:
        lane.close()


if __name__ == "__main__":
    main()
