"""Deliveries that were not believed: how many came to each address, and when the last one did.

Whoever sends them must cost the hub nothing: they are counted in memory and written down once a minute at most, into
the rows of addresses that exist, and nothing of them is kept. What was counted since waits for the next delivery of any
kind; a process that ends loses it. So there were at least as many as the row says.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import update

from hub.clock import MINUTE
from hub.connections.models import Subscription

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.db.unit import Database

EVERY_MS: Final = MINUTE


class Forged:
    """Counts what one process refuses. Several threads may count at the same time."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[int, int]] = {}  # by subscription: how many, and when the last one came
        self._written_at: int | None = None

    def note(self, subscription_id: str) -> None:
        """Count one; write down what was counted if that was not done within the last minute."""
        with self._lock:
            count, _ = self._waiting.get(subscription_id, (0, 0))
            self._waiting[subscription_id] = count + 1, self._clock.now()
        self.settle()

    def settle(self) -> None:
        """Write down what was counted, if anything was and it is time to."""
        now = self._clock.now()
        with self._lock:
            if not self._waiting or (self._written_at is not None and abs(now - self._written_at) < EVERY_MS):
                return
            counted, self._waiting, self._written_at = self._waiting, {}, now
        with self._database.unit() as session:
            for subscription_id, (count, last_at) in sorted(counted.items()):
                mine = update(Subscription).where(Subscription.id == subscription_id)
                session.execute(mine.values(forged=Subscription.forged + count, forged_at=last_at))
