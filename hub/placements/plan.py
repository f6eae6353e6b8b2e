"""The planner: reads events and makes the rows due that they may concern. It decides nothing: the facts do, later.

A lost event only delays: every row also comes due by itself, at the next boundary of its rights or at its next audit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from hub.catalogue.models import Asset
from hub.clock import Clock
from hub.connections.models import Target
from hub.db.unit import Database
from hub.errors import NotFound
from hub.events.log import advance, read_after
from hub.events.models import Event
from hub.placements.companions import accompanied
from hub.placements.ledger import Surroundings, clear_problem, open_account
from hub.placements.models import Part, Placement
from hub.placements.phase import Observed, never_sent
from hub.placements.ports import Switchboard

CONSUMER: Final = "placements"
BATCH: Final = 200
AT_ONCE: Final = 100
"""So many rows are brought up to date in one unit at most."""
ASKED_FOR_PERSON: Final = "unanswerable"


class Planner:
    """Makes rows due when something happened that may concern them."""

    def __init__(self, database: Database, clock: Clock, switchboard: Switchboard, around: Surroundings) -> None:
        self._database, self._clock = database, clock
        self._switchboard, self._around = switchboard, around

    def drain(self, owner: str) -> int:
        """Read on in the event log; return how many events were read. Several planners do no harm."""
        del owner
        with self._database.unit() as session:
            events = read_after(session, CONSUMER, limit=BATCH)
            if not events:
                return 0
            self.wake_all(
                session, {row.id: row for event in events for row in self._concerned(session, event)}.values()
            )
            advance(session, CONSUMER, events[-1].seq)
        return len(events)

    def _concerned(self, session: Session, event: Event) -> Sequence[Placement]:
        """Return the rows that an event may concern. Those of many events are woken once: facts are as they are now."""
        if event.kind.startswith(("asset.", "rights.")):
            return rows_concerned_by(session, event.subject)
        if event.kind == "connection.live":
            rows = _rows_of(session, cast("dict[str, Any]", event.body).get("remote_id", ""))
            for row in rows:
                _reconnect(row)
            return rows
        if event.kind == "target.changed":
            return session.scalars(standing_at(event.subject).with_for_update()).all()
        if event.kind == "mapping.changed":
            return _rows_of(session, event.subject)
        if event.kind == "remote.hint":
            return _hinted_at(session, event)
        return ()

    def wake(self, session: Session, row: Placement) -> None:
        """Bring a row up to date with the facts and make it due."""
        row.due_at = self._clock.now()
        with suppress(NotFound):  # not installed any more: the reconciler says so in the row
            open_account(session, row, self._switchboard, self._around, self._clock.now())

    def wake_all(self, session: Session, rows: Iterable[Placement]) -> None:
        """Make rows due; few are brought up to date at once, of many each when its turn comes.

        Whoever waits for this unit, and every other writer of SQLite, would wait for seconds else.
        """
        several = list(rows)
        for row in several:
            row.due_at = self._clock.now()
        for row in several if len(several) <= AT_ONCE else ():
            self.wake(session, row)

    def doubt(self, session: Session, remote_id: str, refs: Sequence[str] = ()) -> None:
        """Have the copies with these references looked at; without any, all that were ever sent to the remote.

        Those that were taken away too: somebody may have put one back, out of a bin or a backup.
        """
        self.wake_all(session, _doubted(session, remote_id, refs))


def _reconnect(row: Placement) -> None:
    """There is a way to the remote again: what was blocked for want of one goes on."""
    if row.blocked and row.problem_code != ASKED_FOR_PERSON:
        clear_problem(row)


def _hinted_at(session: Session, event: Event) -> list[Placement]:
    """The remote says that something changed. It is not believed: the rows are looked at."""
    said = cast("dict[str, Any]", event.body)
    if said.get("cards") and not said.get("refs"):  # what is only about cards says nothing of copies
        return []
    return _doubted(session, event.subject, list(said.get("refs", ())))


def _doubted(session: Session, remote_id: str, refs: Sequence[str]) -> list[Placement]:
    """Return copies of a remote, all or those with these references, of which nothing is taken as known any more."""
    rows = _rows_of(session, remote_id, refs=refs)
    for row in rows:
        if not never_sent(row):
            row.observed = Observed.UNKNOWN.value
    return rows


def rows_concerned_by(session: Session, asset_id: str) -> list[Placement]:
    """Return the unsettled rows that show an asset, ask for it, or could show it in another's stead."""
    asked_for = {asset_id, *_predecessors(session, asset_id)}
    query = select(Placement).where(
        Placement.settled_at.is_(None),
        or_(
            Placement.asset_id.in_(asked_for),
            Placement.desired_asset_id == asset_id,
            Placement.id.in_(accompanied(asset_id)),
        ),
    )
    return list(session.scalars(query.order_by(Placement.id).with_for_update()))


def _predecessors(session: Session, asset_id: str) -> set[str]:
    """Return the assets whose chain of successors runs through this one."""
    found: set[str] = set()
    front = {asset_id}
    for _ in range(8):
        front = set(session.scalars(select(Asset.id).where(Asset.successor_id.in_(front)))) - found
        if not front:
            break
        found |= front
    return found


def standing_at(target_id: str) -> Select[Placement]:
    """Return the question for the unsettled rows of a place."""
    query = select(Placement).where(Placement.settled_at.is_(None), Placement.target_id == target_id)
    return query.order_by(Placement.id)


def _rows_of(session: Session, remote_id: str, *, refs: Sequence[str] = ()) -> list[Placement]:
    query = (
        select(Placement)
        .join(Target, Target.id == Placement.target_id)
        .where(Target.remote_id == remote_id, Placement.settled_at.is_(None))
    )
    if refs:
        query = query.where(Placement.id.in_(select(Part.placement_id).where(Part.external_ref.in_(refs))))
    return list(session.scalars(query.order_by(Placement.id).with_for_update(of=Placement)))
