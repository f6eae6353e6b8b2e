"""The feed: the same messages as webhooks, read by cursor. None is missed, and a page that is read twice is the same.

A cursor names the log's epoch and the last number that was read. Numbers become visible in the order in which they are
given (see `hub.events.log`), so nothing turns up behind a cursor. After a restore, or in a copy of the hub, the log is
another one from then on: its epoch counts up, and older cursors are refused instead of skipping what was lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.db.models import Installation
from hub.errors import Gone, Invalid
from hub.events.models import Event
from hub.notify.kinds import ALL, checked_kinds, matching
from hub.notify.messages import said_of

LATEST: Final = "latest"
"""Stands for the end of the log as it is now."""
_CURSOR: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Item:
    """One message; reading goes on behind it at `cursor`."""

    id: str
    cursor: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Part of the feed, oldest first."""

    items: tuple[Item, ...]
    cursor: str
    """Where reading goes on: past everything that was looked at, wanted or not."""
    more: bool
    """Whether there was more already when this was read."""


def read(session: Session, *, after: str = "", kinds: Iterable[str] = (), limit: int) -> Page:
    """Return the messages behind a cursor, from the beginning without one.

    Raises:
        Invalid: `cursor_unreadable`, `event_kind_unknown`.
        Gone: `cursor_of_another_epoch`.
    """
    wanted = matching(checked_kinds(list(kinds) or [ALL]))
    epoch = session.scalar(select(func.max(Installation.epoch))) or 0
    last = session.scalar(select(func.max(Event.seq))) or 0
    seq = last if after == LATEST else _seq_of(after, epoch, last)
    query = select(Event).where(Event.seq > seq, Event.seq <= last, Event.kind.in_(wanted)).order_by(Event.seq)
    found = list(session.scalars(query.limit(limit + 1)))
    shown, more = found[:limit], len(found) > limit
    items = tuple(Item(event.id, _cursor(epoch, event.seq), said_of(event)) for event in shown)
    return Page(items, items[-1].cursor if more else _cursor(epoch, last), more)


def _cursor(epoch: int, seq: int) -> str:
    return f"{epoch}-{seq}"


def _seq_of(cursor: str, epoch: int, last: int) -> int:
    if not cursor:
        return 0
    parts = _CURSOR.fullmatch(cursor)
    if parts is None:
        raise Invalid(
            "cursor_unreadable",
            "This is no cursor of this feed.",
            where="after",
            next_step="Send a cursor back as it came, or leave it out to begin at the first event.",
        )
    if int(parts[1]) != epoch or int(parts[2]) > last:
        raise Gone(
            "cursor_of_another_epoch",
            "This cursor is from before the hub was restored or copied: what it stands behind may not have happened.",
            where="after",
            next_step="Compare what you have with the API, then go on with after=latest.",
        )
    return int(parts[2])
