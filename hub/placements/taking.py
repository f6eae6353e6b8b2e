"""Lease rows that are due: of one remote at a time, so that a slow one holds up nothing but its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
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
        while (remote_id := self._seats.choose(waiting)) is not None:
            with self._database.unit() as session:
                rows = self._rows(session, remote_id, owner, now)
            if rows:
                return Batch(self._seats.sit(remote_id), tuple(row.id for row in rows))
            waiting = [one for one in waiting if one.remote_id != remote_id]  # another process was faster
        return None

    def _rows(self, session: Session, remote_id: str, owner: str, now: int) -> list[Placement]:
        here = select(Target.id).where(Target.remote_id == remote_id)
        rows = session.scalars(
            select(Placement)
            .where(_due(now), Placement.target_id.in_(here))
            .order_by(Placement.urgent.desc(), Placement.due_at, Placement.id)
            .limit(1 if self._seats.is_slow(remote_id) else BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            lose_lease(session, row, now)
            row.lease_owner = owner
            row.lease_until = row.due_at = now + self._lease_ms  # a killed worker's row is due again then
        return list(rows)

    def give_back(self, placement_ids: tuple[str, ...], owner: str) -> None:
        """Give rows back that were not begun: others have their turn first."""
        if placement_ids:
            mine = and_(Placement.id.in_(placement_ids), Placement.lease_owner == owner)
            free = {"lease_owner": None, "lease_until": None, "due_at": self._clock.now()}
            with self._database.unit() as session:
                session.execute(update(Placement).where(mine).values(revision=Placement.revision + 1, **free))


def candidates(session: Session, now: int) -> list[Candidate]:
    """Return the remotes that have work, whether any of it is urgent, and since when it waits."""
    urgent = func.max(case((Placement.urgent, 1), else_=0))
    query = (
        select(Target.remote_id, urgent, func.min(Placement.due_at))
        .join(Target, Target.id == Placement.target_id)
        .where(_due(now))
        .group_by(Target.remote_id)
    )
    return [Candidate(remote_id, bool(any_urgent), due) for remote_id, any_urgent, due in session.execute(query)]


def _due(now: int) -> ColumnElement[bool]:
    free = or_(Placement.lease_until.is_(None), Placement.lease_until <= now)
    return and_(Placement.settled_at.is_(None), Placement.due_at <= now, free)
