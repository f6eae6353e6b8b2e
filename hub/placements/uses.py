"""Where copies are used at their remotes: asked for after they were made, once a day, and when a person wants to know.

A round may need many calls (a site is read through, a page with each). It goes on where it ended, a few calls at a
time, and never faster than a small part of what the remote allows. A use that a whole round did not tell of any more
has ended; it stays in the record.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import structlog
from sqlalchemy import or_, select, update

from connectors.sdk.errors import BadAnswer, ConnectorError, RetryLater, keepable
from connectors.sdk.manifest import Capability
from connectors.sdk.types import Target, Use
from hub.access.permissions import Act, require
from hub.clock import DAY, MINUTE, SECOND
from hub.connections.models import Connection, Remote
from hub.connections.models import Target as TargetRow
from hub.connections.targets import printable
from hub.errors import Invalid
from hub.placements import facts
from hub.placements.asking import can_tell, copies_seen, copy_seen, objects_of
from hub.placements.models import Placement, UsePlace, UseRound
from hub.placements.phase import Phase
from hub.placements.reconcile import DEFECTS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from connectors.sdk.protocols import Usage
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ports import Switchboard

log = structlog.get_logger(__name__)

EVERY_MS: Final = DAY
LEASE_MS: Final = 5 * MINUTE
PAGES: Final = 5
"""How many calls one turn makes at most."""
PACE_MS: Final = 2 * SECOND
SHARE: Final = 20
"""One call in so many that the remote's slowest limit allows."""
AT_ONCE: Final = 200
LONGEST_LABEL: Final = 500
LONGEST_ADDRESS: Final = 2000


@dataclass(frozen=True, slots=True)
class UseView:
    """A place that uses a copy, or did."""

    kind: str
    ref: str
    label: str
    url: str
    public: bool | None  # None: the remote does not tell
    first_told_at: int
    told_at: int
    gone_at: int | None


@dataclass(frozen=True, slots=True)
class UsesView:
    """What is known of the uses of one copy."""

    able: bool  # the remote can tell
    told_at: int | None  # when it last told all; None: it has not yet
    under_way: bool  # a round has begun, or is due
    problem: str
    uses: tuple[UseView, ...]

    @property
    def now(self) -> tuple[UseView, ...]:
        """Return the uses that have not ended."""
        return tuple(use for use in self.uses if use.gone_at is None)


@dataclass(frozen=True, slots=True)
class Turn:
    """A few calls about one copy, which this process makes now."""

    placement_id: str
    remote_id: str
    connector: str
    target: Target
    refs: tuple[str, ...]
    begun_at: int
    place: str | None
    until: int  # the lease: whoever asks later has another


