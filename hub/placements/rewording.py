"""Foresee what becomes of the texts of copies, before other ones are saved.

The texts are saved, what would be said in each place is made by the code that makes it in earnest, and all of it is
undone: the unit of work is always rolled back, its events with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

from connectors.sdk.manifest import Capability, Carries
from connectors.sdk.types import COMPANIONS
from hub.access.permissions import Act
from hub.catalogue.languages import locale_of
from hub.catalogue.metadata import Author, set_fields
from hub.catalogue.service import take
from hub.placements import facts
from hub.placements.declared import declared_at
from hub.placements.desired import Want
from hub.placements.fields import bases_of
from hub.placements.impact import Becomes, hindrance
from hub.placements.ledger import rendering_there
from hub.placements.phase import never_sent
from hub.placements.plan import rows_concerned_by
from hub.placements.views import CopyView, copy_view
from hub.review.standing import standing_of
from mappings.engine import Loss, reach
from mappings.spec import Owner

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.orm import Session

    from connectors.sdk.manifest import Manifest
    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.placements.ledger import Surroundings
    from hub.placements.models import Placement
    from hub.placements.ports import Switchboard
    from hub.placements.rendering import Rendering
    from mappings.spec import FieldSpec


class Says(StrEnum):
    """What would become of the texts of a copy."""

    FOLLOWS = "follows"  # what stands there says the new text
    LATER = "later"  # nothing stands there yet: it is said once it does
    KEPT = "kept"  # what stands there goes on saying what it says
    PERSON = "person"  # the hub cannot change it by itself, and says why


@dataclass(frozen=True, slots=True)
class Lost:
    """One field of which a place does not say the new text, or not wholly."""

    field: str  # the catalogue's
    why: str


@dataclass(frozen=True, slots=True)
class TextLine:
    """One copy, what would become of its texts, and what of them does not arrive."""

    copy: CopyView
    says: Says
    why: str = ""  # why it needs a person, or is kept
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True)
class Reworded:
    """What saving texts would change."""

    fields: tuple[str, ...]  # the catalogue's that would change
    lines: tuple[TextLine, ...] = ()


class _Seen(Exception):
    """No failure: it rolls the unit back, and carries what was seen."""

    def __init__(self, seen: Reworded) -> None:
        super().__init__("seen")
        self.seen = seen


ONCE: Final = "it is given once, when the copy is made, and cannot be changed there afterwards"
THEIRS: Final = "it is given once, when the copy is made; then people there write it further"


class Rewording:
    """Texts that are tried and undone."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, around: Surroundings
    ) -> None:  # fmt: skip
        """Wire the room."""
        self._database, self._clock, self._switchboard, self._around = database, clock, switchboard, around

    def texts(
        self, actor: Actor, asset_id: str, values: Mapping[str, object], *, language: str = ""
    ) -> Reworded:  # fmt: skip
        """Return what saving these values of an asset would change; as `Catalogue.edit` takes them. Nothing is kept.

        Raises:
            Forbidden, NotFound, Invalid, TooLarge: as `Catalogue.edit`.
        """
        locale = locale_of(language, self._around.language)
        try:
            with self._database.unit() as session:
                asset = take(session, actor, asset_id, Act.EDIT, judge=standing_of)
                self._see(session, actor, asset.id, values, locale)
        except _Seen as done:
            return done.seen

    def _see(
        self, session: Session, actor: Actor, asset_id: str, values: Mapping[str, object], locale: str
    ) -> NoReturn:  # fmt: skip
        rows = [row for row in rows_concerned_by(session, asset_id) if _is_shown(row)]
        before = {row.id: self._rendering(session, row, asset_id) for row in rows}
        changed = set_fields(
            session, asset_id, values, author=Author.PERSON, author_ref=actor.id, at=self._clock.now(),
            actor_id=actor.id, locale=locale,
        )  # fmt: skip
        session.flush()
        found = [
            self._line(session, row, then, self._rendering(session, row, asset_id), changed)
            if (then := before[row.id]) is not None else self._unsaid(session, row, asset_id)
            for row in rows
        ]  # fmt: skip
        lines = tuple(line for line in found if line is not None)
        raise _Seen(Reworded(changed, lines if changed else ()))

    def _unsaid(self, session: Session, row: Placement, asset_id: str) -> TextLine | None:
        """Return what becomes of a copy that says nothing of the asset now; None: it is not about its texts."""
        if never_sent(row):
            own = row.wanted and row.asset_id == asset_id
            return TextLine(copy_view(session, row), Says.LATER) if own else None
        place = facts.place_of(session, row.target_id)
        manifest = declared_at(self._switchboard, place).manifest
        if manifest is not None or row.desired_asset_id != asset_id:
            return None
        return TextLine(copy_view(session, row), Says.PERSON, hindrance(session, row, place, manifest, Becomes.UPDATED))

    def _rendering(self, session: Session, row: Placement, asset_id: str) -> Rendering | None:
        """Return what a row says now; None where it does not show the asset, or its connector is gone."""
        place, now = facts.place_of(session, row.target_id), self._clock.now()
        declared = declared_at(self._switchboard, place)
        if declared.manifest is None:
            return None
        want, _ = facts.desired_now(
            session, row, place, preset=declared.rendition, at=now, default=self._around.rights_default,
            by_hand=declared.by_hand, keeps_time=declared.keeps_time,
        )  # fmt: skip
        if asset_id not in {shown for shown, _ in want.shown}:
            return None
        return rendering_there(session, row, place, declared.manifest, want=want, around=self._around, at=now)

    def _line(
        self, session: Session, row: Placement, before: Rendering, after: Rendering | None, changed: Collection[str]
    ) -> TextLine | None:
        place = facts.place_of(session, row.target_id)
        manifest = declared_at(self._switchboard, place).manifest
        if after is None or manifest is None:
            return None
        copy, lost = copy_view(session, row), tuple(_lost(after, changed))
        if stopped := _stopped(after):
            return TextLine(copy, Says.PERSON, stopped, lost)
        if never_sent(row):
            return TextLine(copy, Says.LATER, lost=lost)
        told, given_once = _told(before, after, manifest, _unread(session, row, after, manifest))
        lost += tuple(
            Lost(name, THEIRS if each.owner is Owner.CHANNEL else ONCE)
            for each in given_once
            for name in _of(each.sources(), changed)
        )
        if not told:
            return TextLine(copy, Says.KEPT, lost=lost)
        if Capability.UPDATE not in manifest.abilities and manifest.carries is not Carries.LINK:
            why = manifest.gaps.get("update", f"{manifest.title} lets no texts be changed afterwards.")
            return TextLine(copy, Says.KEPT, why, lost)
        why = hindrance(session, row, place, manifest, Becomes.UPDATED)
        return TextLine(copy, Says.PERSON if why else Says.FOLLOWS, why, lost)


