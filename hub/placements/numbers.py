"""What remotes count of copies (views, clicks, likes): asked for once a day, kept by day, and never guessed.

Nobody waits for numbers, so they give way to everything else: a remote is asked only while half of each of its limits
is free, one copy at a time, and copies that have stood for a month only once a week. What a remote does not tell is not
zero: it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import structlog
from sqlalchemy import ColumnElement, delete, select, tuple_

from connectors.sdk.errors import AuthExpired, BadAnswer, ConnectorError, NeedsPerson, RetryLater
from connectors.sdk.manifest import Capability
from connectors.sdk.types import Target
from hub.access.permissions import Act, require
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.connections.models import Connection, Remote
from hub.connections.models import Target as TargetRow
from hub.errors import Invalid
from hub.placements import facts
from hub.placements.asking import can_tell, copies_seen, copy_seen, objects_of
from hub.placements.models import NumberOfDay, NumberRound, Placement
from hub.placements.phase import Phase
from hub.placements.reconcile import DEFECTS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from connectors.sdk.protocols import Numbers as Counting
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ports import Switchboard

log = structlog.get_logger(__name__)

YOUNG_MS: Final = 30 * DAY
"""A copy that is older is asked about once a week: what people will do with it, most of them have done."""
KEPT_MS: Final = 90 * DAY
LEASE_MS: Final = 5 * MINUTE
PACE_MS: Final = 5 * SECOND
AT_ONCE: Final = 200
MOST_NAMES: Final = 40
LONGEST_NAME: Final = 64
LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class DayView:
    """What was told last on one day."""

    day: int  # its first millisecond, UTC
    value: int


@dataclass(frozen=True, slots=True)
class NumberView:
    """One thing that a remote counts of a copy, by the remote's own name."""

    name: str
    value: int
    told_at: int
    days: tuple[DayView, ...]  # the earliest first, of the last 90 days; days on which nobody asked are left out


