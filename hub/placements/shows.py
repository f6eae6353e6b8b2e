"""What a placement's permanent address shows at this instant: decided anew at each visit, from the facts alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.placements import facts
from hub.placements.models import Placement
from hub.rights.answer import Default


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address of a copy shows now."""

    placement_id: str
    asset_id: str
    version_id: str


def shown(session: Session, marker: str, *, preset: str, at: int, default: Default) -> Shown | None:
    """Return what the copy with this marker shows; None when nothing may be shown, or nobody knows the marker."""
    row = session.scalar(select(Placement).where(Placement.marker == marker))
    if row is None or row.settled_at is not None:
        return None
    place = facts.place_of(session, row.target_id)
    want, _ = facts.desired_now(session, row, place, preset=preset, at=at, default=default)
    if want.asset_id is None or want.version_id is None:
        return None
    return Shown(row.id, want.asset_id, want.version_id)
