"""Foresee what an approval, a clause, a successor, a place's channel or a binding's end would change in the channels.

What would be true afterwards is computed by the same code that decides it in earnest, so a rehearsal cannot say
something else than what then happens. Acts on assets are carried out, looked at and undone: their unit of work is
always rolled back, its events with it. Places and bindings may have thousands of copies: they are only read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset, get_version
from hub.catalogue.service import name_successor
from hub.catalogue.views import is_seen, refuse_unseen
from hub.connections import targets
from hub.errors import NotFound
from hub.placements import facts
from hub.placements.bindings.ending import links_of
from hub.placements.declared import declared_at
from hub.placements.desired import DATE_PASSED, Desired, Want
from hub.placements.impact import Becomes, Impact, ImpactLine, hindrance
from hub.placements.models import Placement
from hub.placements.phase import never_sent
from hub.placements.plan import rows_concerned_by, standing_at
from hub.placements.schedule import goes_out
from hub.placements.views import copy_view
from hub.review.decisions import asset_to_decide, let_show
from hub.review.standing import standing_of
from hub.rights.models import Term
from hub.rights.terms import lift, make_term

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.bindings.service import Bindings
    from hub.placements.ports import Switchboard
    from hub.rights.answer import Default

AS_THEY_ARE: Final[Mapping[str, int | None]] = {}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would change when an act counts, and again when it ends; `ends_at` is None where it does not end."""

    begins_at: int
    first: Impact
    ends_at: int | None = None
    then: Impact | None = None


class _Rehearsed(Exception):
    """No failure: it rolls the unit back, and carries what was seen."""

    def __init__(self, seen: Foreseen) -> None:
        super().__init__("rehearsed")
        self.seen = seen


