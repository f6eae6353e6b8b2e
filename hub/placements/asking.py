"""What asking remotes about copies has in common, be it uses or numbers: whose copies, which objects, who can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from connectors.sdk.types import PartKind, PartState
from hub.catalogue.assets import get_asset
from hub.catalogue.views import refuse_unseen
from hub.errors import NotFound
from hub.placements.companions import asks_for
from hub.placements.models import Part, Placement
from hub.review.standing import standing_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from connectors.sdk.manifest import Capability
    from hub.access.actors import Actor
    from hub.placements.ports import Switchboard


def copy_seen(session: Session, actor: Actor, placement_id: str) -> Placement:
    """Return a copy of an asset that somebody may see.

    Raises:
        NotFound: `no_such_copy`, or the asset may not be seen.
    """
    row = session.get(Placement, placement_id)
    if row is None:
        raise NotFound("no_such_copy", "There is no such copy.", next_step="Load the page again.")
    asset = get_asset(session, row.asset_id)
    refuse_unseen(actor, asset, standing_of(session, asset.id))
    return row


def copies_seen(session: Session, actor: Actor, asset_id: str) -> list[Placement]:
    """Return every copy that shows an asset, or is to, for somebody who may see the asset.

    Raises:
        NotFound: `no_such_asset`.
    """
    asset = get_asset(session, asset_id)
    refuse_unseen(actor, asset, standing_of(session, asset.id))
    mine = or_(asks_for(asset.id), Placement.desired_asset_id == asset.id)
    return list(session.scalars(select(Placement).where(mine)))


def objects_of(session: Session, placement_id: str) -> tuple[str, ...]:
    """Return the references of what stands there of a copy, in order."""
    media = (
        Part.placement_id == placement_id, Part.kind == PartKind.MEDIA.value, Part.state != PartState.GONE.value
    )  # fmt: skip
    return tuple(sorted(session.scalars(select(Part.external_ref).where(*media))))


def can_tell(switchboard: Switchboard, ability: Capability, connector: str, kind: str | None = None) -> bool:
    """Tell whether a connector can answer, at places of one kind or at any; one that is gone answers nothing."""
    try:
        manifest = switchboard.manifest(connector)
    except NotFound:  # not installed any more
        return False
    return ability in (manifest if kind is None else manifest.at(kind)).abilities