class Uses:
    """Asks for uses, and tells them. Safe to be killed at any point: the place in a round moves last."""

    def __init__(self, database: Database, clock: Clock, switchboard: Switchboard) -> None:
        self._database, self._clock, self._switchboard = database, clock, switchboard
        self._not_before: dict[str, int] = {}

    def drain(self, owner: str) -> int:
        """Ask on about one copy that is due; return how many were asked about."""
        del owner  # a turn is leased by its time, which no two turns share
        self._begin_new()
        turn = self._take()
        if turn is None:
            return 0
        try:
            found, place = self._ask(turn)
        except ConnectorError as failure:
            self._switchboard.report(turn.remote_id, failure)
            self._failed(turn, failure.message, later=isinstance(failure, RetryLater | BadAnswer))
        except DEFECTS as failure:
            log.warning("connector_failed", connector=turn.connector, op="uses", error=repr(failure))
            self._failed(turn, "The connector failed while it asked.", later=True)
        else:
            self._switchboard.report(turn.remote_id, None)
            self._heard(turn, found, place)
        return 1

    def of_asset(self, actor: Actor, asset_id: str) -> dict[str, UsesView]:
        """Return what is known of the uses of every copy that shows an asset, by copy."""
        with self._database.read() as session:
            return self._views(session, copies_seen(session, actor, asset_id))

    def of_copy(self, actor: Actor, placement_id: str) -> UsesView:
        """Return what is known of the uses of one copy.

        Raises:
            NotFound: `no_such_copy`, or the asset may not be seen.
        """
        with self._database.read() as session:
            row = copy_seen(session, actor, placement_id)
            return self._views(session, [row])[row.id]

    def ask_now(self, actor: Actor, placement_id: str) -> UsesView:
        """Have the remote asked at once where a copy is used.

        Raises:
            Forbidden. NotFound: `no_such_copy`. Invalid: `uses_not_told`.
        """
        require(actor, Act.PLACE)
        with self._database.unit() as session:
            row = copy_seen(session, actor, placement_id)
            if row.settled_at is not None or not self._able(session, row):
                raise Invalid(
                    "uses_not_told", "Nobody can tell where this copy is used.", where=row.id,
                    next_step="Look there yourself: its system tells no uses, or the copy has come to its end.",
                )  # fmt: skip
            round_ = session.get(UseRound, row.id, with_for_update=True)
            if round_ is None:
                round_ = _new_round(row, self._clock.now())
                session.add(round_)
            if round_.begun_at is None or round_.failures:  # otherwise somebody asks at this moment
                round_.due_at = min(round_.due_at, self._clock.now())
            session.flush()
            return self._views(session, [row])[row.id]

    # Asking

    def _ask(self, turn: Turn) -> tuple[list[Use], str | None]:
        """Make a few calls; return what they told, and where to go on."""
        speaker = cast("Usage", self._switchboard.speak(turn.remote_id).connector)
        ref, cursor = json.loads(turn.place) if turn.place else (turn.refs[0], None)
        found: list[Use] = []
        for _ in range(PAGES):
            page = speaker.uses(turn.target, ref, cursor)
            found.extend(page.items)
            if page.cursor is not None and page.cursor == cursor:
                raise BadAnswer("The remote goes round in circles while it tells where a copy is used.")
            cursor = page.cursor
            if cursor is None:
                later = [each for each in turn.refs if each > ref]
                if not later:
                    return found, None
                ref = later[0]
        return found, json.dumps([ref, cursor])

    def _begin_new(self) -> None:
        """Remember every copy that stands somewhere where uses are told, and was not asked about as it is now."""
        with self._database.read() as session:
            able = [name for name in session.scalars(select(Remote.connector).distinct()) if self._tells(name)]
            new = _unasked(session, able) if able else []
        if not new:
            return
        now = self._clock.now()
        with self._database.unit() as session:
            for placement_id in new:
                # Locked, so that two who begin at once come one after the other.
                row = session.get_one(Placement, placement_id, with_for_update=True, populate_existing=True)
                known = session.get(UseRound, row.id, with_for_update=True)
                if known is None:
                    session.add(_new_round(row, now))
                elif known.generation != row.desired_generation:
                    known.generation, known.begun_at, known.cursor, known.due_at = (
                        row.desired_generation,
                        None,
                        None,
                        now,
                    )

    def _take(self) -> Turn | None:
        """Lease the round that has been due for longest, of a remote that can be reached and is not to be spared."""
        now = self._clock.now()
        spared = [remote_id for remote_id, at in self._not_before.items() if at > now]
        reachable = select(Connection.remote_id).where(Connection.state == "live", Connection.not_before <= now)
        query = (
            select(UseRound)
            .join(Placement, Placement.id == UseRound.placement_id)
            .join(TargetRow, TargetRow.id == Placement.target_id)
            .where(
                UseRound.due_at <= now, Placement.settled_at.is_(None), Placement.phase == Phase.LIVE.value,
                TargetRow.remote_id.in_(reachable), TargetRow.remote_id.not_in(spared),
            )
            .order_by(UseRound.due_at, UseRound.placement_id)
            .limit(1)
            .with_for_update(skip_locked=True, of=UseRound)
        )  # fmt: skip
        with self._database.unit() as session:
            row = session.scalars(query).first()
            if row is None:
                return None
            row.due_at = now + LEASE_MS
            if row.begun_at is None:
                row.begun_at, row.cursor = now, None
            return self._turn(session, row)

    def _turn(self, session: Session, row: UseRound) -> Turn | None:
        place = facts.place_of(session, session.get_one(Placement, row.placement_id).target_id)
        refs = objects_of(session, row.placement_id)
        if not refs or not self._tells(place.connector, place.kind):
            row.begun_at, row.due_at = None, self._clock.now() + EVERY_MS
            return None
        self._not_before[place.remote_id] = self._clock.now() + self._pace_ms(place.connector)
        target = Target(place.kind, place.ref, place.label)
        return Turn(row.placement_id, place.remote_id, place.connector, target, refs, row.begun_at or 0, row.cursor,
                    row.due_at)  # fmt: skip

    def _heard(self, turn: Turn, found: Sequence[Use], place: str | None) -> None:
        now = self._clock.now()
        with self._database.unit() as session:
            row = _still_ours(session, turn)
            if row is None:
                return
            for use in found:
                _enter(session, turn.placement_id, use, now)
            row.failures, row.problem, row.cursor = 0, "", place
            if place is not None:
                row.due_at = now
                return
            session.flush()
            ended = (UsePlace.placement_id == turn.placement_id, UsePlace.told_at < turn.begun_at)
            session.execute(update(UsePlace).where(*ended, UsePlace.gone_at.is_(None)).values(gone_at=now))
            row.begun_at, row.told_at, row.due_at = None, now, now + EVERY_MS

    def _failed(self, turn: Turn, problem: str, *, later: bool) -> None:
        """Try again later; a round that a remote cut off goes on where it was, one that it refused begins anew."""
        with self._database.unit() as session:
            row = _still_ours(session, turn)
            if row is None:
                return
            row.failures += 1
            row.problem = problem
            wait = min(MINUTE * 2 ** min(row.failures, 11), EVERY_MS) if later else EVERY_MS
            if not later:
                row.begun_at = row.cursor = None
            row.due_at = self._clock.now() + wait

    # Telling

    def _views(self, session: Session, rows: Sequence[Placement]) -> dict[str, UsesView]:
        ids = [row.id for row in rows]
        rounds = {
            one.placement_id: one for one in session.scalars(select(UseRound).where(UseRound.placement_id.in_(ids)))
        }
        told: dict[str, list[UsePlace]] = {placement_id: [] for placement_id in ids}
        order = (UsePlace.gone_at.is_not(None), UsePlace.kind, UsePlace.label, UsePlace.ref)
        for use in session.scalars(select(UsePlace).where(UsePlace.placement_id.in_(ids)).order_by(*order)):
            told[use.placement_id].append(use)
        now = self._clock.now()
        return {row.id: _view(rounds.get(row.id), told[row.id], able=self._able(session, row), now=now) for row in rows}

    def _able(self, session: Session, row: Placement) -> bool:
        place = facts.place_of(session, row.target_id)
        return self._tells(place.connector, place.kind)

    def _tells(self, connector: str, kind: str | None = None) -> bool:
        return can_tell(self._switchboard, Capability.USAGE, connector, kind)

    def _pace_ms(self, connector: str) -> int:
        """Return how long a remote is left in peace after a turn: the tighter its limits, the longer."""
        limits = self._switchboard.manifest(connector).limits
        slowest = max((limit.per_s / limit.calls for limit in limits), default=0.0)
        return max(PACE_MS, int(slowest * SHARE * SECOND))


