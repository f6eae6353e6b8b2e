"""The worker: the only process that launches DBOS.

The truth about pending work is in our rows (`due_at` and leases). DBOS gives the drains their threads and life cycle.
Each drain runs in workflows of about a minute, one after the other ("shifts"), never one workflow for each row: DBOS
manages some 60 to 110 short workflows a second. Its state is one SQLite file for each slot in the data folder: losing
it loses nothing.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowHandle, WorkflowStatusString
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.db.base import new_id
from hub.db.unit import Database
from hub.jobs.drains import Drain, Round
from hub.jobs.signals import ending_on_signals
from hub.jobs.slots import LEASE_MS, keep_slot, leave_slot, take_slot
from hub.settings import Settings

APPLICATION_VERSION = "damhub"
"""Fixed: DBOS's default changes with every edit and would leave the work of the release before behind."""

SHIFT_S = 60.0
TICK_S = 0.5
GRACE_S = 20.0
"""How long drains may take to finish what they do when the worker is told to end."""

log = logging.getLogger(__name__)
_shifts: dict[str, Shift] = {}


def run_worker(
    settings: Settings,
    database: Database,
    clock: Clock,
    drains: Sequence[Drain],
    *,
    stop: threading.Event | None = None,
) -> None:
    """Run the drains until SIGTERM or SIGINT (or `stop`), then let each finish what it does and end cleanly."""
    stop = stop or threading.Event()
    with ending_on_signals(stop):
        while not stop.is_set():
            owner = f"worker-{new_id()}"
            with database.unit() as session:
                slot = take_slot(session, owner=owner, now=clock.now())
            seat = Seat(database, clock, slot, owner)
            with _dbos(settings, slot):
                _serve(seat, [Shift(drain, database, clock, owner) for drain in drains], stop)
            seat.leave()


class Seat:
    """The slot that this process holds."""

    def __init__(self, database: Database, clock: Clock, slot: int, owner: str) -> None:
        self._database = database
        self._clock = clock
        self._slot = slot
        self._owner = owner
        self._renewed_at = clock.now()

    def still_ours(self) -> bool:
        """Renew the lease from time to time; False when another process has the slot."""
        now = self._clock.now()
        if 0 <= now - self._renewed_at < LEASE_MS // 4:
            return True
        try:
            with self._database.unit() as session:
                ours = keep_slot(session, self._slot, owner=self._owner, now=now)
        except SQLAlchemyError:
            log.warning("the lease of slot %s was not renewed", self._slot, exc_info=True)
            return True
        self._renewed_at = now
        return ours

    def leave(self) -> None:
        """Give the slot up."""
        with self._database.unit() as session:
            leave_slot(session, self._slot, owner=self._owner)


class Shift:
    """One drain's workflows, one after the other."""

    def __init__(self, drain: Drain, database: Database, clock: Clock, owner: str) -> None:
        self.key = f"{drain.name}/{owner}"
        self.stop = threading.Event()
        self._round = Round(drain, database, clock, owner=owner)
        self._turns = max(1, round(SHIFT_S / drain.every_s))
        self._workflow: WorkflowHandle[None] | None = None
        self._idle = threading.Event()
        self._idle.set()

    def work(self) -> None:
        """Do one shift; called by DBOS."""
        try:
            self._round.run(self.stop, self._turns)
        finally:
            self._idle.set()

    def ensure(self) -> None:
        """Start the next shift when the last one has ended, and forget the last one."""
        if not self._idle.is_set():
            return
        try:
            if self._forgotten():
                with SetWorkflowID(f"{self.key}/{new_id()}"):
                    self._idle.clear()
                    self._workflow = DBOS.start_workflow(shift, self.key)
        except SQLAlchemyError:
            self._idle.set()
            log.warning("the next shift of %s was not started", self.key, exc_info=True)

    def wait(self) -> None:
        """Wait until the running shift has ended."""
        if not self._idle.wait(GRACE_S):
            log.warning("%s did not end in time; what it holds is taken over when its leases end", self.key)

    def _forgotten(self) -> bool:
        """Delete the last shift from DBOS's history; False while DBOS is still writing down that it ended."""
        if self._workflow is not None:
            if self._workflow.get_status().status == WorkflowStatusString.PENDING.value:
                return False
            DBOS.delete_workflow(self._workflow.workflow_id)
            self._workflow = None
        return True


@DBOS.workflow(name="damhub.shift")
def shift(key: str) -> None:
    """Run a drain for one shift. A shift of a process that died ends at once: the living one has its own."""
    if current := _shifts.get(key):
        current.work()


def _serve(seat: Seat, shifts: Sequence[Shift], stop: threading.Event) -> None:
    _shifts.update({each.key: each for each in shifts})
    try:
        while seat.still_ours():
            for each in shifts:
                each.ensure()
            if stop.wait(TICK_S):
                break
    finally:
        for each in shifts:
            each.stop.set()
        for each in shifts:
            each.wait()
            del _shifts[each.key]


@contextmanager
def _dbos(settings: Settings, slot: int) -> Generator[None]:
    folder = settings.home / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"worker-{slot}.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL").close()
    connection.close()
    config: DBOSConfig = {
        "name": "damhub",
        "system_database_url": f"sqlite:///{path}",
        "executor_id": str(slot),
        "application_version": APPLICATION_VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "enable_otlp": False,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()
    try:
        yield
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=int(GRACE_S))
