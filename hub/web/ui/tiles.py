"""What the library shows of each asset: read in one go for a page of hits that the asker was already let see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from hub.catalogue.views import AssetView
from hub.media.models import Rendition, Traits
from hub.placements.models import Companion, Placement
from hub.web.ui import words
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.db.unit import Database

NARROWEST: Final = 50
WIDEST: Final = 300
STEP: Final = 10
"""Ratios, in hundredths, for which the style sheet has a class."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One asset in the grid."""

    asset: AssetView
    version_id: str
    sign: Sign
    ratio: str
    colour: str
    has_picture: bool
    note: str  # length of a film, pages of a document
    note_icon: str
    places: int
    pending: bool
    use_now: Sign | None = None  # what stands in the way of using it, or will soon

    @property
    def alt(self) -> str:
        """Return the words that stand for the picture."""
        parts = [self.asset.title]
        if self.asset.lifecycle.value != "approved":
            parts.append(self.sign.word.lower())
        if self.places:
            parts.append(f"in {self.places} place{'s' if self.places > 1 else ''}")
        if self.use_now:
            parts.append(self.use_now.word.lower())
        return ", ".join(parts)


def tiles_of(database: Database, assets: Sequence[AssetView]) -> list[Tile]:
    """Return a tile for each asset, in the same order."""
    shown = {asset.id: asset.current_version_id or "" for asset in assets}
    with database.read() as session:
        traits = {t.version_id: t for t in session.scalars(select(Traits).where(Traits.version_id.in_(shown.values())))}
        ready = select(Rendition.version_id).where(
            Rendition.version_id.in_(shown.values()), Rendition.preset == "thumbnail", Rendition.state == "ready"
        )
        pictures = set(session.scalars(ready))
        places = _places(session, shown.keys())
    return [
        _tile(
            asset,
            shown[asset.id],
            traits.get(shown[asset.id]),
            places.get(asset.id, 0),
            has_picture=shown[asset.id] in pictures,
        )
        for asset in assets
    ]


def _places(session: Session, asset_ids: Iterable[str]) -> Counter[str]:
    """Count the copies that show each asset, or wait to: as their leading one, or behind it."""
    ids, living = tuple(asset_ids), (Placement.settled_at.is_(None), Placement.phase != "withdrawn")
    leading = select(Placement.asset_id, func.count()).where(Placement.asset_id.in_(ids), *living)
    behind = select(Companion.asset_id, func.count()).join(Placement, Placement.id == Companion.placement_id)
    behind = behind.where(Companion.asset_id.in_(ids), *living)
    counted = Counter(dict(session.execute(leading.group_by(Placement.asset_id)).all()))
    counted.update(dict(session.execute(behind.group_by(Companion.asset_id)).all()))
    return counted


def _tile(asset: AssetView, version_id: str, traits: Traits | None, places: int, *, has_picture: bool) -> Tile:
    note, note_icon = _note(traits)
    return Tile(
        asset, version_id, words.ASSET.get(asset.lifecycle.value, words.UNKNOWN), ratio_class(traits),
        (traits.colour if traits else None) or "", has_picture, note, note_icon, places,
        traits is None or traits.state == "pending",
    )  # fmt: skip


def ratio_class(traits: Traits | None) -> str:
    """Return the class of the nearest ratio: rows keep their height and nothing moves when pictures arrive."""
    if traits is None or not traits.width or not traits.height:
        return "r-100"
    hundredths = round(traits.width * 100 / traits.height / STEP) * STEP
    return f"r-{max(NARROWEST, min(WIDEST, hundredths))}"


def _note(traits: Traits | None) -> tuple[str, str]:
    if traits is None:
        return "", ""
    if traits.duration_ms:
        seconds = round(traits.duration_ms / 1000)
        return f"{seconds // 60}:{seconds % 60:02d}", "play"
    if traits.pages:
        return str(traits.pages), "file-text"
    return "", ""
