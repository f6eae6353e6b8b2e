"""Deliveries that were read once are read again, after a mistake in how they were read was mended.

What remotes send is kept as it came once its signature was found right (`hub.connections.inbox`); what was refused was
never kept, so that nothing forged can come back here. Read again they are hints as before: copies are looked at, and
where all is as it should be nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from hub.access.permissions import Act, require
from hub.connections import accounts
from hub.connections.inbox import IGNORED, NEW, WORKED
from hub.connections.models import Inbox, Remote
from hub.errors import Invalid
from hub.events.log import emit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.elements import ColumnElement

    from hub.access.actors import Actor
    from hub.db.unit import Database

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


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an account's deliveries of a span of time."""

    deliveries: int  # that were read, and would be read again
    waiting: int  # that wait to be read: for the first time, or again
    first_at: int | None  # when the first of both came
    last_at: int | None


class Rereading:
    """Deliveries of one account, as administrators count them and have them read again."""

    def __init__(self, database: Database) -> None:
        """Wire the room."""
        self._database = database

    def kept(self, actor: Actor, which: Which) -> Kept:
        """Return how many deliveries would be read again, and how many wait; while these are read they grow fewer.

        Raises:
            Forbidden. NotFound: `no_such_connection`. Invalid: `span_empty`.
        """
        _checked(actor, which)
        with self._database.read() as session:
            return _kept(session, which)

    def replay(self, actor: Actor, which: Which) -> Kept:
        """Have these deliveries read again by the worker, and return what waits then. Again, it adds none twice.

        Raises:
            As `kept`.
        """
        _checked(actor, which)
        with self._database.unit() as session:
            remote_id, again = accounts.get(session, which.connection_id).remote_id, _kept(session, which).deliveries
            replay(session, which)
            if again:
                span = {"since": which.since, "until": which.until}
                emit(session, "inbound.replayed", remote_id, actor=actor.id, body={"deliveries": again, **span})
            return _kept(session, which)


def _checked(actor: Actor, which: Which) -> None:
    require(actor, Act.CONNECT)
    if which.since is not None and which.until is not None and which.since >= which.until:
        raise Invalid("span_empty", "A span of time begins before it ends.", where="until",
                      next_step="Give an earlier beginning, or a later end.")  # fmt: skip


def _kept(session: Session, which: Which) -> Kept:
    waits = func.count().filter(Inbox.state == NEW)
    asked = select(func.count() - waits, waits, func.min(Inbox.at), func.max(Inbox.at))
    states = (*which.states, NEW)
    return Kept(*session.execute(asked.where(Inbox.state.in_(states), *_span(session, which))).one())


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
    return [Inbox.state.in_(set(which.states) & set(STATES)), *_span(session, which)]


def _span(session: Session, which: Which) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.connection_id:
        found.append(Inbox.remote_id == accounts.get(session, which.connection_id).remote_id)
    if which.since is not None:
        found.append(Inbox.at >= which.since)
    if which.until is not None:
        found.append(Inbox.at < which.until)
    return found