def _stopped(after: Rendering) -> str:
    """Return why nothing more can be said of a copy before somebody acts; empty: it can."""
    if after.unmapped:
        return f"The account's field mapping fails on it: {after.unmapped}"
    empty = ", ".join(name.replace("_", " ") for name in after.rendered.missing)
    return f"It is shown to people there and needs its {empty}." if empty else ""


def _is_shown(row: Placement) -> bool:
    return row.desired in {Want.PRESENT.value, Want.SUBSTITUTE.value} or never_sent(row)


def _told(
    before: Rendering, after: Rendering, manifest: Manifest, unread: frozenset[str]
) -> tuple[bool, list[FieldSpec]]:  # fmt: skip
    """Return whether what a copy keeps saying changes, and which changed fields it was given once and for all."""
    then, now = before.rendered, after.rendered
    changing = [
        each for each in after.spec.fields
        if reach(then.first_fields, each.remote) != reach(now.first_fields, each.remote)
    ]  # fmt: skip
    fixed = {*manifest.said_once, *unread}
    once = [each for each in changing if each.owner is Owner.CHANNEL or each.remote in fixed]
    own_words = then.fields.get(COMPANIONS) != now.fields.get(COMPANIONS)
    further = own_words and not set(manifest.picture_fields) <= set(manifest.said_once)
    return further or len(once) < len(changing), once


def _unread(session: Session, row: Placement, after: Rendering, manifest: Manifest) -> frozenset[str]:
    """Return the fields that looks at a copy never told, where they tell of others: none of them is ever compared."""
    told = bases_of(session, row.id)
    if Capability.LOOK not in manifest.abilities or not told:
        return frozenset()
    return frozenset(each.remote for each in after.spec.fields if each.remote not in told)


def _lost(after: Rendering, changed: Collection[str]) -> Iterable[Lost]:
    """Yield what of the changed fields a place is not told, or not wholly."""
    sources = {each.remote: each.sources() for each in after.spec.fields}
    for loss in after.rendered.losses:
        for name in _of(sources.get(loss.remote, _named(loss)), changed):
            yield Lost(name, loss.detail)


def _named(loss: Loss) -> frozenset[str]:
    return frozenset({loss.field.partition(" of ")[0]})


def _of(sources: Collection[str], changed: Collection[str]) -> list[str]:
    return [name for name in changed if name in sources]