@dataclass(frozen=True, slots=True)
class NumbersView:
    """What is known of the numbers of one copy."""

    able: bool  # the remote counts something there
    told_at: int | None  # when it last answered; None: it has not yet
    under_way: bool  # somebody asks at this moment, or it is due
    problem: str
    numbers: tuple[NumberView, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One copy that this process asks about now."""

    placement_id: str
    remote_id: str
    connector: str
    target: Target
    refs: tuple[str, ...]
    until: int  # the lease: whoever asks later has another


class Numbers:
    """Asks for numbers, and tells them. Safe to be killed at any point: a turn is tried again when its lease ends."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, has_room: Callable[[str], bool]
    ) -> None:
        """Wire the room; `has_room` tells whether a remote, by its id, allows calls that are in no hurry."""
        self._database, self._clock, self._switchboard, self._has_room = database, clock, switchboard, has_room
        self._not_before: dict[str, int] = {}

    def drain(self, owner: str) -> int:
        """Ask about one copy that is due; return how many were asked about."""
        del owner  # a turn is leased by its time, which no two turns share
        self._begin_new()
        turn = self._take()
        if turn is None:
            return 0
        try:
            told = self._ask(turn)
        except ConnectorError as failure:
            # What may not be counted says nothing about what may be published: only lost credentials are told.
            if not isinstance(failure, NeedsPerson) or isinstance(failure, AuthExpired):
                self._switchboard.report(turn.remote_id, failure)
            self._failed(turn, failure.message, later=isinstance(failure, RetryLater | BadAnswer))
        except DEFECTS as failure:
            log.warning("connector_failed", connector=turn.connector, op="numbers", error=repr(failure))
            self._failed(turn, "The connector failed while it asked.", later=False)
        else:
            self._switchboard.report(turn.remote_id, None)
            self._heard(turn, told)
        return 1

    def of_asset(self, actor: Actor, asset_id: str) -> dict[str, NumbersView]:
        """Return what is known of the numbers of every copy that shows an asset, by copy."""
        with self._database.read() as session:
            return self._views(session, copies_seen(session, actor, asset_id))

    def of_copy(self, actor: Actor, placement_id: str) -> NumbersView:
        """Return what is known of the numbers of one copy.

        Raises:
            NotFound: `no_such_copy`, or the asset may not be seen.
        """
        with self._database.read() as session:
            row = copy_seen(session, actor, placement_id)
            return self._views(session, [row])[row.id]

    def ask_now(self, actor: Actor, placement_id: str) -> NumbersView:
        """Have the remote asked as soon as its limits have room.

        Raises:
            Forbidden. NotFound: `no_such_copy`. Invalid: `numbers_not_told`.
        """
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = copy_seen(session, actor, placement_id)
            if row.phase != Phase.LIVE.value or not self._able(session, row):
                raise Invalid(
                    "numbers_not_told", "Nobody can tell numbers of this copy.", where=row.id,
                    next_step="Look there yourself: its system counts nothing, or the copy does not stand there.",
                )  # fmt: skip
            # Locked, so that of two who ask at once one comes after the other.
            session.get_one(Placement, row.id, with_for_update=True, populate_existing=True)
            round_ = session.get(NumberRound, row.id, with_for_update=True)
            if round_ is None:
                session.add(NumberRound(placement_id=row.id, due_at=self._clock.now(), told_at=None, failures=0))
            elif not round_.asking:
                round_.due_at = min(round_.due_at, self._clock.now())
            session.flush()
            return self._views(session, [row])[row.id]

    # Asking

    def _ask(self, turn: Turn) -> dict[str, int]:
        """Return what is counted, over all the remote objects of a copy."""
        speaker = cast("Counting", self._switchboard.speak(turn.remote_id).connector)
        found: dict[str, int] = {}
        for ref in turn.refs:
            for name, value in _sensible(speaker.numbers(turn.target, ref)).items():
                found[name] = found.get(name, 0) + value
        return dict(sorted(found.items())[:MOST_NAMES])

    def _begin_new(self) -> None:
        """Remember every copy that stands where something is counted: people need an hour to look at it."""
        with self._database.read() as session:
            kinds = session.execute(
                select(Remote.connector, TargetRow.kind).join(TargetRow, TargetRow.remote_id == Remote.id).distinct()
            )
            able = [(connector, kind) for connector, kind in kinds if self._counts(connector, kind)]
            new = _unknown(session, able) if able else []
        if not new:
            return
        due_at = self._clock.now() + HOUR
        with self._database.unit() as session:
            for placement_id in new:
                # Locked, so that two who begin at once come one after the other.
                session.get_one(Placement, placement_id, with_for_update=True)
                if session.get(NumberRound, placement_id) is None:
                    session.add(NumberRound(placement_id=placement_id, due_at=due_at, told_at=None, failures=0))

    def _take(self) -> Turn | None:
        """Lease the copy that has been due for longest, of a remote that can be reached and is in no hurry."""
        now = self._clock.now()
        rested = [remote_id for remote_id, at in self._not_before.items() if at > now]
        crowded = [remote_id for remote_id in self._due_at(now, rested) if not self._has_room(remote_id)]
        with self._database.unit() as session:
            row = session.scalars(
                select(NumberRound)
                .join(Placement, Placement.id == NumberRound.placement_id)
                .join(TargetRow, TargetRow.id == Placement.target_id)
                .where(*_due(now), TargetRow.remote_id.not_in([*rested, *crowded]))
                .order_by(NumberRound.due_at, NumberRound.placement_id)
                .limit(1)
                .with_for_update(skip_locked=True, of=NumberRound)
            ).first()
            if row is None:
                return None
            row.due_at, row.asking = now + LEASE_MS, True
            return self._turn(session, row)

    def _due_at(self, now: int, rested: Sequence[str]) -> list[str]:
        """Return the remotes at which something is due."""
        with self._database.read() as session:
            return list(
                session.scalars(
                    select(TargetRow.remote_id)
                    .join(Placement, Placement.target_id == TargetRow.id)
                    .join(NumberRound, NumberRound.placement_id == Placement.id)
                    .where(*_due(now), TargetRow.remote_id.not_in(rested))
                    .distinct()
                )
            )

    def _turn(self, session: Session, row: NumberRound) -> Turn | None:
        placement = session.get_one(Placement, row.placement_id)
        place = facts.place_of(session, placement.target_id)
        refs = objects_of(session, row.placement_id)
        if not refs or not self._counts(place.connector, place.kind):
            row.due_at, row.asking = self._clock.now() + DAY, False
            return None
        self._not_before[place.remote_id] = self._clock.now() + PACE_MS
        target = Target(place.kind, place.ref, place.label)
        return Turn(row.placement_id, place.remote_id, place.connector, target, refs, row.due_at)

    def _heard(self, turn: Turn, told: Mapping[str, int]) -> None:
        now = self._clock.now()
        with self._database.unit() as session:
            row = _still_ours(session, turn)
            if row is None:
                return
            for name, value in told.items():
                _enter(session, turn.placement_id, name, value, now)
            old = (NumberOfDay.placement_id == turn.placement_id, NumberOfDay.day < now - KEPT_MS)
            session.execute(delete(NumberOfDay).where(*old))
            young = now - session.get_one(Placement, turn.placement_id).created_at < YOUNG_MS
            row.failures, row.problem, row.told_at, row.asking = 0, "", now, False
            row.due_at = now + (DAY if young else 7 * DAY)

    def _failed(self, turn: Turn, problem: str, *, later: bool) -> None:
        """Try again in some minutes, and ever later; what was refused, tomorrow."""
        with self._database.unit() as session:
            row = _still_ours(session, turn)
            if row is None:
                return
            row.failures, row.problem, row.asking = row.failures + 1, problem, False
            wait = min(5 * MINUTE * 2 ** min(row.failures, 9), DAY) if later else DAY
            row.due_at = self._clock.now() + wait

    # Telling

    def _views(self, session: Session, rows: Sequence[Placement]) -> dict[str, NumbersView]:
        ids = [row.id for row in rows]
        asked = select(NumberRound).where(NumberRound.placement_id.in_(ids))
        rounds = {one.placement_id: one for one in session.scalars(asked)}
        told: dict[str, dict[str, list[NumberOfDay]]] = {placement_id: {} for placement_id in ids}
        kept = select(NumberOfDay).where(NumberOfDay.placement_id.in_(ids)).order_by(NumberOfDay.name, NumberOfDay.day)
        for one in session.scalars(kept):
            told[one.placement_id].setdefault(one.name, []).append(one)
        now = self._clock.now()
        return {row.id: _view(rounds.get(row.id), told[row.id], able=self._able(session, row), now=now) for row in rows}

    def _able(self, session: Session, row: Placement) -> bool:
        place = facts.place_of(session, row.target_id)
        return self._counts(place.connector, place.kind)

    def _counts(self, connector: str, kind: str) -> bool:
        return can_tell(self._switchboard, Capability.NUMBERS, connector, kind)


