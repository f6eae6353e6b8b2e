"""Who of one process's reconcilers works for which remote: slow and dead remotes take no seat from the others.

Ordinary seats serve in turns whichever remotes have work. A seat that is with one copy for long does not count among
them any more: a spare seat takes its place, so that the other remotes' work goes on. At most all seats but one are with
slow remotes, and each of those gets fewer than there are ordinary seats.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.clock import MINUTE, SECOND, Clock

ORDINARY: Final = 3
"""How many copies one worker process works on at once, as long as remotes answer quickly."""
SPARE: Final = 3
"""How many more it works on while remotes are slow."""
SLOW_MS: Final = 3 * SECOND
"""A remote that one copy took so long at is slow."""
REMEMBERED_MS: Final = MINUTE
BATCH_MS: Final = 2 * SECOND
"""After this long a seat gives back what it has not begun, so that the urgent and the others come to their turn."""


@dataclass(slots=True, eq=False)
class Seat:
    """One reconciler at work: for which remote, and since when (with its batch, and with one copy of it)."""

    remote_id: str
    since: int
    copy_since: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remote with work that is due."""

    remote_id: str
    urgent: bool
    due_at: int


class Seats:
    """The seats of one process. Safe for threads; the truth about the work is in the rows and their leases."""

    def __init__(self, clock: Clock, *, ordinary: int = ORDINARY, spare: int = SPARE) -> None:
        self.choosing = threading.Lock()  # from looking who may be served until sitting down
        self._clock = clock
        self._ordinary, self._spare = ordinary, spare
        self._taken: list[Seat] = []
        self._slow_until: dict[str, int] = {}
        self._served: dict[str, int] = {}
        self._turns = 0

    def needed(self, *, spare: bool) -> bool:
        """Tell whether one more may work now: a spare one only while all ordinary ones have work."""
        seats, now = list(self._taken), self._clock.now()
        quick = sum(not self._is_slow(seat.remote_id, now) for seat in seats)
        return quick < self._ordinary and (not spare or len(seats) >= self._ordinary)

    def choose(self, candidates: Iterable[Candidate]) -> Candidate | None:
        """Return the remote to serve next: the urgent first, then whoever has the fewest seats and waited longest."""
        now = self._clock.now()
        free = [one for one in candidates if not self._is_full(one.remote_id, now)]
        return min(free, key=self._order, default=None)

    def sit(self, remote_id: str) -> Seat:
        """Begin to serve a remote."""
        now = self._clock.now()
        self._turns += 1
        self._served[remote_id] = self._turns
        seat = Seat(remote_id, now, now)
        self._taken.append(seat)
        return seat

    def goes_on(self, seat: Seat) -> bool:
        """Begin with the next copy; False when it is others' turn."""
        now = self._clock.now()
        self._judge(seat, now)
        seat.copy_since = now
        return 0 <= now - seat.since < BATCH_MS

    def stand_up(self, seat: Seat) -> None:
        """End serving."""
        self._judge(seat, self._clock.now())
        self._taken.remove(seat)

    def is_slow(self, remote_id: str) -> bool:
        """Tell whether a remote was slow lately, or is just now."""
        return self._is_slow(remote_id, self._clock.now())

    def _is_slow(self, remote_id: str, now: int) -> bool:
        if now < self._slow_until.get(remote_id, 0) <= now + REMEMBERED_MS:
            return True
        mine = [seat for seat in list(self._taken) if seat.remote_id == remote_id]
        return any(now - seat.copy_since >= SLOW_MS for seat in mine)

    def _is_full(self, remote_id: str, now: int) -> bool:
        if not self._is_slow(remote_id, now):
            return False
        seats = list(self._taken)
        slow = sum(self._is_slow(seat.remote_id, now) for seat in seats)
        mine = sum(seat.remote_id == remote_id for seat in seats)
        return mine >= max(1, self._ordinary - 1) or slow >= max(1, self._ordinary + self._spare - 1)

    def _order(self, one: Candidate) -> tuple[bool, int, int, int]:
        seats = sum(seat.remote_id == one.remote_id for seat in list(self._taken))
        return not one.urgent, seats, self._served.get(one.remote_id, 0), one.due_at

    def _judge(self, seat: Seat, now: int) -> None:
        if now - seat.copy_since >= SLOW_MS:
            self._slow_until[seat.remote_id] = now + REMEMBERED_MS
