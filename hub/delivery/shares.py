"""Share links as people look after them: what each shows now, whether anybody opened it. Functions get the session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from hub.catalogue.models import Version
from hub.delivery.gate import Ask, RightsDefault, admit
from hub.delivery.models import Handout, SignedLink
from hub.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class ShareState(StrEnum):
    """What whoever holds a link gets by it now."""

    OPEN = "open"
    SHOWS_NOTHING = "shows_nothing"  # what it stands for may not be shown now: another version, or no rights
    ENDED = "ended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Share:
    """A link that was given out. Its address is not kept."""

    id: str
    preset: str
    version: int
    created_by: str
    created_at: int
    expires_at: int
    revoked_at: int | None
    opened_at: int | None  # when it was opened first; None: nobody did
    state: ShareState


def shares_of(session: Session, asset_id: str, *, now: int, default: RightsDefault) -> list[Share]:
    """Return the links that were made for an asset, newest first."""
    rows = select(SignedLink, Version.number).join(Version, Version.id == SignedLink.version_id)
    mine = rows.where(SignedLink.asset_id == asset_id).order_by(SignedLink.id.desc())
    opened = select(Handout.link_id, func.min(Handout.at)).where(Handout.asset_id == asset_id).group_by(Handout.link_id)
    first = dict(session.execute(opened).all())
    return [
        Share(
            row.id, row.preset, number, row.created_by, row.created_at, row.expires_at, row.revoked_at,
            first.get(row.id), _state(session, row, now=now, default=default),
        )
        for row, number in session.execute(mine)
    ]  # fmt: skip


def _state(session: Session, row: SignedLink, *, now: int, default: RightsDefault) -> ShareState:
    if row.revoked_at is not None:
        return ShareState.REVOKED
    if row.expires_at <= now:
        return ShareState.ENDED
    try:
        admit(session, Ask(row.asset_id, row.version_id, use="new"), now=now, default=default)
    except NotFound:
        return ShareState.SHOWS_NOTHING
    return ShareState.OPEN
