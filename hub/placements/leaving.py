"""Leave an outside account: take every copy back first, and disconnect once all are proven away.

Whether an account is being left is a fact about it, like rights: what should be true of its copies follows, and
follows back when somebody changes their mind. Nothing is written into the rows before the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.manifest import Capability
from hub.access.actors import SYSTEM, Actor
from hub.access.permissions import Act, require
from hub.clock import Clock
from hub.connections import accounts, health
from hub.connections.models import Connection, Remote, Target
from hub.db.unit import Database
from hub.errors import Conflict, NotFound
from hub.events.log import emit
from hub.events.models import Event
from hub.placements.evidence import latest
from hub.placements.models import Placement
from hub.placements.phase import Phase, never_sent
from hub.placements.plan import Planner
from hub.placements.ports import Switchboard
from hub.placements.recall import TRUSTED
from hub.placements.settle import settle

STUCK: Final = frozenset({Phase.BLOCKED.value, Phase.UNSURE.value})


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of leaving an account."""

    at: int
    by: str
    withdrawn: int  # copies that were taken back for it, and proven away
    dropped: int  # copies that were never sent


@dataclass(frozen=True, slots=True)
class Departure:
    """What leaving an account is about, or how far it is."""

    connection_id: str
    since: int | None  # None: it is not being left
    by: str | None
    carried_on: bool  # another connection to the same account looks after its copies
    able: bool  # the hub can withdraw copies there by itself
    phases: Mapping[str, int]  # every copy that is not settled
    there: int  # copies that may stand there: they would be withdrawn
    stuck: int  # of these, those that need a person or an answer first
    away: int  # copies that never were there, or are proven away
    ended: Ended | None  # what came of it, once it is disconnected


class Leaving:
    """Leaving accounts, as doors and the worker use it. Each method opens its own units of work."""

    def __init__(self, database: Database, clock: Clock, switchboard: Switchboard, planner: Planner) -> None:
        self._database, self._clock, self._switchboard, self._planner = database, clock, switchboard, planner

    def outlook(self, actor: Actor, connection_id: str) -> Departure:
        """Return what would happen to the copies, or how far leaving is."""
        require(actor, Act.CONNECT)
        with self._database.read() as session:
            return self._departure(session, accounts.get(session, connection_id))

    def begin(self, actor: Actor, connection_id: str) -> Departure:
        """Take back every copy of an account; the hub disconnects by itself when all are proven away.

        Raises:
            Conflict: `connection_off`, `carried_on`.
        """
        require(actor, Act.CONNECT)
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            if row.state == health.State.OFF:
                raise Conflict("connection_off", "This connection is switched off.", where=connection_id,
                               next_step="Resume it first: nothing can be withdrawn without it.")  # fmt: skip
            if _others(session, row):
                raise Conflict(
                    "carried_on", "Another connection to this account carries its copies on.", where=connection_id,
                    next_step="Disconnect this one alone; the copies stay true.",
                )  # fmt: skip
            if row.leaving_at is None:
                row.leaving_at, row.leaving_by = self._clock.now(), actor.id
                self._tell(session, row, "connection.leaving", actor)
            session.flush()
            return self._departure(session, row)

    def cancel(self, actor: Actor, connection_id: str) -> Departure:
        """Stay: what was not withdrawn yet stays where it is, and what was comes back.

        Raises:
            Conflict: `not_leaving`.
        """
        require(actor, Act.CONNECT)
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            if row.leaving_at is None:
                raise Conflict("not_leaving", "This account is not being left, or no longer.", where=connection_id,
                               next_step="Load the page again.")  # fmt: skip
            row.leaving_at = row.leaving_by = None
            self._tell(session, row, "connection.staying", actor)
            session.flush()
            return self._departure(session, row)

    def disconnect(self, actor: Actor, connection_id: str) -> None:
        """Disconnect now. Copies that stand there stay and stay known; what was proven away stays away."""
        require(actor, Act.CONNECT)
        with self._database.unit() as session:
            connection = accounts.get(session, connection_id)
            if connection.leaving_at is not None:
                rows = _rows(session, connection.remote_id, lock=True)
                self._settle(session, [row for row in rows if _is_away(session, row)])
        self._switchboard.disconnect(actor, connection_id)

    def drain(self, owner: str) -> int:
        """Disconnect the accounts whose copies are all proven away; return how many were left."""
        del owner  # settling and disconnecting twice changes nothing
        with self._database.read() as session:
            wanted = select(Connection.id).where(Connection.leaving_at.is_not(None))
            leaving = [found for found in session.scalars(wanted) if _is_empty(session, found)]
        return sum(self._finish(connection_id) for connection_id in leaving)

    def _finish(self, connection_id: str) -> bool:
        with self._database.unit() as session:
            connection = session.get_one(Connection, connection_id, with_for_update=True, populate_existing=True)
            rows = _rows(session, connection.remote_id, lock=True)
            if connection.leaving_at is None or not all(_is_away(session, row) for row in rows):
                return False
            by = connection.leaving_by or SYSTEM.id
            self._settle(session, rows)
            emit(session, "connection.left", connection.id, actor=by, body={"remote_id": connection.remote_id})
        self._switchboard.disconnect(SYSTEM, connection_id)
        return True

    def _settle(self, session: Session, rows: list[Placement]) -> None:
        """End rows: otherwise copies would come back by themselves when somebody connects the account anew."""
        for row in rows:
            row.wanted = False
            settle(session, row, "dropped" if never_sent(row) else "withdrawn", self._clock.now())
            row.phase = Phase.SETTLED.value

    def _tell(self, session: Session, connection: Connection, kind: str, actor: Actor) -> None:
        session.flush()
        emit(session, kind, connection.id, actor=actor.id, body={"remote_id": connection.remote_id})
        for row in _rows(session, connection.remote_id, lock=True):
            self._planner.wake(session, row)

    def _departure(self, session: Session, connection: Connection) -> Departure:
        rows = _rows(session, connection.remote_id)
        there = [row for row in rows if not _is_away(session, row)]
        remote = session.get_one(Remote, connection.remote_id)
        return Departure(
            connection_id=connection.id, since=connection.leaving_at, by=connection.leaving_by,
            carried_on=_others(session, connection), able=self._is_able(remote.connector),
            phases=dict(Counter(row.phase for row in rows)), there=len(there),
            stuck=sum(row.phase in STUCK for row in there), away=len(rows) - len(there),
            ended=_ended(session, connection),
        )  # fmt: skip

    def _is_able(self, connector: str) -> bool:
        try:
            return Capability.WITHDRAW in self._switchboard.manifest(connector).abilities
        except NotFound:  # the connector is not installed any more
            return False


