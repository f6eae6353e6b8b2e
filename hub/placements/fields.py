"""Fields have owners: what to push, what to take back, and where a person must decide, for one copy."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.sdk.types import COMPANIONS, Fields, JsonValue
from hub.catalogue.metadata import Author, set_fields
from hub.errors import HubError
from hub.placements.models import FieldBase
from hub.placements.rendering import Rendering
from mappings.engine import Agreed, Conflict, is_there, merge, place, reach


@dataclass(slots=True)
class Comparison:
    """How the fields of a copy differ from what we want, sorted by what is to be done."""

    push: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    take: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    conflicts: tuple[Conflict, ...] = ()

    @property
    def agree(self) -> bool:
        """Tell whether nothing is left to be pushed or decided."""
        return not self.push and not self.conflicts


def compare(rendering: Rendering, bases: Mapping[str, Agreed], theirs: Fields) -> Comparison:
    """Compare a copy's fields, as a look found them, with what we want.

    A field that never was agreed upon is ours until it was read back as we sent it once: only from then on is a
    difference taken for somebody's edit. A copy that says nothing at all was made by half: its words never came there.
    """
    if not theirs:
        return Comparison(push=dict(rendering.rendered.fields))
    seen: dict[str, JsonValue] = {}
    unproven: dict[str, JsonValue] = {}
    owned = rendering.rendered.fields
    for each in rendering.spec.fields:
        if not is_there(theirs, each.remote):
            continue
        mine, there = reach(rendering.rendered.first_fields, each.remote), reach(theirs, each.remote)
        if same(mine, there):
            continue
        if each.remote not in bases:
            if is_there(owned, each.remote):
                place(unproven, each.remote, mine)
            continue
        place(seen, each.remote, there)
    if rendering.companions and theirs.get(COMPANIONS, owned[COMPANIONS]) != owned[COMPANIONS]:
        unproven[COMPANIONS] = owned[COMPANIONS]  # the words of each further picture are ours, all of them
    merged = merge(rendering.spec, bases, rendering.rendered, seen)
    return Comparison({**merged.push, **unproven}, merged.take, merged.conflicts)


def same(ours: JsonValue, theirs: JsonValue) -> bool:
    """Compare two values; blanks, line ends and HTML entities are the remote's own way of writing."""
    if isinstance(ours, str) and isinstance(theirs, str):
        return html.unescape(ours).split() == html.unescape(theirs).split()
    return (ours or None) == (theirs or None)


def bases_of(session: Session, placement_id: str) -> dict[str, Agreed]:
    """Return what was agreed upon last, by remote field."""
    rows = session.scalars(select(FieldBase).where(FieldBase.placement_id == placement_id))
    return {row.field: Agreed(cast("JsonValue", row.pushed), cast("JsonValue", row.theirs)) for row in rows}


def agree_upon(session: Session, placement_id: str, rendering: Rendering, theirs: Fields) -> None:
    """Keep what we wanted and what was read back as the base of the next comparison."""
    for each in rendering.spec.fields:
        if not is_there(theirs, each.remote):
            continue
        base = session.get(FieldBase, (placement_id, each.remote))
        if base is None:
            base = FieldBase(placement_id=placement_id, field=each.remote)
            session.add(base)
        base.pushed = reach(rendering.rendered.first_fields, each.remote)
        base.theirs = reach(theirs, each.remote)
        base.mapping_hash = rendering.spec.digest


def take_over(
    session: Session,
    asset_id: str,
    values: Mapping[str, JsonValue],
    *,
    locales: Mapping[str, str],
    connector: str,
    placement_id: str,
    at: int,
) -> str:
    """Bring values that somebody set in the channel into the catalogue, each in the language that it was shown in.

    Returns:
        Why not, empty when it worked; what stands in one language is taken as a whole or not at all.
    """
    refusals: list[str] = []
    for locale in sorted({locales[name] for name in values}):
        said = {name: value for name, value in values.items() if locales[name] == locale}
        try:
            set_fields(
                session, asset_id, said, author=Author.CHANNEL, author_ref=placement_id, at=at,
                actor_id=f"connector:{connector}", locale=locale,
            )  # fmt: skip
        except HubError as refused:
            refusals.append(refused.what)
    return " ".join(refusals)
