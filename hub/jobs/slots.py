"""Numbered seats for worker processes: a number is never held by two living processes.

DBOS runs everything twice when two processes share an executor id, and waits for ever for an id that never returns.
A slot's number is both small (so that ids return) and leased (so that nobody shares one).
"""

from __future__ import annotations

from itertools import count

from sqlalchemy import Insert, Update, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.clock import SECOND
from hub.jobs.models import Slot

LEASE_MS = 60 * SECOND
"""How long a slot stays taken after its process was last heard of."""


def take_slot(session: Session, *, owner: str, now: int) -> int:
    """Take the lowest slot that is free or whose holder fell silent, and return its number."""
    return next(number for number in count(1) if _taken(session, number, owner=owner, now=now))


def keep_slot(session: Session, number: int, *, owner: str, now: int) -> bool:
    """Renew the lease; False when the slot is somebody else's by now."""
    query = update(Slot).where(Slot.number == number, Slot.owner == owner).values(lease_until=now + LEASE_MS)
    return _changed(session, query)


def leave_slot(session: Session, number: int, *, owner: str) -> None:
    """Give the slot up, so that the next process need not wait for its lease to end."""
    session.execute(update(Slot).where(Slot.number == number, Slot.owner == owner).values(lease_until=0))


def living_slots(session: Session, now: int) -> list[Slot]:
    """Return the slots whose processes were heard of lately."""
    return list(session.scalars(select(Slot).where(Slot.lease_until > now).order_by(Slot.number)))


def _taken(session: Session, number: int, *, owner: str, now: int) -> bool:
    until = now + LEASE_MS
    free = update(Slot).where(Slot.number == number, Slot.lease_until <= now).values(owner=owner, lease_until=until)
    if _changed(session, free):
        return True
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new = insert(Slot).values(number=number, owner=owner, lease_until=until).on_conflict_do_nothing()
    return _changed(session, new)


def _changed(session: Session, statement: Update | Insert) -> bool:
    # Not by `rowcount`: drivers do not agree about it.
    return session.scalar(statement.returning(Slot.number)) is not None
