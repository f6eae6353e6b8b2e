"""An account's field mapping: what goes where, a preview with a real asset, what is lost, and earlier versions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from hub.access.permissions import Act, allowed
from hub.connections.mappings import MappingView
from hub.errors import HubError, Invalid
from hub.media.document import asset_document
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui.frame import go, page
from hub.web.ui.names import people
from mappings.errors import MappingError
from mappings.report import preview
from mappings.spec import MappingSpec, parse_spec

mapping = Blueprint("mapping", "hub.web", url_prefix="/connections/<connection_id>/mapping")


@mapping.get("")
def show_mapping(connection_id: str) -> Response:
    """Show the mapping that counts, tried on an asset."""
    view = services().mappings.view(actor(), connection_id)
    return _page(connection_id, view, view.spec, {"text": view.text, "asset": request.args.get("asset", "")})


@mapping.post("")
def save_mapping(connection_id: str) -> Response:
    """Try what was written on an asset, or let it count."""
    room, form = services().mappings, request.form
    view = room.view(actor(), connection_id)
    try:
        if form.get("act") == "try":
            return _page(connection_id, view, _parsed(form.get("text", "")), form)
        seen = form.get("seen", -1, type=int)
        room.save(actor(), connection_id, form.get("text", ""), note=form.get("note", ""), seen=seen)
    except HubError as wrong:
        return _page(connection_id, view, view.spec, form, wrong)
    return go(f"/connections/{connection_id}/mapping", "mapped")


@mapping.post("/back")
def go_back(connection_id: str) -> Response:
    """Let an earlier version count again."""
    number, seen = request.form.get("number", -1, type=int), request.form.get("seen", -1, type=int)
    services().mappings.go_back(actor(), connection_id, number, seen=seen)
    return go(f"/connections/{connection_id}/mapping", "mapped")


def _page(
    connection_id: str, view: MappingView, spec: MappingSpec, given: Any, error: HubError | None = None
) -> Response:
    found, wrong = None, error
    code = str(given.get("asset", "")).strip()
    try:
        found = _tried(spec, code) if code else None
    except HubError as unknown:
        wrong = wrong or unknown
    account = services().connections.view(actor(), connection_id)
    return page(
        "mapping.html", 200 if wrong is None else wrong.status, here="connections", account=account, view=view,
        spec=spec, given=given, error=wrong, tried=found, names=people([each.by for each in view.versions]),
        editable=allowed(actor(), Act.CONNECT),
    )  # fmt: skip


def _tried(spec: MappingSpec, code: str) -> dict[str, Any]:
    """Return what the channel would be told of an asset, for somebody who may see it."""
    asset = services().catalogue.view(actor(), code)
    with services().database.read() as session:
        document = asset_document(session, asset.id, asset.approved_version_id or asset.versions[0].id)
    try:
        found = preview(spec, document)
    except MappingError as error:
        raise _refused(error) from None
    return {"asset": asset, "values": {line.remote: line for line in found.lines}, "losses": found.losses}


def _parsed(text: str) -> MappingSpec:
    try:
        return parse_spec(text, source="mapping")
    except MappingError as error:
        raise _refused(error) from None


def _refused(error: MappingError) -> Invalid:
    return Invalid(error.code, str(error), where="mapping", next_step=error.next_step)
