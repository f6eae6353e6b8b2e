"""Copies that have a time: what is asked of their rights, when they are looked at, and whose word on the time counts.

Where the remote keeps a calendar, the copy is handed over at once and waits there; elsewhere the hub makes it public
itself when its time comes. Until it is out, its rights are asked for the day that begins then, not for today.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Select, select

from connectors.sdk.manifest import Capability
from connectors.sdk.types import Copy, PartKind, PartState
from hub.catalogue.models import Version
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.connections.models import Target
from hub.errors import Conflict, Invalid
from hub.events.log import emit
from hub.placements.desired import DATE_PASSED, NOT_DUE, Waits, Want
from hub.placements.findings import standing_of
from hub.placements.models import Attempt, Part, Placement
from hub.placements.phase import waits_for_another_time
from hub.placements.steps import Op

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from connectors.sdk.manifest import Manifest

USUAL_LEAD: Final = 15 * MINUTE
"""So long before its time a copy is looked at once more, where its place names no other lead."""
FARTHEST: Final = 5 * 365 * DAY
MOST_SHOWN: Final = 500
RESCHEDULED: Final = "placement.rescheduled"
NO_EFFECT: Final = frozenset({"refused", "not_sent", "not_found"})
"""How writes end that changed nothing."""
TIMED: Final = frozenset({Op.PUBLISH.value, Op.RESUME.value, Op.HOLD.value})
"""Writes that say when something goes out, or that it does not."""


def keeps_time(manifest: Manifest) -> bool:
    """Tell whether what is declared for a kind of place can wait there for its time, so that a look shows it."""
    return {Capability.HOLD, Capability.LOOK} <= set(manifest.abilities)


def waits_of(session: Session, row: Placement, at: int, *, keeps: bool) -> Waits | None:
    """Return how a copy stands that has a time; None where it has none, or is out.

    Args:
        session: the caller's unit.
        row: the copy.
        at: the instant that is asked about.
        keeps: see `keeps_time`.
    """
    if row.publish_at is None or row.out_at is not None:
        return None
    media = (Part.placement_id == row.id, Part.kind == PartKind.MEDIA.value, Part.state != PartState.GONE.value)
    states = set(session.scalars(select(Part.state).where(*media)))
    if states and not keeps:
        return None  # it was public from the moment that it was made
    place = session.get_one(Target, row.target_id)
    removed = row.problem_code == "removed_there"  # by somebody there, which is said of it and no other thing
    return Waits(
        there=bool(states), held=PartState.HELD.value in states, due=at >= row.publish_at,
        late=at >= row.publish_at + place.late_s * SECOND and not removed, parked=row.parked_there,
        moved=waits_for_another_time(row), by_hub=not keeps, shows=_shown(session, row),
        life_ms=place.life_s * SECOND,
    )  # fmt: skip


def outgoing_time(row: Placement, *, keeps: bool) -> int | None:
    """Return the time that a remote is handed with a copy; None: it is to be public at once."""
    return row.publish_at if keeps and row.out_at is None else None


def questions(row: Placement, waits: Waits | None, at: int) -> tuple[tuple[int, int | None], ...]:
    """Return for which instants, or spans of time, an asset must be usable: from when, and until when if it matters.

    What goes out must be usable for as long as its place says, for most networks let a program take nothing back. What
    leaves the hub today for a remote's calendar must be usable today as well.
    """
    if waits is None or row.publish_at is None:
        return ((at, None),)
    begin = max(at, row.publish_at)
    span = (begin, begin + waits.life_ms)
    leaves_before = begin > at and not (waits.there or waits.by_hub)
    return ((at, None), span) if leaves_before else (span,)


def next_turn(session: Session, row: Placement, now: int, lead_s: int) -> int | None:
    """Return when a copy that is not out yet is considered again for its time alone; None: not any more."""
    if row.publish_at is None or row.out_at is not None:
        return None
    late_s = session.get_one(Target, row.target_id).late_s
    turns = (row.publish_at - lead_of(lead_s), row.publish_at, row.publish_at + late_s * SECOND)
    return min((at for at in turns if at > now), default=None)


def stopped_by(row: Placement) -> str:
    """Return why a copy that has a time, and is wanted, does not go out at it as things stand; empty: it does."""
    if row.publish_at is None or row.out_at is not None or not row.wanted:
        return ""
    return "" if goes_out(Want(row.desired), row.desired_reason) else row.desired_reason


def goes_out(want: Want, reason: str) -> bool:
    """Tell whether a copy that waits for its time goes out at it, if this is what should be true of it until then."""
    return want in {Want.PRESENT, Want.SUBSTITUTE} or (want is Want.ABSENT and reason == NOT_DUE)


def is_news(before: str, row: Placement, *, planned: bool) -> bool:
    """Tell whether whoever placed a copy has to hear that it stands still.

    Args:
        before: what stopped it until now, see `stopped_by`.
        row: the copy.
        planned: whether it was considered before; what stops it from the first is told where it is placed.
    """
    after = stopped_by(row)
    return planned and bool(after) and (not before or (after == DATE_PASSED != before))


def next_look(first: int, last: int, date: int | None, lead_s: int) -> int:
    """Return when a copy that waits, or is held, is looked at next: people there move, hold and let go as well.

    Args:
        first: when it was proven to stand so, the first time.
        last: and the last time.
        date: the time that it waits for; None: it is held.
        lead_s: so many seconds before that time it is looked at once more; 0: as usual.
    """
    times = [last + min(max((last - first) // 2, HOUR), DAY)]
    if date is not None and last < date:
        times += [at for at in (date - lead_of(lead_s), date + MINUTE) if at > last]
    elif date is not None:
        times.append(last + min(max(last - date, MINUTE), HOUR))
    return min(times)


def lead_of(lead_s: int) -> int:
    """Return how long before its time a copy is looked at once more, in milliseconds."""
    return lead_s * SECOND or USUAL_LEAD


def checked(publish_at: int, now: int) -> int:
    """Return a time in whole seconds.

    Raises:
        Invalid: `time_not_ahead`.
    """
    whole = publish_at // SECOND * SECOND
    if not now < whole <= now + FARTHEST:
        raise Invalid(
            "time_not_ahead", "The time to publish at must be to come, and within five years.", where="publish_at",
            next_step="Choose another time. To publish at once, leave it out.",
        )  # fmt: skip
    return whole


def give_time(session: Session, row: Placement, publish_at: int, *, stands: bool, by: str) -> None:
    """Let a copy become public at another time than before.

    Args:
        session: the caller's unit.
        row: the copy, locked.
        publish_at: the time, as `checked` returns it.
        stands: whether something of it stands there.
        by: who says so.

    Raises:
        Conflict: `stands_already`: it stands there, and not because it waits for a time.
    """
    if stands and (row.publish_at is None or row.out_at is not None):
        raise Conflict(
            "stands_already", "This copy stands there already, and can be given no time any more.", where=row.id,
            next_step="Take it back first, or use another slot for a second one.",
        )  # fmt: skip
    changed = row.publish_at not in {None, publish_at}
    row.publish_at, row.parked_there, row.out_at = publish_at, False, None
    if not stands:
        row.queued_for = None
    if changed:
        _tell(session, row, by=by)


def forget_time(row: Placement) -> None:
    """Let a copy that nothing stands of be wanted without a time."""
    row.publish_at = row.queued_for = row.out_at = None
    row.parked_there = False


def waiting() -> Select[Placement]:
    """Select the copies that are to go out at a time and did not yet, the next first."""
    mine = (Placement.publish_at.is_not(None), Placement.out_at.is_(None), Placement.settled_at.is_(None))
    query = select(Placement).where(*mine, Placement.wanted.is_(True))
    return query.order_by(Placement.publish_at, Placement.id).limit(MOST_SHOWN)


def note_handed_over(row: Placement, at: int, *, keeps: bool) -> None:
    """Write down that the remote took a copy: where nothing waits there for its time, it is out."""
    if row.publish_at is not None and not keeps:
        row.out_at = row.out_at or at


def note_told(session: Session, row: Placement, attempts: Iterable[Attempt], standing: Iterable[Copy], at: int) -> None:
    """Write down what a look says of the time: out, waiting until then, or parked.

    Who moves a copy there has the last word, unless somebody here asked for another time since.
    """
    told = {standing_of(copy): copy for copy in standing}
    if row.publish_at is not None and row.out_at is None and PartState.SHOWING in told:
        row.out_at, row.queued_for, row.parked_there = at, None, False
    elif PartState.QUEUED in told:
        _note_waiting(session, row, list(attempts), told[PartState.QUEUED].publish_at)
    elif PartState.HELD in told:
        last = _last(attempts)
        if row.publish_at is not None and row.queued_for is not None and (last is None or last.step != Op.HOLD):
            row.parked_there = True
        row.queued_for = None
    elif told:
        row.queued_for = None


def _note_waiting(session: Session, row: Placement, attempts: list[Attempt], there: int | None) -> None:
    last = _last(each for each in attempts if each.step != Op.HOLD)
    sent = cast("dict[str, Any]", last.detail).get("publish_at") if last else None
    row.parked_there = False
    theirs = row.publish_at is not None and there is not None and there not in {row.queued_for, sent}
    if theirs and row.publish_at in {row.queued_for, sent}:
        row.publish_at = there
        _tell(session, row, by="system")
    row.queued_for = there or sent or row.queued_for


def _shown(session: Session, row: Placement) -> str:
    """Return the asset whose bytes were sent there last; empty: none were."""
    mine = (Attempt.placement_id == row.id, Attempt.step.in_((Op.PUBLISH.value, Op.REPLACE.value)))
    for sent in session.scalars(select(Attempt).where(*mine).order_by(Attempt.id.desc())):
        if sent.outcome not in NO_EFFECT:
            version_id = cast("dict[str, Any]", sent.detail).get("version_id")
            version = session.get(Version, version_id) if version_id else None
            return version.asset_id if version else ""
    return ""


def _tell(session: Session, row: Placement, *, by: str) -> None:
    body = {"asset_id": row.asset_id, "target_id": row.target_id, "publish_at": row.publish_at}
    emit(session, RESCHEDULED, row.id, actor=by, body=body)


def _last(attempts: Iterable[Attempt]) -> Attempt | None:
    """Return the last write about the time that may have had an effect."""
    counted = [each for each in attempts if each.step in TIMED and each.outcome not in NO_EFFECT]
    return counted[-1] if counted else None
