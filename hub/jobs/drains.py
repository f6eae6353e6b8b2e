"""A drain handles what is due, again and again; its heartbeat says when it last did and what went wrong."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from hub.clock import SECOND, Clock
from hub.db.unit import Database
from hub.errors import HubError
from hub.jobs.models import Heartbeat

HEARTBEAT_MS = 10 * SECOND
"""A drain that has nothing to tell says so this often, and no more often."""

LONGEST_PAUSE_S = 30.0
"""A drain that keeps failing is still tried this often."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drain:
    """One kind of work. `run(owner)` handles what is due and returns how many; it may be killed at any point."""

    name: str
    run: Callable[[str], int]
    every_s: float = 1.0
    eager: bool = False
    """Goes on without a pause while there is work. For what is taken in small batches; others gain by gathering."""


class Round:
    """Runs one drain over and over, and keeps its heartbeat."""

    def __init__(self, drain: Drain, database: Database, clock: Clock, *, owner: str) -> None:
        self._drain = drain
        self._database = database
        self._clock = clock
        self._owner = owner
        self._failures = 0
        self._told_at: int | None = None
        self._told_error = ""

    def run(self, stop: threading.Event, turns: int) -> None:
        """Run the drain up to `turns` times with its pause in between, or until `stop`."""
        for _ in range(turns):
            goes_on = self.once() > 0 and self._drain.eager
            if stop.wait(0 if goes_on else self._pause_s()):
                return

    def once(self) -> int:
        """Run the drain once; a failure is recorded and never raised. Return how many things it handled."""
        did, error = 0, ""
        try:
            did = self._drain.run(self._owner)
            self._failures = 0
        except Exception as failure:
            # Whatever it is must not end this drain, nor the others: it is told, and tried again.
            log.exception("drain %s failed", self._drain.name)
            self._failures += 1
            error = describe(failure)
        self._tell(did, error)
        return did

    def _pause_s(self) -> float:
        return min(self._drain.every_s * 2 ** min(self._failures, 8), max(LONGEST_PAUSE_S, self._drain.every_s))

    def _tell(self, did: int, error: str) -> None:
        now = self._clock.now()
        fresh = self._told_at is not None and 0 <= now - self._told_at < HEARTBEAT_MS
        if fresh and not did and error == self._told_error:
            return
        try:
            with self._database.unit() as session:
                session.merge(Heartbeat(drain=self._drain.name, ran_at=now, did=did, error=error))
        except (SQLAlchemyError, HubError):
            # Two workers may tell at once, or the database may be away: the next round tells again.
            log.warning("heartbeat of drain %s was not written", self._drain.name, exc_info=True)
            return
        self._told_at, self._told_error = now, error


def describe(failure: BaseException) -> str:
    """Return a failure as one line without secrets: its code if it has one, else only its type."""
    return f"{failure.code}: {failure.what}" if isinstance(failure, HubError) else type(failure).__name__
