"""Lease rows that are due: of one remote at a time, so that a slow one holds up nothing but its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.connections.models import Target
from hub.db.unit import Database
from hub.placements.models import Placement
from hub.placements.seats import Candidate, Seat, Seats
from hub.placements.unsure import lose_lease

BATCH: Final = 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were leased together, and the seat that works on them."""

    seat: Seat
    placement_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A place where something is due, and since when."""

    target_id: str
    remote_id: str
    due_at: int


class Taking:
    """Takes rows for the reconcilers of one process."""

    def __init__(self, database: Database, clock: Clock, seats: Seats, lease_ms: int) -> None:
        self._database, self._clock = database, clock
        self._seats, self._lease_ms = seats, lease_ms

    def take(self, owner: str, *, spare: bool) -> Batch | None:
        """Lease the next rows and sit down with their remote; None when there is nothing to do, or nobody needed."""
        with self._seats.choosing:
            if not self._seats.needed(spare=spare):
                return None
            return self._lease(owner)

    def _lease(self, owner: str) -> Batch | None:
        now = self._clock.now()
        with self._database.read() as session:
            waiting = candidates(session, now)
        while (chosen := self._seats.choose(waiting)) is not None:
            with self._database.unit() as session:
                rows = self._rows(session, chosen, now)
                for row in rows:
                    lose_lease(session, row, now)
                    row.lease_owner = owner
                    row.lease_until = row.due_at = now + self._lease_ms  # a killed worker's row is due again then
            if rows:
                return Batch(self._seats.sit(chosen.remote_id), tuple(row.id for row in rows))
            waiting = [one for one in waiting if one is not chosen]  # another process was faster
        return None

    def _rows(self, session: Session, chosen: Candidate, now: int) -> Sequence[Placement]:
        limit = 1 if self._seats.is_slow(chosen.remote_id) else BATCH
        query = select(Placement).where(_due(now)).order_by(Placement.due_at)
        query = query.with_for_update(skip_locked=True)
        if chosen.urgent:
            here = select(Target.id).where(Target.remote_id == chosen.remote_id)
            urgent = query.where(Placement.urgent.is_(True), Placement.target_id.in_(here))
            return session.scalars(urgent.limit(limit)).all()
        rows: list[Placement] = []
        for place in heads(session, now, chosen.remote_id):
            there = query.where(Placement.target_id == place.target_id)
            rows += session.scalars(there.limit(limit - len(rows))).all()
            if len(rows) >= limit:
                break
        return rows

    def give_back(self, placement_ids: tuple[str, ...], owner: str) -> None:
        """Give rows back that were not begun: others have their turn first."""
        if placement_ids:
            mine = and_(Placement.id.in_(placement_ids), Placement.lease_owner == owner)
            free = {"lease_owner": None, "lease_until": None, "due_at": self._clock.now()}
            with self._database.unit() as session:
                session.execute(update(Placement).where(mine).values(revision=Placement.revision + 1, **free))


def candidates(session: Session, now: int) -> list[Candidate]:
    """Return the remotes that have work, whether any of it is urgent, and since when it waits."""
    query = select(Target.remote_id, Placement.due_at).join(Target, Target.id == Placement.target_id)
    urgent = session.execute(query.where(Placement.urgent.is_(True), _due(now)).order_by(Placement.due_at))
    found: dict[str, Candidate] = {}
    for remote_id, due_at in urgent:
        found.setdefault(remote_id, Candidate(remote_id, urgent=True, due_at=due_at))
    for head in heads(session, now):
        found.setdefault(head.remote_id, Candidate(head.remote_id, urgent=False, due_at=head.due_at))
    return list(found.values())


def heads(session: Session, now: int, remote_id: str | None = None) -> list[Head]:
    """Return the places where something is due, of one remote or of all, the longest due first.

    One step in an index for each place, however much is due there.
    """
    there = select(Placement.due_at).where(Placement.target_id == Target.id, _due(now))
    oldest = there.order_by(Placement.due_at).limit(1).correlate(Target).scalar_subquery()
    query = select(Target.id, Target.remote_id, oldest)
    if remote_id is not None:
        query = query.where(Target.remote_id == remote_id)
    found = cast("Iterable[tuple[str, str, int | None]]", session.execute(query))
    rows = [Head(target_id, remote, due_at) for target_id, remote, due_at in found if due_at is not None]
    return sorted(rows, key=lambda head: (head.due_at, head.target_id))


def _due(now: int) -> ColumnElement[bool]:
    free = or_(Placement.lease_until.is_(None), Placement.lease_until <= now)
    return and_(Placement.settled_at.is_(None), Placement.due_at <= now, free)