def _ended(session: Session, connection: Connection) -> Ended | None:
    """Return what came of leaving, from the last word on it in the log to the disconnection."""
    if connection.problem_code != health.DISCONNECTED:
        return None
    off, begun = _last(session, connection, "connection.off"), _last(session, connection, "connection.leaving")
    if off is None:
        return None
    live = _last(session, connection, "connection.live")
    since = begun.at if begun is not None and (live is None or begun.seq > live.seq) else off.at
    settled = (
        select(Placement.settled_reason)
        .join(Target, Target.id == Placement.target_id)
        .where(Target.remote_id == connection.remote_id, Placement.settled_at >= since, Placement.settled_at <= off.at)
    )
    reasons = Counter(session.scalars(settled))
    left = _last(session, connection, "connection.left")
    by = left.actor if left is not None and left.seq > (begun.seq if begun else 0) else off.actor
    return Ended(off.at, by, reasons["withdrawn"], reasons["dropped"])


def _last(session: Session, connection: Connection, kind: str) -> Event | None:
    ours = select(Event).where(Event.subject == connection.id, Event.kind == kind)
    return session.scalars(ours.order_by(Event.seq.desc()).limit(1)).first()


def _others(session: Session, connection: Connection) -> bool:
    others = select(Connection.id).where(
        Connection.remote_id == connection.remote_id, Connection.id != connection.id,
        Connection.state.in_(health.USABLE),
    )  # fmt: skip
    return session.scalar(others.limit(1)) is not None


def _rows(session: Session, remote_id: str, *, lock: bool = False) -> list[Placement]:
    query = (
        select(Placement)
        .join(Target, Target.id == Placement.target_id)
        .where(Target.remote_id == remote_id, Placement.settled_at.is_(None))
        .order_by(Placement.id)
    )
    return list(session.scalars(query.with_for_update(of=Placement) if lock else query))


def _is_empty(session: Session, connection_id: str) -> bool:
    rows = _rows(session, session.get_one(Connection, connection_id).remote_id)
    return all(_is_away(session, row) for row in rows)


def _is_away(session: Session, row: Placement) -> bool:
    """Tell whether nothing of a copy can stand there: nothing was ever sent, or a look showed that it is gone."""
    if never_sent(row):
        return True
    if row.phase != Phase.WITHDRAWN:
        return False
    proof = latest(session, row.id, generation=row.desired_generation)
    return proof is not None and proof.level in TRUSTED