def _new_round(row: Placement, now: int) -> UseRound:
    return UseRound(placement_id=row.id, generation=row.desired_generation, due_at=now, begun_at=None, cursor=None,
                    told_at=None, failures=0, problem="")  # fmt: skip


def _unasked(session: Session, connectors: Sequence[str]) -> list[str]:
    query = (
        select(Placement.id)
        .join(TargetRow, TargetRow.id == Placement.target_id)
        .join(Remote, Remote.id == TargetRow.remote_id)
        .outerjoin(UseRound, UseRound.placement_id == Placement.id)
        .where(
            Remote.connector.in_(connectors), Placement.settled_at.is_(None), Placement.phase == Phase.LIVE.value,
            or_(UseRound.placement_id.is_(None), UseRound.generation != Placement.desired_generation),
        )
        .order_by(Placement.id)
        .limit(AT_ONCE)
    )  # fmt: skip
    return list(session.scalars(query))


def _still_ours(session: Session, turn: Turn) -> UseRound | None:
    """Return the row unless somebody else took it over meanwhile: then what they were told counts."""
    row = session.get(UseRound, turn.placement_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.due_at == turn.until else None


def _enter(session: Session, placement_id: str, use: Use, now: int) -> None:
    label, url = printable(use.label)[:LONGEST_LABEL], keepable(use.url or "")[:LONGEST_ADDRESS]
    key = (placement_id, keepable(use.kind)[:64], keepable(use.ref)[:LONGEST_ADDRESS])
    known = session.get(UsePlace, key)
    if known is None:
        session.add(UsePlace(placement_id=key[0], kind=key[1], ref=key[2], label=label, url=url, public=use.public,
                             first_told_at=now, told_at=now, gone_at=None))  # fmt: skip
        return
    known.label, known.url, known.public, known.told_at, known.gone_at = label, url, use.public, now, None


def _view(round_: UseRound | None, told: Sequence[UsePlace], *, able: bool, now: int) -> UsesView:
    uses = tuple(
        UseView(use.kind, use.ref, use.label, use.url, use.public, use.first_told_at, use.told_at, use.gone_at)
        for use in told
    )
    if round_ is None:
        return UsesView(able, None, under_way=False, problem="", uses=uses)
    busy = round_.begun_at is not None or round_.due_at <= now
    return UsesView(able, round_.told_at, busy, round_.problem, uses)
