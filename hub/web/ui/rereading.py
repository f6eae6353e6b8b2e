"""What an account sent to this hub: how much of it is kept, and having it read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub.access.permissions import Act, require
from hub.connections.replaying import IGNORED, STATES, WORKED, Which
from hub.errors import Invalid
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.dates import day_after, day_start
from hub.web.ui.frame import go, page

if TYPE_CHECKING:
    from collections.abc import Mapping

rereading = Blueprint("rereading", "hub.web")
FIELDS: Final = ("from", "until", "which")
READ: Final = {"": "All that were read", WORKED: "Those that led to a look", IGNORED: "Those that were ignored"}


@rereading.get("/connections/<connection_id>/inbound")
def show_inbound(connection_id: str) -> Response:
    """Show what is kept of an account's deliveries, how many would be read again, and how many wait."""
    return _show(connection_id)


@rereading.post("/connections/<connection_id>/inbound")
def read_again(connection_id: str) -> Response:
    """Have deliveries read again, and show how far that is."""
    try:
        services().rereading.replay(actor(), _which(connection_id, request.form))
    except Invalid as wrong:
        return _show(connection_id, wrong)
    said = urlencode({name: request.form[name] for name in FIELDS if request.form.get(name)})
    return go(f"/connections/{connection_id}/inbound?{said}", "reread")


def _show(connection_id: str, error: Invalid | None = None) -> Response:
    require(actor(), Act.CONNECT)
    view, kept = services().connections.view(actor(), connection_id), None
    given = request.form if request.method == "POST" else request.args
    try:
        kept = services().rereading.kept(actor(), _which(connection_id, given))
    except Invalid as wrong:
        error = wrong
    return page(
        "inbound.html", error.status if error else 200, here="connections", connection=view, error=error, kept=kept,
        given={name: given.get(name, "") for name in FIELDS}, states=READ,
        again=request.full_path.replace("told=reread", ""),
    )  # fmt: skip


def _which(connection_id: str, given: Mapping[str, str]) -> Which:
    state = given.get("which", "")
    return Which(
        connection_id, day_start(given.get("from", "")), day_after(given.get("until", "")),
        (state,) if state in STATES else STATES,
    )  # fmt: skip
