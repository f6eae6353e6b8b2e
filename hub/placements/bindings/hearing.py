"""What bindings hear: events of the hub by a cursor, and the names of cards in webhooks and feeds.

Nothing that is heard is believed: cards are read, sets are asked for anew. A lost word only delays, as all cards are
read and all sets compared from time to time.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import select, update

from hub.clock import MINUTE
from hub.events.log import advance, read_after
from hub.placements.bindings.cards import USED
from hub.placements.models import Binding, Card, CardBoard

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.events.models import Event

CONSUMER: Final = "bindings"
BATCH: Final = 500
ABOUT_SETS: Final = frozenset({
    "asset.approved", "asset.version_published", "asset.metadata_changed", "asset.unarchived", "asset.restored",
    "collection.assets_added", "collection.assets_removed", "collection.removed", "placement.taken_back",
    "placement.settled",
})  # fmt: skip
"""What may change what a set holds, or what of it may be linked. That a link must go, the copies hear by themselves."""
ABOUT_USE: Final = "placement.proven"


def hear(session: Session, now: int) -> int:
    """Read on in the event log; return how many events were read."""
    events = read_after(session, CONSUMER, limit=BATCH)
    if not events:
        return 0
    if any(event.kind in ABOUT_SETS or event.kind == ABOUT_USE for event in events):
        # Who is concerned, only the comparison tells; all that happened meanwhile is compared at once.
        session.execute(update(Binding).where(Binding.state.in_(USED), Binding.due_at > now).values(due_at=now))
    for event in events:
        if event.kind == "remote.hint":
            _hint(session, event, now)
    advance(session, CONSUMER, events[-1].seq)
    return len(events)


def _hint(session: Session, event: Event, now: int) -> None:
    said = cast("dict[str, Any]", event.body)
    cards = said.get("cards") or said.get("gone_cards")
    if cards:
        cards_heard(session, event.subject, cards, now)
    elif not said.get("refs"):
        boards_due(session, event.subject, now)


def cards_heard(session: Session, remote_id: str, refs: Collection[str], now: int) -> None:
    """Have these cards read, if bindings read any of that account."""
    if not _read(session, remote_id):
        return
    for ref in dict.fromkeys(refs):
        row = session.get(Card, (remote_id, ref), with_for_update=True)
        if row is None:
            session.add(Card(remote_id=remote_id, ref=ref, lies={}, labels=[], fields={}, done=False, due_at=now))
        else:
            row.due_at = now


def things_heard(session: Session, remote_id: str, refs: Collection[str], now: int) -> None:
    """Have read what a feed names: known cards alone; for anything else all boards, but not more than once a minute."""
    if not refs or not _read(session, remote_id):
        return
    known = list(session.scalars(select(Card.ref).where(Card.remote_id == remote_id, Card.ref.in_(refs))))
    cards_heard(session, remote_id, known, now)
    if set(refs) - set(known):
        boards_due(session, remote_id, now)


def boards_due(session: Session, remote_id: str, now: int) -> None:
    """Have all boards of an account read soon."""
    for row in session.scalars(select(CardBoard).where(CardBoard.remote_id == remote_id).with_for_update()):
        row.due_at = min(row.due_at, max(now, (row.read_at or 0) + MINUTE))


def _read(session: Session, remote_id: str) -> bool:
    used = select(Binding.id).where(Binding.remote_id == remote_id, Binding.state.in_(USED))
    return session.scalar(used.limit(1)) is not None
