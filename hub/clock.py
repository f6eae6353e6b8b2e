"""The clock that every room is given: nothing in the hub asks the operating system for the time by itself.

Times are whole milliseconds since 1970 in UTC, everywhere: in rows, in values and on the wire inside the hub.
"""

from __future__ import annotations

import time
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> int:
        """Return the present instant in UTC milliseconds."""
        ...


class SystemClock:
    """The machine's wall clock, shifted by a fixed amount (zero in real use)."""

    def __init__(self, *, shift_ms: int = 0) -> None:
        self._shift_ms = shift_ms

    def now(self) -> int:
        """Return the wall clock in UTC milliseconds."""
        return time.time_ns() // 1_000_000 + self._shift_ms


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now: int = 1_790_000_000_000) -> None:
        self._now = now

    def now(self) -> int:
        """Return the instant that was last set."""
        return self._now

    def advance(self, by_ms: int) -> int:
        """Move by `by_ms` (which may be negative) and return the new instant."""
        self._now += by_ms
        return self._now
