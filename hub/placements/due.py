"""When a copy is looked at next: the earliest of rights boundary, retry and audit. The clock is a trigger."""

from __future__ import annotations

import random
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.placements.models import Evidence
from hub.rights.models import Usability

AUDITS: Final = (HOUR, DAY, 30 * DAY)
"""How long after it was first proven a copy is looked at again; the last one repeats."""

FAR: Final = 365 * DAY
"""No row sleeps longer than this."""

FIRST_RETRY: Final = 2 * SECOND
LAST_RETRY: Final = 30 * MINUTE


def backoff(attempt: int, chance: random.Random, *, after_s: float | None = None) -> int:
    """Return how long to wait after the n-th failure in a row, in milliseconds, spread so that rows do not march.

    `after_s` is what the remote asked for; it is kept within an hour, because a remote that says "in a year" or
    "in the past" is not to be believed.
    """
    if after_s is not None:
        asked = min(max(after_s, 1.0), 3600.0) * SECOND
        return int(asked * chance.uniform(1.0, 1.2))
    longest = min(FIRST_RETRY * 2 ** min(attempt, 20), LAST_RETRY)
    return int(longest * chance.uniform(0.5, 1.0))


def next_boundary(session: Session, asset_ids: list[str], now: int) -> int | None:
    """Return the next instant at which the rights of one of these assets change; None when they never do."""
    starts = select(func.min(Usability.from_at)).where(Usability.asset_id.in_(asset_ids), Usability.from_at > now)
    ends = select(func.min(Usability.until_at)).where(Usability.asset_id.in_(asset_ids), Usability.until_at > now)
    found = [at for at in (session.scalar(starts), session.scalar(ends)) if at is not None]
    return min(found, default=None)


def next_audit(session: Session, placement_id: str, generation: int, now: int) -> int | None:
    """Return when the proof of this generation is to be repeated; None while there is none."""
    proofs = select(func.min(Evidence.at), func.max(Evidence.at)).where(
        Evidence.placement_id == placement_id, Evidence.generation == generation
    )
    first, last = session.execute(proofs).one()
    return None if first is None or last is None else audit_after(first, last, now)


def audit_after(first: int, last: int, now: int) -> int:
    """Return the first audit time after the last proof; never one that a clock set back has put far away."""
    for wait in AUDITS:
        if first + wait > last:
            return min(first + wait, now + AUDITS[-1])
    return min(last + AUDITS[-1], now + AUDITS[-1])
