"""Holds callers to limits, as a vendor does: at most so many calls in any window, whenever it begins."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from connectors.sdk.manifest import Limit


class Pace:
    """What was called, by whom, and whether that was too much. Nothing is refused before `keep`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Wire it; `clock` tells seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: tuple[Limit, ...] = ()
        self._calls: dict[tuple[Limit, str], deque[float]] = {}
        self.called = self.refused = 0

    def keep(self, limits: Iterable[Limit]) -> None:
        """Hold callers to these limits from now on, to none where there are none; what was before counts no more."""
        with self._lock:
            self._limits = tuple(limits)
            self._calls.clear()
            self.called = self.refused = 0

    def spend(self, whose: str, method: str, path: str) -> float:
        """Count a call; return zero, or after how many seconds to come back. What is refused counts, too.

        Args:
            whose: the credentials that came along.
            method: in capitals.
            path: without the query.
        """
        with self._lock:
            now = self._clock()
            self.called += 1
            waits = [self._wait(limit, whose, now) for limit in self._limits if limit.covers(method, path)]
            wait = max(waits, default=0.0)
            self.refused += wait > 0
            return wait

    def _wait(self, limit: Limit, whose: str, now: float) -> float:
        calls = self._calls.setdefault((limit, "" if limit.scope == "app" else whose), deque(maxlen=limit.calls))
        full = len(calls) == limit.calls and now < calls[0] + limit.per_s
        calls.append(now)
        return calls[0] + limit.per_s - now if full else 0.0
