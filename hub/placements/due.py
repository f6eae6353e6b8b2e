"""When a copy is looked at next: the earliest of rights boundary, retry and audit. The clock is a trigger."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.placements.findings import Claim
from hub.placements.models import Evidence
from hub.rights import answer as rights

AUDITS: Final = (HOUR, DAY, 30 * DAY)
"""How long after it was first proven a copy is looked at again; the last one repeats."""

CONFIRM_GONE_MS: Final = HOUR
"""A copy that vanished is looked for once more after this long, before its row settles: remotes have bad hours."""

FAR: Final = 365 * DAY
"""No row sleeps longer than this."""

LONGEST_UNSEEN: Final = DAY
"""What waits for its time, or is parked, is looked at so often at least: people there move it as well."""

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


def next_boundary(session: Session, asset_ids: Iterable[str], channel: str, territory: str, now: int) -> int | None:
    """Return the next instant at which what these assets may be used for there changes; None: never."""
    found = (rights.next_boundary(session, asset_id, channel, territory, now) for asset_id in asset_ids)
    return min((at for at in found if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Proofs:
    """When a generation was proven first and last, and what was claimed and when by the newest proof."""

    first: int
    last: int
    claim: str
    claimed_at: int


def next_audit(proofs: Proofs | None, now: int) -> int | None:
    """Return when the proof of a generation is to be repeated; None while there is none."""
    if proofs is None:
        return None
    if proofs.claim == Claim.GONE.value:
        return min(proofs.claimed_at, now) + CONFIRM_GONE_MS
    return audit_after(proofs.first, proofs.last, now)


def proofs_of(session: Session, placement_id: str, generation: int) -> Proofs | None:
    """Return what is known of the proofs of a generation; None while it never was proven."""
    found = session.execute(_PROOFS, {"placement_id": placement_id, "generation": generation}).all()
    if not found:
        return None
    times = [at for _, at in found]
    return Proofs(min(times), max(times), *found[-1])


_PROOFS: Final = (
    select(Evidence.claim, Evidence.at)
    .where(Evidence.placement_id == bindparam("placement_id"), Evidence.generation == bindparam("generation"))
    .order_by(Evidence.id)
)


def audit_after(first: int, last: int, now: int) -> int:
    """Return the first audit time after the last proof; never one that a clock set back has put far away."""
    for wait in AUDITS:
        if first + wait > last:
            return min(first + wait, now + AUDITS[-1])
    return min(last + AUDITS[-1], now + AUDITS[-1])
