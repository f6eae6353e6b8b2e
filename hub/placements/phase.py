"""Where a copy stands: one pure function of its row and its open attempts.

The result is stored in the row so that it can be indexed; `test_phase` checks stored values against this definition.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hub.placements.desired import Want
from hub.placements.models import Placement


class Observed(StrEnum):
    """What the last looks found."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    QUEUED = "queued"  # there, and public only when its time comes
    HELD = "held"  # there, and parked: it does not go out by itself
    PRESENT = "present"
    ALTERED = "altered"  # there, but changed by somebody else
    MIXED = "mixed"  # some parts as desired, others not or not readable


class Phase(StrEnum):
    """Where a copy stands."""

    WAITING = "waiting"  # not wanted there now, and never was there
    WORKING = "working"  # there is something to do, or it is being done
    UNSURE = "unsure"  # a write was sent and nothing tells whether it was carried out
    QUEUED = "queued"  # accepted by a scheduler, not public before its time
    HELD = "held"  # parked there, so that it does not go out
    LIVE = "live"  # what was read back is what should be
    PARTIAL = "partial"  # some parts as they should be, others not or not readable
    BLOCKED = "blocked"  # a person must act
    GONE = "gone"  # vanished in the channel though it should be there
    WITHDRAWN = "withdrawn"  # should be away, and looks show that it is
    SETTLED = "settled"  # the end; the row and its evidence stay


EXCHANGED: Final = "bytes_exchanged"
DISPUTED: Final = frozenset({"field_conflict", "field_ping_pong", EXCHANGED})
"""Problems of copies about which two sides disagree. They may agree by themselves: these copies are still looked at."""

RESTING: Final = frozenset({Phase.LIVE.value, Phase.WITHDRAWN.value, Phase.GONE.value})
"""Phases of rows that are due for a look only, unless the facts are others now."""


def phase(row: Placement, *, open_attempts: int) -> Phase:
    """Return the phase of a row; an attempt is open while its outcome is not known."""
    if row.settled_at is not None:
        return Phase.SETTLED
    if row.blocked:
        return Phase.BLOCKED
    if open_attempts and not row.op:
        return Phase.UNSURE
    if never_sent(row) and row.desired == Want.ABSENT:
        return Phase.WAITING
    return _measured(row)


def _measured(row: Placement) -> Phase:
    """Compare what was observed with what should be."""
    if never_sent(row):
        return Phase.WORKING
    if row.observed_generation != row.desired_generation or row.op:
        return Phase.WORKING
    if row.desired == Want.ABSENT:
        away = {Observed.ABSENT: Phase.WITHDRAWN, Observed.MIXED: Phase.PARTIAL}
        return away.get(Observed(row.observed), Phase.WORKING)
    right = {Observed.HELD: Phase.HELD} if row.desired == Want.HELD else _SHOWN
    if row.observed == Observed.QUEUED and waits_for_another_time(row):
        return Phase.WORKING
    there = {**right, Observed.MIXED: Phase.PARTIAL, Observed.ABSENT: Phase.GONE}
    return there.get(Observed(row.observed), Phase.WORKING)


_SHOWN: Final = {Observed.PRESENT: Phase.LIVE, Observed.QUEUED: Phase.QUEUED}


def waits_for_another_time(row: Placement) -> bool:
    """Tell whether a copy waits there for another time than the one it should go out at."""
    return row.out_at is None and row.queued_for is not None and row.publish_at not in {None, row.queued_for}


def never_sent(row: Placement) -> bool:
    """Tell whether nothing was ever sent for this row: its marker is new, so nothing can stand there."""
    return row.observed == Observed.ABSENT and row.observed_at is None