def _due(now: int) -> tuple[ColumnElement[bool], ...]:
    reachable = select(Connection.remote_id).where(Connection.state == "live", Connection.not_before <= now)
    return (
        NumberRound.due_at <= now, Placement.settled_at.is_(None), Placement.phase == Phase.LIVE.value,
        TargetRow.remote_id.in_(reachable),
    )  # fmt: skip


def _unknown(session: Session, able: Sequence[tuple[str, str]]) -> list[str]:
    query = (
        select(Placement.id)
        .join(TargetRow, TargetRow.id == Placement.target_id)
        .join(Remote, Remote.id == TargetRow.remote_id)
        .outerjoin(NumberRound, NumberRound.placement_id == Placement.id)
        .where(
            tuple_(Remote.connector, TargetRow.kind).in_(able), Placement.settled_at.is_(None),
            Placement.phase == Phase.LIVE.value, NumberRound.placement_id.is_(None),
        )
        .order_by(Placement.id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return list(session.scalars(query))


def _sensible(told: Mapping[str, object]) -> dict[str, int]:
    """Return what is a count: nothing is made of what is none."""
    return {
        name[:LONGEST_NAME]: value
        for name, value in told.items()
        if name and isinstance(value, int) and 0 <= value <= LARGEST
    }


def _still_ours(session: Session, turn: Turn) -> NumberRound | None:
    """Return the row unless somebody else took it over meanwhile: then what they were told counts."""
    row = session.get(NumberRound, turn.placement_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.asking and row.due_at == turn.until else None


def _enter(session: Session, placement_id: str, name: str, value: int, now: int) -> None:
    key = (placement_id, name, now - now % DAY)
    known = session.get(NumberOfDay, key)
    if known is None:
        session.add(NumberOfDay(placement_id=key[0], name=key[1], day=key[2], value=value, told_at=now))
    else:
        known.value, known.told_at = value, now


def _view(
    round_: NumberRound | None, told: Mapping[str, Sequence[NumberOfDay]], *, able: bool, now: int
) -> NumbersView:
    numbers = tuple(
        NumberView(name, days[-1].value, days[-1].told_at, tuple(DayView(one.day, one.value) for one in days))
        for name, days in told.items()
    )
    if round_ is None:
        return NumbersView(able, None, under_way=False, problem="", numbers=numbers)
    return NumbersView(able, round_.told_at, round_.asking or round_.due_at <= now, round_.problem, numbers)
