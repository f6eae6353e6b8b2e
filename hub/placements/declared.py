"""What a connector declares of a place, as far as it decides what should be true there; also once it is gone.

A copy in the place of a connector that is not installed any more is as little to be forgotten as any other: whoever
recalls, archives or approves its asset must be told that somebody has to see to it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.errors import NotFound
from hub.placements.schedule import keeps_time

if TYPE_CHECKING:
    from connectors.sdk.manifest import Manifest
    from hub.placements.facts import Place
    from hub.placements.ports import Switchboard

USUAL: Final = "web"


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a place's connector."""

    manifest: Manifest | None  # None: it is not installed any more, and the others are what is usual
    rendition: str = USUAL
    by_hand: bool = False
    keeps_time: bool = False


def declared_at(switchboard: Switchboard, place: Place) -> Declared:
    """Return what the connector of a place declares there."""
    try:
        manifest = switchboard.manifest(place.connector).at(place.kind)
    except NotFound:
        return Declared(None)
    return Declared(manifest, manifest.rendition, manifest.by_hand, keeps_time(manifest))
