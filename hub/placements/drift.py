"""Everything out there that is not as it should be, or that nobody can vouch for, the longest first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, case, func, or_, select

from hub.access.permissions import Act, require
from hub.clock import DAY
from hub.connections.accounts import usable, why_unusable
from hub.connections.health import State
from hub.connections.models import Connection, Remote, Target
from hub.events.models import Event
from hub.placements.ledger import REMOVED_THERE
from hub.placements.models import Placement
from hub.placements.phase import DISPUTED, Observed, Phase
from hub.placements.trouble import ALTERED, BLOCKED, GONE, UNSURE
from hub.placements.views import CopyView, copy_view

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.elements import ColumnElement

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database

MOST: Final = 100
"""How many copies one answer holds."""

UNSEEN_MS: Final = DAY
"""A copy whose look is late by this much is not vouched for: whoever should look does not."""

NOT_ANSWERING: Final = "not_answering"
"""Nothing was heard of the account for that long, though everybody may call it."""

REMEMBERED_MS: Final = 30 * DAY
"""For so long a removal in the channel is shown after its copy has settled."""


class Drift(StrEnum):
    """How a copy is not as it should be."""

    CONFLICT = "conflict"  # a field was changed here and there, or the file there: decide
    BLOCKED = "blocked"  # a person must act
    UNSURE = "unsure"  # the answer to a write was lost
    PARTIAL = "partial"  # some parts as they should be, others not
    ALTERED = "altered"  # changed there by somebody else
    GONE = "gone"  # removed there
    FAILING = "failing"  # it goes on by itself, and has not succeeded yet
    UNSEEN = "unseen"  # its look is late: nobody can vouch for it


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One copy that is not as it should be, since when, and how."""

    copy: CopyView
    drift: Drift
    since: int


@dataclass(frozen=True, slots=True)
class Unvouched:
    """An account that nobody can look into, and how many copies stand there since the last time that worked."""

    remote_id: str
    connector: str
    label: str
    copies: int
    since: int | None  # None: it never worked
    why: str  # not_answering (for a day), connection_needs_person, connection_paused or not_connected


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What is not as it should be. `counts` are of all copies; `lines` are the first of those asked for."""

    unvouched: tuple[Unvouched, ...]
    counts: dict[Drift, int]
    lines: tuple[DriftLine, ...]
    more: bool


class DriftList:
    """The drift list, as doors use it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def report(self, actor: Actor, *, remote_id: str = "", drift: str = "", skip: int = 0) -> DriftReport:
        """Return what is not as it should be, of one account or of all, the longest first.

        Raises:
            Forbidden.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            kinds = _kinds(self._clock.now())
            here = select(Placement.id).join(Target, Target.id == Placement.target_id)
            if remote_id:
                here = here.where(Target.remote_id == remote_id)
            kind = case(*((criterion, each.value) for each, criterion in kinds.items()), else_="")
            found = here.add_columns(kind.label("drift"), _since().label("since")).where(or_(*kinds.values()))
            all_of_them = found.subquery()
            counts = session.execute(
                select(all_of_them.c.drift, func.count()).group_by(all_of_them.c.drift)
            ).all()  # fmt: skip
            wanted = select(all_of_them).order_by(all_of_them.c.since, all_of_them.c.id).offset(skip).limit(MOST + 1)
            if drift:
                wanted = wanted.where(all_of_them.c.drift == drift)
            rows = session.execute(wanted).all()
            lines = tuple(
                DriftLine(copy_view(session, session.get_one(Placement, row.id)), Drift(row.drift), row.since)
                for row in rows[:MOST]
            )
            return DriftReport(
                tuple(unvouched(session, remote_id, self._clock.now())),
                {Drift(name): count for name, count in counts}, lines, len(rows) > MOST,
            )  # fmt: skip


def _kinds(now: int) -> dict[Drift, ColumnElement[bool]]:
    """Return what tells each kind, in a query over copies; of several that fit, the first counts."""
    living = Placement.settled_at.is_(None)
    blocked = and_(living, Placement.phase == Phase.BLOCKED.value)
    working = and_(living, Placement.phase == Phase.WORKING.value)
    resting = Placement.phase.in_((Phase.LIVE.value, Phase.WITHDRAWN.value))
    removed = and_(Placement.settled_reason == REMOVED_THERE, Placement.settled_at > now - REMEMBERED_MS, ~_replaced())
    return {
        Drift.CONFLICT: and_(blocked, Placement.problem_code.in_(DISPUTED)),
        Drift.BLOCKED: blocked,
        Drift.UNSURE: and_(living, Placement.phase == Phase.UNSURE.value),
        Drift.PARTIAL: and_(living, Placement.phase == Phase.PARTIAL.value),
        Drift.GONE: or_(and_(living, Placement.phase == Phase.GONE.value), removed),
        Drift.ALTERED: and_(working, Placement.observed == Observed.ALTERED.value),
        Drift.FAILING: and_(working, Placement.problem_code != ""),
        Drift.UNSEEN: and_(living, resting, Placement.due_at < now - UNSEEN_MS),
    }


def _replaced() -> ColumnElement[bool]:
    """Tell, in a query over copies, whether another stands in the place of one that has settled."""
    newer = Placement.__table__.alias("newer")
    same = and_(
        newer.c.asset_id == Placement.asset_id, newer.c.target_id == Placement.target_id,
        newer.c.slot == Placement.slot, newer.c.id > Placement.id,
    )  # fmt: skip
    return select(newer.c.id).where(same).exists()


def _since() -> ColumnElement[int]:
    """Return when the trouble of a copy was told last; else when it was looked at last, or made."""
    told = (
        select(func.max(Event.at))
        .where(Event.subject == Placement.id, Event.kind.in_((ALTERED, BLOCKED, GONE, UNSURE)))
        .correlate(Placement)
        .scalar_subquery()
    )
    return func.coalesce(told, Placement.observed_at, Placement.created_at)


def unvouched(session: Session, remote_id: str, now: int) -> list[Unvouched]:
    """Return the accounts, one or all (""), with copies that nobody can look at; the longest first."""
    standing = (
        select(Target.remote_id, func.count())
        .select_from(Placement)
        .join(Target, Target.id == Placement.target_id)
        .where(
            Placement.settled_at.is_(None), Placement.observed_at.is_not(None),
            Placement.phase != Phase.WITHDRAWN.value,
        )
        .group_by(Target.remote_id)
    )  # fmt: skip
    if remote_id:
        standing = standing.where(Target.remote_id == remote_id)
    found: list[Unvouched] = []
    for account, copies in session.execute(standing).all():
        connection = usable(session, account)
        last = session.scalar(select(func.max(Connection.last_ok_at)).where(Connection.remote_id == account))
        silent = connection is not None and connection.state == State.AILING.value and (last or 0) < now - UNSEEN_MS
        if connection is not None and connection.state != State.NEEDS_PERSON.value and not silent:
            continue
        remote = session.get_one(Remote, account)
        why = NOT_ANSWERING if silent else why_unusable(session, account)
        found.append(Unvouched(account, remote.connector, remote.label, copies, last, why))
    return sorted(found, key=lambda one: (one.since or 0, one.label))
