"""What the index knows of an asset, read from the catalogue in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.models import Asset, FieldValue, Lifecycle, Version
from hub.review.models import Approved

FILTERS = ("kind", "lifecycle", "keyword", "campaign", "project", "creator")
"""What hits can be narrowed by, and what is counted beside them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One asset as the index keeps it."""

    id: str
    number: int
    owner: str
    shown: bool
    """Whether somebody who sees approved work only may find it."""
    title: str
    body: str
    filters: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def entries(session: Session, asset_ids: Sequence[str]) -> list[Entry]:
    """Return entries for those of the assets that stand in the catalogue; deleted ones are left out."""
    assets = list(session.scalars(select(Asset).where(Asset.id.in_(asset_ids), Asset.deleted_at.is_(None))))
    ids = [asset.id for asset in assets]
    chosen = session.execute(select(Approved.asset_id, Approved.version_id).where(Approved.asset_id.in_(ids)))
    approved: dict[str, str] = {row[0]: row[1] for row in chosen}
    values: dict[str, dict[tuple[str, str], object]] = {}
    for row in session.scalars(select(FieldValue).where(FieldValue.asset_id.in_(ids)).order_by(FieldValue.locale)):
        values.setdefault(row.asset_id, {})[row.locale, row.field] = row.value
    # Whoever may only see the approved version is not told how a newer file is called.
    named_by = [approved.get(asset.id) or asset.current_version_id for asset in assets]
    named = session.execute(select(Version.asset_id, Version.filename).where(Version.id.in_(named_by)))
    names: dict[str, str] = {row[0]: row[1] for row in named}
    return [
        _entry(asset, values.get(asset.id, {}), names.get(asset.id, ""), approved=asset.id in approved)
        for asset in assets
    ]


def _entry(asset: Asset, values: dict[tuple[str, str], object], filename: str, *, approved: bool) -> Entry:
    """Return the entry: words count in every language; what hits are narrowed by, in the catalogue's own alone."""
    said = {name: _texts(value) for (locale, name), value in values.items() if not locale}
    titles = [text for (_, name), value in values.items() if name == "title" for text in _texts(value)]
    others = [text for (_, name), value in values.items() if name != "title" for text in _texts(value)]
    words = [asset.code, filename, *others]
    filters = {name: said.get(name, []) for name in ("campaign", "project", "creator")}
    filters |= {"keyword": said.get("keywords", []), "kind": [asset.kind], "lifecycle": [asset.lifecycle]}
    return Entry(
        id=asset.id,
        number=asset.number,
        owner=asset.owner_id,
        shown=approved and asset.lifecycle != Lifecycle.ARCHIVED.value,
        title=" ".join(titles),
        body="\n".join(words),
        filters=filters,
    )


def _texts(value: object) -> list[str]:
    given = cast("list[object]", value) if isinstance(value, list) else [value]
    return [text for text in given if isinstance(text, str) and text]
