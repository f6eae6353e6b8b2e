"""Signing in again at an account that is connected, and leaving one: each says first what becomes of the copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from hub.access.permissions import Act, require
from hub.errors import HubError
from hub.web.identity import actor, caller
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.asking import auth_named, secret_fields, typed_secrets, with_error
from hub.web.ui.frame import go, page

if TYPE_CHECKING:
    from hub.placements.leaving import Departure

keeping = Blueprint("keeping_pages", "hub.web")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of what will happen."""

    count: int
    hue: str
    icon: str
    head: str
    text: str


@keeping.get("/connections/<connection_id>/reconnect")
def ask_again(connection_id: str) -> Response:
    """Show what must be filled in, or where to sign in, to renew a connection."""
    require(actor(), Act.CONNECT)
    return _reconnect_page(connection_id, None)


@keeping.post("/connections/<connection_id>/reconnect")
def reconnect(connection_id: str) -> Response:
    """Renew a connection, or send the browser to the vendor to sign in there."""
    require(actor(), Act.CONNECT)
    room = services().connections
    view = room.view(actor(), connection_id)
    auth = auth_named(room.manifest(view.connector), view.auth)
    secrets = typed_secrets(auth)
    try:
        if auth.in_browser:
            url = room.start_reconnect(actor(), caller().session_hash, connection_id, secrets)
            return page("leave.html", here="connections", title=view.connector_title, url=url)
        room.reconnect(actor(), connection_id, secrets)
    except HubError as error:
        return _reconnect_page(connection_id, error, secrets)
    return go(f"/connections/{connection_id}", "reconnected")


def _reconnect_page(
    connection_id: str, error: HubError | None, typed: Mapping[str, str] | None = None
) -> Response:  # fmt: skip
    room = services().connections
    view = room.view(actor(), connection_id)
    auth = auth_named(room.manifest(view.connector), view.auth)
    # What was filled in before is kept, as long as the hub holds it.
    kept = view.problem_code != "disconnected"
    fields = [replace(one, required=one.required and not kept) for one in secret_fields(auth, typed)]
    fields, told = with_error(fields, error)
    return page(
        "reconnect.html", error.status if error else 200, here="connections", connection=view, auth=auth, kept=kept,
        fields=fields, error=None if told else error,
    )  # fmt: skip


@keeping.get("/connections/<connection_id>/leave")
def ask_leaving(connection_id: str) -> Response:
    """Ask what should become of the copies, with what each answer means; or show how far leaving is."""
    outlook = services().placements.leaving.outlook(actor(), connection_id)
    view = services().connections.view(actor(), connection_id)
    template = "fragments/leaving.html" if request.headers.get("HX-Request") else "leaving.html"
    return page(
        template, here="connections", connection=view, outlook=outlook, lines=_lines(outlook),
        paused=view.state == "off", states=_states(outlook),
    )  # fmt: skip


@keeping.post("/connections/<connection_id>/leave")
def leave(connection_id: str) -> Response:
    """Withdraw the copies and then disconnect, or disconnect at once."""
    room = services().placements.leaving
    if request.form.get("copies") == "withdraw":
        room.begin(actor(), connection_id)
        return go(f"/connections/{connection_id}/leave")
    room.disconnect(actor(), connection_id)
    return go(f"/connections/{connection_id}/leave", "disconnected")


@keeping.post("/connections/<connection_id>/stay")
def stay(connection_id: str) -> Response:
    """Stay after all."""
    services().placements.leaving.cancel(actor(), connection_id)
    return go(f"/connections/{connection_id}", "staying")


def _states(outlook: Departure) -> str:
    found = sorted(outlook.phases.items(), key=lambda each: words.ORDER.index(each[0]))
    return ", ".join(f"{words.figure(count)} {words.COPY[phase].word.lower()}" for phase, count in found)


def _lines(outlook: Departure) -> list[Outcome]:
    ready = outlook.there - outlook.stuck
    lines = [
        Outcome(ready, "flow", "undo-2", "are being withdrawn" if outlook.since else "would be withdrawn",
                "Each is looked for afterwards, until it is proven gone."),
        Outcome(outlook.stuck, "stop", "octagon-alert", "need a person first",
                "The hub cannot withdraw them as they are: each says why on its asset."),
        Outcome(outlook.away, "rest", "circle-minus", "are gone, or never were there", "Nothing need be done."),
    ]  # fmt: skip
    return [line for line in lines if line.count]
