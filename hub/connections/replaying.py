"""Deliveries that were read once are read again, after a mistake in how they were read was mended.

What remotes send is kept as it came once its signature was found right (`hub.connections.inbox`); what was refused was
never kept, so that nothing forged can come back here. Read again they are hints as before: copies are looked at, and
where all is as it should be nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from hub.connections import accounts
from hub.connections.inbox import IGNORED, NEW, WORKED
from hub.connections.models import Inbox, Remote

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.elements import ColumnElement

STATES: Final = (WORKED, IGNORED)


@dataclass(frozen=True, slots=True)
class Which:
    """Which deliveries: all that is said must hold; `since` and `until` are when they came, the latter not included."""

    connection_id: str = ""  # of the account behind this connection; empty: of all
    since: int | None = None
    until: int | None = None
    states: tuple[str, ...] = STATES


@dataclass(frozen=True, slots=True)
class OfAccount:
    """How many deliveries of one account it is about."""

    remote_id: str
    connector: str
    label: str
    deliveries: int


def count(session: Session, which: Which) -> list[OfAccount]:
    """Return how many deliveries would be read again, of which accounts.

    Raises:
        NotFound: `no_such_connection`.
    """
    query = (
        select(Remote.id, Remote.connector, Remote.label, func.count())
        .join(Inbox, Inbox.remote_id == Remote.id)
        .where(*_criteria(session, which))
        .group_by(Remote.id, Remote.connector, Remote.label)
        .order_by(Remote.connector, Remote.label)
    )
    return [OfAccount(*row) for row in session.execute(query)]


def replay(session: Session, which: Which) -> None:
    """Have these deliveries read again, in the order in which they came; when they came stays what it was."""
    session.execute(update(Inbox).where(*_criteria(session, which)).values(state=NEW, error=""))


def _criteria(session: Session, which: Which) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Inbox.state.in_(set(which.states) & set(STATES))]
    if which.connection_id:
        found.append(Inbox.remote_id == accounts.get(session, which.connection_id).remote_id)
    if which.since is not None:
        found.append(Inbox.at >= which.since)
    if which.until is not None:
        found.append(Inbox.at < which.until)
    return found
