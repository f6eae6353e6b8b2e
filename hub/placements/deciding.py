"""What people do about fields that two sides disagree about: see both, decide, decide otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset
from hub.catalogue.metadata import Author, Value, set_fields
from hub.catalogue.models import Asset, FieldValue
from hub.catalogue.views import is_seen, refuse_unseen
from hub.connections.models import Remote, Target
from hub.errors import Conflict, Invalid, NotFound
from hub.placements.conflicts import CODES, OVER, open_conflicts
from hub.placements.ledger import clear_problem, open_account
from hub.placements.models import FieldBase, FieldConflict, Placement
from hub.placements.phase import Observed
from hub.placements.trouble import tell
from hub.review.standing import standing_of
from mappings.engine import reach

if TYPE_CHECKING:
    from connectors.sdk.types import JsonValue
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ledger import Surroundings
    from hub.placements.plan import Planner
    from hub.placements.ports import Switchboard

MOST: Final = 200
"""How many conflicts a list holds at most."""


class Choice(StrEnum):
    """What holds."""

    OURS = "ours"
    THEIRS = "theirs"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ConflictView:
    """One field that two sides disagree about, with what each says and what was agreed upon before."""

    id: str
    placement_id: str
    asset_id: str  # whose field it is
    asset_code: str
    connector: str
    remote_label: str
    target_label: str
    field: str  # the remote's name of it
    name: str  # the catalogue's
    language: str  # empty: the catalogue's own
    reason: str
    base: Value
    ours: Value
    theirs: Value
    ours_by: str
    ours_author: str
    ours_at: int | None
    noticed_at: int
    decided_at: int | None
    decision: str
    value: Value
    decided_by: str | None
    open: bool  # it waits for a person
    changeable: bool  # it was decided, and can be decided otherwise


class Conflicts:
    """Conflicts, as doors use them. Each method is one unit of work."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, planner: Planner, around: Surroundings
    ) -> None:
        self._database, self._clock, self._switchboard = database, clock, switchboard
        self._planner, self._around = planner, around

    def list(self, actor: Actor, *, placement_id: str = "", decided: bool = False) -> list[ConflictView]:
        """Return the conflicts that wait for a person, oldest first; or those that were decided, newest first.

        Args:
            actor: who asks; of assets that they may not see, nothing is told.
            placement_id: of this copy only.
            decided: those that a person decided, instead of those that wait.
        """
        require(actor, Act.PLACE)
        query = select(FieldConflict).join(Placement, Placement.id == FieldConflict.placement_id)
        if placement_id:
            query = query.where(FieldConflict.placement_id == placement_id)
        if decided:
            ended = (FieldConflict.decided_at.is_not(None), FieldConflict.decision != OVER)
            query = query.where(*ended).order_by(FieldConflict.decided_at.desc(), FieldConflict.id.desc())
        else:
            waiting = (FieldConflict.decided_at.is_(None), Placement.settled_at.is_(None))
            query = query.where(*waiting).order_by(FieldConflict.noticed_at, FieldConflict.id)
        with self._database.read() as session:
            rows = session.scalars(query.limit(MOST)).all()
            return [_view(session, row) for row in rows if _sees(session, actor, row.asset_id)]

    def get(self, actor: Actor, conflict_id: str) -> ConflictView:
        """Return one conflict, decided or not.

        Raises:
            Forbidden. NotFound: `no_such_conflict`.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            row = session.get(FieldConflict, conflict_id)
            if row is None or not _sees(session, actor, row.asset_id):
                raise _no_such_conflict()
            return _view(session, row)

    def decide(self, actor: Actor, conflict_id: str, choice: str, value: object = None) -> ConflictView:
        """Say which value holds: ours, theirs, or another that is given. What both said is kept with the decision.

        A decision can be made otherwise later, for as long as nobody changed the field since.

        Raises:
            Forbidden. NotFound: `no_such_conflict`. Invalid: `choice_unknown`, and what a value cannot be.
            Conflict: `conflict_over`, `changed_since_decision`.
        """
        require(actor, Act.PLACE)
        chosen = _choice(choice)
        at = self._clock.now()
        with self._database.unit() as session:
            conflict, row = self._locked(session, actor, conflict_id)
            again = conflict.decided_at is not None
            before = _said(session, conflict)
            if again:
                _refuse_otherwise(session, conflict, before)
            wanted = _wanted(conflict, chosen, value, before, again=again)
            if wanted != before:
                asset = get_asset(session, conflict.asset_id)
                require(actor, Act.EDIT, owner_id=asset.owner_id)
                set_fields(
                    session, asset.id, {conflict.name: wanted}, author=Author.PERSON, author_ref=actor.id, at=at,
                    actor_id=actor.id, locale=conflict.locale,
                )  # fmt: skip
                session.flush()
            conflict.decided_at, conflict.decision, conflict.decided_by = at, chosen.value, actor.id
            conflict.value = _said(session, conflict)
            session.flush()
            if row.settled_at is None:
                self._go_on(session, row, conflict, chosen, again=again)
            more = {"language": conflict.locale} if conflict.locale else {}
            tell(
                session, row, "placement.conflict_decided", by=actor.id, field=conflict.name, decision=chosen.value,
                **more,
            )  # fmt: skip
            session.flush()
            return _view(session, conflict)

    def _locked(self, session: Session, actor: Actor, conflict_id: str) -> tuple[FieldConflict, Placement]:
        found = session.get(FieldConflict, conflict_id)
        if found is None:
            raise _no_such_conflict()
        row = session.get_one(Placement, found.placement_id, with_for_update=True, populate_existing=True)
        session.refresh(found, with_for_update=True)
        refuse_unseen(actor, get_asset(session, found.asset_id), standing_of(session, found.asset_id))
        return found, row

    def _go_on(self, session: Session, row: Placement, conflict: FieldConflict, chosen: Choice, *, again: bool) -> None:
        """Let what was decided be what both sides have agreed upon, and the copy be looked at again."""
        account = open_account(session, row, self._switchboard, self._around, self._clock.now())
        base = session.get(FieldBase, (row.id, conflict.field))
        there = cast("JsonValue", conflict.theirs_there)
        # What they say is known and answered. Where it was overwritten since, the newer base says all.
        stands = base is not None and (not again or base.theirs == there)
        if base is not None and stands and account.rendering is not None:
            mine = reach(account.rendering.rendered.first_fields, conflict.field)
            base.theirs, base.pushed = there, mine if chosen is Choice.THEIRS else there
        if row.problem_code in CODES and not open_conflicts(session, row.id):
            clear_problem(row)
            row.observed = Observed.UNKNOWN.value
        self._planner.wake(session, row)


def _choice(given: str) -> Choice:
    try:
        return Choice(given)
    except ValueError as unknown:
        raise Invalid(
            "choice_unknown", "Say which holds: ours, theirs, or other with a value.", where="choice",
            next_step="Choose one of them.",
        ) from unknown  # fmt: skip


def _wanted(conflict: FieldConflict, chosen: Choice, value: object, before: Value, *, again: bool) -> object:
    if chosen is Choice.OURS:
        return conflict.kept if again else before
    if chosen is Choice.THEIRS:
        return cast("Value", conflict.theirs)
    if value is None:
        raise Invalid(
            "no_other_value", "Another value was chosen, and none was given.", where="value",
            next_step="Write what holds from now on.",
        )  # fmt: skip
    return value


def _refuse_otherwise(session: Session, conflict: FieldConflict, before: Value) -> None:
    newer = session.scalar(
        select(FieldConflict.id)
        .where(
            FieldConflict.placement_id == conflict.placement_id, FieldConflict.field == conflict.field,
            FieldConflict.id > conflict.id,
        )
        .limit(1)
    )  # fmt: skip
    if conflict.decision == OVER or newer is not None:
        raise Conflict(
            "conflict_over", "This is over: both sides agreed since, or a newer conflict took its place.",
            next_step="Load the list again.",
        )  # fmt: skip
    if before != conflict.value:
        raise Conflict(
            "changed_since_decision", "Somebody changed this field since it was decided. Nothing was written.",
            next_step="Change it under Details, where its newest value stands.",
        )  # fmt: skip


def _said(session: Session, conflict: FieldConflict) -> Value:
    row = session.get(FieldValue, (conflict.asset_id, conflict.name, conflict.locale), populate_existing=True)
    empty: Value = [] if isinstance(conflict.kept, list) else ""
    return cast("Value", row.value) if row is not None else empty


def _sees(session: Session, actor: Actor, asset_id: str) -> bool:
    asset = session.get_one(Asset, asset_id)
    return is_seen(actor, asset, standing_of(session, asset_id))


def _no_such_conflict() -> NotFound:
    return NotFound("no_such_conflict", "There is no such conflict.", next_step="Load the list again.")


def _view(session: Session, row: FieldConflict) -> ConflictView:
    placement = session.get_one(Placement, row.placement_id)
    target = session.get_one(Target, placement.target_id)
    remote = session.get_one(Remote, target.remote_id)
    waits = row.decided_at is None and placement.settled_at is None
    return ConflictView(
        row.id, row.placement_id, row.asset_id, session.get_one(Asset, row.asset_id).code, remote.connector,
        remote.label, target.label, row.field, row.name, row.locale, row.reason, row.base, row.ours, row.theirs,
        row.ours_by, row.ours_author, row.ours_at, row.noticed_at, row.decided_at, row.decision, row.value,
        row.decided_by, waits,
        row.decided_at is not None and row.decision != OVER and _said(session, row) == row.value,
    )  # fmt: skip