class Rehearsal:
    """Acts that are tried and undone. Each method opens its own unit of work, and leaves nothing behind."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, default: Default, bindings: Bindings
    ) -> None:  # fmt: skip
        """Wire the room; `default` holds for assets without any licence."""
        self._database, self._clock, self._switchboard = database, clock, switchboard
        self._default: Default = default
        self._bindings = bindings

    def approval(self, actor: Actor, version_id: str) -> Foreseen:
        """Return what approving a version would change.

        Raises:
            Forbidden, NotFound. Conflict: `asset_archived`.
        """
        with self._database.read() as session:
            version = get_version(session, version_id)
        now = self._clock.now()

        def approve(session: Session) -> None:
            asset, found = asset_to_decide(session, actor, version.id, version.sha256)
            let_show(session, actor, asset, found, note="", at=now)

        return self._try("approve", version.asset_id, approve, at=now)

    def clause(
        self, actor: Actor, asset_id: str, *, from_at: int | None = None, until_at: int | None = None, **values: Any
    ) -> Foreseen:
        """Return what a clause would change when it begins, and what when it ends; `values` as `Rights.add_term` takes.

        Raises:
            Forbidden, NotFound. Invalid: `term_unfit`. Conflict: `too_many_terms`.
        """
        now = self._clock.now()
        with self._database.read() as session:
            asset = get_asset(session, asset_id)
            refuse_unseen(actor, asset, standing_of(session, asset.id))
            require(actor, Act.SET_RIGHTS, owner_id=asset.owner_id)

        def add(session: Session) -> None:
            make_term(session, asset.id, from_at=from_at, until_at=until_at, by=actor.id, at=now, **values)

        ends = until_at if until_at is not None and until_at > now else None
        return self._try("clause", asset.id, add, at=max(now, from_at or now), ends=ends)

    def lifting(self, actor: Actor, term_id: str) -> Foreseen:
        """Return what taking a clause back would change.

        Raises:
            Forbidden. NotFound: `no_such_term`.
        """
        require(actor, Act.SET_RIGHTS)
        now = self._clock.now()
        with self._database.read() as session:
            term = session.get(Term, term_id)
            if term is None:
                raise NotFound("no_such_term", "There is no such clause.", next_step="Load the page again.")
        return self._try("lift", term.asset_id, lambda session: _lift(session, term_id, actor, now), at=now)

    def ending(self, actor: Actor, binding_id: str, links: str) -> Foreseen:
        """Return what ending a binding would change; `links` as `Bindings.end` takes it.

        Raises: as `Bindings.end`.
        """
        going, now = self._bindings.going(actor, binding_id, links), self._clock.now()
        with self._database.read() as session:
            rows = [row for row in session.scalars(links_of(binding_id)) if row.id in going]
            before = _kept(rows)
            gone = Desired(Want.ABSENT, None, None, "taken_back")
            after = {row.id: gone if going[row.id] else before[row.id] for row in rows}
            return Foreseen(now, Impact("end", self._lines(session, rows, before, after)))

    def moving(
        self,
        actor: Actor,
        target_id: str,
        *,
        channel: str | None = None,
        territory: str | None = None,
        times: Mapping[str, int | None] = AS_THEY_ARE,
    ) -> Foreseen:
        """Return what would change if a place stood for another channel or territory, or for other `times`.

        What is None or left out stays as it is; times are in seconds, by the names of `targets.TIMES`. A longer or
        shorter lead changes when copies are looked at, and nothing else.

        Raises:
            Forbidden. NotFound: `no_such_target`. Invalid: `target_malformed`.
        """
        require(actor, Act.CONNECT)
        now = self._clock.now()
        with self._database.read() as session:
            rows = list(session.scalars(standing_at(target_id)))
            target = targets.get(session, target_id)
            before = {**_kept(rows), **self._at_their_time(session, rows, now)}
            targets.change(target, channel=channel, territory=territory, language=None, times=times)  # in memory alone
            place = replace(
                facts.place_of(session, target_id), channel=target.channel, territory=target.territory,
                lead_s=target.lead_s,
            )  # fmt: skip
            after = {**self._wanted(session, rows, now, place), **self._at_their_time(session, rows, now, place)}
            return Foreseen(now, Impact("move", self._lines(session, rows, before, after)))

    def successor(self, actor: Actor, asset_id: str, successor_id: str | None) -> Foreseen:
        """Return what naming a successor of an asset would change; None: it would have none.

        It may change copies of assets that this one stands in for; of those that the asker may not see nothing is told.

        Raises:
            Forbidden, NotFound. Conflict: `successor_cycle`, `successor_chain_too_long`.
        """
        with self._database.read() as session:
            named = get_asset(session, asset_id).id

        def name(session: Session) -> None:
            name_successor(session, actor, named, successor_id, judge=standing_of)

        return self._seen_by(actor, self._try("successor", named, name, at=self._clock.now()))

    def _seen_by(self, actor: Actor, found: Foreseen) -> Foreseen:
        """Leave out copies of assets that somebody may not know of."""
        with self._database.read() as session:
            assets = {line.copy.asset_id: get_asset(session, line.copy.asset_id) for line in found.first.lines}
            seen = {id_ for id_, asset in assets.items() if is_seen(actor, asset, standing_of(session, id_))}
        lines = tuple(line for line in found.first.lines if line.copy.asset_id in seen)
        return replace(found, first=replace(found.first, lines=lines))

    def _try(
        self, act: str, asset_id: str, deed: Callable[[Session], None], *, at: int, ends: int | None = None
    ) -> Foreseen:
        """Do it, see what would follow, and undo it."""
        try:
            with self._database.unit() as session:
                self._see(session, act, asset_id, deed, at=at, ends=ends)
        except _Rehearsed as done:
            return done.seen

    def _see(
        self, session: Session, act: str, asset_id: str, deed: Callable[[Session], None], *, at: int, ends: int | None
    ) -> NoReturn:
        rows = rows_concerned_by(session, asset_id)
        now = _kept(rows)
        deed(session)
        session.flush()
        first = self._wanted(session, rows, at)
        later = self._wanted(session, rows, ends) if ends is not None else {}
        then = Impact(act, self._lines(session, rows, first, later)) if later else None
        raise _Rehearsed(Foreseen(at, Impact(act, self._lines(session, rows, now, first)), ends, then))

    def _wanted(
        self, session: Session, rows: list[Placement], at: int, there: facts.Place | None = None
    ) -> dict[str, Desired]:
        """Return what should be true of rows; `there` is their place as it would be, where that is asked."""
        wanted: dict[str, Desired] = {}
        for row in rows:
            place = there or facts.place_of(session, row.target_id)
            declared = declared_at(self._switchboard, place)
            wanted[row.id], _ = facts.desired_now(
                session, row, place, preset=declared.rendition, at=at, default=self._default,
                by_hand=declared.by_hand, keeps_time=declared.keeps_time,
            )  # fmt: skip
        return wanted

    def _at_their_time(
        self, session: Session, rows: list[Placement], now: int, there: facts.Place | None = None
    ) -> dict[str, Desired]:
        """Return what should be true, at its time, of each row that the hub itself makes public then."""
        wanted: dict[str, Desired] = {}
        for row in rows:
            keeps = declared_at(self._switchboard, there or facts.place_of(session, row.target_id)).keeps_time
            if row.publish_at is not None and row.publish_at > now and never_sent(row) and not keeps:
                wanted |= self._wanted(session, [row], row.publish_at, there)
        return wanted

    def _lines(
        self, session: Session, rows: list[Placement], before: dict[str, Desired], after: dict[str, Desired]
    ) -> tuple[ImpactLine, ...]:
        lines: list[ImpactLine] = []
        for row in rows:
            place = facts.place_of(session, row.target_id)
            want = after[row.id]
            becomes = _in_time(row, before[row.id], want) or _becomes(before[row.id], want, row)
            why = hindrance(session, row, place, declared_at(self._switchboard, place).manifest, becomes)
            lines.append(ImpactLine(copy_view(session, row), becomes, want.asset_id, not why, why))
        return tuple(lines)


def _kept(rows: list[Placement]) -> dict[str, Desired]:
    """Return what should be true of rows now, as it was decided last."""
    return {
        row.id: Desired(Want(row.desired), row.desired_asset_id, row.desired_version_id, row.desired_reason)
        for row in rows
    }


def _in_time(row: Placement, before: Desired, after: Desired) -> Becomes | None:
    """Compare whether a row goes out at its time, where nothing of it is there until then; None: as always."""
    if row.publish_at is None or row.out_at is not None or not never_sent(row):
        return None
    went, goes = goes_out(before.want, before.reason), goes_out(after.want, after.reason)
    if went == goes:
        stays = Becomes.KEPT if goes else Becomes.NOTHING_THERE
        return stays if after.want is Want.ABSENT else None
    if goes and before.reason == DATE_PASSED:
        return None  # it goes out at once
    return Becomes.RESUMED if goes else Becomes.STOPPED


def _becomes(before: Desired, after: Desired, row: Placement) -> Becomes:
    """Compare what should be true before and afterwards."""
    if after.want is Want.ABSENT:
        if never_sent(row):
            return Becomes.NOTHING_THERE
        return Becomes.KEPT if before.want is Want.ABSENT else Becomes.WITHDRAWN
    if after.want is Want.HELD:
        return Becomes.KEPT if before.want is Want.HELD else Becomes.HELD
    if before.want in {Want.ABSENT, Want.HELD}:
        return Becomes.PUBLISHED if before.want is Want.ABSENT else Becomes.RESUMED
    if after.asset_id != before.asset_id:
        return Becomes.SUBSTITUTED if after.want is Want.SUBSTITUTE else Becomes.UPDATED
    return Becomes.KEPT if after.version_id == before.version_id else Becomes.UPDATED


def _lift(session: Session, term_id: str, actor: Actor, at: int) -> None:
    lift(session, term_id, by=actor.id, at=at)
