"""What left the hub and cannot be called back. Functions here receive the session."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.delivery.models import Handout
from hub.placements.ports import Recipient


def handed_out(session: Session, asset_id: str) -> list[Handout]:
    """Return who was handed an asset's bytes, newest first.

    Looks at copies that are links are not among them, the hub's own least of all: the ledger has those copies.
    """
    out = (Handout.asset_id == asset_id, Handout.placement_id.is_(None))
    return list(session.scalars(select(Handout).where(*out).order_by(Handout.id.desc())))


def recipients(session: Session, asset_id: str) -> list[Recipient]:
    """Return the same as the room of copies writes it into reports."""
    return [Recipient(one.version_id, one.preset, one.who, one.at) for one in handed_out(session, asset_id)]
