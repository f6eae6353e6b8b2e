"""Delivery links, and the open addresses that they lead to; those of copies have a page: `hub.web.ui.living`."""

from __future__ import annotations

from flask import Blueprint, Response

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import AssetPath, LinkIn, LinkMade, LinkOut, LinkPath, Links
from hub.web.identity import actor
from hub.web.sending import send
from hub.web.services import services

links = blueprint("links", "Addresses that anybody may open, for a while.")
open_doors = Blueprint("open_doors", "hub.web")


@links.get("/assets/<asset_id>/links", responses={200: Links})
def list_links(path: AssetPath) -> Response:
    """List the links that were given out for an asset."""
    found = services().delivery.links(actor(), path.asset_id)
    return answer(Links(items=[LinkOut.model_validate(link) for link in found]))


@links.post("/assets/<asset_id>/links", responses={201: LinkMade})
def make_link(path: AssetPath, body: LinkIn) -> Response:
    """Make a link to the approved version."""
    made = services().delivery.make_link(
        actor(), path.asset_id, body.preset, version_id=body.version_id, days=body.days
    )
    return answer(LinkMade.model_validate(made, from_attributes=True), 201)


@links.delete("/links/<link_id>", responses={204: None})
def revoke_link(path: LinkPath) -> Response:
    """End a link at once."""
    services().delivery.revoke_link(actor(), path.link_id)
    return answer()


@open_doors.get("/d/<token>")
def follow_signed(token: str) -> Response:
    """Send what a signed link stands for."""
    return send(services().delivery.serve_signed(token))
