"""What an act on an asset would change in the channels, before anybody carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.manifest import Capability, Manifest
from connectors.sdk.types import PartKind, PartState
from hub.connections.accounts import usable
from hub.connections.health import State
from hub.placements import facts
from hub.placements.declared import declared_at
from hub.placements.desired import Desired, Want, desired
from hub.placements.models import Part, Placement
from hub.placements.phase import Phase, never_sent
from hub.placements.ports import Switchboard
from hub.placements.views import CopyView, copy_view
from hub.rights.answer import Default


class Becomes(StrEnum):
    """What would become of a copy."""

    WITHDRAWN = "withdrawn"
    SUBSTITUTED = "substituted"
    UPDATED = "updated"  # another version, or another stand-in
    PUBLISHED = "published"  # nothing stands there now
    HELD = "held"  # what waits for its time is parked there
    RESUMED = "resumed"  # what is parked, or was not to go out, goes out at its time
    STOPPED = "stopped"  # nothing of it is there, and it does not go out at its time
    KEPT = "kept"
    NOTHING_THERE = "nothing_there"


UNCHANGED: Final = frozenset({Becomes.KEPT, Becomes.NOTHING_THERE})
"""What becomes of copies that an act does not touch."""


@dataclass(frozen=True, slots=True)
class ImpactLine:
    """One copy and what would become of it."""

    copy: CopyView
    becomes: Becomes
    shows_asset_id: str | None
    reachable: bool  # false: something needs a person there first
    why: str = ""  # why it is not reachable, or what the hub cannot do there by itself


@dataclass(frozen=True, slots=True)
class Impact:
    """What an act would change."""

    act: str
    lines: tuple[ImpactLine, ...]

    def count(self, becomes: Becomes) -> int:
        """Return how many copies would become this."""
        return sum(line.becomes is becomes for line in self.lines)


def foresee(
    session: Session,
    rows: list[Placement],
    switchboard: Switchboard,
    *,
    act: str,
    asset_id: str,
    substitute_id: str | None,
    at: int,
    default: Default,
) -> Impact:
    """Return what would become of each copy if the asset could no longer be shown."""
    offered = {asset_id: substitute_id} if substitute_id else {}
    lines: list[ImpactLine] = []
    for row in rows:
        place = facts.place_of(session, row.target_id)
        declared = declared_at(switchboard, place)
        known = facts.gather(
            session, row, place, preset=declared.rendition, at=at, default=default, considered=offered,
            by_hand=declared.by_hand, keeps_time=declared.keeps_time,
        )  # fmt: skip
        asked = known.substitutes or (row.asset_id in offered and not never_sent(row))
        stands_in = asked and (not declared.by_hand or known.waits is not None)
        want = desired(facts.without(known, asset_id, act=act, substitutes=stands_in))
        becomes = _becomes(row, want, asset_id)
        why = hindrance(session, row, place, declared.manifest, becomes)
        lines.append(ImpactLine(copy_view(session, row), becomes, want.asset_id, not why, why))
    return Impact(act, tuple(lines))


def hindrance(
    session: Session, row: Placement, place: facts.Place, manifest: Manifest | None, becomes: Becomes
) -> str:  # fmt: skip
    """Return why the hub cannot change a copy by itself now; empty: it can, or it need not.

    `manifest` is None where the connector is not installed any more.
    """
    if becomes in UNCHANGED or becomes is Becomes.STOPPED:
        return ""
    if manifest is None:
        return f"The connector {place.connector} is not installed any more."
    if row.phase == Phase.BLOCKED:
        return row.problem or "Somebody is needed there."
    return _no_way(session, place) or _no_ability(session, row, manifest.at(place.kind), becomes)


def _no_ability(session: Session, row: Placement, manifest: Manifest, becomes: Becomes) -> str:
    if manifest.stays_once_out and _is_out(session, row):
        return manifest.stays_once_out
    if becomes is Becomes.WITHDRAWN and Capability.WITHDRAW not in manifest.abilities:
        return f"{manifest.title} lets nothing be withdrawn by a program: somebody must do it there."
    return ""


def _is_out(session: Session, row: Placement) -> bool:
    """Tell whether a copy is known to be out: it went out at its time, or a look read an address of it."""
    address = select(Part.external_ref).where(
        Part.placement_id == row.id, Part.kind == PartKind.PUBLIC_URL.value, Part.state != PartState.GONE.value
    )
    return row.out_at is not None or session.scalar(address.limit(1)) is not None


def _no_way(session: Session, place: facts.Place) -> str:
    connection = usable(session, place.remote_id)
    if connection is None:
        return "Its account is not connected."
    if connection.state == State.NEEDS_PERSON:
        return connection.problem or "Its account needs somebody to sign in again."
    return ""


def _becomes(row: Placement, want: Desired, asset_id: str) -> Becomes:
    if never_sent(row) and want.want is not Want.SUBSTITUTE:
        return Becomes.NOTHING_THERE
    if want.want in {Want.ABSENT, Want.HELD}:
        return Becomes.WITHDRAWN if want.want is Want.ABSENT else Becomes.HELD
    return Becomes.KEPT if want.asset_id == row.desired_asset_id != asset_id else Becomes.SUBSTITUTED
