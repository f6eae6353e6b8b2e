"""What stands at a connection's remote: our copies with the age of their proof, and strangers to be decided about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from hub.errors import HubError, Invalid
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import go, page
from hub.web.ui.words import Sign

if TYPE_CHECKING:
    from hub.intake.stock.views import FoundView, StockView

stock = Blueprint("stock-pages", "hub.web")

TABS: Final = {
    "strangers": "Not ours",
    "known": "In the library",
    "alike": "Looks like one of yours",
    "forgotten": "Ours, but forgotten",
    "foreign": "Of another hub",
    "waiting": "Being worked on",
    "imported": "Imported",
    "ignored": "Ignored",
    "ours": "Ours",
}
"""What was found, by what asks most of a person first. Tabs without anything are left away, the first excepted."""
ACTS: Final = {"adopt": "stock-adopt", "import": "stock-import", "ignore": "stock-ignore", "back": "stock-back"}
WHOSE: Final = {
    "ours": Sign("Ours", "good", "circle-check"),
    "forgotten": Sign("Ours, forgotten", "care", "circle-question-mark"),
    "foreign": Sign("Of another hub", "rest", "git-compare"),
}
HOW: Final = {
    "sha256": Sign("The same file", "flow", "equal"),
    "perceptual": Sign("Looks like it", "care", "scan-eye"),
    "name": Sign("Called like it", "care", "tag"),
}
NOTHING: Final = Sign("Not in the library", "rest", "file-text")
PENDING: Final = Sign("Being compared", "flow", "refresh-cw", spin=True)
DONE: Final = {
    "adopt": Sign("Adopted", "good", "circle-check"),
    "import": Sign("Imported", "good", "circle-check"),
    "ignore": Sign("Ignored", "rest", "circle-minus"),
}
WAITING: Final = {
    "adopt": Sign("Being adopted", "flow", "refresh-cw", spin=True),
    "import": Sign("Being imported", "flow", "refresh-cw", spin=True),
}


@stock.get("/connections/<connection_id>/stock")
def show_stock(connection_id: str) -> Response:
    """Show what stands there."""
    return _page(connection_id)


@stock.post("/connections/<connection_id>/stock")
def take_stock(connection_id: str) -> Response:
    """Have it listed."""
    try:
        services().stock.take(actor(), connection_id)
    except Invalid as wrong:
        return _page(connection_id, wrong)
    return go(_at(connection_id), "stock")


@stock.post("/connections/<connection_id>/stock/decide")
def decide(connection_id: str) -> Response:
    """Carry out what a person decided about the things that are ticked."""
    act, chosen = request.form.get("act", ""), request.form.getlist("item")
    asset = request.form.get("asset", "").strip() or None
    try:
        if not chosen:
            raise Invalid("nothing_chosen", "Nothing is ticked.", next_step="Tick what it is to be done with.")
        refused = services().stock.decide(actor(), connection_id, act, chosen, asset=asset)
    except HubError as wrong:
        return _page(connection_id, wrong)
    if refused:
        return _page(connection_id, refused=refused)
    return go(f"{_at(connection_id)}?show={_shown()}", ACTS[act])


def sign_of(item: FoundView) -> Sign:
    """Return how an item is shown: what became of it, or else what it is."""
    if item.act_state == "wanted":
        return WAITING.get(item.act, words.UNKNOWN)
    if item.whose in WHOSE:
        return WHOSE[item.whose]
    if item.act_state == "done" and item.act in DONE:
        return DONE[item.act]
    return PENDING if item.pending else HOW.get(item.how, NOTHING)


def _page(connection_id: str, error: HubError | None = None, refused: dict[str, str] | None = None) -> Response:
    view, show = services().connections.view(actor(), connection_id), _shown()
    known, room = services().stock.view(actor(), connection_id), services().stock
    found = room.items(actor(), connection_id, show, cursor=request.args.get("cursor"))
    status = error.status if error else 409 if refused else 200
    return page(
        "stock.html", status, here="connections", card=view, stock=known, found=found, show=show, error=error,
        refused=refused or {}, tabs=_tabs(known), sign_of=sign_of, copy_signs=words.COPY, progress=_progress(known),
    )  # fmt: skip


def _tabs(known: StockView) -> list[tuple[str, str, int]]:
    counts = known.counts
    return [(name, label, counts.get(name, 0)) for name, label in TABS.items() if counts.get(name) or name == _shown()]


def _progress(known: StockView) -> str:
    """Say how far the listing is."""
    if known.state == "never":
        return "Nobody has looked yet at what else stands there."
    so_far = f"{words.figure(known.listed)} {'thing' if known.listed == 1 else 'things'}"
    if known.state == "listing":
        return f"{so_far} listed so far."
    left = f", {words.figure(known.unmatched)} still to be compared" if known.unmatched else ""
    return f"{so_far} stand there{left}." if known.listed != 1 else f"{so_far} stands there{left}."


def _shown() -> str:
    asked = request.values.get("show", "strangers")
    return asked if asked in TABS else "strangers"


def _at(connection_id: str) -> str:
    return f"/connections/{connection_id}/stock"
