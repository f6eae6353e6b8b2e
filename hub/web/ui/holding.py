"""What is deleted and can be brought back, and legal holds that keep an asset from being let go of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from hub.access.permissions import Act, allowed, require
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page
from hub.web.ui.names import people

if TYPE_CHECKING:
    from hub.catalogue.views import AssetView
    from hub.rights.preservations import HoldView

holding = Blueprint("holding", "hub.web")


@dataclass(frozen=True, slots=True)
class Hold:
    """One legal hold in words."""

    view: HoldView
    by: str
    lifted_by: str


@holding.get("/deleted")
def show_deleted() -> Response:
    """Show what can be brought back, and until when."""
    who = actor()
    require(who, Act.DELETE)
    found = services().catalogue.deleted(who)
    held = {one.id for one in found if any(hold.view.lifted_at is None for hold in holds_of(one))}
    return page("deleted.html", here="library", assets=found, held=held, days=services().settings.deletion_grace_days)


@holding.post("/assets/<code>/holds")
def hold(code: str) -> Response:
    """Set a legal hold."""
    asset = services().catalogue.view(actor(), code)
    services().rights.preservations.hold(actor(), asset.id, request.form.get("reason", ""))
    return go(f"/assets/{asset.code}/rights", "held")


@holding.post("/assets/<code>/holds/<hold_id>/lift")
def lift(code: str, hold_id: str) -> Response:
    """Lift a legal hold."""
    services().rights.preservations.lift(actor(), hold_id)
    return go(f"/assets/{code}/rights", "hold-lifted")


def holds_of(asset: AssetView) -> list[Hold]:
    """Return the legal holds of an asset, for those who may set them."""
    who = actor()
    if not allowed(who, Act.SET_RIGHTS, owner_id=asset.owner_id):
        return []
    found = services().rights.preservations.of_asset(who, asset.id)
    names = people(name for one in found for name in (one.by, one.lifted_by or ""))
    return [Hold(one, names[one.by], names[one.lifted_by or ""] if one.lifted_by else "") for one in found]
