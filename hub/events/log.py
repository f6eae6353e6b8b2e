"""Append events as the last statements of a unit of work, and read them by cursor without missing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from hub.db.base import new_id
from hub.events.models import Cursor, Event

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock
    from hub.db.unit import Database

LOCK_KEY = 0x64616D68  # "damh": the advisory lock under which PostgreSQL writers append
RESTORED = "hub.restored"
"""Tells that what happened between a backup and now was forgotten."""
MAX_DEPTH = 8
"""An event caused through more than this many others is a loop."""

_PENDING = "hub.events.pending"


class LoopError(RuntimeError):
    """Events cause each other without end; the unit of work that would go on was refused."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that will be appended when its unit of work commits."""

    id: str
    kind: str
    subject: str
    actor: str
    body: Mapping[str, Any]
    cause_id: str | None
    depth: int
    batch_id: str | None


class EventLog:
    """The log of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        database.before_commit(self._append)
        self._postgres = database.postgres

    def _append(self, session: Session) -> None:
        """Give the unit's events their numbers.

        Numbers become visible in the order in which they are given: PostgreSQL writers hold one advisory lock until
        they commit, SQLite has one writer anyway. A reader by cursor therefore misses none.
        """
        pending: list[Pending] = session.info.pop(_PENDING, [])
        if not pending:
            return
        if self._postgres:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        last = session.scalar(select(func.coalesce(func.max(Event.seq), 0))) or 0
        at = self._clock.now()
        for seq, event in enumerate(pending, start=last + 1):
            session.add(
                Event(
                    seq=seq, id=event.id, at=at, kind=event.kind, subject=event.subject, actor=event.actor,
                    cause_id=event.cause_id, depth=event.depth, batch_id=event.batch_id, body=dict(event.body),
                )
            )  # fmt: skip
        session.flush()


def emit(
    session: Session,
    kind: str,
    subject: str,
    *,
    actor: str,
    body: Mapping[str, Any] | None = None,
    cause: Event | None = None,
    batch_id: str | None = None,
) -> str:
    """Note that something happened; it is appended when the unit commits, and only then. Return the event's id.

    Raises:
        LoopError: `cause` is already the end of a chain of `MAX_DEPTH` events.
    """
    depth = cause.depth + 1 if cause else 0
    if depth > MAX_DEPTH:
        raise LoopError(f"{kind} for {subject}: events cause each other without end")
    pending = Pending(
        new_id(), kind, subject, actor, body or {}, cause.id if cause else None, depth,
        batch_id or (cause.batch_id if cause else None),
    )  # fmt: skip
    session.info.setdefault(_PENDING, []).append(pending)
    return pending.id


def read_after(session: Session, consumer: str, *, limit: int = 500) -> list[Event]:
    """Return the next events for a consumer, oldest first. Its cursor does not move: see `advance`."""
    cursor = session.get(Cursor, consumer)
    after = cursor.seq if cursor else 0
    return list(session.scalars(select(Event).where(Event.seq > after).order_by(Event.seq).limit(limit)))


def last_restore(session: Session) -> Event | None:
    """Return the event of the last restore of this hub from a backup, if there ever was one."""
    query = select(Event).where(Event.kind == RESTORED).order_by(Event.seq.desc()).limit(1)
    return session.scalars(query).first()


def advance(session: Session, consumer: str, seq: int) -> None:
    """Move a consumer's cursor forward, in the unit that carries out what the events asked for. Never backward."""
    cursor = session.get(Cursor, consumer)
    if cursor is None:
        session.add(Cursor(consumer=consumer, seq=seq, epoch=0))
    elif seq > cursor.seq:
        cursor.seq = seq
