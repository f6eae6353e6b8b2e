"""What is told of a copy that is not as it should be, and that it is so again: each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from hub.events.log import emit
from hub.events.models import Event
from hub.placements.fields import bases_of, same
from hub.placements.findings import key_of
from mappings.engine import is_there, reach

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.placements.ledger import Account
    from hub.placements.looks import Looks
    from hub.placements.models import Placement

UNSURE: Final = "placement.unsure"
BLOCKED: Final = "placement.blocked"
ALTERED: Final = "placement.altered"
GONE: Final = "placement.gone"
CURED: Final = "placement.cured"
BYTES: Final = "bytes"
"""Stands among the names of altered fields where the bytes themselves were exchanged."""


def tell(session: Session, row: Placement, kind: str, *, by: str = "system", **said: object) -> None:
    """Note an event about a copy; it names the copy, its asset and its place."""
    emit(session, kind, row.id, actor=by, body={"asset_id": row.asset_id, "target_id": row.target_id, **said})


def tell_if_cured(session: Session, row: Placement, *, by: str) -> None:
    """Note that a copy is as it should be again, where the last that was told of it was trouble."""
    last = _last_told(session, row.id)
    if last is not None and last.kind != CURED:
        tell(session, row, CURED, by=by, after=last.kind.removeprefix("placement."))


def tell_if_altered(session: Session, row: Placement, names: tuple[str, ...]) -> None:
    """Note that somebody else changed a copy; not again while that stands."""
    if not names:
        return
    last = _last_told(session, row.id)
    if last is None or last.kind != ALTERED or last.body["fields"] != list(names):
        tell(session, row, ALTERED, fields=list(names))


def altered_there(session: Session, account: Account, looks: Looks) -> tuple[str, ...]:
    """Return what somebody else changed since it was last agreed upon: the remote's fields by name, and the bytes.

    Asked before the looks are entered into the parts of the copy. Where we wrote since the last look, nobody can tell
    whose doing a difference is: then there is nothing to tell.
    """
    seen_at = account.row.observed_at
    ours = any(attempt.answered_at is None or attempt.answered_at > (seen_at or 0) for attempt in account.attempts)
    if seen_at is None or ours or account.open_attempts or account.rendering is None:
        return ()
    mine = account.rendering.rendered.first_fields
    known = {part.external_ref: part.content_key for part in account.media() if part.looked_at is not None}
    bases = bases_of(session, account.row.id)
    found: set[str] = set()
    for copy in looks.standing:
        key, now = known.get(copy.ref), key_of(copy)
        if key and now is not None and now != key:
            found.add(BYTES)
        found.update(
            name
            for name, agreed in bases.items()
            if is_there(copy.fields, name)
            and not same(agreed.theirs, reach(copy.fields, name))
            and not same(reach(mine, name), reach(copy.fields, name))
        )
    return tuple(sorted(found))


def _last_told(session: Session, placement_id: str) -> Event | None:
    told = Event.kind.in_((UNSURE, BLOCKED, ALTERED, GONE, CURED))
    query = select(Event).where(Event.subject == placement_id, told).order_by(Event.seq.desc()).limit(1)
    return session.scalar(query)
