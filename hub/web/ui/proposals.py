"""Files that somebody put in the place of copies: theirs and ours side by side, and which of the two holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from hub.delivery.headers import byte_headers
from hub.errors import HubError
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.names import Names, connector_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.intake.proposals.service import ProposalView

proposals = Blueprint("proposals_pages", "hub.web")
LATELY: Final = 20
ENDED: Final = {
    "kept": "kept what stood here",
    "taken": "took what stood there",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two files: its picture, and what can be said of it."""

    picture: str  # empty: there is none
    alt: str
    says: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal in words."""

    view: ProposalView
    where: str
    connector: str
    ours: Side
    theirs: Side
    ended: str


@proposals.get("/proposals/<proposal_id>/picture")
def show_picture(proposal_id: str) -> Response:
    """Send the small picture that the hub made of a proposed file."""
    made = services().proposals.picture(actor(), proposal_id)
    headers = byte_headers(media_type=made.media_type, filename="proposal", etag=f'"{proposal_id}"', download=False)
    return Response(made.data, headers=headers)


def in_words(found: Sequence[ProposalView], names: Names) -> list[Proposal]:
    """Return proposals as a page tells them."""
    return [_in_words(one, names) for one in found]


def _in_words(view: ProposalView, names: Names) -> Proposal:
    ours = f"Version {view.version_number}, {view.version_type}, {words.size(view.version_size)}"
    theirs = f"{view.media_type}, {words.size(view.size)}" if view.size is not None else ""
    ended = f"{names[view.decided_by or '']} {ENDED[view.state]}" if view.state in ENDED else "Nobody is asked any more"
    return Proposal(
        view, f"{view.target_label}, {view.remote_label}", connector_title(view.connector),
        Side(_our_picture(view), f"Ours: version {view.version_number} of {view.asset_code}", ours),
        Side(f"/proposals/{view.id}/picture" if view.has_picture else "", f"Theirs: {view.filename}", theirs), ended,
    )  # fmt: skip


def _our_picture(view: ProposalView) -> str:
    rooms = services()
    try:
        rooms.delivery.open_rendition(actor(), view.asset_id, "thumbnail", view.version_id)
    except HubError:  # not made, or not to be shown to anybody now
        return ""
    return f"/media/{view.asset_id}/{view.version_id}/thumbnail"
