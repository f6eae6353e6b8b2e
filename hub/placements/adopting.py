"""Adopt a copy that stands at a remote: from then on the hub answers for it like for one that it made.

Where it carries a marker of this hub (the row was lost, such as by restoring an older backup), that marker counts.
Anything else is known by its reference, and gets a marker of its own when its bytes are next replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from connectors.sdk.types import PartKind, PartState
from hub.catalogue.models import Version
from hub.connections.models import Target
from hub.placements.companions import LONGEST_SLOT
from hub.placements.facts import ORIGINAL
from hub.placements.lost import LOST
from hub.placements.models import Attempt, Part, Placement
from hub.placements.phase import Observed
from hub.placements.rows import living_row, new_row

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ORIGIN: Final = "adopted"


@dataclass(frozen=True, slots=True)
class Found:
    """A copy as a listing told it."""

    ref: str  # what it is called as a copy
    content_key: str  # the name of its bytes; empty: not known, or it is a link
    marker: str  # empty: it carries none of this hub
    seen_at: int


def adopt_copy(session: Session, found: Found, *, asset_id: str, target_id: str, by: str, at: int) -> Placement:
    """Return the row that answers for a copy: the one that does already, one that waits to make it, or a new one.

    The caller wakes it. What stood there when it was listed counts as seen: if it is gone, it was removed.
    """
    known = known_by_ref(session, session.get_one(Target, target_id).remote_id, found.ref)
    if known is not None:
        return known
    row = _waiting(session, asset_id, target_id) or _new(session, found, asset_id, target_id, by=by, at=at)
    row.origin = ORIGIN
    row.marker = found.marker or row.marker
    row.observed = Observed.UNKNOWN.value
    session.flush()
    session.add(
        Part(
            placement_id=row.id, kind=PartKind.MEDIA.value, external_ref=found.ref, content_key=found.content_key,
            state=PartState.SHOWING.value, looked_at=found.seen_at,
        )
    )  # fmt: skip
    session.flush()
    return row


def known_by_ref(session: Session, remote_id: str, ref: str) -> Placement | None:
    """Return the unsettled row at a remote that knows a copy by this reference."""
    query = (
        select(Placement)
        .join(Part, Part.placement_id == Placement.id)
        .join(Target, Target.id == Placement.target_id)
        .where(
            Target.remote_id == remote_id, Placement.settled_at.is_(None), Part.kind == PartKind.MEDIA.value,
            Part.external_ref == ref, Part.state != PartState.GONE.value,
        )
        .limit(1)
    )  # fmt: skip
    return session.scalars(query).first()


def preset_of(session: Session, row: Placement, version_id: str, usual: str) -> str:
    """Return which bytes of a version a copy is to show: an adopted one that shows the master's own keeps them."""
    if row.origin != ORIGIN:
        return usual
    master = session.get_one(Version, version_id).sha256[:12]
    shown = select(Part.content_key).where(
        Part.placement_id == row.id, Part.kind == PartKind.MEDIA.value, Part.state != PartState.GONE.value
    )
    return ORIGINAL if master in set(session.scalars(shown)) else usual


def _waiting(session: Session, asset_id: str, target_id: str) -> Placement | None:
    """Return a row that wants this asset there and never got as far as to send it: nothing is to be made twice."""
    tried = select(Attempt.placement_id).where(Attempt.op != LOST).union(select(Part.placement_id))
    query = (
        select(Placement)
        .where(
            Placement.asset_id == asset_id, Placement.target_id == target_id, Placement.settled_at.is_(None),
            Placement.wanted.is_(True), Placement.id.not_in(tried),
        )
        .order_by(Placement.id)
        .with_for_update()
    )  # fmt: skip
    return session.scalars(query).first()


def _new(session: Session, found: Found, asset_id: str, target_id: str, *, by: str, at: int) -> Placement:
    free = living_row(session, asset_id, target_id, "") is None
    return new_row(
        session, asset_id=asset_id, target_id=target_id, slot="" if free else f"adopted {found.ref}"[:LONGEST_SLOT],
        withdraw_policy="remove", version_policy="follow", pinned_version_id=None, by=by, at=at,
    )  # fmt: skip
